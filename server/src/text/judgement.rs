//! Why a verdict is what it is, in a sentence; and methods by names that people know.

use tiendo_shared::assess::ratio::TO_TARGET;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::target::Target;
use tiendo_shared::wire::v1::{self, Verdict};

use super::Lang;

/// Methods whose classes are those of observed over required pace.
const BY_RATIO: [&str; 4] = ["ratio", "linear", "places", "reference_gap"];

/// Why a target is judged as it is; empty where the steps alone tell.
pub(crate) fn because(
    lang: Lang,
    catalogue: &Catalogue,
    target: &Target,
    verdict: Verdict,
    told: &v1::Explanation,
) -> String {
    let known = |value: &v1::PeriodValue| lang.value(catalogue, &target.indicator, &value.value);
    match (verdict, &told.base, &told.current) {
        (Verdict::NoData, ..) => lang
            .pick(
                "Chưa có số liệu nào của chỉ tiêu này.",
                "There is no figure of this indicator yet.",
            )
            .to_owned(),
        (Verdict::Met, _, Some(current)) => {
            let (value, period) = (known(current), &current.period);
            match lang {
                Lang::Vi => format!("Giá trị mới nhất, {value} ({period}), đạt mức cam kết."),
                Lang::En => format!("The latest value, {value} ({period}), keeps the promise."),
            }
        }
        (_, Some(base), Some(current)) => paced(lang, target, verdict, told, (base, current)),
        _ => String::new(),
    }
}

/// The paces, and which class they fall into.
fn paced(
    lang: Lang,
    target: &Target,
    verdict: Verdict,
    told: &v1::Explanation,
    (base, current): (&v1::PeriodValue, &v1::PeriodValue),
) -> String {
    let (Some(observed), Some(required), Some(progress)) =
        (told.observed_pace, told.required_pace, told.progress)
    else {
        return String::new();
    };
    if !BY_RATIO.contains(&told.method.as_str()) {
        return String::new();
    }
    let Some(class) = class(lang, verdict, progress) else { return String::new() };
    let (from, to, horizon) = (&base.period, &current.period, target.horizon);
    let (observed, required) = (lang.float(observed, 2), lang.float(required, 2));
    let (unit, share) = (lang.pace(&told.pace_unit), shown(lang, progress));
    match lang {
        Lang::Vi => format!(
            "Từ {from} đến {to}, tốc độ thực tế là {observed} {unit}; để giữ cam kết vào năm \
             {horizon} thì từ {from} cần {required} {unit}. Thực tế bằng {share} lần mức cần có: \
             {class}."
        ),
        Lang::En => format!(
            "From {from} to {to} the pace was {observed} {unit}; keeping the promise by {horizon} \
             takes {required} {unit} from {from} on. That is {share} of what is needed: {class}."
        ),
    }
}

/// The range of a class in words; none where something else than the pace decided.
fn class(lang: Lang, verdict: Verdict, progress: f64) -> Option<String> {
    let [high, medium, low] = [TO_TARGET.high, TO_TARGET.medium, TO_TARGET.low];
    let by_pace = match progress {
        progress if progress >= high => Verdict::OnTrack,
        progress if progress >= medium => Verdict::AtRisk,
        progress if progress >= low => Verdict::OffTrack,
        _ => Verdict::Worsening,
    };
    let name = lang.verdict(verdict).to_lowercase();
    let from = |number: f64| lang.float(number, if number == 0.0 { 0 } else { 2 });
    let between = |least: f64, less: f64| match lang {
        Lang::Vi => format!("từ {} đến dưới {} là {name}", from(least), from(less)),
        Lang::En => format!("from {} to below {} is {name}", from(least), from(less)),
    };
    (by_pace == verdict).then(|| match (verdict, lang) {
        (Verdict::OnTrack, Lang::Vi) => format!("từ {} trở lên là {name}", from(high)),
        (Verdict::OnTrack, Lang::En) => format!("{} or more is {name}", from(high)),
        (Verdict::AtRisk, _) => between(medium, high),
        (Verdict::OffTrack, _) => between(low, medium),
        (_, Lang::Vi) => format!("dưới {} là {name}", from(low)),
        (_, Lang::En) => format!("below {} is {name}", from(low)),
    })
}

/// A progress with as many digits as keep it on its own side of every threshold.
fn shown(lang: Lang, progress: f64) -> String {
    let side = |number: f64| {
        [TO_TARGET.high, TO_TARGET.medium, TO_TARGET.low].map(|threshold| number >= threshold)
    };
    let keeps = |digits: &usize| {
        let rounded = format!("{progress:.digits$}").parse().unwrap_or(progress);
        side(rounded) == side(progress)
    };
    lang.float(progress, (2..=9).find(keeps).unwrap_or(9))
}

impl Lang {
    /// Of a remark in both languages, this one, without marks of code.
    pub(crate) fn remark(self, finding: &v1::Finding) -> String {
        self.pick(&finding.message_vi, &finding.message).replace('`', "")
    }

    /// How a method came to be used, where it is not the target's own.
    pub(crate) fn method_note(self, english: &str) -> &str {
        let vi = match english.strip_prefix("straight line: ") {
            Some("the base value is zero, so growth from it is undefined") => {
                "xét theo đường thẳng vì giá trị gốc bằng 0, không tính được tốc độ tăng"
            }
            Some("the base value is negative, so growth from it has no meaning") => {
                "xét theo đường thẳng vì giá trị gốc âm, tốc độ tăng không có nghĩa"
            }
            Some("the value changed its sign since the base") => {
                "xét theo đường thẳng vì giá trị đã đổi dấu so với gốc"
            }
            Some("no compound growth leads to zero or below") => {
                "xét theo đường thẳng vì không có tốc độ tăng nào dẫn về 0 hoặc âm"
            }
            Some("compound growth needs a year between base and latest value") => {
                "xét theo đường thẳng vì từ gốc đến giá trị mới nhất chưa đủ một năm"
            }
            _ => english,
        };
        self.pick(vi, english)
    }

    /// A method by a name that says what it does.
    pub(crate) fn method(self, id: &str) -> String {
        let name = match id {
            "ratio" => self
                .pick("tốc độ tăng thực tế so với tốc độ cần có", "observed over required growth"),
            "linear" => self.pick(
                "quãng đã đi so với quãng phải đi, theo đường thẳng",
                "way covered over way due, on a straight line",
            ),
            "un_chart" => self
                .pick("biểu đồ tiến độ của Liên hợp quốc", "progress chart of the United Nations"),
            "linear_gap" => self.pick(
                "khoảng còn thiếu ở mốc (chiến lược bền vững của Đức)",
                "gap left at the horizon (German sustainability strategy)",
            ),
            "sdsn" => self.pick("đèn tín hiệu của Chỉ số SDG", "traffic light of the SDG Index"),
            "places" => self.pick(
                "số bậc xếp hạng, theo đường thẳng",
                "places of the ranking, on a straight line",
            ),
            "average_growth" => self.pick(
                "tốc độ tăng bình quân so với cam kết",
                "average growth against the growth promised",
            ),
            "every_year" => self.pick("xét riêng từng năm", "every year for itself"),
            "yearly_change" => {
                self.pick("năm sau so với năm trước", "each year against the one before")
            }
            "levels" => self.pick("bậc của thang đo", "levels of the scale"),
            "reference_gap" => {
                self.pick("khoảng cách đến chuỗi so sánh", "gap to the series compared with")
            }
            "milestone" => self.pick("trạng thái của cột mốc", "state of the milestone"),
            other => other,
        };
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_is_never_rounded_into_another_class() {
        for (progress, expect) in
            [(0.642, "0.64"), (0.9499, "0.9499"), (0.5996, "0.5996"), (-0.001, "\u{2212}0.001")]
        {
            assert_eq!(shown(Lang::En, progress), expect);
        }
    }

    #[test]
    fn a_class_is_named_where_the_pace_decided_alone() {
        let said = class(Lang::En, Verdict::AtRisk, 0.64).unwrap();
        assert_eq!(said, "from 0.60 to below 0.95 is at risk");
        assert_eq!(
            class(Lang::Vi, Verdict::OnTrack, 1.2).unwrap(),
            "từ 0,95 trở lên là đúng tiến độ"
        );
        assert_eq!(class(Lang::En, Verdict::OffTrack, 0.64), None, "the horizon has passed");
    }

    #[test]
    fn every_method_has_a_name() {
        use tiendo_shared::assess::MethodUsed;
        for method in MethodUsed::ALL {
            for lang in [Lang::Vi, Lang::En] {
                assert_ne!(lang.method(method.name()), method.name());
            }
        }
    }
}
