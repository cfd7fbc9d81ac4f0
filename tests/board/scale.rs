//! What the overview costs with much stored: as much as with little.

use std::time::{Duration, Instant};

use tiendo_shared::wire::v1;

use crate::harness::{Browser, Options, Server, group, number, of_members, submission, trial};

/// Most that asking a full store may cost beside asking a small one, in tries of which the
/// best counts; whatever else the machine does costs both.
const DEARER: f64 = 2.0;

/// Years of figures of every month.
const YEARS: i32 = 10;

/// A server whose plan judges one figure a month, beside so many of communes: 0, or 400.
async fn with_figures(communes: u32) -> Server {
    let target = "[[target]]\nid = \"A02\"\nname = { vi = \"Tổng\", en = \"Sum\" }\n\
                  indicator = \"so-luong\"\nhorizon = 2030\nbullet = \"B1\"\n\
                  comparator = { at_least = \"100000\" }\n";
    let catalogue = format!("{}\n{target}", trial::catalogue());
    let options = Options { board: true, ..Options::with_catalogue(&catalogue) };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    for year in (2026 - YEARS)..2026 {
        let groups = (1..=12).map(|month| {
            let rows = (0..communes).map(|at| {
                let id = trial::commune(at / 2 + 1);
                let sex = if at % 2 == 0 { "female" } else { "male" };
                let value = number("so-luong", &(month * at).to_string());
                of_members(value, &[("sex", sex), ("commune", &id)])
            });
            // What the target judges has no members.
            let total = number("so-luong", &(year - 1_900).to_string());
            group(&format!("{year}-{month:02}"), rows.chain([total]).collect::<Vec<_>>())
        });
        let sent = submission(groups.collect::<Vec<v1::MeasurementGroup>>());
        let answer = clients.collection(trial::DEPARTMENT).submit_measurements(sent).await;
        assert_eq!(answer.unwrap().into_inner().rejections, []);
    }
    server
}

async fn takes(browser: &Browser) -> Duration {
    let begun = Instant::now();
    let answer = browser.get("/").await;
    let took = begun.elapsed();
    assert_eq!(answer.page().matches("<tr id=").count(), 2);
    took
}

#[tokio::test]
async fn the_overview_costs_no_more_with_much_stored() {
    let (little, much) = (with_figures(0).await, with_figures(2 * trial::COMMUNES).await);
    let (little, much) = (Browser::of(&little), Browser::of(&much));
    let (mut few, mut many) = (Duration::MAX, Duration::MAX);
    for _ in 0..40 {
        few = few.min(takes(&little).await);
        many = many.min(takes(&much).await);
    }
    let dearer = many.as_secs_f64() / few.as_secs_f64();
    println!("{few:?} with little stored, {many:?} with 400 times as much: {dearer:.2}");
    assert!(dearer < DEARER, "{few:?} with little stored, {many:?} with much");
}
