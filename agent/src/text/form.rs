//! What stands in a form.

use tiendo_shared::indicator::{Indicator, Kind};
use tiendo_shared::measurement::{MissingReason, ObservationStatus};

use super::{Lang, phrases, say, sentences};

phrases! {
    form_sheet = "Số liệu", "Figures";
    form_how =
        "Chỉ điền các ô màu trắng. Để trống dòng chưa báo cáo. Số phần trăm điền như 81,25 (không gõ dấu %). Không có số liệu: để trống ô Giá trị và chọn lý do.",
        "Fill in white cells only. Leave a row blank if it is not reported yet. Write percentages as 81.25 (without the sign). No value: leave Value blank and choose why.";
    form_indicator = "Mã chỉ tiêu", "Indicator id";
    form_name = "Tên chỉ tiêu", "Indicator";
    form_dimensions = "Phân tổ", "Breakdown";
    form_unit = "Đơn vị tính", "Unit";
    form_period = "Kỳ", "Period";
    form_value = "Giá trị", "Value";
    form_ranked_among = "Tổng số được xếp hạng", "Number ranked";
    form_status = "Trạng thái", "Status";
    form_missing = "Lý do không có số liệu", "Why there is no value";
    form_comment = "Ghi chú", "Comment";
    form_evidence = "Minh chứng (https://…)", "Evidence (https://…)";
    form_confirm = "Thay đổi lớn", "Large change";
    form_edition = "Phiên bản bộ chỉ số", "Edition";
    form_territory = "Địa giới", "Territory";
    form_hint = "Hướng dẫn", "Hint";
    form_confirmed = "Đã kiểm tra, đúng", "Checked, it is right";
    form_error_title = "Giá trị chưa đúng", "Not accepted";
    withdrawn = "Rút lại số đã báo cáo", "Withdraw the value reported";
    form_versions_hint =
        "để trống cột phiên bản và địa giới nếu là bản mới nhất",
        "leave edition and territory blank for the latest";
    form_choose = "chọn trong danh sách", "choose from the list";
    form_percent_hint = "gõ số, không gõ dấu %", "type the number without the % sign";
    form_rank_hint =
        "thứ hạng, số nguyên từ 1; điền cả tổng số được xếp hạng",
        "the rank, a whole number from 1; fill in the number ranked too";
}

sentences! {
    form_title(department: &str, period: &str) =
        "Biểu mẫu báo cáo – {department} – kỳ {period}",
        "Report of {department} for {period}";
    form_decimals(decimals: u8) =
        "thường {decimals} chữ số thập phân", "usually {decimals} decimals";
    form_not_a_form(file: &str) =
        "`{file}` không phải biểu mẫu do `template` tạo. Đọc tệp khác bằng `--job TÊN` hoặc `--mapping TỆP.toml`.",
        "`{file}` is not a form that `template` made. Read other files with `--job NAME` or `--mapping FILE.toml`.";
    form_other_version(file: &str, version: &str) =
        "`{file}` là biểu mẫu loại `{version}`, chương trình này không đọc được. Tạo biểu mẫu mới bằng `template`.",
        "`{file}` is a form of kind `{version}`, which this program cannot read. Make a new one with `template`.";
    form_other_department(file: &str, theirs: &str, ours: &str) =
        "`{file}` là biểu mẫu của đơn vị `{theirs}`, không phải `{ours}`.",
        "`{file}` is a form of department `{theirs}`, not of `{ours}`.";
    form_damaged(file: &str) =
        "`{file}`: không tìm thấy dòng khóa ẩn của biểu mẫu. Tạo biểu mẫu mới bằng `template` và chép số liệu sang.",
        "`{file}`: the hidden row of keys is gone. Make a new form with `template` and copy the figures over.";
}

impl Lang {
    /// A status as the form has it.
    pub(crate) const fn status(self, status: ObservationStatus) -> &'static str {
        match (self, status) {
            (Self::Vi, ObservationStatus::Final) => "Chính thức",
            (Self::Vi, ObservationStatus::Provisional) => "Sơ bộ",
            (Self::Vi, ObservationStatus::Estimated) => "Ước tính",
            (Self::Vi, ObservationStatus::Break) => "Đổi cách tính",
            (Self::En, ObservationStatus::Final) => "Final",
            (Self::En, ObservationStatus::Provisional) => "Provisional",
            (Self::En, ObservationStatus::Estimated) => "Estimated",
            (Self::En, ObservationStatus::Break) => "Break in series",
        }
    }

    /// A reason for no value as the form has it.
    pub(crate) const fn missing(self, reason: MissingReason) -> &'static str {
        match (self, reason) {
            (Self::Vi, MissingReason::NotCollected) => "Không thu thập",
            (Self::Vi, MissingReason::NotYetAvailable) => "Chưa có số liệu",
            (Self::Vi, MissingReason::NotApplicable) => "Không áp dụng",
            (Self::Vi, MissingReason::Confidential) => "Không được công bố",
            (Self::En, MissingReason::NotCollected) => "Not collected",
            (Self::En, MissingReason::NotYetAvailable) => "Not yet available",
            (Self::En, MissingReason::NotApplicable) => "Not applicable",
            (Self::En, MissingReason::Confidential) => "Confidential",
        }
    }

    /// How the value of an indicator is filled in.
    pub(crate) fn hint(self, indicator: &Indicator) -> String {
        let mut hints = vec![self.accepted_value(indicator)];
        if let Some(most) = indicator.largest_change {
            hints.push(say!(
                self,
                "thay đổi quá {most} so với kỳ trước phải xác nhận",
                "a change of more than {most} has to be confirmed"
            ));
        }
        if indicator.editions.len() > 1 || indicator.territories.len() > 1 {
            hints.push(self.form_versions_hint().to_owned());
        }
        hints.retain(|hint| !hint.is_empty());
        hints.join("; ")
    }

    /// What a value of this indicator may be.
    pub(crate) fn accepted_value(self, indicator: &Indicator) -> String {
        let mut hints = match &indicator.kind {
            Kind::Rank => vec![self.form_rank_hint().to_owned()],
            Kind::Level(_) | Kind::Milestone => vec![self.form_choose().to_owned()],
            Kind::Quantity => vec![self.range(indicator), self.form_decimals(indicator.decimals)],
        };
        if indicator.unit == "percent" {
            hints.push(self.form_percent_hint().to_owned());
        }
        hints.retain(|hint| !hint.is_empty());
        hints.join("; ")
    }
}
