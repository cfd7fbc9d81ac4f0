//! What a sound catalogue says, and that any text is answered.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{BASE, MORE, edited};
use crate::catalogue::Catalogue;
use crate::catalogue::rule::{Check, Missing, Severity};
use crate::indicator::{
    Combination, Formula, Indicator, Kind, LargestChange, Outliers, Range, Scale, Score, Scrutiny,
};
use crate::period::Frequency;
use crate::target::{Comparator, Method, SdsnScale, UnChartBands};

fn parsed(edits: &[(&str, &str)]) -> Catalogue {
    Catalogue::parse(&edited(edits)).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_key_is_kept() {
    let catalogue = parsed(&[]);
    assert_eq!((catalogue.version.as_str(), catalogue.name.en.as_str()), ("1", "Plan"));
    let part = catalogue.indicator("part").unwrap();
    assert_eq!(part.name.vi, "phần");
    assert_eq!(part.frequencies().collect::<Vec<_>>(), [Frequency::Year, Frequency::Quarter]);
    assert!(part.cumulative);
    assert_eq!(part.largest_change, Some(LargestChange::Percent(50.into())));
    assert_eq!((part.owner.as_str(), &part.reporters[..]), ("one", &["two".to_owned()][..]));
    assert_eq!(part.combination, Combination::Sum);
    let sex = part.dimension("sex").unwrap();
    assert_eq!((sex.members[1].as_str(), sex.labels[1].vi.as_str()), ("nu", "nữ"));
    assert_eq!((&part.editions[0][..], &part.territories[0][..]), ("first", "old"));
    assert_eq!(part.bullet.as_deref(), Some("B1"));
    let share = catalogue.indicator("share").unwrap();
    assert_eq!(share.formula.as_ref().unwrap().inputs(), ["part", "whole"]);
    assert_eq!((share.decimals, share.range.maximum), (2, Some(100.into())));
    let Kind::Level(scale) = &catalogue.indicator("level").unwrap().kind else { panic!() };
    assert_eq!((scale.position("kha"), scale.levels[1].top_percent), (Some(1), Some(50.into())));
    let target = catalogue.target("A01").unwrap();
    let baseline = target.baseline.unwrap();
    assert_eq!((baseline.period.year(), baseline.value), (2025, Some("1.5".parse().unwrap())));
    assert_eq!((target.method, target.informative), (Method::Ratio, true));
    let bands = UnChartBands { on_track: "0.9".parse().unwrap(), progress: "0.2".parse().unwrap() };
    let target = catalogue.target("A05").unwrap();
    assert_eq!((target.method, target.un_chart), (Method::Linear, bands));
    let [lower_bound, optimum, green, red] = [0, 30, 20, 10].map(Into::into);
    assert_eq!(target.sdsn, Some(SdsnScale { lower_bound, optimum, green, red }));
    let target = catalogue.target("A01").unwrap();
    assert_eq!(target.note.as_ref().unwrap().en, "note");
    let two = catalogue.department("two").unwrap();
    assert_eq!((two.parent.as_deref(), two.successors.len()), (Some("one"), 1));
    assert_eq!(two.valid_to.unwrap().to_string(), "2025-06-30");
    let calendar = catalogue.calendar();
    assert_eq!((calendar.grace_days, calendar.lock_after_days), (1, Some(30)));
    assert_eq!(calendar.holidays.len(), 1);
    let rule = &catalogue.rules()[0];
    assert_eq!(rule.check, Check::AtMost { part: "part".into(), whole: "whole".into() });
    assert_eq!((rule.missing, rule.severity), (Missing::SkipIfAny, Severity::Warning));
    assert_eq!(catalogue.unit("percent").unwrap().symbol.as_deref(), Some("%"));
    assert_eq!(catalogue.edition("first").unwrap().name.en, "first");
    assert_eq!(catalogue.territory("old").unwrap().name.en, "old");
}

#[test]
fn keys_that_came_later_are_kept() {
    let catalogue = parsed(&MORE);
    let part = catalogue.indicator("part").unwrap();
    assert_eq!(part.first_period.unwrap().to_string(), "2026");
    let usual = Range { minimum: Some(1.into()), maximum: Some(9.into()) };
    let outliers = Outliers { score: Score::Z, threshold: "2.5".parse().unwrap() };
    assert_eq!(part.scrutiny, Scrutiny { usual, outliers });
    let default = catalogue.indicator("whole").unwrap().scrutiny.outliers;
    assert_eq!((default.score, default.threshold.to_string().as_str()), (Score::ModifiedZ, "3.5"));
    let calendar = catalogue.calendar();
    assert_eq!(calendar.reports_from.unwrap().to_string(), "2026-01-01");
    let (period, exception) = calendar.exceptions.first_key_value().unwrap();
    assert_eq!(
        (period.to_string(), exception.due.to_string()),
        ("2026-Q1".into(), "2026-04-20".into())
    );
    assert_eq!(exception.reason.vi, "bão");
}

#[test]
fn indicators_and_departments_stand_by_id_and_targets_as_written() {
    let catalogue = parsed(&[(r#"id = "A01""#, r#"id = "Z9""#)]);
    let ids: Vec<_> = catalogue.indicators().iter().map(|other| other.id.as_str()).collect();
    assert_eq!(ids, ["level", "milestone", "part", "rank", "share", "whole"]);
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(catalogue.indicator_index(id).map(usize::from), Some(place));
    }
    let ids: Vec<_> = catalogue.targets().iter().map(|target| target.id.as_str()).collect();
    assert_eq!(ids, ["Z9", "A02", "A03", "A04", "A05"]);
    let ids: Vec<_> = catalogue.departments().iter().map(|other| other.id.as_str()).collect();
    assert_eq!(ids, ["one", "two"]);
}

#[test]
fn computed_indicators_are_reported_by_nobody() {
    let catalogue = parsed(&[]);
    let reported = |department| {
        catalogue.reported_by(department).map(|other| other.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(reported("one"), ["level", "milestone", "part", "rank", "whole"]);
    assert_eq!(reported("two"), ["part"]);
    assert!(reported("three").is_empty());
}

#[test]
fn parts_listed_by_a_server_make_a_catalogue_too() {
    let whole = parsed(&[]);
    let mut indicators = whole.indicators().to_vec();
    indicators.reverse();
    indicators.push(Indicator { unit: "other".to_owned(), ..indicators[0].clone() });
    let (targets, departments) = (whole.targets().to_vec(), whole.departments().to_vec());
    let listed = Catalogue::from_parts("1".to_owned(), indicators, targets, departments);
    assert_eq!(listed.indicators(), whole.indicators());
    assert_eq!(listed.targets(), whole.targets());
    assert_eq!(listed.departments(), whole.departments());
    assert_eq!(listed.indicator_index("part"), whole.indicator_index("part"));
}

#[test]
fn the_hash_is_of_the_very_text() {
    let catalogue = parsed(&[]);
    assert_eq!(catalogue.source(), BASE);
    assert_eq!(catalogue.hash(), <[u8; 32]>::from(Sha256::digest(BASE)));
    let other = Catalogue::parse(&format!("{BASE}\n")).unwrap();
    assert_ne!(catalogue.hash(), other.hash());
}

#[test]
fn every_comparator_is_read() {
    let decimal = |text: &str| text.parse().unwrap();
    let (lower, upper) = (decimal("8"), decimal("10"));
    for (written, expected) in [
        (r#"{ at_least = "20" }"#, Comparator::AtLeast(decimal("20"))),
        ("{ at_least = 20 }", Comparator::AtLeast(decimal("20"))),
        (r#"{ above = "0.70" }"#, Comparator::Above(decimal("0.7"))),
        (
            r#"{ every_period_at_least = "3", from = 2026 }"#,
            Comparator::EveryPeriodAtLeast { value: decimal("3"), strict: false, from: 2026 },
        ),
        (
            r#"{ every_period_at_least = "3", strict = true, from = 2030 }"#,
            Comparator::EveryPeriodAtLeast { value: decimal("3"), strict: true, from: 2030 },
        ),
        (
            r#"{ average_growth_at_least = "10", base = 2025 }"#,
            Comparator::AverageGrowthAtLeast { percent: decimal("10"), base: 2025 },
        ),
        (
            r#"{ average_growth_within = ["8", "10"], base = 2025 }"#,
            Comparator::AverageGrowthWithin { lower, upper, base: 2025 },
        ),
        (r#"{ within = ["8", "10"] }"#, Comparator::Within { lower, upper }),
        (
            r#"{ above_reference = "whole" }"#,
            Comparator::AboveReference { reference: "whole".into() },
        ),
        (
            r#"{ at_par_with_reference = "whole", tolerance = "0.5" }"#,
            Comparator::AtParWithReference { reference: "whole".into(), tolerance: decimal("0.5") },
        ),
        (r#""increasing""#, Comparator::Increasing),
        (r#"{ share_done = "100" }"#, Comparator::ShareDone(decimal("100"))),
    ] {
        let catalogue = parsed(&[(r#"{ at_least = "20" }"#, written)]);
        assert_eq!(catalogue.target("A01").unwrap().comparator, expected, "{written}");
    }
    let down = r#"decimals = 2
direction = "decrease""#;
    for (written, expected) in [
        (r#"{ at_most = "5" }"#, Comparator::AtMost(decimal("5"))),
        (r#"{ below = "5" }"#, Comparator::Below(decimal("5"))),
    ] {
        let up = down.replace("decrease", "increase");
        let catalogue = parsed(&[(r#"{ at_least = "20" }"#, written), (&up, down)]);
        assert_eq!(catalogue.target("A01").unwrap().comparator, expected, "{written}");
    }
    let others = parsed(&[]);
    let comparator = |id: &str| others.target(id).unwrap().comparator.clone();
    assert_eq!(comparator("A02"), Comparator::RankWithin { rank: 20, among: 63 });
    assert_eq!(comparator("A03"), Comparator::InGroup { level: "kha".into() });
    assert_eq!(comparator("A04"), Comparator::MilestoneDone);
}

#[test]
fn every_formula_is_read() {
    let (part, whole) = ("part".to_owned(), "whole".to_owned());
    let written = r#"formula = { ratio = ["part", "whole"], scale = "100" }"#;
    let weighted = "combination = \"weighted_ratio\"\n";
    let sum =
        |skip_missing| Formula::Sum { parts: vec!["part".into(), "whole".into()], skip_missing };
    for (formula, expected) in [
        (r#"{ sum = ["part", "whole"] }"#, sum(false)),
        (r#"{ sum = ["part", "whole"], missing = "none" }"#, sum(false)),
        (r#"{ sum = ["part", "whole"], missing = "skip" }"#, sum(true)),
        (r#"{ difference = ["whole", "part"] }"#, Formula::Difference(whole.clone(), part.clone())),
        (r#"{ growth = "part" }"#, Formula::Growth(part.clone())),
        (
            r#"{ per_capita = ["part", "whole"], per = "10000" }"#,
            Formula::Ratio { numerator: part, denominator: whole, scale: 10_000.into() },
        ),
    ] {
        let catalogue = parsed(&[(written, &format!("formula = {formula}")), (weighted, "")]);
        assert_eq!(catalogue.indicator("share").unwrap().formula, Some(expected), "{formula}");
    }
}

#[test]
fn dotted_keys_are_tables_too() {
    let catalogue = parsed(&[(
        r#"name = { vi = "Sở Một", en = "One" }"#,
        "name.vi = \"Sở Một\"\nname.en = \"One\"",
    )]);
    assert_eq!(catalogue.department("one").unwrap().name.vi, "Sở Một");
}

#[test]
fn the_states_of_a_milestone_are_a_scale() {
    let scale = Scale::milestone();
    assert_eq!(scale.position("done"), Some(crate::indicator::MILESTONE_DONE));
    let ids = crate::indicator::MILESTONE_LEVELS;
    assert!(scale.levels.iter().map(|level| level.id.as_str()).eq(ids));
}

#[test]
fn more_than_the_limits_is_refused() {
    let large = format!("{BASE}#{}", "x".repeat(4 << 20));
    let bytes = large.len();
    assert_eq!(
        Catalogue::parse(&large).unwrap_err().to_string(),
        format!("line 1, column 1: a catalogue holds at most 4194304 bytes; this has {bytes}"),
    );
    let unit = "[[unit]]\nid = \"percent\"";
    let more = (0..200).map(|number| {
        format!("[[unit]]\nid = \"u{number}\"\nname = {{ vi = \"đơn vị\", en = \"unit\" }}\n")
    });
    let more: Vec<_> = more.chain([unit.to_owned()]).collect();
    let text = edited(&[(unit, &more.concat())]);
    let message = "line 613, column 1: a catalogue holds at most 200 of `[[unit]]`";
    assert!(Catalogue::parse(&text).unwrap_err().to_string().contains(message));
}

#[test]
fn ten_thousand_indicators_are_read_and_one_more_is_not() {
    let whole = BASE.split("[[indicator]]").nth(3).unwrap();
    let named = |number: u32| {
        let id = format!("id = \"more-{number}\"");
        format!("[[indicator]]{}", whole.replacen("id = \"whole\"", &id, 1))
    };
    let mut text = BASE.to_owned();
    text.extend((0..9_994).map(named));
    assert_eq!(Catalogue::parse(&text).unwrap().indicators().len(), 10_000);
    text += &named(9_994);
    let problems = Catalogue::parse(&text).unwrap_err();
    assert!(problems.to_string().ends_with("a catalogue holds at most 10000 of `[[indicator]]`"));
}

#[test]
fn a_file_of_nothing_but_mistakes_is_answered_soon() {
    let text = "[[target]]\nindicator = \"xxxxxxxx\"\nid = \"yyyyyyyy\"\n".repeat(10_000);
    let problems = Catalogue::parse(&format!("{BASE}{text}")).unwrap_err();
    assert!(problems.as_slice().len() > 50_000);
    assert!(problems.as_slice().is_sorted());
    let crowded =
        edited(&[(r#"reporters = ["two"]"#, &format!("reporters = [{}]", "1,".repeat(1 << 20)))]);
    let problems = Catalogue::parse(&crowded).unwrap_err();
    assert_eq!(problems.as_slice().len(), 100_000);
    assert_eq!(problems.as_slice()[9].column, 14 + 2 * 9);
    let long = "x".repeat(1 << 20);
    let problems = Catalogue::parse(&edited(&[("version = \"1\"", &format!("{long} = 1"))]));
    assert!(problems.unwrap_err().to_string().len() < 2_000);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(?s).{0,200}") {
        let answer = Catalogue::parse(&text);
        prop_assert!(answer.is_err_and(|problems| !problems.as_slice().is_empty()));
    }

    #[test]
    fn a_catalogue_cut_anywhere_is_answered(at in 0..BASE.len()) {
        let cut = BASE.char_indices().map(|(start, _)| start).take_while(|start| *start <= at);
        let text = &BASE[..cut.last().unwrap_or_default()];
        let lines = text.lines().count() + 1;
        if let Err(problems) = Catalogue::parse(text) {
            prop_assert!(problems.as_slice().iter().all(|one| (1..=lines).contains(&one.line)));
        }
    }
}
