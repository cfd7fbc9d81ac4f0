//! What pages say, in Vietnamese and English: one without the other does not compile.

use tiendo_shared::assess::Reason;
use tiendo_shared::wire::v1::{ReportPhase, StatusFlag, Verdict};

use super::Lang;

macro_rules! words {
    ($($name:ident: $vi:literal, $en:literal;)*) => {
        /// The words of a language.
        #[derive(Debug)]
        pub(crate) struct Words {
            $(pub(crate) $name: &'static str,)*
        }

        /// Vietnamese.
        pub(crate) const VI: Words = Words { $($name: $vi,)* };

        /// English.
        pub(crate) const EN: Words = Words { $($name: $en,)* };
    };
}

words! {
    // The frame
    skip: "Đến nội dung", "Skip to content";
    overview: "Tổng quan", "Overview";
    departments: "Đơn vị, ai chậm", "Departments, who is late";
    changes: "Thay đổi", "Changes";
    as_of: "Tính đến", "As of";
    on_day: "Xem tại ngày", "As known on";
    show: "Xem", "Show";
    all: "tất cả", "all";
    leave: "Thoát", "Sign out";
    other_language: "English", "Tiếng Việt";
    moved: "Có kết quả đánh giá vừa thay đổi.", "A verdict has just moved.";
    source: "Nguồn: số liệu các đơn vị báo cáo qua Tiến độ.", "Source: figures reported by departments to Tiendo.";
    approved_only: "Chỉ gồm số liệu của báo cáo đã duyệt.", "Figures of approved reports alone.";
    // Refusals
    who_are_you: "Chưa biết bạn là ai", "It is not known who you are";
    not_for_you: "Trang này không dành cho vai trò của bạn", "This page is not for your role";
    how_to_get_in: "Nhập tệp chứng thư (.p12) vào trình duyệt, hoặc xin quản trị viên một liên kết đăng nhập.", "Import your certificate file (.p12) into the browser, or ask an administrator for a sign-in link.";
    not_there: "Không có trang này", "There is no such page";
    not_understood: "Yêu cầu không đúng", "The request cannot be understood";
    too_much: "Quá nhiều yêu cầu, hãy thử lại sau ít phút", "Too many requests; try again in a moment";
    went_wrong: "Máy chủ chưa trả lời được", "The server could not do it";
    sign_in: "Đăng nhập xem bảng tiến độ", "Sign in to read the board";
    sign_in_once: "Liên kết này dùng được một lần, trên một trình duyệt, và cho xem trong tám giờ.", "This link works once, in one browser, and lets it read for eight hours.";
    open_board: "Mở bảng tiến độ", "Open the board";
    link_used_up: "Liên kết này đã dùng hoặc đã hết hạn; hãy xin quản trị viên một liên kết mới.", "this link was used or has ended; ask an administrator for a new one";
    // Overview
    targets_by_verdict: "Số mục tiêu theo kết quả đánh giá", "Targets by verdict";
    target: "Mục tiêu", "Target";
    promise: "Cam kết", "Promise";
    latest: "Mới nhất", "Latest";
    gap: "Còn cách", "Gap";
    trend: "Diễn biến", "Trend";
    verdict: "Đánh giá", "Verdict";
    remarks: "Lưu ý", "Remarks";
    horizon: "Mốc", "Horizon";
    department: "Đơn vị chủ trì", "Department";
    filter: "Lọc", "Filter";
    to_year: "Đến năm", "To";
    task_groups: "Nhóm nhiệm vụ, đến năm", "Task groups, to";
    attention: "Cần chú ý trước", "Needs attention first";
    needed: "cần", "needed";
    pace: "tốc độ", "pace";
    nothing_found: "Không có mục tiêu nào như vậy.", "There is no such target.";
    next_page: "Trang sau", "Next page";
    first_page: "Trang đầu", "First page";
    report: "Báo cáo Excel", "Excel report";
    download: "Tải số liệu", "Download figures";
    // A target
    course: "Diễn biến và đường phải đi", "Course and the way promised";
    observed: "thực tế", "observed";
    promised: "cam kết", "promised";
    if_it_goes_on: "nếu giữ tốc độ này", "if this pace goes on";
    reference: "để so sánh", "compared with";
    why: "Vì sao đánh giá như vậy", "Why it is judged so";
    method: "Phương pháp", "Method";
    base: "Giá trị gốc", "Base";
    pace_observed: "Tốc độ thực tế", "Observed pace";
    pace_required: "Tốc độ cần có từ gốc", "Pace required from the base";
    progress: "Thực tế so với cần có", "Observed over required";
    pace_from_here: "Tốc độ cần có từ nay", "Pace required from here";
    year_met: "Năm đạt nếu giữ tốc độ này", "Year met if this pace goes on";
    interval: "dự báo, khoảng 80 %", "forecast, 80 % interval";
    forecast: "Dự báo, khoảng tin cậy 80 %", "Forecast, 80 % interval";
    note: "Cách hiểu câu chữ của kế hoạch", "How the plan's words are read";
    other_methods: "Phương pháp khác đánh giá thế nào", "What other methods would say";
    figures: "Số liệu đứng sau", "Figures behind it";
    period: "Kỳ", "Period";
    value: "Giá trị", "Value";
    reported_by: "Đơn vị báo cáo", "Reported by";
    indicator: "Chỉ tiêu", "Indicator";
    revision: "Lần sửa", "Revision";
    received: "Nhận lúc", "Received";
    receipt: "Số biên nhận", "Receipt no.";
    comment: "Ghi chú, minh chứng", "Comment, evidence";
    missing: "thiếu, có lý do", "missing, with a reason";
    withdrawn: "đã rút", "withdrawn";
    // Departments
    who_is_late: "Ai đang nợ báo cáo quá hạn", "Whose reports are overdue";
    nobody_is_late: "Không đơn vị nào nợ báo cáo quá hạn.", "No report is overdue.";
    completeness: "Đã có trên phải có, theo đơn vị và kỳ", "Received of expected, by department and period";
    province: "Toàn tỉnh", "Whole province";
    due: "hạn", "due";
    late_by: "chậm", "late by";
    days: "ngày", "days";
    on_time: "đúng hạn", "on time";
    nothing_yet: "chưa có gì", "nothing yet";
    agents: "Máy gửi số liệu", "Agents";
    agent: "Máy", "Agent";
    last_contact: "Liên lạc gần nhất", "Last contact";
    not_since_start: "chưa, từ khi máy chủ chạy", "not since the server started";
    certificate_ends: "Chứng thư hết hạn", "Certificate ends";
    // Changes
    changed_since: "Thay đổi từ ngày", "Changed since";
    moves: "Kết quả đánh giá đã thay đổi", "Verdicts that moved";
    recorded: "Số liệu đã ghi nhận", "Figures recorded";
    before: "Trước", "Before";
    after: "Sau", "After";
    no_changes: "Không có gì thay đổi.", "Nothing changed.";
}

/// Every verdict, from good to bad to unknown.
pub(crate) const VERDICTS: [Verdict; 7] = [
    Verdict::Met,
    Verdict::OnTrack,
    Verdict::AtRisk,
    Verdict::OffTrack,
    Verdict::Worsening,
    Verdict::NoData,
    Verdict::NotAssessable,
];

impl Lang {
    /// Of two texts, the one in this language.
    pub(crate) fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    /// A verdict in words.
    pub(crate) fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Met => self.pick("Đạt", "Met"),
            Verdict::OnTrack => self.pick("Đúng tiến độ", "On track"),
            Verdict::AtRisk => self.pick("Có nguy cơ", "At risk"),
            Verdict::OffTrack => self.pick("Chậm tiến độ", "Off track"),
            Verdict::Worsening => self.pick("Đi lùi", "Worsening"),
            Verdict::NoData => self.pick("Chưa có số liệu", "No data"),
            Verdict::NotAssessable => self.pick("Chưa đánh giá được", "Not assessable"),
            Verdict::Unspecified => "",
        }
    }

    /// A flag in words.
    pub(crate) fn flag(self, flag: StatusFlag) -> &'static str {
        match flag {
            StatusFlag::Provisional => {
                self.pick("sơ bộ hoặc chưa duyệt", "provisional or not approved")
            }
            StatusFlag::Stale => self.pick("số liệu cũ", "stale"),
            StatusFlag::WasMet => self.pick("từng đạt", "was met before"),
            StatusFlag::BreakInSeries => self.pick("đứt chuỗi số liệu", "break in series"),
            StatusFlag::Exceeds => self.pick("vượt khoảng cam kết", "exceeds the band"),
            StatusFlag::Incomplete => self.pick("kỳ sau chưa đủ đơn vị", "later period incomplete"),
            StatusFlag::Unspecified => "",
        }
    }

    /// The unit of a pace.
    pub(crate) fn pace(self, english: &str) -> String {
        match (self, english) {
            (Self::Vi, "% a year (compound)") => "%/năm (tăng kép)".to_owned(),
            (Self::Vi, "% of the reference a year") => "% giá trị so sánh/năm".to_owned(),
            (Self::Vi, other) => other.replace(" a year", "/năm"),
            (Self::En, other) => other.to_owned(),
        }
    }

    /// Where an instant stands against the deadlines of a report.
    pub(crate) fn phase(self, phase: ReportPhase) -> &'static str {
        match phase {
            ReportPhase::NotOpen => self.pick("chưa mở", "not open yet"),
            ReportPhase::Open => self.pick("đang mở", "open"),
            ReportPhase::Late => self.pick("quá hạn", "overdue"),
            ReportPhase::Locked => self.pick("đã khóa", "locked"),
            ReportPhase::Unspecified => "",
        }
    }

    /// Why a target cannot be assessed; a sentence nobody has put into words here stays
    /// English.
    pub(crate) fn reason(self, english: &str) -> String {
        if self == Self::En {
            return english.to_owned();
        }
        let known = Reason::ALL.into_iter().find(|reason| reason.message() == english);
        known.map_or_else(|| english.to_owned(), |reason| reason.vietnamese().to_owned())
    }
}

/// The class of a verdict in the style sheet.
pub(crate) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::OnTrack => "on-track",
        Verdict::AtRisk => "at-risk",
        Verdict::OffTrack => "off-track",
        Verdict::Worsening => "worsening",
        Verdict::NoData | Verdict::Unspecified => "no-data",
        Verdict::NotAssessable => "not-assessable",
    }
}
