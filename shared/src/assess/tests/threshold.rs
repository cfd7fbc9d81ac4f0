//! Values to be reached: strictness, bands, base, both methods, time running out.

use super::*;

fn at_least(bound: &str) -> Comparator {
    Comparator::AtLeast(decimal(bound))
}

/// The published shares of old An Giang's digital economy; 20 % of GRDP are promised by 2030.
fn digital_economy() -> Case {
    Case::new(at_least("20"), "2023=5.28 2024=5.99")
}

#[test]
fn digital_economy_is_judged_as_published() {
    let assessment = digital_economy().assess();
    assert_eq!(summary(&assessment), "at_risk");
    let explanation = assessment.explanation;
    assert_eq!(explanation.method, MethodUsed::Ratio);
    assert_eq!(explanation.pace_unit, "% a year (compound)");
    close(explanation.observed_pace, 13.447, 5e-4);
    close(explanation.required_pace, 20.956, 5e-4);
    close(explanation.progress, 0.6417, 5e-5);
    close(explanation.score, 0.298, 5e-4);
    close(explanation.pace_from_here, 22.255, 5e-4);
    assert_eq!(explanation.gap, Some(decimal("-14.01")));
    assert_eq!(explanation.projected, Some(decimal("12.77")));
    let base = explanation.base.unwrap();
    assert_eq!((base.period, base.value), (period("2023"), Value::Number(decimal("5.28"))));
    assert_eq!(explanation.current.unwrap().period, period("2024"));
    let sequences: Vec<_> = explanation.sources.iter().map(|source| source.sequence).collect();
    assert_eq!(sequences, [2, 1]);
}

#[test]
fn digital_economy_on_a_straight_line() {
    let assessment = digital_economy().method(Method::Linear).assess();
    let explanation = assessment.explanation;
    assert_eq!(explanation.method, MethodUsed::Linear);
    assert_eq!(explanation.pace_unit, "percent a year");
    close(explanation.observed_pace, 0.71, 1e-9);
    close(explanation.required_pace, 14.72 / 7.0, 1e-9);
    assert_eq!(explanation.projected, Some(decimal("10.25")));
    assert_eq!((explanation.score, explanation.method_note), (None, None));
    assert_eq!(assessment.verdict, Verdict::OffTrack, "0.34 of the way due");
}

/// A05 has one published value.
#[test]
fn one_value_shows_its_gap_and_no_pace() {
    let assessment = Case::new(at_least("55"), "2022=53.8").asked_on("2024-06-30").assess();
    assert_eq!(summary(&assessment), "not_assessable SINGLE_POINT");
    assert_eq!(assessment.explanation.gap, Some(decimal("-1.2")));
    assert_eq!(assessment.explanation.current.unwrap().period, period("2022"));
    assert_eq!(assessment.explanation.base, None);
}

#[test]
fn met_is_decided_on_the_unrounded_value() {
    let above = || Comparator::Above(decimal("80"));
    for (comparator, value, verdict) in [
        (at_least("80"), "80", Verdict::Met),
        (at_least("80"), "79.9999999999999999999999", Verdict::NotAssessable),
        (above(), "80", Verdict::NotAssessable),
        (above(), "80.00", Verdict::NotAssessable),
        (above(), "80.0000000000000000000001", Verdict::Met),
        (Comparator::AtMost(decimal("5")), "5", Verdict::Met),
        (Comparator::AtMost(decimal("5")), "5.01", Verdict::NotAssessable),
        (Comparator::Below(decimal("5")), "5", Verdict::NotAssessable),
        (Comparator::Below(decimal("5")), "4.99", Verdict::Met),
        (Comparator::ShareDone(decimal("100")), "100", Verdict::Met),
        (Comparator::ShareDone(decimal("100")), "99", Verdict::NotAssessable),
    ] {
        let case = Case::new(comparator, &format!("2025={value}"));
        assert_eq!(case.assess().verdict, verdict, "{:?} {value}", case.target.comparator);
    }
}

#[test]
fn a_band_is_met_from_its_lower_bound_and_exceeded_above_its_upper() {
    let band = || Comparator::Within { lower: decimal("8"), upper: decimal("10") };
    Case::new(band(), "2024=7 2025=8").says("met");
    Case::new(band(), "2024=7 2025=10").says("met");
    Case::new(band(), "2024=7 2025=10.01").says("met +Exceeds");
    Case::new(band(), "2024=7.9 2025=7").says("worsening");
    let met = Case::new(band(), "2024=7 2025=10.01").assess();
    assert_eq!(met.explanation.gap, Some(decimal("2.01")));
    assert_eq!(met.explanation.score, Some(5.0));
}

/// From 10 in 2020 to 20 in 2030: 7.177 % a year are due.
#[test]
fn the_pace_decides_by_the_published_thresholds() {
    Case::new(at_least("20"), "2020=10 2025=14.2").says("on_track");
    Case::new(at_least("20"), "2020=10 2025=13.8").says("at_risk");
    Case::new(at_least("20"), "2020=10 2025=12").says("off_track");
    Case::new(at_least("20"), "2020=10 2025=10").says("off_track");
    Case::new(at_least("20"), "2020=10 2025=9.9").says("worsening");
    Case::new(Comparator::AtMost(decimal("5")), "2020=10 2025=7").says("on_track");
    Case::new(Comparator::AtMost(decimal("5")), "2020=10 2025=11").says("worsening");
}

#[test]
fn where_growth_has_no_meaning_the_straight_line_judges_and_says_why() {
    for (bound, history, verdict, why) in [
        ("100", "2020=0 2025=50", Verdict::OnTrack, "base value is zero"),
        ("100", "2020=0 2025=10", Verdict::OffTrack, "base value is zero"),
        ("10", "2020=-10 2025=0", Verdict::OnTrack, "base value is negative"),
        ("10", "2020=2 2025=-1", Verdict::Worsening, "changed its sign"),
        ("0", "2020=-10 2025=-4", Verdict::OnTrack, "base value is negative"),
    ] {
        let assessment = Case::new(at_least(bound), history).assess();
        assert_eq!(assessment.verdict, verdict, "{history}");
        assert_eq!(assessment.explanation.method, MethodUsed::Linear, "{history}");
        assert_eq!(assessment.explanation.score, None, "{history}");
        let note = assessment.explanation.method_note.unwrap();
        assert!(note.contains(why), "{history}: {note}");
    }
    let to_zero = Case::new(Comparator::AtMost(decimal("0")), "2020=10 2025=5").assess();
    assert_eq!(to_zero.verdict, Verdict::OnTrack);
    assert!(to_zero.explanation.method_note.unwrap().contains("to zero"));
}

#[test]
fn within_a_year_the_straight_line_judges() {
    let case = Case::new(at_least("80"), "2026-01=60 2026-05=62").frequency(Frequency::Month);
    case.says("on_track SHORTER_PERIODS");
    let note = case.assess().explanation.method_note.unwrap();
    assert!(note.contains("needs a year"), "{note}");
}

#[test]
fn progress_is_counted_from_the_baseline() {
    let case = || Case::new(at_least("20"), "2018=19 2020=10 2025=14.2");
    case().says("worsening");
    case().baseline("2020", None).says("on_track");
    case().baseline("2019", None).says("on_track BASE_LATER");
    case().baseline("2019", Some("9.5")).says("on_track");
    case().baseline("2021", None).says("not_assessable SINGLE_POINT");
    case().baseline("2025", Some("14")).says("not_assessable SINGLE_POINT");
    case().baseline("2026", None).says("not_assessable BASE_AFTER_CURRENT");
    case().baseline("2026", Some("15")).says("not_assessable BASE_AFTER_CURRENT");
    let stated = case().baseline("2019", Some("9.5")).assess().explanation;
    assert_eq!(stated.base.unwrap().value, Value::Number(decimal("9.5")));
    assert_eq!(stated.sources.len(), 1, "the stated base is no measurement");
}

#[test]
fn a_target_met_and_lost_says_so() {
    Case::new(at_least("20"), "2022=10 2023=21 2025=15").says("on_track +WasMet LAST_MET");
    Case::new(at_least("20"), "2022=21 2025=19").says("worsening +WasMet LAST_MET MET_AT_BASE");
    Case::new(at_least("20"), "2022=20 2025=19").says("worsening +WasMet LAST_MET MET_AT_BASE");
    let nothing_required = Case::new(at_least("20"), "2022=20 2025=19").assess().explanation;
    assert_eq!((nothing_required.progress, nothing_required.score), (None, None));
    Case::new(Comparator::Above(decimal("20")), "2022=20 2025=20").says("off_track");
    Case::new(at_least("20"), "2022=21 2025=22").says("met MET_AT_BASE");
}

#[test]
fn after_the_horizon_nothing_is_on_track() {
    let case = |history| Case::new(at_least("20"), history).asked_on("2031-03-31");
    case("2020=10 2030=19.9").says("off_track HORIZON_PASSED");
    case("2020=10 2030=9").says("worsening HORIZON_PASSED");
    case("2020=10 2030=20").says("met");
    case("2020=10 2029=19").says("on_track HORIZON_VALUE_PENDING");
    case("2020=10 2028=17.5").says("off_track +Stale HORIZON_PASSED");
    let over = case("2020=10 2030=19.9").assess().explanation;
    assert_eq!((over.pace_from_here, over.projected), (None, None));
}

#[test]
fn projections_stay_within_possible_values() {
    let mut case = Case::new(at_least("90"), "2020=50 2025=80");
    case.indicator.range.maximum = Some(decimal("100"));
    case.says("on_track PROJECTION_LIMITED");
    assert_eq!(case.assess().explanation.projected, Some(decimal("100")));
}

#[test]
fn a_rank_is_judged_in_places() {
    let within = |rank, among| Comparator::RankWithin { rank, among };
    Case::new(within(20, 63), "2022=21/63 2025=20/63").says("met");
    Case::new(within(20, 63), "2022=40/63 2025=30/63").says("on_track");
    Case::new(within(20, 63), "2022=40/63 2025=40/63").says("off_track");
    Case::new(within(20, 63), "2022=40/63 2025=45/63").says("worsening");
    Case::new(within(20, 63), "2025=45/63").says("not_assessable SINGLE_POINT");
    Case::new(within(20, 63), "2024=18/63 2025=25/63")
        .says("worsening +WasMet LAST_MET MET_AT_BASE");
    let explanation = Case::new(within(20, 63), "2022=40/63 2025=30/63").assess().explanation;
    assert_eq!(explanation.method, MethodUsed::Places);
    assert_eq!(explanation.pace_unit, "places a year");
    assert_eq!(explanation.gap, Some(decimal("10")));
    assert_eq!(explanation.ranked_among, Some(63));
    close(explanation.percentile, 47.619, 1e-3);
    close(explanation.observed_pace, -10.0 / 3.0, 1e-9);
    close(explanation.required_pace, -2.5, 1e-9);
}

/// Decision 1: the words of the plan decide, the change of the number ranked is said.
#[test]
fn a_rank_among_another_number_is_judged_by_the_plans_words() {
    let within = |rank| Comparator::RankWithin { rank, among: 63 };
    Case::new(within(30), "2025=30/34").says("met THRESHOLD_SET_AMONG_OTHER_NUMBER");
    Case::new(within(20), "2023=45/63 2024=40/63 2025=25/34").says(
        "not_assessable BREAK_LEAVES_ONE_POINT +BreakInSeries NUMBER_RANKED_CHANGED \
         THRESHOLD_SET_AMONG_OTHER_NUMBER",
    );
    Case::new(within(20), "2024=40/63 2025=25/34 2026=24/34").baseline("2024", Some("40")).says(
        "on_track +BreakInSeries NUMBER_RANKED_CHANGED THRESHOLD_SET_AMONG_OTHER_NUMBER \
             BASELINE_LEFT_ASIDE",
    );
    Case::new(within(20), "2025=18").says("met NUMBER_RANKED_UNKNOWN");
}
