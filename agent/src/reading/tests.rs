//! Files read on their own thread, packed and refused.

use super::*;
use crate::form::tests::catalogue;

const MAPPING: &str = r#"
        layout = "long"
        header = { row = 1 }
        number = { format = "point" }
        columns = { indicator = "id", period = "kỳ", value = "giá trị" }
    "#;

async fn read(rows: &str, bounds: Bounds) -> (Vec<Refused>, Vec<Pack>, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(&path, format!("id;kỳ;giá trị\n{rows}")).unwrap();
    let catalogue = Arc::new(catalogue());
    let mut reading = Reading::start(Task {
        path,
        mapping: Some(Box::new(Mapping::from_toml(MAPPING).unwrap())),
        department: catalogue.department("thong-ke-tinh").unwrap().clone(),
        catalogue,
        now: "2026-11-24T00:00:00Z".parse().unwrap(),
        bounds,
        lang: Lang::Vi,
    });
    let (mut refused, mut packs) = (Vec::new(), Vec::new());
    while let Some(step) = reading.next().await {
        refused.extend(step.refused);
        packs.extend(step.pack);
    }
    (refused, packs, reading.ended().unwrap())
}

#[tokio::test]
async fn bad_rows_are_told_and_the_good_ones_packed() {
    let rows = "digital-economy-share;2023;5.28\n\
                digital-economy-share;2024;5,99\n\
                no-such;2024;1\n\
                digital-economy-share;2023;5.3\n\
                digital-economy-share;2190;6\n\
                digital-economy-share;2022;-1\n";
    let (refused, packs, summary) = read(rows, Bounds::of(0, 0, false)).await;
    let told: Vec<_> = refused
        .iter()
        .map(|one| (one.row.unwrap(), &*one.column, &*one.raw, &*one.reason))
        .collect();
    let expected = [
        (3, "C", "5,99", "NUMBER_GROUPING"),
        (4, "A", "no-such", "UNKNOWN_INDICATOR"),
        (5, "C", "5.3", "DUPLICATE_IN_SUBMISSION"),
        (6, "B", "2190", "PERIOD_NOT_OPEN"),
        (7, "C", "-1", "OUT_OF_RANGE"),
    ];
    assert_eq!(told, expected);
    let [pack] = &packs[..] else { panic!("{packs:?}") };
    assert_eq!((pack.items, &*pack.places.row), (1, &[2][..]));
    assert_eq!((summary.measurements, summary.unread, summary.refused), (5, 1, 4));
}

#[tokio::test]
async fn a_key_is_refused_the_second_time_in_whatever_submission() {
    let rows = "digital-economy-share;2023;1\ndigital-economy-share;2022;1\n".repeat(2);
    let (refused, packs, _) = read(&rows, Bounds::of(0, 1, false)).await;
    assert_eq!(packs.len(), 2);
    let rows: Vec<_> = refused.iter().map(|one| one.row.unwrap()).collect();
    assert_eq!(rows, [4, 5]);
}
