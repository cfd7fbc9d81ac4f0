//! Ordinal levels and milestones.

use super::*;

fn good() -> Comparator {
    Comparator::InGroup { level: "kha".to_owned() }
}

#[test]
fn a_level_is_judged_by_its_place_and_how_it_moved() {
    Case::new(good(), "2025=L2").says("met");
    Case::new(good(), "2025=L3").says("met");
    Case::new(good(), "2023=L0 2025=L1").says("at_risk");
    Case::new(good(), "2023=L1 2025=L1").says("off_track");
    Case::new(good(), "2023=L1 2025=L0").says("worsening");
    Case::new(good(), "2023=L3 2025=L1").says("worsening +WasMet MET_AT_BASE LAST_MET");
    Case::new(good(), "2025=L1").says("not_assessable SINGLE_POINT");
    Case::new(good(), "2025=L7").says("not_assessable UNKNOWN_LEVEL VALUES_LEFT_ASIDE");
    Case::new(Comparator::InGroup { level: "hay".to_owned() }, "2025=L1")
        .says("not_assessable UNKNOWN_LEVEL");
    Case::new(good(), "2029=L0 2030=L1").asked_on("2031-01-31").says("off_track HORIZON_PASSED");
    let below = Case::new(good(), "2023=L0 2025=L1").assess().explanation;
    assert_eq!(below.gap, Some(decimal("-1")));
    assert_eq!(below.current.unwrap().value, Value::Level(1));
}

#[test]
fn a_rank_on_a_scale_is_turned_into_a_level_and_says_so() {
    Case::new(good(), "2025=17/34").says("met RANK_TURNED_INTO_LEVEL");
    Case::new(good(), "2023=34/34 2025=18/34").says("at_risk RANK_TURNED_INTO_LEVEL");
    Case::new(good(), "2025=18").says("not_assessable NO_RANKED_AMONG VALUES_LEFT_ASIDE");
    let explanation = Case::new(good(), "2025=17/34").assess().explanation;
    assert_eq!(explanation.current.unwrap().value, Value::Level(2));
    assert_eq!((explanation.percentile, explanation.ranked_among), (Some(50.0), Some(34)));
    assert_eq!(
        explanation.findings[0].message(),
        "rank 17 of 34 was turned into the level `kha` by the scale's table"
    );
    let mut without_table = Case::new(good(), "2025=17/34");
    without_table.indicator.kind = Kind::Level(Scale {
        levels: quality().levels.into_iter().map(|it| Level { top_percent: None, ..it }).collect(),
        ..quality()
    });
    without_table.says("not_assessable NO_RANK_TABLE VALUES_LEFT_ASIDE");
}

#[test]
fn scores_of_two_editions_are_not_compared() {
    Case::new(good(), "2023=L0:d0 2025=L1:d1")
        .says("not_assessable BREAK_LEAVES_ONE_POINT +BreakInSeries BREAK_IN_SERIES");
}

#[test]
fn a_milestone_is_judged_by_its_state_and_the_time_left() {
    let case = |history| Case::new(Comparator::MilestoneDone, history);
    case("2025=L2").says("met");
    case("2025=L3").says("met");
    case("2025=L1").says("on_track");
    case("2030-S1=L1").asked_on("2030-07-31").says("at_risk SHORTER_PERIODS");
    case("2025=L0").says("off_track");
    case("2030=L1").asked_on("2031-01-01").says("off_track HORIZON_PASSED");
    case("2024=L2 2025=L1").says("worsening +WasMet LAST_MET");
    case("2025=L4").says("not_assessable UNKNOWN_LEVEL VALUES_LEFT_ASIDE");
    case("2025=1").says("not_assessable WRONG_KIND VALUES_LEFT_ASIDE");
    case("").says("no_data");
}
