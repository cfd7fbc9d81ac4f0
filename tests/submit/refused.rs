//! Every reason for which a measurement is refused, reached through the public interface.

use std::collections::BTreeSet;

use tiendo_shared::wire::v1;
use v1::RejectionReason as Reason;

use crate::harness::{
    Server, adds_up, group, level, missing, number, of_members, rank, single, submission, trial,
    withdrawn,
};

/// A submission whose first measurement is refused: department, submission, reason,
/// field, and words of the message.
type Case = (&'static str, v1::SubmitMeasurementsRequest, Reason, &'static str, &'static str);

fn by(
    department: &'static str,
    sent: v1::SubmitMeasurementsRequest,
    reason: Reason,
    field: &'static str,
    words: &'static str,
) -> Case {
    (department, sent, reason, field, words)
}

fn case(
    period: &str,
    measurement: v1::Measurement,
    reason: Reason,
    field: &'static str,
    words: &'static str,
) -> Case {
    by(trial::DEPARTMENT, single(period, measurement), reason, field, words)
}

fn cases_of_keys() -> Vec<Case> {
    let members = |members: &[(&str, &str)]| of_members(number("so-luong", "1"), members);
    let of_group = |change: fn(&mut v1::MeasurementGroup)| {
        let mut group = group("2024", [rank("thu-hang", "7", 63)]);
        change(&mut group);
        submission([group])
    };
    vec![
        case("2024", number("khong-co", "1"), Reason::UnknownIndicator, "indicator", "`khong-co`"),
        case("2024", number("", "1"), Reason::UnknownIndicator, "indicator", "indicator"),
        case(
            "2024-09",
            members(&[("age", "old")]),
            Reason::UnknownDimension,
            "dimensions",
            "`age`",
        ),
        case(
            "2024-09",
            members(&[("sex", "male"), ("sex", "female")]),
            Reason::UnknownDimension,
            "dimensions",
            "twice",
        ),
        case(
            "2024-09",
            members(&[("sex", "nam")]),
            Reason::UnknownMember,
            "dimensions",
            "female, male",
        ),
        case("2024-Q5", number("so-luong", "1"), Reason::PeriodForm, "period", "`2024-Q5`"),
        case("", number("so-luong", "1"), Reason::PeriodForm, "period", "2026-Q3"),
        case("09/2024", number("so-luong", "1"), Reason::PeriodForm, "period", "`09/2024`"),
        case("2024-09", number("ty-le", "1"), Reason::PeriodFrequency, "period", "year"),
        case("2190", number("ty-le", "1"), Reason::PeriodNotOpen, "period", "opens on"),
        by(
            "so-cu",
            single("2026", number("cua-so-cu", "1")),
            Reason::PeriodClosed,
            "period",
            "`so-cu`",
        ),
        by(
            trial::DEPARTMENT,
            of_group(|group| "ky-nao".clone_into(&mut group.edition)),
            Reason::UnknownEdition,
            "edition",
            "ky-cu, ky-moi",
        ),
        by(
            trial::DEPARTMENT,
            of_group(|group| "dau".clone_into(&mut group.territory)),
            Reason::UnknownTerritory,
            "territory",
            "dia-gioi-cu",
        ),
        case("2024", number("cua-so-hai", "1"), Reason::NotYourIndicator, "indicator", "`so-hai`"),
        case("2024", number("tinh-ra", "1"), Reason::DerivedIndicator, "indicator", "ty-le"),
    ]
}

fn cases_of_contents() -> Vec<Case> {
    let without = v1::Measurement { content: None, ..number("ty-le", "") };
    let not_withdrawn = v1::Measurement {
        content: Some(v1::measurement::Content::Withdrawn(false)),
        ..number("ty-le", "")
    };
    let with = |comment: &str, evidence: &str| v1::Measurement {
        comment: comment.to_owned(),
        evidence: evidence.to_owned(),
        ..number("ty-le", "1")
    };
    let of_status = v1::Measurement { status: 99, ..number("ty-le", "1") };
    let value =
        |text: &str, reason, words| case("2024", number("ty-le", text), reason, "value", words);
    vec![
        value("12,5", Reason::NumberForm, "`12,5`"),
        value("1.234.567", Reason::NumberForm, "81.25"),
        value("NaN", Reason::NumberForm, "`NaN`"),
        value("-inf", Reason::NumberForm, "`-inf`"),
        value("1e400", Reason::NumberForm, "`1e400`"),
        value("", Reason::NumberForm, "decimal"),
        value("năm", Reason::NumberForm, "`năm`"),
        value("1234567890123456789012345678901234567890", Reason::TooManyDigits, "28"),
        value("100.01", Reason::OutOfRange, "0 to 100"),
        value("-0.0001", Reason::OutOfRange, "`ty-le`"),
        value("60", Reason::ImplausibleChange, "confirmed"),
        case("2024", level("ty-le", "kha"), Reason::WrongKind, "level", "number"),
        case("2024", number("muc", "3"), Reason::WrongKind, "value", "level"),
        case("2024", rank("ty-le", "3", 63), Reason::WrongKind, "ranked_among", "rank"),
        case(
            "2024",
            level("muc", "gioi"),
            Reason::UnknownLevel,
            "level",
            "yeu, trung-binh, kha, tot",
        ),
        case("2024-S1", level("cot-moc", "xong"), Reason::UnknownLevel, "level", "in-progress"),
        case("2024", number("thu-hang", "7"), Reason::RankedAmongMissing, "ranked_among", "ranked"),
        case("2024", rank("thu-hang", "-7", 63), Reason::RankForm, "value", "1 to 63"),
        case("2024", rank("thu-hang", "0", 63), Reason::RankForm, "value", "1 to 63"),
        case("2024", rank("thu-hang", "64", 63), Reason::RankForm, "value", "1 to 63"),
        case("2024", rank("thu-hang", "7.5", 63), Reason::RankForm, "value", "whole"),
        case("2024", without, Reason::NoContent, "value", "no value"),
        case("2024", not_withdrawn, Reason::NoContent, "value", "no value"),
        case(
            "2024",
            missing("ty-le", v1::MissingReason::Unspecified),
            Reason::MissingReason,
            "missing",
            "reason",
        ),
        case("2020", withdrawn("ty-le"), Reason::NothingToWithdraw, "withdrawn", "`ty-le`"),
        case("2024", with(&"ạ".repeat(2_001), ""), Reason::TextTooLong, "comment", "2000"),
        case(
            "2024",
            with("", &format!("https://{}", "a".repeat(2_000))),
            Reason::TextTooLong,
            "evidence",
            "2000",
        ),
        case(
            "2024",
            with("", "http://angiang.gov.vn"),
            Reason::EvidenceForm,
            "evidence",
            "https://",
        ),
        case("2024", of_status, Reason::UnknownStatus, "status", "99"),
    ]
}

#[tokio::test]
async fn every_reason_is_given_with_its_field_and_what_to_do() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    // What an implausible change is measured against.
    let before = single("2023", number("ty-le", "40"));
    clients.collection(trial::DEPARTMENT).submit_measurements(before).await.unwrap();
    let mut given = BTreeSet::new();
    for (department, sent, reason, field, words) in
        cases_of_keys().into_iter().chain(cases_of_contents())
    {
        let shown = format!("{:?}", sent.groups);
        let answer = clients.collection(department).submit_measurements(sent).await.unwrap();
        adds_up(1, answer.get_ref());
        let rejection =
            answer.get_ref().rejections.first().unwrap_or_else(|| panic!("taken: {shown}"));
        assert_eq!(
            (rejection.reason(), rejection.field.as_str()),
            (reason, field),
            "{rejection:?}"
        );
        assert!(rejection.message.contains(words), "`{words}` is not in `{}`", rejection.message);
        assert!(rejection.message.len() < 600, "{}", rejection.message.len());
        given.insert(reason as i32);
    }
    // Given to whole submissions; `submit.rs` and `any_mixture_adds_up` try them.
    given.extend(
        [Reason::DuplicateInSubmission, Reason::OthersRejected].map(|reason| reason as i32),
    );
    // Reports are not locked or approved in this version.
    given.extend([Reason::PeriodLocked, Reason::PeriodApproved].map(|reason| reason as i32));
    let all = (1..).map_while(|number| Reason::try_from(number).ok()).map(|reason| reason as i32);
    assert_eq!(given, all.collect(), "every reason of the proto is tried");
}
