//! What holds for every history and every target.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::assess::ratio::{Course, TO_TARGET};

fn any_decimal() -> impl Strategy<Value = Decimal> {
    let plain = (-10_000_i64..10_000, 0_u32..4).prop_map(|(n, scale)| Decimal::new(n, scale));
    let wide = (any::<i64>(), any::<u64>(), 0_u32..=28).prop_map(|(high, low, scale)| {
        let digits = (i128::from(high) << 32) ^ i128::from(low);
        Decimal::try_from_i128_with_scale(digits, scale).unwrap_or(Decimal::MAX)
    });
    prop_oneof![
        6 => plain,
        1 => wide,
        1 => select(vec![Decimal::ZERO, Decimal::MAX, Decimal::MIN, Decimal::new(1, 28)]),
    ]
}

fn any_frequency() -> impl Strategy<Value = Frequency> {
    select(vec![Frequency::Year, Frequency::HalfYear, Frequency::Quarter, Frequency::Month])
}

fn any_period() -> impl Strategy<Value = ReportingPeriod> {
    let near = (2015_i16..2035, any_frequency(), 0_u8..12);
    let far = (select(vec![1900_i16, 2199]), any_frequency(), 0_u8..12);
    prop_oneof![9 => near, 1 => far].prop_map(|(year, frequency, place)| {
        ReportingPeriod::new(year, frequency, place % frequency.per_year() + 1).unwrap()
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => any_decimal().prop_map(Value::Number),
        4 => (0_u8..6).prop_map(Value::Level),
        1 => Just(Value::Missing(MissingReason::NotCollected)),
        1 => Just(Value::Withdrawn),
    ]
}

prop_compose! {
    fn any_measurement()(
        period in any_period(),
        value in any_value(),
        status in select(vec![
            ObservationStatus::Final,
            ObservationStatus::Final,
            ObservationStatus::Provisional,
            ObservationStatus::Estimated,
            ObservationStatus::Break,
        ]),
        ranked_among in proptest::option::of(0_u16..70),
        (edition, territory) in (0_u8..2, 0_u8..2),
    ) -> Measurement {
        Measurement {
            period,
            observation: Observation { value, status, ranked_among, edition, territory, notes: 0 },
            revision: 0,
            sequence: 1,
            received: Timestamp::UNIX_EPOCH,
        }
    }
}

/// At most one measurement a period, each with a sequence of its own.
fn any_history() -> impl Strategy<Value = Vec<Measurement>> {
    vec(any_measurement(), 0..12).prop_map(|mut history| {
        history.sort_by_key(|it| it.period);
        history.dedup_by_key(|it| it.period);
        for (measurement, sequence) in history.iter_mut().zip(1..) {
            measurement.sequence = sequence;
        }
        history
    })
}

fn any_comparator() -> impl Strategy<Value = Comparator> {
    let year = || select(vec![i16::MIN, 1900, 2015, 2020, 2026, 2199, i16::MAX]);
    prop_oneof![
        any_decimal().prop_map(Comparator::AtLeast),
        any_decimal().prop_map(Comparator::Above),
        any_decimal().prop_map(Comparator::AtMost),
        any_decimal().prop_map(Comparator::Below),
        any_decimal().prop_map(Comparator::ShareDone),
        (0_u32..70, 0_u32..70).prop_map(|(rank, among)| Comparator::RankWithin { rank, among }),
        (any_decimal(), any::<bool>(), year()).prop_map(|(value, strict, from)| {
            Comparator::EveryPeriodAtLeast { value, strict, from }
        }),
        (any_decimal(), year())
            .prop_map(|(percent, base)| Comparator::AverageGrowthAtLeast { percent, base }),
        (any_decimal(), any_decimal(), year()).prop_map(|(lower, upper, base)| {
            Comparator::AverageGrowthWithin { lower, upper, base }
        }),
        (any_decimal(), any_decimal())
            .prop_map(|(lower, upper)| Comparator::Within { lower, upper }),
        select(vec!["kha", "unknown"])
            .prop_map(|level| Comparator::InGroup { level: level.to_owned() }),
        Just(Comparator::AboveReference { reference: "country".to_owned() }),
        any_decimal().prop_map(|tolerance| Comparator::AtParWithReference {
            reference: "country".to_owned(),
            tolerance
        }),
        Just(Comparator::Increasing),
        Just(Comparator::MilestoneDone),
    ]
}

/// Mostly in order, at times the nonsense a checked catalogue never holds.
fn any_scale() -> impl Strategy<Value = Option<SdsnScale>> {
    let ordered = (-50_i64..50, 0_i64..20, 1_i64..20, 0_i64..20).prop_map(|(at, a, b, c)| {
        let [lower_bound, red, green, optimum] =
            [at, at + a, at + a + b, at + a + b + c].map(Decimal::from);
        SdsnScale { lower_bound, optimum, green, red }
    });
    let any = (any_decimal(), any_decimal(), any_decimal(), any_decimal()).prop_map(
        |(lower_bound, optimum, green, red)| SdsnScale { lower_bound, optimum, green, red },
    );
    prop_oneof![4 => ordered.prop_map(Some), 1 => any.prop_map(Some), 1 => Just(None)]
}

prop_compose! {
    fn any_case()(
        comparator in any_comparator(),
        history in any_history(),
        reference in any_history(),
        baseline in proptest::option::of((any_period(), proptest::option::of(any_decimal()))),
        method in select(Method::ALL.to_vec()),
        scale in any_scale(),
        horizon in prop_oneof![8 => 2020_i16..2050, 1 => select(vec![i16::MIN, 0, i16::MAX])],
        kind in select(vec![
            None,
            None,
            None,
            Some(Kind::Quantity),
            Some(Kind::Rank),
            Some(Kind::Level(quality())),
            Some(Kind::Milestone),
        ]),
        (frequency, cumulative, decimals) in (any_frequency(), any::<bool>(), any::<u8>()),
        as_of_year in select(vec![-9999_i16, 2015, 2026, 2031, 9999]),
    ) -> Case {
        let mut case = Case::new(comparator, "");
        case.history = history;
        case.reference = reference;
        case.target.baseline = baseline.map(|(period, value)| Baseline { period, value });
        case.target.method = method;
        case.target.sdsn = scale;
        case.target.horizon = horizon;
        case.indicator.kind = kind.unwrap_or(case.indicator.kind);
        case.indicator.frequency = frequency;
        case.indicator.cumulative = cumulative;
        case.indicator.decimals = decimals;
        case.as_of = Date::constant(as_of_year, 6, 30);
        case
    }
}

/// A course of positive values: where compound growth has a meaning.
fn any_course() -> impl Strategy<Value = (Direction, f64, f64, f64)> {
    let direction = select(vec![Direction::Increase, Direction::Decrease]);
    (direction, 0.01..1e6, 0.01..1e6, 0.01..1e6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_question_has_a_sound_answer(case in any_case()) {
        let answer = case.assess();
        let explanation = &answer.explanation;
        prop_assert_eq!(answer.reason.is_some(), answer.verdict == Verdict::NotAssessable);
        prop_assert_eq!(explanation.current.is_some(), !explanation.sources.is_empty());
        let judged = !matches!(answer.verdict, Verdict::NoData | Verdict::NotAssessable);
        prop_assert!(!judged || explanation.current.is_some());
        prop_assert!(answer.verdict != Verdict::NoData || explanation.current.is_none());
        for number in [
            explanation.observed_pace,
            explanation.required_pace,
            explanation.pace_from_here,
            explanation.progress,
            explanation.score,
            explanation.percentile,
        ] {
            prop_assert!(number.is_none_or(f64::is_finite), "{answer:?}");
        }
        let scores = if explanation.method == MethodUsed::Sdsn { 0.0..=100.0 } else { -5.0..=5.0 };
        prop_assert!(explanation.score.is_none_or(|score| scores.contains(&score)));
        let last = explanation.current.map(|current| current.period.year());
        prop_assert!(explanation.year_met.is_none_or(|year| Some(year) >= last));
        prop_assert!(explanation.year_met.is_none() || answer.verdict != Verdict::Met);
        if let Some(forecast) = explanation.forecast {
            prop_assert!(forecast.lower <= forecast.value && forecast.value <= forecast.upper);
        }
    }

    #[test]
    fn the_order_of_the_history_does_not_matter(
        case in any_case(),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let mut other = case.clone();
        other.history.reverse();
        other.reference.reverse();
        if !other.history.is_empty() {
            let at = shuffled.index(other.history.len());
            other.history.rotate_left(at);
        }
        prop_assert_eq!(case.assess(), other.assess());
    }

    #[test]
    fn other_frequencies_do_not_change_a_yearly_verdict(
        mut case in any_case(),
        value in any_decimal(),
        other in any_measurement(),
    ) {
        prop_assume!(other.period.frequency() != Frequency::Year);
        case.indicator.frequency = Frequency::Year;
        case.indicator.kind = Case::new(case.target.comparator.clone(), "").indicator.kind;
        case.history.retain(|it| it.period.frequency() == Frequency::Year);
        let mut usable = measurement("2024=1/63", 99);
        usable.observation.value = match case.indicator.kind {
            Kind::Level(_) | Kind::Milestone => Value::Level(1),
            _ => Value::Number(value),
        };
        case.history.retain(|it| it.period != usable.period);
        case.history.push(usable);
        let alone = case.assess();
        case.history.push(other);
        prop_assert_eq!(alone, case.assess());
    }

    #[test]
    fn a_better_value_never_loses_a_target(
        comparator in any_comparator(),
        earlier in any_decimal(),
        (first, second) in (any_decimal(), any_decimal()),
        reference in any_decimal(),
    ) {
        let better_is_more = comparator.direction() != Some(Direction::Decrease);
        let (worse, better) = if (first < second) == better_is_more {
            (first, second)
        } else {
            (second, first)
        };
        let verdict = |latest: Decimal| {
            let mut case = Case::new(comparator.clone(), "2020=0/63 2025=0/63");
            case.history[0].observation.value = Value::Number(earlier);
            case.history[1].observation.value = Value::Number(latest);
            case.reference = series("2025=0");
            case.reference[0].observation.value = Value::Number(reference);
            // A rank on an ordinal scale is better the smaller it is.
            case.indicator.kind = Kind::Quantity;
            case.assess().verdict
        };
        prop_assert!(verdict(worse) != Verdict::Met || verdict(better) == Verdict::Met);
    }

    #[test]
    fn no_method_says_worse_of_a_better_value(
        method in select(Method::ALL.to_vec()),
        scale in any_scale(),
        bound in 1_i64..1_000,
        values in vec(1_i64..1_000, 4),
        better in 1_i64..500,
        decreasing in any::<bool>(),
    ) {
        let bound = Decimal::from(bound);
        let verdict = |last: i64| {
            let comparator =
                if decreasing { Comparator::AtMost(bound) } else { Comparator::AtLeast(bound) };
            let years = [2020, 2022, 2023].into_iter().zip(&values);
            let history: Vec<_> = years.map(|(year, value)| format!("{year}={value}")).collect();
            let mut case = Case::new(comparator, &format!("{} 2025={last}", history.join(" ")));
            case.target.method = method;
            case.target.sdsn = scale.filter(|scale| {
                if decreasing { scale.lower_bound > scale.optimum } else { scale.lower_bound < scale.optimum }
            });
            case.assess().verdict
        };
        let (worse, better) =
            if decreasing { (values[3] + better, values[3]) } else { (values[3], values[3] + better) };
        prop_assert!(verdict(better) <= verdict(worse), "{:?} {:?}", verdict(better), verdict(worse));
    }

    #[test]
    fn progress_grows_with_the_value(
        (direction, base, current, target) in any_course(),
        more in 1.001..2.0_f64,
    ) {
        let course = |current| Course {
            direction,
            base,
            base_year: 2020.0,
            current,
            current_year: 2025.0,
            target: Some(target),
            target_year: 2030.0,
            limit: None,
        };
        let better = match direction {
            Direction::Increase => current * more,
            Direction::Decrease => current / more,
        };
        let progress = |current| course(current).progress();
        prop_assert!(progress(better) >= progress(current));
        let score = |current| course(current).score();
        prop_assert!(score(better) >= score(current));
    }

    #[test]
    fn on_the_required_path_progress_is_one(
        (_, base, _, target) in any_course(),
        elapsed in 1_i32..9,
    ) {
        prop_assume!((target / base - 1.0).abs() > 1e-3);
        let direction = if target > base { Direction::Increase } else { Direction::Decrease };
        let years = f64::from(elapsed);
        let course = Course {
            direction,
            base,
            base_year: 2020.0,
            current: base * (target / base).powf(years / 10.0),
            current_year: 2020.0 + years,
            target: Some(target),
            target_year: 2030.0,
            limit: None,
        };
        let progress = course.progress().unwrap();
        prop_assert!((progress - 1.0).abs() < 1e-6, "{progress}");
        prop_assert!(progress >= TO_TARGET.high);
    }
}
