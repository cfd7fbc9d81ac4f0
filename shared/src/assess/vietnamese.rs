//! Reasons and remarks of an assessment in Vietnamese, for pages and reports.

use rust_decimal::Decimal;

use crate::measurement::MissingReason;
use crate::period::Frequency;

use super::finding::{Finding, Reason};

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 22] = [
        Self::SinglePoint,
        Self::TooFewPoints,
        Self::NoScale,
        Self::BreakLeavesOnePoint,
        Self::YearsUnknown,
        Self::BaseAfterCurrent,
        Self::ZeroBase,
        Self::NegativeBase,
        Self::SignChange,
        Self::NoReference,
        Self::NoReferenceSamePeriod,
        Self::ZeroDenominator,
        Self::NotComputed,
        Self::Incomplete,
        Self::TooManyDigits,
        Self::Impossible,
        Self::NoRankedAmong,
        Self::NoRankTable,
        Self::RankOutOfRange,
        Self::WrongKind,
        Self::UnknownLevel,
        Self::NoneSinceStart,
    ];

    /// The reason in Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::SinglePoint => "mới có một giá trị dùng được nên chưa thấy được tốc độ",
            Self::TooFewPoints => {
                "phương pháp cần ít nhất bốn giá trị trong ba trên năm năm gần nhất, hiện chưa đủ"
            }
            Self::NoScale => "mục tiêu chưa nêu thang điểm cho đèn tín hiệu",
            Self::BreakLeavesOnePoint => {
                "chuỗi số liệu bị đứt, chỉ còn một giá trị so sánh được nên chưa thấy được tốc độ"
            }
            Self::YearsUnknown => "cam kết cho từng năm, mà có năm chưa có giá trị",
            Self::BaseAfterCurrent => "kỳ gốc muộn hơn giá trị mới nhất dùng được",
            Self::ZeroBase => "giá trị năm gốc bằng 0 nên không tính được tốc độ tăng",
            Self::NegativeBase => "giá trị năm gốc âm nên tốc độ tăng không có nghĩa",
            Self::SignChange => "giá trị đã đổi dấu so với năm gốc nên tốc độ tăng không có nghĩa",
            Self::NoReference => "chuỗi dùng để so sánh chưa có giá trị nào dùng được",
            Self::NoReferenceSamePeriod => "chưa có kỳ nào có cả giá trị và giá trị để so sánh",
            Self::ZeroDenominator => "phép chia có mẫu số bằng 0",
            Self::NotComputed => "tính từ chỉ tiêu khác và chưa tính được cho kỳ nào",
            Self::Incomplete => "chưa kỳ nào có đủ số liệu của các đơn vị để đại diện cho tỉnh",
            Self::TooManyDigits => "tổng có nhiều chữ số hơn mức lưu được",
            Self::Impossible => "tính ra giá trị không thể có",
            Self::NoRankedAmong => {
                "chưa biết có bao nhiêu nơi được xếp hạng nên chưa quy được ra mức"
            }
            Self::NoRankTable => "thang đo không có bảng quy hạng ra mức",
            Self::RankOutOfRange => "hạng không nằm giữa 1 và số nơi được xếp hạng",
            Self::WrongKind => "giá trị khác loại với mục tiêu",
            Self::UnknownLevel => "mức cam kết không có trong thang đo",
            Self::NoneSinceStart => "các năm trong cam kết chưa có giá trị",
        }
    }
}

impl Finding {
    /// The remark in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::ShorterPeriods { frequency } => {
                format!("xét theo {} mới nhất, trong khi mục tiêu nói về năm", noun(*frequency))
            }
            Self::WholeYearsOnly => "số lũy kế từ đầu năm nên chỉ so sánh các năm trọn".to_owned(),
            Self::SamePartOfYearOnly { period } => {
                format!("chỉ so sánh các giá trị cùng thời đoạn trong năm với {period}")
            }
            Self::LatestMissing { period, reason } => {
                format!("kỳ {period} không có giá trị ({})", words(*reason))
            }
            Self::LatestWithdrawn { period } => format!("giá trị kỳ {period} đã được rút"),
            Self::ValuesLeftAside { count, period, reason } => format!(
                "{count} giá trị không dùng được; mới nhất là kỳ {period}: {}",
                reason.vietnamese()
            ),
            Self::NotComputed { period, reason } => format!("chưa tính được kỳ {period}: {reason}"),
            Self::BreakInSeries { since, count } => format!(
                "phương pháp, phiên bản hoặc địa giới đã đổi; bỏ qua {count} giá trị không so sánh \
                 được với giá trị mới nhất, so sánh được từ kỳ {since}"
            ),
            Self::BreakInReference { since, count } => {
                format!("chuỗi để so sánh cũng bị đứt; bỏ qua {count} giá trị trước kỳ {since}")
            }
            Self::NumberRankedChanged { count } => {
                format!("bỏ qua {count} hạng vì số nơi được xếp hạng khác với lần mới nhất")
            }
            Self::BaselineLeftAside { period } => format!(
                "giá trị gốc kỳ {period} không so sánh được với giá trị mới nhất nên bị bỏ qua"
            ),
            Self::BaseLater { wanted, used } => {
                format!("kỳ {wanted} không có giá trị dùng được; tiến độ tính từ kỳ {used}")
            }
            other => other.of_the_way(),
        }
    }

    /// A remark on the way to the target in Vietnamese.
    fn of_the_way(&self) -> String {
        match self {
            Self::MovedAway { since } => {
                format!("đã đi lùi từ kỳ {since}; đèn tín hiệu chỉ xét giá trị")
            }
            Self::NearLimit { limit } => format!(
                "cách giới hạn {} không quá 1, phương pháp coi là đúng tiến độ",
                comma(*limit)
            ),
            Self::MetAtBase { period } => format!("mục tiêu đã đạt ngay ở kỳ gốc {period}"),
            Self::LastMet { period } => format!("lần gần nhất đạt mục tiêu là kỳ {period}"),
            Self::HorizonPassed { horizon } => format!("đã qua mốc {horizon} mà chưa đạt mục tiêu"),
            Self::HorizonValuePending { horizon } => {
                format!("năm {horizon} đã hết mà chưa có giá trị")
            }
            Self::ProjectionLimited { limit } => {
                format!("giữ tốc độ này sẽ vượt {}, giới hạn của giá trị có thể", comma(*limit))
            }
            Self::ThresholdSetAmongOtherNumber { promised, now } => format!(
                "ngưỡng hạng đặt ra khi xếp hạng {promised} nơi, hạng mới nhất là trong {now} nơi"
            ),
            Self::NumberRankedUnknown => "chưa biết có bao nhiêu nơi được xếp hạng".to_owned(),
            Self::RankTurnedIntoLevel { rank, among, level } => {
                format!("hạng {} trong {among} được quy ra mức {level} theo bảng", comma(*rank))
            }
            Self::LastYearGrowth { from, to, percent } => {
                format!("tăng {} % từ {from} đến {to}", comma(*percent))
            }
            Self::AverageSoFar { horizon } => {
                format!("đây là bình quân đến nay; cam kết tính đến {horizon}")
            }
            Self::YearsWithoutValue(years) => {
                let years: Vec<String> = years.iter().map(i16::to_string).collect();
                format!("chưa có giá trị của năm {}", years.join(", "))
            }
            Self::YearUnfinished { period } => {
                format!("năm {} xét theo kỳ {period}; năm chưa trọn", period.year())
            }
            Self::RelativeGap { period, percent } => {
                format!("kỳ {period} chênh {} % so với chuỗi để so sánh", comma(*percent))
            }
            Self::ReferenceLags { latest, used } => {
                format!("kỳ {latest} chưa có giá trị để so sánh; so sánh ở kỳ {used}")
            }
            // Told above.
            Self::ShorterPeriods { .. }
            | Self::WholeYearsOnly
            | Self::SamePartOfYearOnly { .. }
            | Self::LatestMissing { .. }
            | Self::LatestWithdrawn { .. }
            | Self::ValuesLeftAside { .. }
            | Self::NotComputed { .. }
            | Self::BreakInSeries { .. }
            | Self::BreakInReference { .. }
            | Self::NumberRankedChanged { .. }
            | Self::BaselineLeftAside { .. }
            | Self::BaseLater { .. } => String::new(),
        }
    }
}

fn comma(decimal: Decimal) -> String {
    decimal.to_string().replace('.', ",")
}

fn noun(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Year => "năm",
        Frequency::HalfYear => "nửa năm",
        Frequency::Quarter => "quý",
        Frequency::Month => "tháng",
    }
}

fn words(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::NotCollected => "không thu thập",
        MissingReason::NotYetAvailable => "chưa có",
        MissingReason::NotApplicable => "không áp dụng",
        MissingReason::Confidential => "không công bố",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_told_in_vietnamese_with_a_decimal_comma() {
        let found = Finding::RelativeGap {
            period: "2016".parse().unwrap(),
            percent: Decimal::new(-459, 2),
        };
        assert_eq!(found.vietnamese(), "kỳ 2016 chênh -4,59 % so với chuỗi để so sánh");
    }
}
