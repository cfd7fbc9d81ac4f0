//! The catalogue that ships: An Giang's plan.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::catalogue::Catalogue;
use crate::indicator::{Direction, Formula, Kind};
use crate::period::{Frequency, ReportingPeriod};
use crate::target::{Comparator, Target};

const SHIPPED: &str = include_str!("../../../../server/catalogue/an-giang.toml");

fn shipped() -> Catalogue {
    Catalogue::parse(SHIPPED).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Ids of the targets a condition holds for, in the plan's order.
fn ids(catalogue: &Catalogue, condition: impl Fn(&Target) -> bool) -> String {
    let targets = catalogue.targets().iter().filter(|target| condition(target));
    targets.map(|target| target.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn it_holds_all_statements_and_task_groups_in_order() {
    let catalogue = shipped();
    let plan = (1..=35).map(|number| format!("A{number:02}"));
    let vision = (1..=12).map(|number| format!("B{number:02}"));
    let tasks = (1..=7).map(|number| format!("T{number}"));
    let expected: Vec<_> = plan.chain(vision).chain(tasks).collect();
    assert_eq!(ids(&catalogue, |_| true), expected.join(" "));
    for target in catalogue.targets() {
        let horizon = if target.id.starts_with('B') { 2045 } else { 2030 };
        assert_eq!(target.horizon, horizon, "{}", target.id);
        assert!(target.baseline.is_none(), "{} has a baseline nobody published", target.id);
    }
}

#[test]
fn every_bullet_of_the_plan_has_its_targets() {
    let catalogue = shipped();
    let mut bullets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for target in catalogue.targets() {
        bullets.entry(&target.bullet).or_default().push(&target.id);
    }
    let found: Vec<_> = bullets
        .iter()
        .map(|(bullet, ids)| format!("{bullet}: {} to {}", ids[0], ids[ids.len() - 1]))
        .collect();
    let expected = [
        "B1: A01 to A04",
        "B2: A05 to A07",
        "B3: A08 to A10",
        "B4: A11 to A11",
        "B5: A12 to A12",
        "B6: A13 to A18",
        "B7: A19 to A22",
        "B8: A23 to A24",
        "B9: A25 to A35",
        "T: T1 to T7",
        "V: B01 to B12",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_comparators_are_those_of_the_plan() {
    let catalogue = shipped();
    let of = |name: &str| ids(&catalogue, |target| target.comparator.name() == name);
    // The 22 that have a figure in the text.
    assert_eq!(of("rank_within"), "A03 A04 A06 B02 B04 B05");
    assert_eq!(of("at_least"), "A05 A07 A14 A20 A21 A22 A23 B03 B12");
    assert_eq!(of("above"), "A08 A09 A10");
    assert_eq!(of("every_period_at_least"), "A11 A12");
    assert_eq!(of("average_growth_at_least"), "A15");
    assert_eq!(of("average_growth_within"), "A16 A17");
    assert_eq!(of("within"), "A18");
    // The 13 that are relative, and the trend.
    assert_eq!(of("in_group"), "A01 A28 A29 A30 A31 A32 B08 B09 B10 B11");
    assert_eq!(of("above_reference"), "A02 B01");
    assert_eq!(of("at_par_with_reference"), "B06");
    assert_eq!(of("increasing"), "A27 B07");
    // Of the 11 without a figure, those that A20, A22 and A27 do not measure.
    assert_eq!(of("milestone_done"), "A19 A34 A35");
    assert_eq!(of("share_done"), "A13 A24 A25 A26 A33 T1 T2 T3 T4 T5 T6 T7");
}

#[test]
fn the_figures_are_those_of_the_plan() {
    let catalogue = shipped();
    let comparator = |id: &str| catalogue.target(id).unwrap().comparator.clone();
    let decimal = |text: &str| text.parse().unwrap();
    for (id, least) in [("A05", "55"), ("A07", "20"), ("A14", "12"), ("A21", "100"), ("A23", "1")]
        .into_iter()
        .chain([("B03", "35"), ("B12", "60")])
    {
        assert_eq!(comparator(id), Comparator::AtLeast(decimal(least)), "{id}");
    }
    for (id, above) in [("A08", "80"), ("A09", "80"), ("A10", "40")] {
        assert_eq!(comparator(id), Comparator::Above(decimal(above)), "{id}");
    }
    for (id, rank) in [("A03", 20), ("A04", 20), ("A06", 30), ("B02", 20), ("B04", 20), ("B05", 20)]
    {
        assert_eq!(comparator(id), Comparator::RankWithin { rank, among: 63 }, "{id}");
    }
    let value = decimal("0.7");
    let hdi = Comparator::EveryPeriodAtLeast { value, strict: true, from: 2025 };
    assert_eq!(comparator("A11"), hdi);
    let value = decimal("3");
    let budget = Comparator::EveryPeriodAtLeast { value, strict: false, from: 2026 };
    assert_eq!(comparator("A12"), budget);
    let percent = decimal("10");
    assert_eq!(comparator("A15"), Comparator::AverageGrowthAtLeast { percent, base: 2025 });
    let (lower, upper) = (decimal("16"), decimal("18"));
    for id in ["A16", "A17"] {
        assert_eq!(comparator(id), Comparator::AverageGrowthWithin { lower, upper, base: 2025 });
    }
    let (lower, upper) = (decimal("8"), decimal("10"));
    assert_eq!(comparator("A18"), Comparator::Within { lower, upper });
}

#[test]
fn series_are_shared_where_the_plan_repeats_itself() {
    let catalogue = shipped();
    let series = |id: &str| catalogue.target(id).unwrap().indicator.clone();
    assert_eq!([series("B02"), series("B04")], [series("A06"), series("A06")]);
    assert_eq!(series("B03"), series("A07"));
    assert_eq!(series("B05"), series("A03"));
    let statements = catalogue.targets().iter().filter(|target| target.bullet != "T");
    let distinct: BTreeSet<_> = statements.map(|target| &target.indicator).collect();
    assert_eq!(distinct.len(), 43);
}

#[test]
fn the_notes_carry_the_ten_decisions() {
    let catalogue = shipped();
    let noted = |vi: &str, en: &str| {
        let says = |target: &Target| {
            target.note.as_ref().is_some_and(|note| note.vi.contains(vi) && note.en.contains(en))
        };
        ids(&catalogue, says)
    };
    let on_territory =
        |target: &Target| !catalogue.indicator(&target.indicator).unwrap().territories.is_empty();
    for (number, found, expected) in [
        (1, noted("63 tỉnh", "63 provinces"), "A03 A04 A06 B02 B04 B05"),
        (2, noted("Kiên Giang", "Kiên Giang"), ids(&catalogue, on_territory).as_str()),
        (3, noted("lớn hơn hẳn", "strict"), "A08 A09 A10 A11"),
        (4, noted("năm gốc", "base year"), "A15 A16 A17"),
        (5, noted("mức dưới", "lower bound"), "A16 A17 A18"),
        (6, noted("từng năm từ", "judged"), "A11 A12"),
        (7, noted("đối chiếu", "reference series"), "A02 B01 B06"),
        (8, noted("đầu bảng", ""), "A01 A28 A29 A30 A31 A32 B08 B09 B10 B11"),
        (9, noted("922", "405"), "A03 A04 A28 A29 A30 B05"),
        (10, noted("ràng buộc", "binds"), "A23 A24"),
    ] {
        let found: Vec<_> = found.split(' ').collect();
        for id in expected.split(' ') {
            assert!(found.contains(&id), "decision {number} is not noted at {id}");
        }
    }
    assert_eq!(ids(&catalogue, |target| target.informative), "A24");
}

#[test]
fn every_department_that_owns_something_reports_something() {
    let catalogue = shipped();
    for indicator in catalogue.indicators() {
        assert!(catalogue.department(&indicator.owner).unwrap().valid_to.is_none());
    }
    let idle: Vec<_> = catalogue
        .departments()
        .iter()
        .filter(|department| catalogue.reported_by(&department.id).next().is_none())
        .map(|department| department.id.as_str())
        .collect();
    assert_eq!(idle, ["so-khcn-kien-giang"]);
}

#[test]
fn frequencies_are_those_proposed() {
    let catalogue = shipped();
    let of = |frequency| {
        ids(&catalogue, |target| {
            catalogue.indicator(&target.indicator).unwrap().frequency == frequency
        })
    };
    assert_eq!(of(Frequency::Month), "A08");
    assert_eq!(of(Frequency::Quarter), "A09 A21 A22 A25 A26 A33 A34 A35 T1 T2 T3 T4 T5 T6 T7");
    assert_eq!(of(Frequency::HalfYear), "A13 A20 A23 A24");
}

#[test]
fn inputs_and_references_belong_to_no_bullet_and_what_is_judged_does() {
    let catalogue = shipped();
    let targets = catalogue.targets();
    let judged: BTreeSet<_> = targets.iter().map(|target| target.indicator.as_str()).collect();
    let formulas = catalogue.indicators().iter().filter_map(|other| other.formula.as_ref());
    let read = formulas.flat_map(Formula::inputs);
    let references = targets.iter().filter_map(|target| target.comparator.reference());
    let needed: BTreeSet<_> = read.chain(references).collect();
    for indicator in catalogue.indicators() {
        let id = indicator.id.as_str();
        assert_eq!(indicator.bullet.is_some(), judged.contains(id), "{id}");
        assert!(judged.contains(id) || needed.contains(id), "{id} serves nothing");
        if indicator.kind == Kind::Rank {
            assert_eq!(indicator.direction, Direction::Decrease);
        }
    }
}

#[test]
fn published_figures_fit_the_ranges_and_the_largest_changes() {
    let catalogue = shipped();
    for (id, values) in [
        ("tfp-growth-share", &["53.8"][..]),
        ("digital-economy-share", &["5.28", "5.99"]),
        ("income-per-head", &["1319", "1871", "2472", "2909"]),
        ("income-per-head-national", &["1387", "2000", "2637", "3049"]),
    ] {
        let indicator = catalogue.indicator(id).unwrap();
        let values: Vec<_> = values.iter().map(|value| value.parse().unwrap()).collect();
        assert!(values.iter().all(|value| indicator.range.contains(*value)), "{id}");
        for pair in values.windows(2) {
            assert!(!indicator.largest_change.unwrap().is_exceeded(pair[0], pair[1]), "{id}");
        }
    }
}

#[test]
fn its_deadlines_skip_the_holidays() {
    let catalogue = shipped();
    for (period, due) in [
        ("2026-01", "2026-01-16"),
        ("2026-02", "2026-02-24"),
        ("2026-Q3", "2026-09-16"),
        ("2026", "2026-12-16"),
        ("2027-02", "2027-02-16"),
        ("2027-04", "2027-04-19"),
    ] {
        let period: ReportingPeriod = period.parse().unwrap();
        assert_eq!(catalogue.calendar().due_day(period).to_string(), due, "{period}");
        assert_eq!(catalogue.calendar().locks(period), None);
    }
}

/// The shipped text with one line changed by `change`.
fn with_line(number: usize, change: impl Fn(&str) -> String) -> String {
    let lines = SHIPPED.lines().enumerate();
    lines.map(|(at, line)| if at == number { change(line) } else { format!("{line}\n") }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_change_to_one_line_is_answered(
        number in 0..SHIPPED.lines().count(),
        change in prop_oneof![
            Just("deleted"), Just("doubled"), Just("cut"), Just("unquoted"), Just("renamed"),
            Just("repeated key"),
        ],
        at in 0_usize..80,
    ) {
        let text = with_line(number, |line| match change {
            "deleted" => String::new(),
            "doubled" => format!("{line}\n{line}\n"),
            "cut" => format!("{}\n", line.chars().take(at).collect::<String>()),
            "unquoted" => format!("{}\n", line.replacen('"', "", 1)),
            "renamed" => format!("x{line}\n"),
            _ => format!("id = \"a\"\n{line}\n"),
        });
        if let Err(problems) = Catalogue::parse(&text) {
            let lines = text.lines().count() + 1;
            prop_assert!(!problems.as_slice().is_empty());
            prop_assert!(problems.as_slice().iter().all(|one| (1..=lines).contains(&one.line)));
        }
    }
}
