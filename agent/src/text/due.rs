//! What `due` says: days, deadlines and how much of a report is there.

use jiff::civil::{Date, Weekday};

use super::{Lang, phrases, sentences};

phrases! {
    due_nothing = "Không còn báo cáo nào phải gửi.", "Nothing is left to be sent.";
    due_by_ledger =
        "Không hỏi được máy chủ: danh sách dưới đây chỉ theo danh mục và sổ gửi lưu trên máy này. Số liệu gửi từ máy khác không được tính.",
        "The server could not be asked: the list below is as far as this computer knows, by the catalogue and the ledger it keeps. What other computers sent is not counted.";
    column_due = "Hạn gửi", "Due";
    column_state = "Thời gian", "Time";
    column_received_of = "Đã nhận", "Received";
    column_waiting = "Chờ gửi trên máy này", "Waiting on this computer";
}

sentences! {
    due_heading(department: &str, today: &str) =
        "Báo cáo còn phải gửi của {department}, tính đến {today}:",
        "Reports that {department} still has to send, as of {today}:";
    due_late(count: usize) =
        "QUÁ HẠN: {count} báo cáo.", "LATE: {count} reports.";
    due_next(period: &str) =
        "Tạo biểu mẫu cho báo cáo đầu tiên: tiendo-agent template --period {period}",
        "To make the form of the first one: tiendo-agent template --period {period}";
    received_of(received: u32, expected: u32) =
        "{received} / {expected} số liệu", "{received} of {expected}";
}

impl Lang {
    /// A day in words, with its day of the week.
    pub(crate) fn day(self, day: Date) -> String {
        let weekday = match self {
            Self::Vi => match day.weekday() {
                Weekday::Monday => "thứ Hai",
                Weekday::Tuesday => "thứ Ba",
                Weekday::Wednesday => "thứ Tư",
                Weekday::Thursday => "thứ Năm",
                Weekday::Friday => "thứ Sáu",
                Weekday::Saturday => "thứ Bảy",
                Weekday::Sunday => "Chủ nhật",
            },
            Self::En => return day.strftime("%A %-d %B %Y").to_string(),
        };
        format!("{weekday}, {}", day.strftime("%d/%m/%Y"))
    }

    /// How many days are left until the due day, or have passed since.
    pub(crate) fn days_left(self, days: i32, late: bool) -> String {
        let past = days.unsigned_abs();
        let days_en =
            |count: u32| if count == 1 { "1 day".into() } else { format!("{count} days") };
        match self {
            Self::Vi if late => format!("! quá hạn {past} ngày"),
            Self::Vi if days > 0 => format!("còn {past} ngày"),
            Self::Vi if days == 0 => "hôm nay là ngày cuối".to_owned(),
            Self::Vi => format!("quá hạn {past} ngày, còn trong thời gian gia hạn"),
            Self::En if late => format!("! {} late", days_en(past)),
            Self::En if days > 0 => format!("{} left", days_en(past)),
            Self::En if days == 0 => "today is the last day".to_owned(),
            Self::En => format!("{} past, within grace", days_en(past)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_deadlines_are_in_words() {
        let day = Date::constant(2026, 12, 16);
        assert_eq!(Lang::Vi.day(day), "thứ Tư, 16/12/2026");
        assert_eq!(Lang::En.day(day), "Wednesday 16 December 2026");
        assert_eq!(Lang::Vi.day(Date::constant(2026, 12, 20)), "Chủ nhật, 20/12/2026");
        assert_eq!(Lang::Vi.days_left(-12, true), "! quá hạn 12 ngày");
        assert_eq!(Lang::Vi.days_left(0, false), "hôm nay là ngày cuối");
        assert_eq!(Lang::En.days_left(1, false), "1 day left");
        assert_eq!(Lang::En.days_left(-1, false), "1 day past, within grace");
    }
}
