//! How a messy history is read: frequencies, missing values, breaks, age.

use super::*;
use crate::formula::Uncomputable;
use crate::province::Coverage;

fn at_least(bound: &str) -> Comparator {
    Comparator::AtLeast(decimal(bound))
}

#[test]
fn missing_withdrawn_and_zero_are_three_things() {
    let case = |history| Case::new(at_least("20"), history);
    case("").says("no_data");
    case("2025=?").says("no_data LATEST_MISSING");
    case("2025=x").says("no_data LATEST_WITHDRAWN");
    case("2025=0").says("not_assessable SINGLE_POINT");
    case("2020=10 2024=13.5 2025=x").says("on_track LATEST_WITHDRAWN");
    case("2020=10 2024=13.5 2025=?").says("on_track LATEST_MISSING");
    let fallback = case("2020=10 2024=13.5 2025=x").assess().explanation;
    assert_eq!(fallback.current.unwrap().period, period("2024"));
}

#[test]
fn the_latest_revision_counts() {
    let mut case = Case::new(at_least("20"), "2020=10 2025=25 2025=14");
    case.history[1].revision = 1;
    case.says("met");
    case.history[2].revision = 2;
    case.says("on_track");
}

#[test]
fn one_frequency_is_judged() {
    let case = |history| Case::new(at_least("20"), history);
    case("2020=10 2025=14 2026-Q1=25").says("on_track");
    case("2021-Q1=10 2026-Q1=14.1").says("on_track SHORTER_PERIODS");
    case("2025-Q4=25 2025-12=1").says("met SHORTER_PERIODS");
    case("2020=10 2021-04=9 2026-04=25").frequency(Frequency::Month).says("met SHORTER_PERIODS");
    case("2020=10 2025=14 2026-03=?").frequency(Frequency::Month).says("on_track");
    let shorter = case("2021-Q1=10 2026-Q1=14.1").assess().explanation;
    assert_eq!(
        shorter.findings[0].message(),
        "judged by the latest quarter; the target speaks of a year"
    );
    // 10 to 20 from 2021-Q1 to 2030-Q4, in 9.75 years.
    close(shorter.required_pace, 7.3676, 1e-3);
}

#[test]
fn values_that_run_from_the_start_of_the_year_are_compared_for_whole_years() {
    let case =
        |history| Case::new(at_least("20"), history).frequency(Frequency::Quarter).cumulative();
    case("2020-Q4=10 2025-Q4=14 2026-Q1=3").says("on_track SHORTER_PERIODS WHOLE_YEARS_ONLY");
    case("2021-Q1=10 2025-Q3=50 2026-Q1=14.1")
        .says("on_track SHORTER_PERIODS SAME_PART_OF_YEAR_ONLY");
}

#[test]
fn levels_and_numbers_do_not_stand_for_each_other() {
    Case::new(at_least("20"), "2025=L2").says("not_assessable WRONG_KIND VALUES_LEFT_ASIDE");
    Case::new(at_least("20"), "2020=10 2024=L2 2025=14").says("on_track VALUES_LEFT_ASIDE");
    let mut ranked = Case::new(at_least("20"), "2025=25");
    ranked.indicator.kind = Kind::Milestone;
    ranked.says("not_assessable WRONG_KIND VALUES_LEFT_ASIDE");
}

#[test]
fn nothing_is_compared_across_a_break() {
    let case = |history| Case::new(at_least("20"), history);
    let left_aside = "+BreakInSeries BREAK_IN_SERIES";
    case("2020=10 2024=15:b 2025=16").says(&format!("on_track {left_aside}"));
    case("2020=10 2025=14:b").says(&format!("not_assessable BREAK_LEAVES_ONE_POINT {left_aside}"));
    case("2020=30 2024=15:t1 2025=16:t1").says(&format!("on_track {left_aside}"));
    case("2020=30 2024=15:d1 2025=16:d1").says(&format!("on_track {left_aside}"));
    case("2020=10:t1 2024=13:t1 2025=14:t1").says("on_track");
    case("2020=10:b 2025=14").says("on_track");
    case("2020=10 2025=20:b").says(&format!("met {left_aside}"));
    let kept = case("2020=10 2024=15:b 2025=16").assess().explanation;
    assert_eq!(kept.base.unwrap().period, period("2024"));
}

#[test]
fn a_baseline_before_a_break_is_left_aside() {
    let case = |history| Case::new(at_least("20"), history).baseline("2020", Some("10"));
    case("2024=15:b 2025=14").says("worsening BASELINE_LEFT_ASIDE");
    case("2022=11 2024=15:t1 2025=14:t1")
        .says("worsening +BreakInSeries BREAK_IN_SERIES BASELINE_LEFT_ASIDE");
    case("2024=15 2025=14").says("on_track");
}

#[test]
fn provisional_and_estimated_values_are_flagged() {
    let case = |history| Case::new(at_least("20"), history);
    case("2020=10 2025=14:p").says("on_track +Provisional");
    case("2020=10 2025=14:e").says("on_track +Provisional");
    case("2020=10:p 2025=14").says("on_track +Provisional");
    case("2020=10 2022=11:p 2025=14").says("on_track");
}

#[test]
fn a_series_is_stale_once_two_further_periods_have_ended() {
    let case = |history, day| Case::new(at_least("20"), history).asked_on(day);
    case("2020=10 2023=12.5", "2025-12-31").says("on_track");
    case("2020=10 2023=12.5", "2026-01-01").says("on_track +Stale");
    case("2024-01=10 2026-03=13", "2026-05-31").says("on_track SHORTER_PERIODS");
    case("2024-01=10 2026-03=13", "2026-06-01").says("on_track +Stale SHORTER_PERIODS");
}

#[test]
fn what_a_formula_could_not_compute_is_the_reason() {
    let zero = |text: &str| Uncomputed {
        period: period(text),
        reason: Uncomputable::ZeroDenominator {
            indicator: "grdp".to_owned(),
            period: period(text),
        },
    };
    let mut case = Case::new(at_least("20"), "");
    case.uncomputed = vec![zero("2025")];
    case.says("not_assessable ZERO_DENOMINATOR NOT_COMPUTED");
    case.uncomputed[0].reason = Uncomputable::Overflow;
    case.says("not_assessable TOO_MANY_DIGITS NOT_COMPUTED");
    case.uncomputed[0].reason = Uncomputable::Incomplete {
        indicator: "grdp".to_owned(),
        period: period("2025"),
        coverage: Coverage { expected: 2, missing: vec!["xa-1".to_owned()] },
    };
    case.says("not_assessable INCOMPLETE +Incomplete NOT_COMPUTED");
    case.uncomputed = vec![zero("2025")];
    case.history = series("2020=10 2024=13.5");
    case.says("on_track NOT_COMPUTED");
    case.history = series("2020=10 2026=15");
    case.says("on_track");
}
