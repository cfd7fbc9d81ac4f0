//! Promises for every year, and average growth.

use super::*;

fn floor(value: &str) -> Comparator {
    Comparator::EveryPeriodAtLeast { value: decimal(value), strict: false, from: 2026 }
}

#[test]
fn a_floor_is_judged_year_by_year() {
    let case = |history| Case::new(floor("3"), history).asked_on("2028-06-30");
    case("2026=3 2027=3.2").says("on_track");
    case("2026=2.9 2027=3").says("at_risk");
    case("2026=3 2027=2.9").says("off_track +WasMet LAST_MET");
    case("2026=2.8 2027=2.9").says("off_track");
    case("2025=1 2027=3").says("on_track YEARS_WITHOUT_VALUE");
    case("2024=3 2025=3").says("not_assessable NONE_SINCE_START +Stale");
    case("").says("no_data");
    let judged = case("2025=1 2026=2.9 2027=3").assess().explanation;
    assert_eq!(judged.periods_missed, [period("2026")]);
    assert_eq!(judged.periods_kept, [period("2027")]);
    assert_eq!(judged.gap, Some(decimal("0")));
    let sequences: Vec<_> = judged.sources.iter().map(|source| source.sequence).collect();
    assert_eq!(sequences, [3, 2], "the year before the promise is no source");
}

#[test]
fn a_floor_is_met_only_at_its_horizon() {
    let case = |history| Case::new(floor("3"), history).asked_on("2031-03-31");
    case("2026=3 2027=3 2028=3 2029=3 2030=3").says("met");
    case("2026=3 2027=3 2028=3 2029=3").says("on_track HORIZON_VALUE_PENDING");
    case("2026=3 2027=2 2028=3 2029=3 2030=3").says("off_track HORIZON_PASSED");
    case("2026=3 2030=3 2031=1").says("not_assessable YEARS_UNKNOWN YEARS_WITHOUT_VALUE");
    case("2026=3 2028=3").says("on_track +Stale YEARS_WITHOUT_VALUE HORIZON_VALUE_PENDING");
}

#[test]
fn a_strict_floor_is_not_held_by_equal() {
    let strict =
        || Comparator::EveryPeriodAtLeast { value: decimal("0.7"), strict: true, from: 2024 };
    Case::new(strict(), "2024=0.71 2025=0.70").says("off_track +WasMet LAST_MET");
    Case::new(strict(), "2024=0.71 2025=0.701").says("on_track");
}

/// No growth is computed, so a break leaves nothing aside.
#[test]
fn a_floor_is_judged_across_a_break() {
    Case::new(floor("3"), "2026=2 2027=3:b").asked_on("2028-01-31").says("at_risk");
}

#[test]
fn a_floor_takes_the_last_part_of_a_year_where_years_are_missing() {
    let case = |history| {
        Case::new(floor("3"), history).frequency(Frequency::HalfYear).asked_on("2028-01-31")
    };
    case("2026-S1=1 2026-S2=3 2027-S1=3 2027-S2=3.1").says("on_track SHORTER_PERIODS");
    case("2026-S2=3 2027-S1=2").says("off_track +WasMet SHORTER_PERIODS YEAR_UNFINISHED LAST_MET");
    case("2026=3 2026-S2=1 2027-S1=2").says("on_track");
}

#[test]
fn a_rise_is_judged_year_by_year() {
    let case = |history| Case::new(Comparator::Increasing, history);
    case("2023=10 2024=11 2025=12").says("on_track");
    case("2023=10 2024=9 2025=12").says("at_risk");
    case("2023=10 2024=12 2025=12").says("off_track +WasMet LAST_MET");
    case("2023=10 2024=12 2025=11").says("worsening +WasMet LAST_MET");
    case("2023=10 2025=12").says("on_track YEARS_WITHOUT_VALUE");
    case("2025=12").says("not_assessable SINGLE_POINT");
    case("2024=30 2025=12:b")
        .says("not_assessable BREAK_LEAVES_ONE_POINT +BreakInSeries BREAK_IN_SERIES");
    case("2029=10 2030=12").asked_on("2031-01-31").says("met");
    case("2028=10 2029=9 2030=12").asked_on("2031-01-31").says("off_track HORIZON_PASSED");
    let judged = case("2023=10 2024=9 2025=12").assess().explanation;
    assert_eq!(judged.periods_missed, [period("2024")]);
    assert_eq!(judged.periods_kept, [period("2025")]);
    close(judged.observed_pace, 1.0, 1e-12);
    assert_eq!(judged.projected, Some(decimal("17.00")));
}

fn publications() -> Comparator {
    Comparator::AverageGrowthAtLeast { percent: decimal("10"), base: 2025 }
}

fn patents() -> Comparator {
    Comparator::AverageGrowthWithin { lower: decimal("16"), upper: decimal("18"), base: 2025 }
}

#[test]
fn average_growth_is_compound_since_the_base_year() {
    let case = |history| Case::new(publications(), history).asked_on("2028-06-30");
    let so_far = "LAST_YEAR_GROWTH AVERAGE_SO_FAR";
    case("2024=50 2025=100 2026=110 2027=121").says(&format!("on_track {so_far}"));
    case("2025=100 2026=110 2027=120.9999999999999999")
        .says(&format!("on_track +WasMet {so_far} LAST_MET"));
    case("2025=100 2026=109 2027=114").says(&format!("at_risk {so_far}"));
    case("2025=100 2026=100 2027=104").says(&format!("off_track {so_far}"));
    case("2025=100 2026=100 2027=99").says(&format!("worsening {so_far}"));
    case("2026=100 2027=110").says("on_track LAST_YEAR_GROWTH BASE_LATER AVERAGE_SO_FAR");
    case("2025=100").says("not_assessable SINGLE_POINT +Stale");
    case("2024=100").says("not_assessable BASE_AFTER_CURRENT +Stale");
    case("2025=0 2026=5 2027=6").says("not_assessable ZERO_BASE LAST_YEAR_GROWTH");
    case("2025=-2 2026=5 2027=6").says("not_assessable NEGATIVE_BASE LAST_YEAR_GROWTH");
    case("2025=2 2027=-6").says("not_assessable SIGN_CHANGE");
}

#[test]
fn average_growth_names_what_is_still_needed() {
    let case = Case::new(publications(), "2025=100 2026=109 2027=114").asked_on("2028-06-30");
    let explanation = case.assess().explanation;
    assert_eq!(explanation.method, MethodUsed::AverageGrowth);
    close(explanation.observed_pace, 6.7708, 1e-4);
    close(explanation.required_pace, 10.0, 1e-12);
    close(explanation.progress, 0.67708, 1e-5);
    // 100 × 1.1^5 = 161.051 from 114 in three years.
    close(explanation.pace_from_here, 12.2061, 1e-3);
    assert_eq!(explanation.gap, Some(decimal("-3.2292")));
    assert_eq!(explanation.projected, Some(decimal("138.76")));
    let last_year = explanation.findings.iter().find(|it| it.code() == "LAST_YEAR_GROWTH");
    assert_eq!(last_year.unwrap().message(), "it grew by 4.59 % from `2026` to `2027`");
}

#[test]
fn a_growth_band_is_kept_from_its_lower_bound_and_exceeded_above_its_upper() {
    let case =
        |latest| Case::new(patents(), &format!("2025=100 2027={latest}")).asked_on("2028-06-30");
    case("134.56").says("on_track AVERAGE_SO_FAR");
    case("139.24").says("on_track AVERAGE_SO_FAR");
    case("139.25").says("on_track +Exceeds AVERAGE_SO_FAR");
    case("134.55").says("on_track AVERAGE_SO_FAR");
}

#[test]
fn average_growth_at_the_horizon_is_final() {
    let case = |latest| {
        Case::new(publications(), &format!("2025=100 2030={latest}")).asked_on("2031-03-31")
    };
    case("161.051").says("met");
    Case::new(patents(), "2025=100 2030=229").asked_on("2031-03-31").says("met +Exceeds");
    case("161.05").says("off_track HORIZON_PASSED");
    case("99").says("worsening HORIZON_PASSED");
}

#[test]
fn growth_of_parts_of_a_year_compares_the_same_part() {
    let case = |history| Case::new(patents(), history).frequency(Frequency::Quarter);
    case("2025-Q1=10 2025-Q2=40 2026-Q1=12").says(
        "on_track +Exceeds SHORTER_PERIODS SAME_PART_OF_YEAR_ONLY LAST_YEAR_GROWTH AVERAGE_SO_FAR",
    );
    case("2025=100 2025-Q1=10 2026-Q1=12").says("not_assessable SINGLE_POINT");
}

#[test]
fn growth_is_not_computed_across_a_break() {
    let case = |history| Case::new(publications(), history).asked_on("2028-06-30");
    case("2025=100 2026=300:t1 2027=330:t1").says(
        "on_track +BreakInSeries BREAK_IN_SERIES LAST_YEAR_GROWTH BASELINE_LEFT_ASIDE AVERAGE_SO_FAR",
    );
    case("2025=280:t1 2026=300:t1 2027=330:t1").says("at_risk LAST_YEAR_GROWTH AVERAGE_SO_FAR");
}
