//! Why a measurement is refused by the catalogue or by what the server knows, and what to do.

use tiendo_shared::indicator::{Indicator, Kind};
use tiendo_shared::period::Frequency;
use tiendo_shared::submission::Reason;

use super::{Lang, phrases, say, sentences};

/// Most members of a breakdown that are listed.
const MOST_LISTED: usize = 12;

/// A refusal as the officer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// What is wrong.
    pub(crate) why: String,
    /// What would be taken; empty if there is nothing to show.
    pub(crate) accepted: String,
    /// What to do.
    pub(crate) todo: String,
}

/// What is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// Id of the indicator, as it was given.
    pub(crate) id: &'a str,
    /// The indicator, if the catalogue has it.
    pub(crate) indicator: Option<&'a Indicator>,
    /// The period, as it was given.
    pub(crate) period: &'a str,
    /// Who reports.
    pub(crate) department: &'a str,
}

phrases! {
    why_number_form = "Không phải một số", "It is not a number";
    why_too_many_digits = "Số có quá 28 chữ số", "It has more than 28 digits";
    why_ranked_among_missing = "Thiếu tổng số đơn vị được xếp hạng", "It is missing how many were ranked";
    why_rank_form = "Thứ hạng phải là số nguyên từ 1 đến tổng số được xếp hạng", "A rank is a whole number from 1 to the number ranked";
    why_no_content = "Không có giá trị", "There is no value";
    why_missing_reason = "Không có số liệu nhưng thiếu lý do", "There is no value and no reason why";
    why_text_too_long = "Ghi chú hoặc địa chỉ minh chứng dài quá 2.000 ký tự", "The comment or the link is longer than 2,000 characters";
    why_evidence_form = "Địa chỉ minh chứng không bắt đầu bằng https://", "The link to the evidence does not begin with https://";
    why_unknown_status = "Trạng thái số liệu không hợp lệ", "There is no such status";
    why_others_rejected = "Dòng này đúng, nhưng các dòng khác trong cùng lượt gửi bị từ chối", "This row is good, but others of the submission are refused";
}

sentences! {
    why_unknown_indicator(id: &str) =
        "Danh mục không có chỉ tiêu `{id}`",
        "The catalogue has no indicator `{id}`";
    why_unknown_dimension(id: &str) =
        "Chỉ tiêu `{id}` không có phân tổ này",
        "Indicator `{id}` has no such breakdown";
    why_unknown_member(id: &str) =
        "Phân tổ của chỉ tiêu `{id}` không có giá trị này",
        "The breakdown of `{id}` has no such member";
    why_period_form(period: &str) =
        "`{period}` không phải kỳ báo cáo",
        "`{period}` is not a reporting period";
    why_period_frequency(id: &str, period: &str) =
        "Chỉ tiêu `{id}` không báo cáo theo kỳ `{period}`",
        "Indicator `{id}` is not reported for a period like `{period}`";
    why_period_not_open(period: &str) =
        "Kỳ `{period}` chưa mở nhận số liệu",
        "Period `{period}` is not open yet";
    why_period_closed(period: &str, department: &str) =
        "Đơn vị `{department}` không báo cáo cho kỳ `{period}`",
        "Department `{department}` does not report for `{period}`";
    why_period_locked(period: &str) =
        "Kỳ `{period}` đã khóa, hết hạn gửi và sửa số liệu",
        "Period `{period}` is locked: the time to report and revise is over";
    why_period_approved(period: &str) =
        "Báo cáo kỳ `{period}` đã được duyệt",
        "The report of `{period}` is approved";
    why_out_of_range(id: &str) =
        "Giá trị nằm ngoài khoảng cho phép của `{id}`",
        "The value is outside the range of `{id}`";
    why_wrong_kind(id: &str) =
        "Chỉ tiêu `{id}` không nhận loại giá trị này",
        "Indicator `{id}` does not take this kind of value";
    why_unknown_level(id: &str) =
        "Thang đo của `{id}` không có mức này",
        "The scale of `{id}` has no such level";
    why_unknown_edition(id: &str) =
        "Chỉ tiêu `{id}` không có phiên bản này của bộ chỉ số",
        "Indicator `{id}` has no such edition";
    why_unknown_territory(id: &str) =
        "Chỉ tiêu `{id}` không có phạm vi địa giới này",
        "Indicator `{id}` has no such territory version";
    why_not_your_indicator(id: &str) =
        "Chỉ tiêu `{id}` do đơn vị khác báo cáo",
        "Indicator `{id}` is reported by another department";
    why_duplicate_in_submission(id: &str, period: &str) =
        "Chỉ tiêu `{id}` kỳ `{period}` có hai lần trong tệp",
        "Indicator `{id}` for `{period}` stands twice in the file";
    why_nothing_to_withdraw(id: &str, period: &str) =
        "Chưa có số liệu nào của `{id}` kỳ `{period}` để rút lại",
        "Nothing was reported for `{id}` in `{period}` that could be withdrawn";
    why_derived_indicator(id: &str) =
        "Chỉ tiêu `{id}` được tính từ các chỉ tiêu khác",
        "Indicator `{id}` is computed from others";
    why_implausible_change(most: &str) =
        "Thay đổi so với kỳ trước lớn bất thường (quá {most})",
        "The change from the period before is implausibly large (more than {most})";
}

impl Lang {
    /// Why a measurement is refused, and what to do.
    pub(crate) fn refusal(self, reason: Reason, about: About<'_>) -> Told {
        Told {
            why: self.why(reason, about),
            accepted: self.accepted(reason, about),
            todo: self.todo(reason),
        }
    }

    fn why(self, reason: Reason, about: About<'_>) -> String {
        let About { id, period, department, indicator } = about;
        match reason {
            Reason::UnknownIndicator => self.why_unknown_indicator(id),
            Reason::UnknownDimension => self.why_unknown_dimension(id),
            Reason::UnknownMember => self.why_unknown_member(id),
            Reason::PeriodForm => self.why_period_form(period),
            Reason::PeriodFrequency => self.why_period_frequency(id, period),
            Reason::PeriodNotOpen => self.why_period_not_open(period),
            Reason::PeriodClosed => self.why_period_closed(period, department),
            Reason::PeriodLocked => self.why_period_locked(period),
            Reason::PeriodApproved => self.why_period_approved(period),
            Reason::NumberForm => self.why_number_form().to_owned(),
            Reason::TooManyDigits => self.why_too_many_digits().to_owned(),
            Reason::OutOfRange => self.why_out_of_range(id),
            Reason::WrongKind => self.why_wrong_kind(id),
            Reason::UnknownLevel => self.why_unknown_level(id),
            Reason::RankedAmongMissing => self.why_ranked_among_missing().to_owned(),
            Reason::RankForm => self.why_rank_form().to_owned(),
            Reason::UnknownEdition => self.why_unknown_edition(id),
            Reason::UnknownTerritory => self.why_unknown_territory(id),
            Reason::NotYourIndicator => self.why_not_your_indicator(id),
            Reason::DuplicateInSubmission => self.why_duplicate_in_submission(id, period),
            Reason::NoContent => self.why_no_content().to_owned(),
            Reason::MissingReason => self.why_missing_reason().to_owned(),
            Reason::NothingToWithdraw => self.why_nothing_to_withdraw(id, period),
            Reason::TextTooLong => self.why_text_too_long().to_owned(),
            Reason::EvidenceForm => self.why_evidence_form().to_owned(),
            Reason::UnknownStatus => self.why_unknown_status().to_owned(),
            Reason::DerivedIndicator => self.why_derived_indicator(id),
            Reason::OthersRejected => self.why_others_rejected().to_owned(),
            Reason::ImplausibleChange => {
                let most = indicator.and_then(|known| known.largest_change);
                let most = most.map(|most| most.to_string()).unwrap_or_default();
                self.why_implausible_change(&most)
            }
        }
    }

    fn accepted(self, reason: Reason, about: About<'_>) -> String {
        let known = about.indicator;
        match reason {
            Reason::PeriodForm => "`2026`, `2026-S1`, `2026-Q3`, `2026-09`".to_owned(),
            Reason::PeriodFrequency => known.map(Self::periods).unwrap_or_default(),
            Reason::NumberForm => "`81.25`, `-3`, `0`".to_owned(),
            Reason::OutOfRange => known.map(|known| self.range(known)).unwrap_or_default(),
            Reason::WrongKind | Reason::UnknownLevel => {
                known.map(|known| self.kind(known)).unwrap_or_default()
            }
            Reason::UnknownDimension | Reason::UnknownMember => known
                .map(|known| {
                    let dimensions = known.dimensions.iter();
                    let dimensions = dimensions.map(|one| {
                        let members = one.members.get(..MOST_LISTED).unwrap_or(&one.members);
                        let more = if members.len() < one.members.len() { "`, …" } else { "`" };
                        format!("`{}`: `{}{more}", one.id, members.join("`, `"))
                    });
                    dimensions.collect::<Vec<_>>().join("; ")
                })
                .unwrap_or_default(),
            Reason::UnknownEdition => quoted(known.map(|known| &*known.editions)),
            Reason::UnknownTerritory => quoted(known.map(|known| &*known.territories)),
            Reason::DerivedIndicator => known
                .and_then(|known| known.formula.as_ref())
                .map(|formula| format!("`{}`", formula.inputs().join("`, `")))
                .unwrap_or_default(),
            Reason::EvidenceForm => "`https://…`".to_owned(),
            _ => String::new(),
        }
    }

    /// The range of an indicator's values in words.
    pub(crate) fn range(self, indicator: &Indicator) -> String {
        match (indicator.range.minimum, indicator.range.maximum) {
            (Some(least), Some(most)) => {
                say!(self, "từ {least} đến {most}", "from {least} to {most}")
            }
            (Some(least), None) => say!(self, "từ {least} trở lên", "{least} or more"),
            (None, Some(most)) => say!(self, "không quá {most}", "at most {most}"),
            (None, None) => String::new(),
        }
    }

    /// The forms of the periods an indicator is reported for.
    pub(crate) fn periods(indicator: &Indicator) -> String {
        let example = |frequency| match frequency {
            Frequency::Year => "`2026`",
            Frequency::HalfYear => "`2026-S1`",
            Frequency::Quarter => "`2026-Q3`",
            Frequency::Month => "`2026-09`",
        };
        let mut examples = vec![example(indicator.frequency)];
        examples.extend(indicator.also_accepted.iter().copied().map(example));
        examples.join(", ")
    }

    /// What an indicator takes for a value.
    pub(crate) fn kind(self, indicator: &Indicator) -> String {
        match &indicator.kind {
            Kind::Quantity => say!(self, "một số", "a number"),
            Kind::Rank => say!(self, "một thứ hạng", "a rank"),
            Kind::Level(scale) => {
                let ids: Vec<_> = scale.levels.iter().map(|level| level.id.as_str()).collect();
                format!("`{}`", ids.join("`, `"))
            }
            Kind::Milestone => {
                format!("`{}`", tiendo_shared::indicator::MILESTONE_LEVELS.join("`, `"))
            }
        }
    }

    fn todo(self, reason: Reason) -> String {
        match reason {
            Reason::UnknownIndicator => say!(
                self,
                "Dùng mã trong biểu mẫu do `template` tạo",
                "Use an id of the form that `template` makes"
            ),
            Reason::PeriodNotOpen => {
                say!(self, "Gửi khi kỳ đã mở", "Send it once the period is open")
            }
            Reason::PeriodClosed | Reason::NotYourIndicator => {
                say!(self, "Bỏ dòng này", "Leave the row out")
            }
            Reason::PeriodLocked => say!(
                self,
                "Liên hệ cơ quan điều phối của tỉnh",
                "Ask the steering office of the province"
            ),
            Reason::PeriodApproved => say!(
                self,
                "Đề nghị người duyệt mở lại báo cáo",
                "Ask the reviewer to reopen the report"
            ),
            Reason::ImplausibleChange => say!(
                self,
                "Kiểm tra lại; nếu đúng, gửi lại với `--confirm`",
                "Check it; if it is right, send it again with `--confirm`"
            ),
            Reason::RankedAmongMissing => {
                say!(self, "Điền tổng số đơn vị được xếp hạng", "Fill in how many were ranked")
            }
            Reason::DuplicateInSubmission => say!(
                self,
                "Chỉ dòng đầu được nhận; bỏ dòng này hoặc sửa dòng đầu",
                "Only the first is taken; leave this row out or correct the first"
            ),
            Reason::NoContent | Reason::MissingReason => say!(
                self,
                "Điền giá trị, hoặc chọn lý do không có số liệu",
                "Fill in a value, or choose why there is none"
            ),
            Reason::NothingToWithdraw => {
                say!(self, "Bỏ yêu cầu rút lại", "Leave the withdrawal out")
            }
            Reason::TextTooLong => say!(self, "Rút ngắn", "Shorten it"),
            Reason::DerivedIndicator => {
                say!(self, "Báo cáo các chỉ tiêu thành phần", "Report those it is computed from")
            }
            Reason::OthersRejected => {
                say!(self, "Sửa các dòng khác rồi gửi lại", "Correct the other rows and send again")
            }
            _ => say!(self, "Sửa ô này rồi gửi lại", "Correct the cell and send again"),
        }
    }
}

fn quoted(texts: Option<&[String]>) -> String {
    let texts: Vec<_> = texts.unwrap_or_default().iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
