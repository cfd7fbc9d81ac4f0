//! One target under every method: the published case, thresholds, and what bad input does.

use super::*;

fn at_least(bound: &str) -> Comparator {
    Comparator::AtLeast(decimal(bound))
}

/// 0 to 40, red below 10, green from 20.
fn scale() -> SdsnScale {
    let [lower_bound, red, green, optimum] = ["0", "10", "20", "40"].map(decimal);
    SdsnScale { lower_bound, optimum, green, red }
}

/// At least `bound` by 2030, judged by `method`.
fn by(method: Method, bound: &str, history: &str) -> Case {
    let mut case = Case::new(at_least(bound), history).method(method);
    case.target.sdsn = Some(scale());
    case
}

/// Old An Giang: 5.28 % of GRDP in 2023, 5.99 % in 2024, 20 % promised by 2030.
fn digital_economy(method: Method) -> Assessment {
    by(method, "20", "2023=5.28 2024=5.99").assess()
}

#[test]
fn one_real_case_under_all_methods() {
    #[rustfmt::skip]
    let rows = [
        (Method::Ratio,     "at_risk",    "moderate_progress", Some(0.6417), Some(0.298), "12.77", 2034),
        (Method::UnChart,   "at_risk",    "2",                 Some(0.509),  None,        "12.77", 2034),
        (Method::Linear,    "off_track",  "",                  Some(0.338),  None,        "10.25", 2044),
        (Method::LinearGap, "not_assessable TOO_FEW_POINTS", "", Some(0.696), None,       "10.25", 2044),
        (Method::Sdsn,      "off_track",  "red",               None,         Some(14.975), "10.25", 2044),
    ];
    for (method, said, symbol, progress, score, projected, year_met) in rows {
        let assessment = digital_economy(method);
        assert_eq!(summary(&assessment), said, "{method:?}");
        let explanation = assessment.explanation;
        assert_eq!(explanation.method.name(), method.name());
        assert_eq!(explanation.symbol.unwrap_or_default(), symbol, "{method:?}");
        assert_eq!(explanation.progress.is_some(), progress.is_some(), "{method:?}");
        assert_eq!(explanation.score.is_some(), score.is_some(), "{method:?}");
        close(explanation.progress.or(Some(0.0)), progress.unwrap_or_default(), 5e-4);
        close(explanation.score.or(Some(0.0)), score.unwrap_or_default(), 5e-4);
        assert_eq!(explanation.projected, Some(decimal(projected)), "{method:?}");
        assert_eq!(explanation.year_met, Some(year_met), "{method:?}");
        // UN ESCAP's figures stand beside every method.
        close(explanation.current_status_index, 0.48, 5e-3);
        close(explanation.anticipated_gap, 66.2, 5e-2);
    }
    let compound = digital_economy(Method::UnChart).explanation;
    close(compound.observed_pace, 13.447, 5e-4);
    close(compound.required_pace, 20.956, 5e-4);
    assert_eq!(compound.thresholds, [0.95, 0.10]);
    assert_eq!(digital_economy(Method::Ratio).explanation.thresholds, [0.95, 0.60, 0.0]);
    assert_eq!(digital_economy(Method::LinearGap).explanation.thresholds, [0.05, 0.20]);
    assert_eq!(digital_economy(Method::Sdsn).explanation.thresholds, [50.0, 37.5, 25.0]);
}

#[test]
fn the_un_chart_says_one_two_or_three() {
    #[rustfmt::skip]
    let rows = [
        ("20", "2020=10 2025=15",   "on_track",  Some("3")),
        ("20", "2020=10 2025=13.8", "at_risk",   Some("2")),
        ("20", "2020=10 2025=10.1", "off_track", Some("1")),
        ("20", "2020=10 2025=10",   "off_track", Some("1")),
        ("20", "2020=10 2025=9.9",  "worsening", Some("1")),
        ("20", "2020=10 2025=20",   "met",       Some("3")),
        ("20", "2025=20",           "met",       Some("3")),
        ("20", "2022=21 2025=19",   "worsening +WasMet LAST_MET MET_AT_BASE", None),
    ];
    for (bound, history, said, symbol) in rows {
        let case = by(Method::UnChart, bound, history);
        case.says(said);
        assert_eq!(case.assess().explanation.symbol, symbol, "{history}");
    }
    let mut own_bands = by(Method::UnChart, "20", "2023=5.28 2024=5.99");
    own_bands.target.un_chart = UnChartBands { on_track: decimal("0.5"), progress: decimal("0.2") };
    own_bands.says("on_track");
}

#[test]
fn within_one_of_a_limit_the_un_chart_is_content_and_the_promise_is_not() {
    let mut case = by(Method::UnChart, "100", "2020=99.9 2025=99.2");
    case.says("worsening");
    case.indicator.range = Range { minimum: Some(decimal("0")), maximum: Some(decimal("100")) };
    case.says("on_track NEAR_LIMIT");
    assert_eq!(case.assess().explanation.symbol, Some("3"));
}

#[test]
fn the_weather_is_that_of_five_years() {
    #[rustfmt::skip]
    let rows = [
        ("20", "2020=10 2022=12 2023=13 2025=15", "on_track",  Some("sun")),
        ("21", "2020=10 2022=12 2023=13 2025=15", "at_risk",   Some("sun_and_cloud")),
        ("25", "2020=10 2022=12 2023=13 2025=15", "off_track", Some("cloud")),
        ("25", "2020=15 2022=12 2023=13 2025=15", "off_track", Some("thunderstorm")),
        ("25", "2020=16 2022=12 2023=13 2025=15", "worsening", Some("thunderstorm")),
        ("15", "2020=10 2022=12 2023=13 2025=15", "met",       Some("sun")),
        // What lies before the five years does not count.
        ("20", "2010=90 2020=10 2022=12 2023=13 2025=15", "on_track +WasMet LAST_MET", Some("sun")),
        ("20", "2020=10 2023=13 2025=15", "not_assessable TOO_FEW_POINTS", None),
        ("20", "2016=2 2018=5 2023=13 2025=15", "not_assessable TOO_FEW_POINTS", None),
        ("20", "2010=10 2025=15", "not_assessable SINGLE_POINT", None),
        ("20", "2025=15", "not_assessable SINGLE_POINT", None),
        ("15", "2025=15", "met", Some("sun")),
    ];
    for (bound, history, said, symbol) in rows {
        let case = by(Method::LinearGap, bound, history).baseline("2010", None);
        case.says(said);
        assert_eq!(case.assess().explanation.symbol, symbol, "{history}");
    }
    // Four values of two years are not four years.
    by(Method::LinearGap, "20", "2024-S1=10 2024-S2=11 2025-S1=12 2025-S2=13")
        .frequency(Frequency::HalfYear)
        .says("not_assessable TOO_FEW_POINTS SHORTER_PERIODS");
}

#[test]
fn the_light_needs_one_value_and_a_scale() {
    #[rustfmt::skip]
    let rows = [
        ("25", "2025=22",         "on_track",            Some("green")),
        ("25", "2025=15",         "at_risk",             Some("yellow")),
        ("25", "2025=14.9",       "off_track",           Some("orange")),
        ("25", "2025=10",         "off_track",           Some("orange")),
        ("25", "2025=9.9",        "off_track",           Some("red")),
        ("25", "2020=18 2025=15", "at_risk MOVED_AWAY",  Some("yellow")),
        ("25", "2025=26",         "met",                 Some("green")),
        // The plan's word decides what is met, the light its own way.
        ("12", "2025=13",         "met",                 Some("orange")),
    ];
    for (bound, history, said, symbol) in rows {
        let case = by(Method::Sdsn, bound, history);
        case.says(said);
        assert_eq!(case.assess().explanation.symbol, symbol, "{history}");
    }
    let mut without = by(Method::Sdsn, "25", "2025=22");
    without.target.sdsn = None;
    without.says("not_assessable NO_SCALE");
}

#[test]
fn after_the_horizon_no_method_is_hopeful() {
    for method in Method::ALL {
        let mut case = by(method, "20", "2026=16 2027=17 2028=18 2030=19.9");
        case.as_of = date("2031-03-31");
        case.target.sdsn = Some(SdsnScale { green: decimal("19"), ..scale() });
        case.says("off_track HORIZON_PASSED");
    }
}

#[test]
fn the_year_in_which_it_is_met_at_the_present_pace() {
    let above = |bound| Comparator::Above(decimal(bound));
    let months = "2026-01=60 2026-05=62";
    for (comparator, history, year) in [
        (at_least("20"), "2020=10 2025=15", Some(2030)),
        (above("20"), "2020=10 2025=15", Some(2031)),
        (at_least("20.1"), "2020=10 2025=15", Some(2031)),
        (Comparator::AtMost(decimal("5")), "2020=10 2025=9", Some(2045)),
        (at_least("80"), months, Some(2029)),
        (at_least("20"), "2020=10 2025=10", None),
        (at_least("20"), "2020=10 2025=9", None),
        (at_least("20"), "2020=10 2025=20", None),
        (at_least("1000"), "2020=10 2025=15", None),
        (Comparator::RankWithin { rank: 20, among: 63 }, "2022=40/63 2025=30/63", Some(2028)),
    ] {
        let mut case = Case::new(comparator, history).method(Method::Linear);
        if history == months {
            case = case.frequency(Frequency::Month);
        }
        assert_eq!(case.assess().explanation.year_met, year, "{history}");
    }
    let compound = Case::new(at_least("20"), "2020=10 2025=15").assess().explanation;
    assert_eq!(compound.year_met, Some(2029), "ln(20/15) ÷ ln(1.5) × 5 years = 3.5");
}

#[test]
fn eight_values_in_a_row_have_a_forecast() {
    let eight = "2018=10 2019=11 2020=12 2021=13 2022=14 2023=15 2024=16 2025=17";
    let forecast = |history: &str| Case::new(at_least("30"), history).assess().explanation.forecast;
    let found = forecast(eight).unwrap();
    assert_eq!((found.period, found.values), (period("2030"), 8));
    assert_eq!([found.value, found.lower, found.upper], [decimal("22"); 3]);
    assert_eq!(forecast(&eight.replace("2018=10 ", "")), None, "seven");
    assert_eq!(forecast(&eight.replace("2018=10", "2017=9")), None, "a gap");
    assert_eq!(forecast(&eight.replace("2022=14", "2022=14:b")), None, "a break");
    let mut narrow = Case::new(at_least("20"), eight);
    narrow.indicator.range.maximum = Some(decimal("20"));
    assert_eq!(narrow.assess().explanation.forecast.unwrap().upper, decimal("20"));
    let late = Case::new(at_least("30"), &format!("{eight} 2026=18")).asked_on("2031-01-01");
    let mut late_target = late;
    late_target.target.horizon = 2026;
    assert_eq!(late_target.assess().explanation.forecast, None, "nothing lies ahead");
}

/// What every method says of input that is not as it should be. Findings are left out:
/// the tables of each family have them.
#[test]
fn bad_input_has_an_answer_under_every_method() {
    let nines = "9999999999999999999999999999";
    let digits = "1.234567890123456789012345678";
    #[rustfmt::skip]
    let rows: [(&str, &str, &str, [&str; 5]); 12] = [
        // what, bound, history, then ratio, linear, un_chart, linear_gap, sdsn
        ("zero base", "20", "2020=0 2022=4 2023=6 2025=10", ["on_track", "on_track", "on_track", "on_track", "off_track"]),
        ("negative base", "20", "2020=-10 2022=0 2023=2 2025=5", ["on_track", "on_track", "on_track", "on_track", "off_track"]),
        ("sign change down", "20", "2020=2 2022=1 2023=1 2025=-1", ["worsening", "worsening", "worsening", "worsening", "off_track"]),
        ("single point", "20", "2025=15", ["not_assessable", "not_assessable", "not_assessable", "not_assessable", "at_risk"]),
        ("gaps", "20", "2020=10 2025=15", ["on_track", "on_track", "on_track", "not_assessable", "at_risk"]),
        ("met at base", "20", "2020=21 2022=22 2023=23 2025=24", ["met", "met", "met", "met", "met"]),
        ("met, then lost", "20", "2020=10 2022=21 2023=19 2025=15", ["on_track", "on_track", "on_track", "on_track", "at_risk"]),
        ("met at base, then lost", "20", "2020=25 2022=21 2023=19 2025=15", ["worsening", "worsening", "worsening", "worsening", "at_risk"]),
        ("a break", "20", "2020=10 2022=12 2023=13:b 2025=15", ["on_track", "on_track", "on_track", "not_assessable", "at_risk"]),
        ("two editions", "20", "2020=10 2022=12 2023=13:d1 2025=15:d1", ["on_track", "on_track", "on_track", "not_assessable", "at_risk"]),
        ("28 digits", nines, &format!("2020={digits} 2022={digits} 2023={digits} 2025={digits}"), ["off_track", "off_track", "off_track", "off_track", "off_track"]),
        ("over 100", "100", "2020=90 2022=95 2023=99 2025=120", ["met", "met", "met", "met", "met"]),
    ];
    let methods = [Method::Ratio, Method::Linear, Method::UnChart, Method::LinearGap, Method::Sdsn];
    for (what, bound, history, verdicts) in rows {
        for (method, verdict) in methods.into_iter().zip(verdicts) {
            let assessment = by(method, bound, history).assess();
            assert_eq!(assessment.verdict.name(), verdict, "{what} by {method:?}: {assessment:?}");
        }
    }
    for method in [Method::Ratio, Method::Linear, Method::UnChart] {
        by(method, "20", "2020=10 2025=15")
            .baseline("2026", None)
            .says("not_assessable BASE_AFTER_CURRENT");
    }
    by(Method::Sdsn, "20", "2020=10 2025=15").baseline("2026", None).says("at_risk");
}

/// Growth from zero, references of other periods, ranks and levels have methods of their own.
#[test]
fn bad_input_of_other_comparators_has_an_answer() {
    let growth = || Comparator::AverageGrowthAtLeast { percent: decimal("10"), base: 2020 };
    Case::new(growth(), "2020=0 2025=5").says("not_assessable ZERO_BASE");
    Case::new(growth(), "2020=-1 2025=5").says("not_assessable NEGATIVE_BASE");
    Case::new(growth(), "2020=1 2025=-5").says("not_assessable SIGN_CHANGE");
    let above = || Comparator::AboveReference { reference: "country".to_owned() };
    Case::new(above(), "2024=5 2025=6").says("not_assessable NO_REFERENCE");
    Case::new(above(), "2024=5 2025=6")
        .reference("2020=1 2021=2")
        .says("not_assessable NO_REFERENCE_SAME_PERIOD");
    Case::new(above(), "2024=5 2025=6")
        .reference("2024-Q1=1 2025-Q1=2")
        .says("not_assessable NO_REFERENCE_SAME_PERIOD");
    let in_group = |level: &str| Comparator::InGroup { level: level.to_owned() };
    Case::new(in_group("kha"), "2025=12").says("not_assessable NO_RANKED_AMONG VALUES_LEFT_ASIDE");
    Case::new(in_group("kha"), "2025=L9").says("not_assessable UNKNOWN_LEVEL VALUES_LEFT_ASIDE");
    Case::new(in_group("gioi"), "2025=L2").says("not_assessable UNKNOWN_LEVEL");
    Case::new(Comparator::RankWithin { rank: 20, among: 63 }, "2025=18")
        .says("met NUMBER_RANKED_UNKNOWN");
}
