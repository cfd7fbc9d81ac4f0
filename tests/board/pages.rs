//! What stands on the pages: figures, verdicts, both languages, and hostile texts as text.

use std::time::Duration;

use tiendo_shared::wire::v1;

use super::start;
use crate::harness::{
    Browser, Clients, Options, Server, Wire, group, number, submission, trial, until,
};

/// Most bytes of a page of the overview.
const HEAVIEST: usize = 200 << 10;

const OVERVIEW: [&str; 3] = ["/?lang=vi", "/?lang=en", "/?lang=en&on=2026-01-01"];

async fn say(clients: &Clients, period: &str, value: &str) {
    let sent = submission([group(period, [number("digital-economy-share", value)])]);
    clients.collection("thong-ke-tinh").submit_measurements(sent).await.unwrap();
}

#[tokio::test]
async fn the_overview_tells_where_every_target_stands_in_both_languages() {
    let server = Server::start_with(Options { board: true, ..Options::default() }).await;
    let clients = server.clients().await;
    for (period, value) in [("2023", "5.28"), ("2024", "5.99")] {
        say(&clients, period, value).await;
    }
    let browser = Browser::of(&server);
    for path in OVERVIEW {
        let answer = browser.get(path).await;
        assert!(answer.page().len() < HEAVIEST, "{path}: {} bytes", answer.body.len());
    }
    let vi = browser.get("/?lang=vi").await;
    let en = browser.clone().with("Accept-Language", "en").get("/").await;
    assert!(vi.header("set-cookie").unwrap().contains("__Host-tiendo-lang=vi"));
    for (page, words) in [
        (vi.page(), ["lang=\"vi\"", "5,99 %", "Có nguy cơ", "Đến năm 2030", "Nhóm nhiệm vụ"]),
        (en.page(), ["lang=\"en\"", "5.99 %", "At risk", "To 2030", "Task groups"]),
    ] {
        for word in words {
            assert!(page.contains(word), "{word} is not in:\n{page}");
        }
        assert_eq!(page.matches("<tr id=").count(), 54, "every target once");
    }
    let target = browser.get("/targets/A07?lang=en").await;
    for word in ["Why it is judged so", "<svg", "Observed pace", "5.28 %", "ratio"] {
        assert!(target.page().contains(word), "{word} is not in:\n{}", target.body);
    }
    for (path, word) in [
        ("/departments?lang=en", "Whole province"),
        ("/departments?lang=vi", "Toàn tỉnh"),
        ("/changes?lang=en&since=2026-01-01", "Verdicts that moved"),
        ("/changes?lang=vi", "5,28 %"),
    ] {
        let answer = browser.get(path).await;
        assert!(answer.page().contains(word), "{path}: {word} is not in:\n{}", answer.body);
    }
    assert_eq!(browser.get("/targets/X").await.status, 404);
    let filtered = browser.get("/?lang=en&verdict=at-risk").await;
    assert_eq!(filtered.page().matches("<tr id=").count(), 1);
    let before = browser.get("/?lang=en&on=2026-01-01&verdict=at-risk").await;
    assert_eq!(before.page().matches("<tr id=").count(), 0, "nothing was known then");
}

#[tokio::test]
async fn anybody_reads_what_was_approved_where_the_board_is_public() {
    let (server, admin) = start(&[("TIENDO_PUBLIC_BOARD", "true")]).await;
    let agent = server.badge(&admin, "agent", "thong-ke-tinh", "pc").await;
    let office = Wire::to(&server).showing(&agent).clients().await;
    let rows = [("2023", "5.28"), ("2024", "5.99")];
    let groups =
        rows.map(|(period, value)| group(period, [number("digital-economy-share", value)]));
    office.collection("").submit_measurements(submission(groups)).await.unwrap();
    let (anybody, known) = (Browser::of(&server), Browser::of(&server).showing(&admin));
    let count = |page: &str| page.matches("5.99 %").count();
    assert!(count(known.get("/?lang=en").await.page()) > 0);
    assert_eq!(count(anybody.get("/?lang=en").await.page()), 0);
    let figures = anybody.get("/download/csv").await;
    assert!(!figures.page().contains("5.99"), "{}", figures.body);
    assert!(known.get("/download/csv").await.page().contains("5.99"));
    for path in ["/metrics", "/departments"] {
        assert_eq!(anybody.get(path).await.status, 401, "{path}");
    }
    assert!(!anybody.get("/targets/A07?lang=en").await.page().contains("5.99 %"));
    assert!(!anybody.get("/changes?lang=en&since=2026-01-01").await.page().contains("5.99 %"));
    let reviewer = Wire::to(&server).showing(&admin).clients().await;
    for (period, _) in rows {
        let approval = v1::ApproveReportRequest {
            department: "thong-ke-tinh".to_owned(),
            period: period.to_owned(),
            seen_as_of: None,
        };
        reviewer.review("").approve_report(approval).await.unwrap();
    }
    let page = anybody.get("/?lang=en").await;
    assert!(count(page.page()) > 0, "{}", page.body);
    assert!(page.body.contains("Figures of approved reports alone."));
}

#[tokio::test]
async fn hostile_names_stay_text() {
    let hostile = "<script>alert(1)</script>\u{202e}\" onload=x &amp; ' e\u{301}\u{301}";
    let mut catalogue = trial::catalogue();
    let name = "name = { vi = \"Danh mục thử\", en = \"Trial catalogue\" }";
    assert!(catalogue.contains(name));
    let quoted = serde_json::to_string(hostile).unwrap();
    catalogue = catalogue.replace(name, &format!("name = {{ vi = {quoted}, en = {quoted} }}"));
    let options = Options { board: true, ..Options::with_catalogue(&catalogue) };
    let server = Server::start_with(options).await;
    let browser = Browser::of(&server);
    let page = browser.get("/").await;
    assert!(page.page().contains("&#60;script&#62;alert(1)"), "{}", page.body);
    for path in [
        "/",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/?on=%3Cscript%3E",
        "/sign-in?token=%22%3E%3Cscript%3E",
    ] {
        let answer = browser.get(path).await;
        assert!(!answer.body.contains("<script>"), "{path}: {}", answer.body);
        assert!(!answer.body.contains("\"><script"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_verdict_that_moves_is_told_to_who_looks() {
    let server = Server::start_with(Options { board: true, ..Options::default() }).await;
    let browser = Browser::of(&server).with("Accept-Language", "en");
    let heard = {
        let browser = browser.clone();
        tokio::spawn(async move {
            browser.read("GET", "/events", "", |text| text.contains("event: verdict")).await
        })
    };
    let clients = server.clients().await;
    say(&clients, "2023", "5.28").await;
    // What was said before somebody looked moves nothing, so it is said until it is heard.
    let mut values = ["5.99", "6.5"].iter().cycle();
    let told = until(Duration::from_secs(30), async || {
        say(&clients, "2024", values.next().unwrap()).await;
        heard.is_finished().then_some(())
    });
    told.await.expect("the move is told");
    let text = heard.await.unwrap();
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(text.contains("A verdict has just moved."), "{text}");
}
