//! Values against a reference of the same period.

use super::*;

/// Monthly income a head, thousand dong, General Statistics Office: An Giang and the country.
const OWN: &str = "2010=1319 2012=1871 2014=2472 2016=2909:p";
const COUNTRY: &str = "2010=1387 2012=2000 2014=2637 2016=3049:p";

fn above() -> Comparator {
    Comparator::AboveReference { reference: "country".to_owned() }
}

fn at_par(tolerance: &str) -> Comparator {
    Comparator::AtParWithReference {
        reference: "country".to_owned(),
        tolerance: decimal(tolerance),
    }
}

#[test]
fn income_is_below_the_country_with_its_gap() {
    let mut case = Case::new(above(), OWN).reference(COUNTRY).asked_on("2017-12-31");
    case.target.horizon = 2045;
    case.says("off_track +Provisional RELATIVE_GAP RELATIVE_GAP");
    let explanation = case.assess().explanation;
    assert_eq!(explanation.method, MethodUsed::ReferenceGap);
    assert_eq!(explanation.gap, Some(decimal("-140")));
    assert_eq!(explanation.reference.unwrap().value, Value::Number(decimal("3049")));
    // From -4.903 % in 2010 to -4.592 % in 2016, to be closed in 35 years.
    close(explanation.observed_pace, 0.05185, 1e-4);
    close(explanation.required_pace, 0.14008, 1e-4);
    close(explanation.progress, 0.3702, 1e-3);
    assert_eq!(explanation.pace_unit, "% of the reference a year");
    let roles: Vec<_> = explanation.sources.iter().map(|it| (it.series, it.period)).collect();
    assert!(roles.contains(&(SeriesRole::Reference, period("2016"))), "{roles:?}");
    assert!(roles.contains(&(SeriesRole::Judged, period("2010"))), "{roles:?}");
}

#[test]
fn without_a_reference_it_is_not_assessable() {
    let case = || Case::new(above(), "2024=9 2025=10");
    case().says("not_assessable NO_REFERENCE");
    case().reference("2025=?").says("not_assessable NO_REFERENCE");
    case().reference("2020=9").says("not_assessable NO_REFERENCE_SAME_PERIOD");
    case().reference("2025-Q4=9").says("not_assessable NO_REFERENCE_SAME_PERIOD");
    Case::new(above(), "").reference("2025=9").says("no_data");
    assert!(case().assess().explanation.current.is_some());
}

#[test]
fn only_the_same_period_is_compared() {
    let case = |reference| Case::new(above(), "2023=8 2024=9 2025=10").reference(reference);
    case("2025=9.9").says("met");
    case("2024=8.9").says("met REFERENCE_LAGS");
    case("2024=9.1 2026=1").says("not_assessable SINGLE_POINT REFERENCE_LAGS");
    case("2023=9 2024=9.5 2025=10").says("on_track RELATIVE_GAP RELATIVE_GAP");
}

#[test]
fn equal_is_not_above_but_at_par() {
    let case = |comparator| Case::new(comparator, "2025=10").reference("2025=10");
    case(above()).says("not_assessable SINGLE_POINT");
    case(at_par("0")).says("met");
    Case::new(at_par("0.5"), "2025=9.5").reference("2025=10").says("met");
    Case::new(at_par("0.5"), "2025=9.49").reference("2025=10").says("not_assessable SINGLE_POINT");
    Case::new(at_par("0"), "2025=12").reference("2025=10").says("met");
    let mut less_is_better = Case::new(at_par("0.5"), "2025=10.5").reference("2025=10");
    less_is_better.indicator.direction = Direction::Decrease;
    less_is_better.says("met");
    less_is_better.history = series("2024=10.6 2025=10.8");
    less_is_better.reference = series("2024=10 2025=10");
    less_is_better.says("worsening RELATIVE_GAP RELATIVE_GAP");
    less_is_better.history = series("2024=10.5 2025=10.8");
    less_is_better.says("worsening +WasMet RELATIVE_GAP RELATIVE_GAP LAST_MET");
}

#[test]
fn the_gap_has_to_close_in_time() {
    let case = |latest: &str| {
        Case::new(above(), &format!("2020=80 2025={latest}")).reference("2020=100 2025=200")
    };
    let found = "RELATIVE_GAP RELATIVE_GAP";
    case("180").says(&format!("on_track {found}"));
    case("173").says(&format!("at_risk {found}"));
    case("165").says(&format!("off_track {found}"));
    case("159").says(&format!("worsening {found}"));
    Case::new(above(), "2020=101 2025=199")
        .reference("2020=100 2025=200")
        .says(&format!("worsening +WasMet {found} LAST_MET"));
    case("190").asked_on("2033-01-31").says(&format!("off_track +Stale {found} HORIZON_PASSED"));
}

#[test]
fn a_zero_reference_is_compared_by_the_gap_itself() {
    let case = Case::new(above(), "2020=-8 2025=-4").reference("2020=0 2025=0");
    case.says("on_track");
    assert_eq!(case.assess().explanation.pace_unit, "percent a year");
}

#[test]
fn a_break_in_either_series_leaves_the_gaps_before_it_aside() {
    Case::new(above(), "2020=80 2025=90")
        .reference("2020=100 2025=200:b")
        .says("not_assessable SINGLE_POINT +BreakInSeries BREAK_IN_REFERENCE");
    Case::new(above(), "2020=80 2025=90:b")
        .reference("2020=100 2025=200")
        .says("not_assessable BREAK_LEAVES_ONE_POINT +BreakInSeries BREAK_IN_SERIES");
}
