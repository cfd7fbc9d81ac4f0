//! Reporting periods as officers and statistics offices write them.

use jiff::civil::Date;
use tiendo_shared::period::{Frequency, ReportingPeriod};

use super::words::{Table, folded, quoted};

/// How texts and days are to be read as periods, beyond the forms that have one meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Which year of a range such as `2016/17` or `2015-2017` counts; refused if not declared.
    pub ranges: Option<Counts>,
    /// What a cell that holds a day, or a text such as `2026-09-30`, stands for; refused if
    /// not declared.
    pub dates: Option<Span>,
    /// What other texts stand for, such as `17 May to 11 June 2023`.
    pub texts: Table<Period>,
}

/// Which year of a range counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// The first.
    First,
    /// The last.
    Last,
}

/// The span around a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Its year.
    Year,
    /// Its half of the year.
    HalfYear,
    /// Its quarter.
    Quarter,
    /// Its month.
    Month,
}

/// A period in a mapping: `2026`, `2026-S1`, `2026-Q3`, `2026-09`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Period(pub ReportingPeriod);

impl TryFrom<String> for Period {
    type Error = tiendo_shared::period::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl Rules {
    /// The period `text` stands for.
    pub(super) fn read(&self, text: &str) -> Option<ReportingPeriod> {
        if let Some(period) = self.texts.get(text) {
            return Some(period.0);
        }
        let text = folded(text);
        let parts = parts(&text);
        let range = self.ranges.and_then(|counts| range(&parts, counts));
        let canonical = || text.to_uppercase().parse().ok();
        range.or_else(canonical).or_else(|| spoken(&parts))
    }

    /// The period around `day`, if days are declared to stand for periods.
    pub(super) fn around(&self, day: Date) -> Option<ReportingPeriod> {
        let frequency = match self.dates? {
            Span::Year => Frequency::Year,
            Span::HalfYear => Frequency::HalfYear,
            Span::Quarter => Frequency::Quarter,
            Span::Month => Frequency::Month,
        };
        let month = u8::try_from(day.month()).ok()?;
        let ordinal = (month - 1) / (12 / frequency.per_year()) + 1;
        ReportingPeriod::new(day.year(), frequency, ordinal)
    }

    /// The forms that are taken, as examples in backticks.
    pub(super) fn accepted(&self) -> String {
        let mut forms = quoted([
            "2026",
            "2026-S1",
            "6 tháng 2026",
            "2026-Q3",
            "quý 3/2026",
            "III/2026",
            "2026-09",
            "tháng 9/2026",
            "09/2026",
        ]);
        if self.ranges.is_some() {
            forms.push_str(", `2026/27`");
        }
        forms
    }
}

/// A run of digits, a run of letters, or a slash; everything else separates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Digits(&'a str, u16),
    Word(&'a str),
    Slash,
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_same = |c: char| match first {
            _ if first.is_ascii_digit() => c.is_ascii_digit(),
            _ if first.is_alphabetic() => c.is_alphabetic(),
            _ => false,
        };
        let end = rest.find(|c| !is_same(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (part, behind) = rest.split_at(end);
        match first {
            _ if first.is_ascii_digit() => {
                parts.push(Part::Digits(part, part.parse().unwrap_or(u16::MAX)));
            }
            '/' => parts.push(Part::Slash),
            ' ' | '-' | '\u{2010}'..='\u{2014}' => {}
            // Any other sign is a word that no form has.
            _ => parts.push(Part::Word(part)),
        }
        rest = behind;
    }
    parts
}

/// Forms in words and with slashes, each with one meaning.
fn spoken(parts: &[Part<'_>]) -> Option<ReportingPeriod> {
    use Part::{Digits, Word};

    let parts: Vec<Part<'_>> = parts.iter().copied().filter(|part| *part != Part::Slash).collect();
    let quarter = |year, ordinal| ReportingPeriod::new(year, Frequency::Quarter, ordinal);
    let half = |year, ordinal| ReportingPeriod::new(year, Frequency::HalfYear, ordinal);
    let month = |year, ordinal| ReportingPeriod::new(year, Frequency::Month, ordinal);
    match parts[..] {
        [Word("năm" | "year"), Digits(year, _)] => ReportingPeriod::of_year(whole_year(year)?),
        [Word("q" | "quý"), Digits(_, ordinal), Digits(year, _)]
        | [Word("quý"), Digits(_, ordinal), Word("năm"), Digits(year, _)]
        | [Digits(year, _), Word("q" | "quý"), Digits(_, ordinal)] => {
            quarter(whole_year(year)?, ordinal.try_into().ok()?)
        }
        [Word(roman), Digits(year, _)]
        | [Word("q" | "quý"), Word(roman), Digits(year, _)]
        | [Word("quý"), Word(roman), Word("năm"), Digits(year, _)] => {
            quarter(whole_year(year)?, roman_quarter(roman)?)
        }
        [Digits(_, 6), Word("tháng" | "t"), Digits(year, _)]
        | [Digits(_, 6), Word("tháng"), Word("năm"), Digits(year, _)]
        | [Digits(_, 6), Word("tháng"), Word("đầu"), Word("năm"), Digits(year, _)] => {
            half(whole_year(year)?, 1)
        }
        [Digits(_, 6), Word("tháng"), Word("cuối"), Word("năm"), Digits(year, _)] => {
            half(whole_year(year)?, 2)
        }
        [Word("s"), Digits(_, ordinal), Digits(year, _)]
        | [Digits(year, _), Word("s"), Digits(_, ordinal)] => {
            half(whole_year(year)?, ordinal.try_into().ok()?)
        }
        [Digits(_, ordinal), Digits(year, _)]
        | [Word("tháng" | "t"), Digits(_, ordinal), Digits(year, _)]
        | [Word("tháng"), Digits(_, ordinal), Word("năm"), Digits(year, _)] => {
            month(whole_year(year)?, ordinal.try_into().ok()?)
        }
        _ => None,
    }
}

fn whole_year(digits: &str) -> Option<i16> {
    if digits.len() == 4 { digits.parse().ok() } else { None }
}

fn roman_quarter(word: &str) -> Option<u8> {
    match word {
        "i" => Some(1),
        "ii" => Some(2),
        "iii" => Some(3),
        "iv" => Some(4),
        _ => None,
    }
}

/// A range of years: `2016/17`, `2013/16`, `2015-2017`, `2015/16 to 2017/18`.
fn range(parts: &[Part<'_>], counts: Counts) -> Option<ReportingPeriod> {
    let mut years: Vec<u16> = Vec::new();
    let mut short = false;
    for part in parts {
        let (digits, number) = match part {
            Part::Digits(digits, number) => (*digits, *number),
            Part::Slash | Part::Word("to" | "đến") => continue,
            Part::Word(_) => return None,
        };
        let year = match (digits.len(), years.last()) {
            (4, _) => number,
            (2, Some(last)) => {
                short = true;
                let year = last / 100 * 100 + number;
                if year > *last { year } else { year + 100 }
            }
            _ => return None,
        };
        // Longer spans are no ranges but slips such as `2011/05`.
        if years.last().is_some_and(|last| year < *last || year - last > 20) {
            return None;
        }
        years.push(year);
    }
    let (first, last) = (years.first()?, years.last()?);
    // `2005-12` is a month; `2011-12` may be both and is the range that was declared.
    let may_be_month =
        short && years.len() == 2 && !parts.contains(&Part::Slash) && last % 100 <= 12;
    if years.len() < 2 || (may_be_month && last - first > 1) {
        return None;
    }
    let year = match counts {
        Counts::First => first,
        Counts::Last => last,
    };
    ReportingPeriod::of_year(i16::try_from(*year).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &Rules, text: &str, expected: &str) {
        let period = rules.read(text).map_or_else(|| "refused".to_owned(), |read| read.to_string());
        assert_eq!(period, expected, "{text}");
    }

    #[test]
    fn forms_with_one_meaning_are_read() {
        for (text, period) in [
            ("2026", "2026"),
            (" 2026-s1 ", "2026-S1"),
            ("2026-Q3", "2026-Q3"),
            ("2026-09", "2026-09"),
            ("năm 2026", "2026"),
            ("Q3/2026", "2026-Q3"),
            ("Q3 2026", "2026-Q3"),
            ("2015 Q4", "2015-Q4"),
            ("Quý 3/2026", "2026-Q3"),
            ("QUÝ III NĂM 2026", "2026-Q3"),
            ("quý IV-2026", "2026-Q4"),
            ("III/2026", "2026-Q3"),
            ("tháng 9/2026", "2026-09"),
            ("Tháng 09 năm 2026", "2026-09"),
            ("T9/2026", "2026-09"),
            ("09/2026", "2026-09"),
            ("9/2026", "2026-09"),
            ("6 tháng 2026", "2026-S1"),
            ("6T/2026", "2026-S1"),
            ("6 tháng đầu năm 2026", "2026-S1"),
            ("6 tháng cuối năm 2026", "2026-S2"),
            ("S2/2026", "2026-S2"),
        ] {
            check(&Rules::default(), text, period);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "26",
            "Q5/2026",
            "V/2026",
            "13/2026",
            "0/2026",
            "2026-13",
            "9 tháng 2026",
            "2026/09",
            "2016/17",
            "2015-2017",
            "12/2025/2026",
            "30/09/2026",
            "2026.5",
            "20261",
            "46295",
            "Q3/26",
            "sơ bộ 2026",
            "2026?",
            "1899",
            "65536/2026",
        ] {
            check(&Rules::default(), text, "refused");
        }
    }

    #[test]
    fn ranges_count_as_declared() {
        let first = Rules { ranges: Some(Counts::First), ..Rules::default() };
        let last = Rules { ranges: Some(Counts::Last), ..Rules::default() };
        for (text, in_first, in_last) in [
            ("2016/17", "2016", "2017"),
            ("1999/00", "1999", "2000"),
            ("2013/16", "2013", "2016"),
            ("2017-18", "2017", "2018"),
            ("2011-12", "2011", "2012"),
            ("2014/2015", "2014", "2015"),
            ("2005–2007", "2005", "2007"),
            ("2015/16 to 2017/18", "2015", "2018"),
            ("2002/03-2007/08", "2002", "2008"),
            ("2005-12", "2005-12", "2005-12"),
            ("2026", "2026", "2026"),
            ("2011/05", "refused", "refused"),
            ("2017/2016", "refused", "refused"),
        ] {
            check(&first, text, in_first);
            check(&last, text, in_last);
        }
    }

    #[test]
    fn days_stand_for_the_span_declared() {
        let day: Date = "2026-09-30".parse().unwrap();
        for (span, period) in [
            (Span::Year, "2026"),
            (Span::HalfYear, "2026-S2"),
            (Span::Quarter, "2026-Q3"),
            (Span::Month, "2026-09"),
        ] {
            let rules = Rules { dates: Some(span), ..Rules::default() };
            assert_eq!(rules.around(day).unwrap().to_string(), period);
        }
        assert_eq!(Rules::default().around(day), None);
    }
}
