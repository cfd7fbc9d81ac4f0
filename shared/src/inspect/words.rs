//! Findings of a report in words, in Vietnamese and English.

use rust_decimal::Decimal;

use super::outlier::Scored;
use crate::catalogue::Catalogue;
use crate::catalogue::rule::{Check, Rule};
use crate::formula::Uncomputable;
use crate::indicator::{Indicator, LargestChange, Range, Score, Text};
use crate::period::ReportingPeriod;

/// Most summands that a message names.
const MOST_NAMED: usize = 5;

/// A rule is broken by these two sides.
pub(super) fn broken(
    catalogue: &Catalogue,
    rule: &Rule,
    (parts, left): (&[&str], Decimal),
    (whole, right): (&str, Decimal),
) -> Text {
    let names = |of: fn(&Text) -> &String| {
        let name =
            |id: &str| catalogue.indicator(id).map_or(id.to_owned(), |it| of(&it.name).clone());
        let mut names: Vec<String> = parts.iter().take(MOST_NAMED).map(|id| name(id)).collect();
        names.extend((parts.len() > MOST_NAMED).then(|| "…".to_owned()));
        (names.join(" + "), name(whole))
    };
    let sign = match rule.check {
        Check::AtMost { .. } => '>',
        Check::SumEquals { .. } => '≠',
    };
    let ((vi, vi_whole), (en, en_whole)) = (names(|it| &it.vi), names(|it| &it.en));
    let Text { vi: rule_vi, en: rule_en } = named(rule);
    Text {
        vi: format!("Trái quy tắc “{rule_vi}”: {vi} = {left} {sign} {vi_whole} = {right}."),
        en: format!("Rule “{rule_en}” is broken: {en} = {left} {sign} {en_whole} = {right}."),
    }
}

/// A rule could not be looked at.
pub(super) fn not_checked(rule: &Rule, reason: &Uncomputable) -> Text {
    let Text { vi, en } = named(rule);
    let code = reason.code();
    Text {
        vi: format!("Chưa kiểm tra được quy tắc “{vi}” vì không tính được giá trị ({code})."),
        en: format!("Rule “{en}” was not checked: {reason}."),
    }
}

/// A value is outside the usual range.
pub(super) fn unusual(indicator: &Indicator, value: Decimal, usual: Range) -> Text {
    let Text { vi, en } = &indicator.name;
    let (range_vi, range_en) = match (usual.minimum, usual.maximum) {
        (Some(least), Some(most)) => {
            (format!("từ {least} đến {most}"), format!("from {least} to {most}"))
        }
        (Some(least), None) => (format!("từ {least} trở lên"), format!("{least} or more")),
        (_, most) => {
            let most = most.unwrap_or_default();
            (format!("không quá {most}"), format!("{most} or less"))
        }
    };
    Text {
        vi: format!("{vi}: {value} khác mức thường gặp ({range_vi})."),
        en: format!("{en}: {value} is not usual ({range_en})."),
    }
}

/// A value went farther than is credible.
pub(super) fn large_change(
    indicator: &Indicator,
    value: Decimal,
    (period, before): (ReportingPeriod, Decimal),
    most: LargestChange,
) -> Text {
    let Text { vi, en } = &indicator.name;
    Text {
        vi: format!("{vi}: {value} so với {before} của kỳ {period}, thay đổi quá mức {most}."),
        en: format!("{en}: {value} after {before} in {period}, a change of more than {most}."),
    }
}

/// A value is far from those before.
pub(super) fn outlier(
    indicator: &Indicator,
    value: Decimal,
    scored: &Scored,
    count: usize,
) -> Text {
    let Text { vi, en } = &indicator.name;
    let (score_vi, score_en, centre_vi, centre_en) = match indicator.scrutiny.outliers.score {
        Score::Z => ("điểm z", "z-score", "trung bình", "mean"),
        Score::ModifiedZ => ("điểm z hiệu chỉnh", "modified z-score", "trung vị", "median"),
    };
    let (score, centre) = (scored.score, scored.centre);
    let (threshold, digits) =
        (indicator.scrutiny.outliers.threshold, usize::from(indicator.decimals));
    Text {
        vi: format!(
            "{vi}: {value} khác hẳn {count} kỳ trước ({centre_vi} {centre:.digits$}; {score_vi} \
             {score:.1}, ngưỡng {threshold})."
        ),
        en: format!(
            "{en}: {value} is far from the {count} periods before ({centre_en} \
             {centre:.digits$}; {score_en} {score:.1}, threshold {threshold})."
        ),
    }
}

/// What has to hold, without the full stop.
fn named(rule: &Rule) -> Text {
    let bare = |text: &str| text.trim_end_matches('.').to_owned();
    Text { vi: bare(&rule.name.vi), en: bare(&rule.name.en) }
}
