//! Every reason a row can be refused for, by a small catalogue on a known day.

use super::*;
use crate::submission::Reason;

const CATALOGUE: &str = r#"
[catalogue]
version = "1"
name = { vi = "Kế hoạch", en = "Plan" }

[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
lock_after_days = 400

[[unit]]
id = "percent"
name = { vi = "phần trăm", en = "percent" }

[[unit]]
id = "rank"
name = { vi = "hạng", en = "rank" }

[[edition]]
id = "first"
name = { vi = "Bản 1", en = "First" }

[[edition]]
id = "second"
name = { vi = "Bản 2", en = "Second" }
from = 2025-04-03

[[territory]]
id = "old"
name = { vi = "Cũ", en = "Old" }

[[dimension]]
id = "sex"
name = { vi = "Giới tính", en = "Sex" }
members = [
    { id = "female", name = { vi = "Nữ", en = "Female" } },
    { id = "male", name = { vi = "Nam", en = "Male" } },
]

[[scale]]
id = "grade"
levels = [
    { id = "yeu", name = { vi = "Yếu", en = "Weak" }, top_percent = "100" },
    { id = "kha", name = { vi = "Khá", en = "Good" }, top_percent = "50" },
]

[[department]]
id = "so-a"
name = { vi = "Sở A", en = "Department A" }
kind = "agency"

[[department]]
id = "so-old"
name = { vi = "Sở cũ", en = "Former department" }
kind = "agency"
valid_to = 2025-06-30
successors = ["so-a"]

[[indicator]]
id = "share"
name = { vi = "Tỷ lệ", en = "Share" }
unit = "percent"
kind = "quantity"
decimals = 2
direction = "increase"
frequency = "quarter"
owner = "so-a"
reporters = ["so-old"]
combination = "sum"
range = { minimum = "0", maximum = "100" }
largest_change = "20"
dimensions = ["sex"]
territories = ["old"]

[[indicator]]
id = "place"
name = { vi = "Hạng", en = "Rank" }
unit = "rank"
kind = "rank"
direction = "decrease"
frequency = "year"
owner = "so-a"
editions = ["first", "second"]

[[indicator]]
id = "grade"
name = { vi = "Nhóm", en = "Grade" }
unit = "rank"
kind = "level"
scale = "grade"
direction = "increase"
frequency = "year"
owner = "so-a"

[[indicator]]
id = "step"
name = { vi = "Mốc", en = "Milestone" }
unit = "rank"
kind = "milestone"
direction = "increase"
frequency = "year"
owner = "so-a"

[[indicator]]
id = "other"
name = { vi = "Khác", en = "Other" }
unit = "percent"
kind = "quantity"
decimals = 2
direction = "increase"
frequency = "quarter"
owner = "so-old"

[[indicator]]
id = "growth"
name = { vi = "Tăng", en = "Growth" }
unit = "percent"
kind = "quantity"
decimals = 2
direction = "increase"
frequency = "quarter"
owner = "so-a"
formula = { growth = "share" }

[[target]]
id = "A01"
name = { vi = "Mục tiêu", en = "Target" }
indicator = "share"
horizon = 2030
comparator = { at_least = "80" }
bullet = "B1"
"#;

const NOW: &str = "2026-11-24T05:00:00Z";

fn catalogue() -> Catalogue {
    Catalogue::parse(CATALOGUE).unwrap_or_else(|problems| panic!("{problems}"))
}

fn draft<'a>(indicator: &'a str, content: Content<'a>) -> Draft<'a> {
    Draft {
        indicator,
        content,
        dimensions: Vec::new(),
        status: None,
        ranked_among: None,
        comment: "",
        evidence: "",
        confirmed: false,
    }
}

fn try_check(
    department: &str,
    group: GroupDraft<'_>,
    draft: &Draft<'_>,
) -> Result<Checked, Refusal> {
    let catalogue = catalogue();
    let department = catalogue.department(department).unwrap();
    let checker = Checker { catalogue: &catalogue, department, now: NOW.parse().unwrap() };
    checker.check(&checker.group(group), draft)
}

#[track_caller]
fn refused(group: GroupDraft<'_>, draft: &Draft<'_>, reason: Reason, field: &str) {
    let refusal = try_check("so-a", group, draft).unwrap_err();
    assert_eq!((refusal.reason, refusal.field), (reason, field), "{refusal}");
    assert!(refusal.message.len() > 10 && !refusal.message.ends_with('.'), "{refusal}");
}

fn quarter(period: &str) -> GroupDraft<'_> {
    GroupDraft { period, ..GroupDraft::default() }
}

use Content::{Level, Missing, Nothing, Number, Withdrawn};

#[test]
fn a_good_row_is_read_with_what_its_group_says() {
    let group = GroupDraft {
        period: "2026-Q3",
        indicator: "share",
        status: Some(ObservationStatus::Provisional),
        ..GroupDraft::default()
    };
    let row = Draft { dimensions: vec![("sex", "female")], ..draft("", Number("81.25")) };
    let checked = try_check("so-a", group, &row).unwrap();
    assert_eq!(checked.members, "sex=female");
    assert_eq!(checked.observation.value, Value::Number(Decimal::new(8125, 2)));
    assert_eq!(checked.observation.status, ObservationStatus::Provisional);
    assert_eq!(checked.observation.notes, 0);
}

#[test]
fn periods_are_refused_for_four_reasons_and_their_form() {
    let row = draft("share", Number("1"));
    for (period, reason) in [
        ("2026Q3", Reason::PeriodForm),
        ("2026", Reason::PeriodFrequency),
        ("2027-Q2", Reason::PeriodNotOpen),
        ("2024-Q1", Reason::PeriodLocked),
    ] {
        refused(quarter(period), &row, reason, "period");
    }
    let closed = try_check("so-old", quarter("2025-Q4"), &draft("other", Number("1")));
    assert_eq!(closed.unwrap_err().reason, Reason::PeriodClosed);
}

#[test]
fn a_period_locks_after_the_last_instant_and_not_before() {
    let catalogue = catalogue();
    let period: ReportingPeriod = "2026-Q3".parse().unwrap();
    let locks = catalogue.calendar().locks(period).unwrap();
    let department = catalogue.department("so-a").unwrap();
    for (now, open) in [(locks, true), (locks + jiff::Span::new().microseconds(1), false)] {
        let checker = Checker { catalogue: &catalogue, department, now };
        let group = checker.group(quarter("2026-Q3"));
        assert_eq!(checker.check(&group, &draft("share", Number("1"))).is_ok(), open, "{now}");
    }
}

#[test]
fn what_the_catalogue_does_not_know_is_named() {
    let group = quarter("2026-Q3");
    refused(group, &draft("nothing", Number("1")), Reason::UnknownIndicator, "indicator");
    refused(group, &draft("", Number("1")), Reason::UnknownIndicator, "indicator");
    refused(group, &draft("other", Number("1")), Reason::NotYourIndicator, "indicator");
    refused(group, &draft("growth", Number("1")), Reason::DerivedIndicator, "indicator");
    for (dimensions, reason) in [
        (vec![("age", "old")], Reason::UnknownDimension),
        (vec![("sex", "none")], Reason::UnknownMember),
        (vec![("sex", "male"), ("sex", "male")], Reason::UnknownDimension),
    ] {
        let row = Draft { dimensions, ..draft("share", Number("1")) };
        refused(group, &row, reason, "dimensions");
    }
    let year = |edition, territory| GroupDraft { edition, territory, ..quarter("2025") };
    let row = Draft { ranked_among: Some(34), ..draft("place", Number("3")) };
    refused(year("third", ""), &row, Reason::UnknownEdition, "edition");
    refused(year("", "new"), &row, Reason::UnknownTerritory, "territory");
}

#[test]
fn contents_are_of_the_kind_of_their_indicator() {
    let group = quarter("2026-Q3");
    refused(group, &draft("share", Number("12,5")), Reason::NumberForm, "value");
    refused(group, &draft("share", Number("NaN")), Reason::NumberForm, "value");
    let digits = "1".repeat(40);
    refused(group, &draft("share", Number(&digits)), Reason::TooManyDigits, "value");
    refused(group, &draft("share", Number("100.01")), Reason::OutOfRange, "value");
    refused(group, &draft("share", Number("-1")), Reason::OutOfRange, "value");
    refused(group, &draft("share", Level("kha")), Reason::WrongKind, "level");
    refused(group, &draft("share", Nothing), Reason::NoContent, "value");
    refused(group, &draft("share", Missing(None)), Reason::MissingReason, "missing");
    let ranked = Draft { ranked_among: Some(3), ..draft("share", Number("1")) };
    refused(group, &ranked, Reason::WrongKind, "ranked_among");
    let year = quarter("2025");
    refused(year, &draft("step", Number("1")), Reason::WrongKind, "value");
    refused(year, &draft("step", Level("finished")), Reason::UnknownLevel, "level");
    refused(year, &draft("grade", Level("gioi")), Reason::UnknownLevel, "level");
}

#[test]
fn ranks_need_the_number_ranked() {
    let year = quarter("2025");
    let rank = |text, among| Draft { ranked_among: among, ..draft("place", Number(text)) };
    refused(year, &rank("3", None), Reason::RankedAmongMissing, "ranked_among");
    refused(year, &rank("3", Some(0)), Reason::RankedAmongMissing, "ranked_among");
    refused(year, &rank("3", Some(70_000)), Reason::RankedAmongMissing, "ranked_among");
    refused(year, &rank("35", Some(34)), Reason::RankForm, "value");
    refused(year, &rank("0", Some(34)), Reason::RankForm, "value");
    refused(year, &rank("-3", Some(34)), Reason::RankForm, "value");
    refused(year, &rank("1.5", Some(34)), Reason::RankForm, "value");
    let checked = try_check("so-a", year, &rank("3", Some(34))).unwrap();
    assert_eq!(checked.observation.ranked_among, Some(34));
    assert_eq!(checked.observation.edition, 1, "the edition of 2025 is the second");
    let catalogue = catalogue();
    let editions = &catalogue.indicator("place").unwrap().editions;
    for (period, position) in [("2024", 0), ("2025-Q1", 0), ("2025-Q2", 1), ("2025", 1)] {
        let period = period.parse().unwrap();
        assert_eq!(catalogue.edition_in_force(editions, period), position, "{period}");
    }
    let as_rank = Draft { ranked_among: Some(34), ..draft("grade", Number("9")) };
    assert!(try_check("so-a", year, &as_rank).is_ok());
}

#[test]
fn notes_have_limits() {
    let group = quarter("2026-Q3");
    let long = "ă".repeat(TEXT_CHARACTERS + 1);
    let row = |comment, evidence| Draft { comment, evidence, ..draft("share", Number("1")) };
    refused(group, &row(&long, ""), Reason::TextTooLong, "comment");
    refused(group, &row("", &long), Reason::TextTooLong, "evidence");
    refused(group, &row("", "http://a.vn"), Reason::EvidenceForm, "evidence");
    let enough = "ă".repeat(TEXT_CHARACTERS);
    let checked = try_check("so-a", group, &row(&enough, "https://a.vn")).unwrap();
    assert_ne!(checked.observation.notes, 0);
}

#[track_caller]
fn decided(content: Content<'_>, known: &Known, confirmed: bool) -> Result<Outcome, Reason> {
    let row = Draft { confirmed, ..draft("share", content) };
    let checked = try_check("so-a", quarter("2026-Q3"), &row).unwrap();
    let catalogue = catalogue();
    let indicator = catalogue.indicator("share").unwrap();
    decide(indicator, &checked, known).map_err(|refusal| refusal.reason)
}

#[test]
fn what_is_known_decides() {
    let said = |content| {
        try_check("so-a", quarter("2026-Q3"), &draft("share", content)).unwrap().observation
    };
    let nothing = Known::default();
    let fifty = Known { current: Some(said(Number("50"))), ..Known::default() };
    let before = Some(("2026-Q2".parse().unwrap(), Decimal::from(50)));
    let earlier = Known { before, ..Known::default() };
    assert_eq!(decided(Number("50"), &nothing, false), Ok(Outcome::Accepted));
    assert_eq!(decided(Number("50.00"), &fifty, false), Ok(Outcome::Unchanged));
    assert_eq!(decided(Number("51"), &fifty, false), Ok(Outcome::Revised));
    assert_eq!(decided(Number("0"), &fifty, false), Ok(Outcome::Revised));
    assert_eq!(decided(Withdrawn, &nothing, false), Err(Reason::NothingToWithdraw));
    assert_eq!(decided(Withdrawn, &fifty, false), Ok(Outcome::Revised));
    let gone = Known { current: Some(said(Withdrawn)), ..Known::default() };
    assert_eq!(decided(Withdrawn, &gone, false), Ok(Outcome::Unchanged));
    assert_eq!(
        decided(Missing(Some(MissingReason::NotCollected)), &fifty, false),
        Ok(Outcome::Revised)
    );
    assert_eq!(decided(Number("70"), &earlier, false), Ok(Outcome::Accepted));
    assert_eq!(decided(Number("70.01"), &earlier, false), Err(Reason::ImplausibleChange));
    assert_eq!(decided(Number("70.01"), &earlier, true), Ok(Outcome::Accepted));
    for known in [nothing, fifty, earlier] {
        let approved = Known { approved: true, ..known };
        assert_eq!(decided(Number("50"), &approved, true), Err(Reason::PeriodApproved));
    }
}
