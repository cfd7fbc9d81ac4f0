//! The board in a real browser: every page, both languages, phone and desk, read by axe too.
//!
//! Pictures are kept in `target/screenshots`, for people to look at.

use std::time::Duration;

use serde_json::{Value, json};
use tiendo_shared::wire::v1;

use super::{link, start};
use crate::harness::{
    Options, Server, Wire, follow, group, look, number, published, submission, trial, until,
};

/// A phone and a desk.
const WIDTHS: [u32; 2] = [375, 1280];

/// Departments and targets of the large plan, and years its figures go back.
const DEPARTMENTS: usize = 60;
const TARGETS: usize = 5_000;
const YEARS: std::ops::RangeInclusive<i32> = 2019..=2025;

/// What is ordered of a look at a server's pages.
fn order(server: &Server, pages: &[(&str, &str)]) -> Value {
    json!({
        "address": format!("http://{}", server.board()),
        "pages": pages,
        "languages": ["vi", "en"],
        "widths": WIDTHS,
    })
}

/// Looks, and finds nothing wrong.
async fn looks_well(order: Value) {
    let Some(seen) = look(order).await else { return };
    println!("{}; pictures in target/screenshots", seen.stdout.trim());
    seen.expect_code(0).expect_words(&["0 things wrong"]);
}

#[tokio::test]
async fn the_plan_of_the_province_looks_well() {
    let options = Options {
        board: true,
        clock: Some("2026-11-24T08:00:00+07:00".to_owned()),
        ..Options::default()
    };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    let sent = published::published();
    clients.collection(published::DEPARTMENT).submit_measurements(sent).await.unwrap();
    let pages = [
        ("plan-overview", "/"),
        ("plan-target", "/targets/A07"),
        ("plan-target-compared", "/targets/B01"),
        ("plan-departments", "/departments"),
        ("plan-changes", "/changes?since=2026-11-20"),
        ("plan-earlier", "/?on=2026-01-01&verdict=no-data"),
    ];
    let mut order = order(&server, &pages);
    order["holds"] = json!({ "main h1": 1, "footer time": 1 });
    order["prints"] = json!([["plan-overview", "/"], ["plan-target", "/targets/A07"]]);
    looks_well(order).await;
}

#[tokio::test]
async fn a_plan_without_targets_looks_well() {
    let mut catalogue = trial::catalogue();
    let at = catalogue.find("[[target]]").unwrap();
    catalogue.truncate(at);
    let options = Options { board: true, ..Options::with_catalogue(&catalogue) };
    let server = Server::start_with(options).await;
    let pages = [
        ("none-overview", "/"),
        ("none-departments", "/departments"),
        ("none-changes", "/changes"),
    ];
    looks_well(order(&server, &pages)).await;
    let mut refused = order(&server, &[("refusal", "/targets/A01")]);
    refused["status"] = 404.into();
    looks_well(refused).await;
}

#[tokio::test]
async fn a_plan_of_five_thousand_targets_looks_well() {
    let options = Options { board: true, ..Options::with_catalogue(&large()) };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    for year in YEARS {
        for at in 0..DEPARTMENTS {
            let mine = (0..TARGETS / 10).filter(|it| it % DEPARTMENTS == at);
            let rows = mine.map(|it| number(&format!("chi-tieu-{it}"), &figure(it, year)));
            let sent = submission([group(&year.to_string(), rows)]);
            clients.collection(&format!("xa-{at}")).submit_measurements(sent).await.unwrap();
        }
    }
    let pages = [
        ("large-overview", "/"),
        ("large-off-track", "/?verdict=off-track"),
        ("large-departments", "/departments"),
    ];
    let mut order = order(&server, &pages);
    order["languages"] = json!(["vi"]);
    looks_well(order).await;
    // Every target can be reached from page to page.
    let browser = crate::harness::Browser::of(&server);
    let (mut path, mut targets) = ("/".to_owned(), 0);
    loop {
        let answer = browser.get(&path).await;
        let page = answer.page();
        assert!(page.len() < 200 << 10, "{path} weighs {}", page.len());
        targets += page.matches("<tr id=").count();
        let Some((before, _)) = page.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&");
    }
    assert_eq!(targets, TARGETS);
}

/// A catalogue of many departments, indicators and targets, with names as long as a plan's.
fn large() -> String {
    let mut text = trial::catalogue();
    let at = text.find("[[department]]").unwrap();
    text.truncate(at);
    for at in 0..DEPARTMENTS {
        text += &format!(
            "[[department]]\nid = \"xa-{at}\"\nkind = \"commune\"\n\
             name = {{ vi = \"Ủy ban nhân dân xã số {at}\", en = \"Commune {at}\" }}\n\n"
        );
    }
    for at in 0..TARGETS / 10 {
        text += &format!(
            "[[indicator]]\nid = \"chi-tieu-{at}\"\nunit = \"percent\"\ndecimals = 1\n\
             name = {{ vi = \"Tỷ lệ hộ gia đình dùng dịch vụ số {at}\", en = \"Share {at}\" }}\n\
             kind = \"quantity\"\ndirection = \"increase\"\nfrequency = \"year\"\n\
             owner = \"xa-{}\"\nbullet = \"B1\"\n\n",
            at % DEPARTMENTS
        );
    }
    for at in 0..TARGETS {
        text += &format!(
            "[[target]]\nid = \"C{at:04}\"\nindicator = \"chi-tieu-{}\"\nhorizon = {}\n\
             name = {{ vi = \"Tỷ lệ hộ gia đình dùng dịch vụ số {at} đạt tối thiểu {}%\", \
             en = \"Share {at}\" }}\ncomparator = {{ at_least = \"{}\" }}\nbullet = \"B1\"\n\n",
            at % (TARGETS / 10),
            if at < TARGETS / 2 { 2030 } else { 2045 },
            40 + at % 60,
            40 + at % 60
        );
    }
    text
}

fn digit(number: usize) -> f64 {
    f64::from(u8::try_from(number).unwrap())
}

/// A figure of the large plan; some fall, most rise, at many paces.
fn figure(indicator: usize, year: i32) -> String {
    let years = f64::from(year - YEARS.start());
    let (base, pace) = (10.0 + digit(indicator % 30), digit(indicator % 17) - 3.0);
    format!("{:.1}", (base + years * pace * 0.7).max(0.5))
}

/// Texts that want to be more than text.
fn hostile() -> [String; 4] {
    [
        "<script>alert(1)</script><img src=x onerror=alert(2)>\" autofocus onfocus=alert(3) x=\""
            .to_owned(),
        "\u{202e}gnort đường \u{2066}\u{200f}שלום مرحبا\u{2069}".to_owned(),
        format!("e{}", "\u{301}\u{323}".repeat(60)),
        "Rấtdài".repeat(1_700).chars().take(10_000).collect(),
    ]
}

#[tokio::test]
async fn hostile_names_and_comments_are_text_and_break_no_page() {
    let mut catalogue = trial::catalogue();
    let names = ["Tỷ lệ đạt", "Tỷ lệ", "Danh mục thử", "Sở Một"];
    for (name, hostile) in names.iter().zip(hostile()) {
        let (from, to) = (format!("vi = \"{name}\""), serde_json::to_string(&hostile).unwrap());
        assert!(catalogue.contains(&from), "{from}");
        catalogue = catalogue.replace(&from, &format!("vi = {to}"));
    }
    let options = Options { board: true, ..Options::with_catalogue(&catalogue) };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    for (year, comment) in (2022..).zip(hostile()) {
        let measurement = v1::Measurement {
            // The longest that is taken.
            comment: comment.chars().take(2_000).collect(),
            evidence: format!("https://an.vn/\"><script>alert(4)</script>{}", "a".repeat(1_000)),
            ..number("ty-le", &format!("{}", 60 + year % 7))
        };
        let sent = submission([group(&year.to_string(), [measurement])]);
        let answer = clients.collection(trial::DEPARTMENT).submit_measurements(sent).await.unwrap();
        assert_eq!(answer.into_inner().rejections, []);
    }
    let pages = [
        ("hostile-overview", "/"),
        ("hostile-target", "/targets/A01"),
        ("hostile-departments", "/departments"),
        ("hostile-changes", "/changes"),
    ];
    let mut order = order(&server, &pages);
    order["languages"] = json!(["vi"]);
    looks_well(order).await;
}

#[tokio::test]
async fn a_link_opens_the_board_which_follows_what_happens_until_the_reader_leaves() {
    let (server, admin) = start(&[]).await;
    let agent = server.badge(&admin, "agent", published::DEPARTMENT, "pc").await;
    let office = Wire::to(&server).showing(&agent).clients().await;
    let say = async |period: &str, value: &str| {
        let sent = submission([group(period, [number("digital-economy-share", value)])]);
        office.collection("").submit_measurements(sent).await.unwrap();
    };
    say("2023", "5.28").await;
    let address = format!("https://localhost:{}", server.board().split(':').nth(1).unwrap());
    let path = link(&server, &admin, "chi-lan").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let told = json!({
        "address": address, "link": format!("{address}{path}"),
        "figure": "2024", "ready": ready.to_str().unwrap(),
    });
    let following = tokio::spawn(follow(told));
    let open = until(Duration::from_mins(1), async || {
        (ready.exists() || following.is_finished()).then_some(())
    });
    open.await.expect("the board opens");
    if !following.is_finished() {
        // What was said before the page listened moves nothing on it, so it is said again.
        let mut values = ["5.3", "6.5"].iter().cycle();
        let heard = until(Duration::from_secs(40), async || {
            say("2024", values.next().unwrap()).await;
            following.is_finished().then_some(())
        });
        heard.await.expect("the page follows");
    }
    let Some(seen) = following.await.unwrap() else { return };
    seen.expect_code(0).expect_words(&["followed"]);
}
