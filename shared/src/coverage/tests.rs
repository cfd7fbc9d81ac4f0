//! What is owed, what counts, and when it is late, case by case.

use jiff::Timestamp;

use super::*;
use crate::calendar::{Calendar, Phase};
use crate::catalogue::Catalogue;

const HEAD: &str = r#"
[catalogue]
version = "1"
name = { vi = "Kế hoạch", en = "Plan" }

[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
reports_from = 2026-01-01

[[unit]]
id = "one"
name = { vi = "cái", en = "one" }

[[dimension]]
id = "sex"
name = { vi = "giới tính", en = "sex" }
members = [{ id = "nam", name = { vi = "nam", en = "male" } }]
"#;

/// `so-cu` was split on 1 June 2026, and `so-moi` came into being by it; `so-con`,
/// one of the heirs, ended with September.
const DEPARTMENTS: [(&str, &str); 5] = [
    ("so-cu", "valid_to = 2026-05-31\nsuccessors = [\"so-con\", \"so-moi\"]"),
    ("so-con", "valid_to = 2026-09-30\nsuccessors = [\"so-chau\"]"),
    ("so-moi", "valid_from = 2026-06-01"),
    ("so-chau", ""),
    ("so-khac", ""),
];

const INDICATORS: [(&str, &str); 7] = [
    ("nam", "frequency = \"year\"\nowner = \"so-cu\""),
    ("nua-nam", "frequency = \"half_year\"\nowner = \"so-khac\""),
    ("quy", "frequency = \"quarter\"\nowner = \"so-khac\"\nalso_accepted = [\"month\"]"),
    ("quy-moi", "frequency = \"quarter\"\nowner = \"so-khac\"\nfirst_period = \"2026-Q3\""),
    ("thang", "frequency = \"month\"\nowner = \"so-cu\"\ndimensions = [\"sex\"]"),
    (
        "thang-chung",
        "frequency = \"month\"\nowner = \"so-khac\"\ncombination = \"sum\"\nreporters = [\"so-cu\", \"so-con\"]",
    ),
    ("tong", "frequency = \"quarter\"\nowner = \"so-khac\"\nformula = { sum = [\"quy\"] }"),
];

fn catalogue_with(head: &str) -> Catalogue {
    let name = |id: &str| format!("name = {{ vi = \"{id}\", en = \"{id}\" }}");
    let departments = DEPARTMENTS.map(|(id, rest)| {
        format!("[[department]]\nid = \"{id}\"\n{}\nkind = \"agency\"\n{rest}\n", name(id))
    });
    let indicators = INDICATORS.map(|(id, rest)| {
        let name = name(id);
        format!(
            "[[indicator]]\nid = \"{id}\"\n{name}\nunit = \"one\"\nkind = \"quantity\"\n\
             decimals = 0\ndirection = \"increase\"\n{rest}\n"
        )
    });
    let text = [head.to_owned(), departments.concat(), indicators.concat()].concat();
    Catalogue::parse(&text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn catalogue() -> Catalogue {
    catalogue_with(HEAD)
}

fn period(text: &str) -> ReportingPeriod {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn check_owed(catalogue: &Catalogue, department: &str, text: &str, expected: &str) {
    let owed = Duties::of(catalogue).owed(department, period(text));
    let owed: Vec<_> =
        owed.iter().map(|at| catalogue.indicators()[usize::from(*at)].id.as_str()).collect();
    assert_eq!(owed.join(" "), expected, "{department} {text}");
}

#[test]
fn each_frequency_is_owed_for_its_own_periods() {
    let catalogue = catalogue();
    check_owed(&catalogue, "so-khac", "2026-09", "thang-chung");
    check_owed(&catalogue, "so-khac", "2026-Q3", "quy quy-moi");
    check_owed(&catalogue, "so-khac", "2026-S2", "nua-nam");
    check_owed(&catalogue, "so-khac", "2026", "");
    check_owed(&catalogue, "so-la", "2026-09", "");
}

#[test]
fn nothing_is_owed_before_its_first_period() {
    let catalogue = catalogue();
    check_owed(&catalogue, "so-khac", "2026-Q2", "quy");
    check_owed(&catalogue, "so-khac", "2027-Q1", "quy quy-moi");
    check_owed(&catalogue, "so-khac", "2025-Q4", "");
    check_owed(&catalogue, "so-cu", "2025-12", "");
    check_owed(&catalogue, "so-cu", "2026-01", "thang thang-chung");
}

#[test]
fn who_exists_on_the_last_day_counted_owes_and_heirs_owe_afterwards() {
    let catalogue = catalogue();
    // May is counted to the 14th, June to 14 June, when there were two others instead.
    check_owed(&catalogue, "so-cu", "2026-05", "thang thang-chung");
    check_owed(&catalogue, "so-cu", "2026-06", "");
    check_owed(&catalogue, "so-con", "2026-05", "thang-chung");
    check_owed(&catalogue, "so-con", "2026-06", "thang thang-chung");
    check_owed(&catalogue, "so-moi", "2026-05", "");
    check_owed(&catalogue, "so-moi", "2026-06", "thang thang-chung");
    check_owed(&catalogue, "so-chau", "2026-09", "");
    check_owed(&catalogue, "so-con", "2026-09", "thang thang-chung");
    // Inherited of one that had inherited.
    check_owed(&catalogue, "so-chau", "2026-10", "thang thang-chung");
    check_owed(&catalogue, "so-con", "2026-10", "");
    check_owed(&catalogue, "so-cu", "2026", "");
    check_owed(&catalogue, "so-moi", "2026", "nam");
    check_owed(&catalogue, "so-chau", "2026", "nam");
}

#[test]
fn whoever_owes_may_report() {
    let catalogue = catalogue();
    let duties = Duties::of(&catalogue);
    let mut seen = 0;
    for department in duties.departments() {
        for owed in duties.periods(department, at("2027-03-01T00:00:00Z")) {
            for indicator in duties.owed(department, owed) {
                assert!(catalogue.remit(department).contains(indicator, owed.last_day()));
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
    let (remit, thang) = (catalogue.remit("so-moi"), catalogue.indicator_index("thang").unwrap());
    assert!(!remit.contains(thang, "2026-05-31".parse().unwrap()));
    assert!(remit.contains(thang, "2026-06-01".parse().unwrap()));
}

#[track_caller]
fn check_periods(catalogue: &Catalogue, department: &str, instant: &str, expected: &str) {
    let periods = Duties::of(catalogue).periods(department, at(instant));
    let periods: Vec<_> = periods.iter().map(ToString::to_string).collect();
    assert_eq!(periods.join(" "), expected, "{department} {instant}");
}

#[test]
fn reports_are_owed_from_the_start_to_what_has_opened() {
    let catalogue = catalogue();
    let all = "2026-S1 2026-Q1 2026-Q2 2026-01 2026-02 2026-03 2026-04";
    check_periods(&catalogue, "so-khac", "2026-04-14T23:59:59+07", all);
    let more = "2026-S1 2026-Q1 2026-Q2 2026-01 2026-02 2026-03 2026-04 2026-05";
    check_periods(&catalogue, "so-khac", "2026-04-15T00:00:00+07", more);
    check_periods(&catalogue, "so-khac", "2025-12-14T23:59:59+07", "");
    check_periods(&catalogue, "so-khac", "2025-12-15T00:00:00+07", "2026-S1 2026-Q1 2026-01");
    let heir = "2026 2026-06 2026-07 2026-08 2026-09";
    check_periods(&catalogue, "so-moi", "2026-09-01T00:00:00+07", heir);
    check_periods(
        &catalogue,
        "so-cu",
        "2026-09-01T00:00:00+07",
        "2026-01 2026-02 2026-03 2026-04 2026-05",
    );
}

#[test]
fn without_a_start_the_current_reports_alone_are_owed() {
    let catalogue = catalogue_with(&HEAD.replace("reports_from = 2026-01-01", ""));
    let current = "2026-S1 2026-S2 2026-Q3 2026-Q4 2026-11 2026-12";
    check_periods(&catalogue, "so-khac", "2026-11-24T10:00:00+07", current);
}

fn number(value: i64) -> Value {
    Value::Number(value.into())
}

fn missing(reason: MissingReason) -> Value {
    Value::Missing(reason)
}

/// Seconds since 1970 stand for the instants.
#[track_caller]
fn check_item(said: &[(Value, i64)], answer: Answer, first: Option<i64>) {
    let instant = |second| Timestamp::from_second(second).unwrap();
    let item = Item::of(3, said.iter().map(|(value, second)| (*value, instant(*second))));
    assert_eq!(item, Item { indicator: 3, answer, first: first.map(instant) }, "{said:?}");
}

#[test]
fn zero_missing_and_withdrawn_are_different_answers() {
    use MissingReason::{Confidential, NotApplicable, NotCollected, NotYetAvailable};
    check_item(&[], Answer::Nothing, None);
    check_item(&[(number(0), 5)], Answer::Value, Some(5));
    check_item(&[(Value::Level(0), 5)], Answer::Value, Some(5));
    check_item(&[(missing(Confidential), 5)], Answer::Withheld, Some(5));
    check_item(&[(missing(NotApplicable), 5)], Answer::NotApplicable, None);
    check_item(&[(missing(NotCollected), 5)], Answer::NotCollected, None);
    check_item(&[(missing(NotYetAvailable), 5)], Answer::Awaited, None);
    check_item(&[(number(1), 5), (Value::Withdrawn, 6)], Answer::Nothing, None);
}

#[test]
fn the_first_receipt_counts_whatever_came_later() {
    use MissingReason::{Confidential, NotYetAvailable};
    check_item(&[(number(1), 5), (number(2), 9)], Answer::Value, Some(5));
    check_item(&[(missing(NotYetAvailable), 5), (number(2), 9)], Answer::Value, Some(9));
    check_item(&[(missing(Confidential), 5), (number(2), 9)], Answer::Value, Some(5));
    let back = [(number(1), 5), (Value::Withdrawn, 6), (number(2), 9)];
    check_item(&back, Answer::Value, Some(5));
    check_item(&back[..2], Answer::Nothing, None);
}

#[test]
fn what_is_expected_received_and_settled() {
    let all = [
        (Answer::Nothing, [true, false, false]),
        (Answer::Awaited, [true, false, false]),
        (Answer::NotCollected, [true, false, true]),
        (Answer::NotApplicable, [false, false, true]),
        (Answer::Withheld, [true, true, true]),
        (Answer::Value, [true, true, true]),
    ];
    for (answer, expected) in all {
        let found = [answer.is_expected(), answer.is_received(), answer.is_settled()];
        assert_eq!(found, expected, "{answer:?}");
    }
}

fn item(answer: Answer, first: Option<&str>) -> Item {
    Item { indicator: 0, answer, first: first.map(at) }
}

fn tally(calendar: &Calendar, text: &str, items: &[Item]) -> Tally {
    Tally::of(&Coverage { period: period(text), items: items.to_vec() }, calendar)
}

/// Of a single value received then: on time, late, days since the last day counted,
/// days since the due day.
#[track_caller]
fn check_receipt(text: &str, received: &str, on_time: u32, late: u32, lag: i32, days_late: i32) {
    let head = HEAD.replace(
        "reports_from",
        "grace_days = 3\nlock_after_days = 30\n\
         exceptions = [{ period = \"2026-Q1\", due = 2026-04-20, reason = { vi = \"bão\", en = \"storm\" } }]\n\
         holidays = [\
         { day = 2026-02-16, name = { vi = \"Tết\", en = \"Tết\" } },\
         { day = 2026-02-17, name = { vi = \"Tết\", en = \"Tết\" } },\
         { day = 2026-02-18, name = { vi = \"Tết\", en = \"Tết\" } },\
         { day = 2026-02-19, name = { vi = \"Tết\", en = \"Tết\" } },\
         { day = 2026-02-20, name = { vi = \"Tết\", en = \"Tết\" } }]\n\
         reports_from",
    );
    let catalogue = catalogue_with(&head);
    let calendar = catalogue.calendar();
    let tally = tally(calendar, text, &[item(Answer::Value, Some(received))]);
    let found = (tally.on_time, tally.late);
    assert_eq!(found, (on_time, late), "{text} {received}");
    let days = (tally.lag_days(calendar, period(text)), tally.days_late(calendar, period(text)));
    assert_eq!(days, (Some(lag), Some(days_late)), "{text} {received}");
}

#[test]
fn every_cut_off_decides_to_the_last_second_in_vietnam() {
    // Month, to Wednesday 16 September; late after the grace, which ends with the 19th.
    check_receipt("2026-09", "2026-09-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2026-09", "2026-09-16T23:59:59.999999+07", 1, 0, 2, 0);
    check_receipt("2026-09", "2026-09-16T17:00:00Z", 0, 0, 3, 1);
    check_receipt("2026-09", "2026-09-19T23:59:59.999999+07", 0, 0, 5, 3);
    check_receipt("2026-09", "2026-09-20T00:00:00+07", 0, 1, 6, 4);
    check_receipt("2026-09", "2026-08-15T00:00:00+07", 1, 0, -30, -32);
    // Quarters, half-years and the year.
    check_receipt("2026-Q2", "2026-06-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2026-Q2", "2026-06-17T00:00:00+07", 0, 0, 3, 1);
    check_receipt("2026-Q3", "2026-09-17T00:00:00+07", 0, 0, 3, 1);
    check_receipt("2026-Q4", "2026-12-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2026-S1", "2026-06-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2026-S2", "2026-12-20T00:00:00+07", 0, 1, 6, 4);
    check_receipt("2026", "2026-12-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2026", "2026-12-17T00:00:00+07", 0, 0, 3, 1);
    check_receipt("2026", "2027-03-01T00:00:00+07", 0, 1, 77, 75);
}

#[test]
fn year_end_tet_and_the_leap_day_move_the_deadline() {
    // Thursday 14 January 2027 and two working days around a weekend.
    check_receipt("2027-01", "2027-01-18T23:59:59+07", 1, 0, 4, 0);
    check_receipt("2027-01", "2026-12-31T23:59:59+07", 1, 0, -14, -18);
    // Saturday 14 February, then Tết to Friday: Tuesday 24 February.
    check_receipt("2026-02", "2026-02-24T23:59:59+07", 1, 0, 10, 0);
    check_receipt("2026-02", "2026-02-25T00:00:00+07", 0, 0, 11, 1);
    // Monday 14 February 2028; the leap day is counted.
    check_receipt("2028-02", "2028-02-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2028-02", "2028-02-29T12:00:00+07", 0, 1, 15, 13);
    check_receipt("2028-02", "2028-03-01T00:00:00+07", 0, 1, 16, 14);
}

#[test]
fn an_exception_moves_the_deadline_of_its_period_alone() {
    check_receipt("2026-Q1", "2026-04-20T23:59:59+07", 1, 0, 37, 0);
    check_receipt("2026-Q1", "2026-04-21T00:00:00+07", 0, 0, 38, 1);
    check_receipt("2026-Q1", "2026-04-24T00:00:00+07", 0, 1, 41, 4);
    check_receipt("2027-Q1", "2027-03-16T23:59:59+07", 1, 0, 2, 0);
    check_receipt("2027-Q1", "2027-03-17T00:00:00+07", 0, 0, 3, 1);
}

#[test]
fn a_report_is_complete_when_everything_expected_is_there() {
    let catalogue = catalogue();
    let calendar = catalogue.calendar();
    let of = |items: &[Item]| {
        let tally = tally(calendar, "2026-09", items);
        [
            tally.expected,
            tally.received,
            tally.excused,
            tally.complete,
            tally.complete_on_time,
            tally.silent,
        ]
    };
    let early = item(Answer::Value, Some("2026-09-01T00:00:00+07"));
    let late = item(Answer::Value, Some("2026-10-01T00:00:00+07"));
    let nothing = item(Answer::Nothing, None);
    assert_eq!(of(&[nothing, nothing]), [2, 0, 0, 0, 0, 1]);
    assert_eq!(of(&[early, nothing]), [2, 1, 0, 0, 0, 0]);
    assert_eq!(of(&[early, early]), [2, 2, 0, 1, 1, 0]);
    assert_eq!(of(&[early, late]), [2, 2, 0, 1, 0, 0]);
    assert_eq!(of(&[early, item(Answer::NotApplicable, None)]), [1, 1, 1, 1, 1, 0]);
    assert_eq!(of(&[early, item(Answer::NotCollected, None)]), [2, 1, 1, 0, 0, 0]);
    assert_eq!(of(&[early, item(Answer::Awaited, None)]), [2, 1, 1, 0, 0, 0]);
    assert_eq!(of(&[item(Answer::NotApplicable, None)]), [0, 0, 1, 1, 1, 0]);
}

#[test]
fn the_province_is_the_sum_of_its_reports() {
    let catalogue = catalogue();
    let calendar = catalogue.calendar();
    let early = item(Answer::Value, Some("2026-09-01T00:00:00+07"));
    let late = item(Answer::Value, Some("2026-10-01T00:00:00+07"));
    let one = tally(calendar, "2026-09", &[early, early]);
    let two = tally(calendar, "2026-09", &[late, item(Answer::Nothing, None)]);
    let three = tally(calendar, "2026-09", &[item(Answer::Nothing, None)]);
    let all = one.with(&two).with(&three);
    let expected = Tally {
        reports: 3,
        complete: 1,
        complete_on_time: 1,
        silent: 1,
        expected: 5,
        received: 3,
        on_time: 2,
        late: 1,
        excused: 0,
        last: late.first,
    };
    assert_eq!(all, expected);
    assert_eq!(all.lag_days(calendar, period("2026-09")), Some(17));
    assert_eq!(three.lag_days(calendar, period("2026-09")), None);
}

#[test]
fn what_is_settled_is_not_asked_for_again() {
    let items = [Answer::Value, Answer::NotCollected, Answer::Awaited, Answer::Nothing];
    let items = (0..).zip(items).map(|(indicator, answer)| Item { indicator, answer, first: None });
    let coverage = Coverage { period: period("2026-09"), items: items.collect() };
    assert_eq!(coverage.outstanding().collect::<Vec<_>>(), [2, 3]);
    assert!(!coverage.is_settled());
    let settled = Coverage { items: coverage.items[..2].to_vec(), ..coverage };
    assert!(settled.is_settled());
}

#[test]
fn a_locked_period_is_neither_open_nor_late() {
    let head = HEAD.replace("reports_from", "lock_after_days = 30\nreports_from");
    let catalogue = catalogue_with(&head);
    let phase = |instant| catalogue.calendar().phase(period("2026-09"), at(instant));
    assert_eq!(phase("2026-10-16T23:59:59+07"), Phase::Late);
    assert_eq!(phase("2026-10-17T00:00:00+07"), Phase::Locked);
}
