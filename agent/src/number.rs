//! Numbers as officers write them, turned into exact decimals.
//!
//! The format is declared, never guessed: under no format a text with a point or
//! a comma is refused. Nothing here goes through binary floating point, except
//! [`shortest`], which prints what a spreadsheet stored.

#[cfg(test)]
mod tests;

use rust_decimal::Decimal;

/// Most digits a number may have; [`Decimal`] holds these exactly.
pub const MAX_DIGITS: usize = 28;

/// Which mark separates decimals and which groups thousands.
///
/// A space, no-break space or narrow no-break space groups under all but `Plain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
    /// `1234.5`: no grouping.
    Plain,
}

/// How texts are to be read as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Style {
    /// The declared format; without one only integers are taken.
    pub format: Option<Format>,
    /// Whether `(12)` is minus twelve.
    pub parentheses: bool,
    /// Whether `1.2e-5` is taken.
    pub scientific: bool,
}

/// A number and whether a percent sign stood behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The number as written: `81.5` for `81.5 %`.
    pub value: Decimal,
    /// Whether a percent sign stood behind it.
    pub percent: bool,
}

/// Why a text is not taken for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a number at all.
    #[error("it is not a number")]
    NotANumber,
    /// It has a point or a comma and no format is declared.
    #[error("it can be read in two ways and no number format is declared")]
    Undeclared,
    /// Its digits are not grouped by three, or it uses the other format's decimal mark.
    #[error("its digits are not grouped as the declared number format groups them")]
    Grouping,
    /// It is written with an exponent.
    #[error("it is written with an exponent")]
    Scientific,
    /// It is not a number or an infinity.
    #[error("it is not a finite number")]
    NotFinite,
    /// It is in parentheses, which are not declared to mean minus.
    #[error("it is in parentheses")]
    Parentheses,
    /// It has more digits than can be kept exactly.
    #[error("it has more than {MAX_DIGITS} digits")]
    TooManyDigits,
}

impl Error {
    /// The machine code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "NUMBER_NOT_A_NUMBER",
            Self::Undeclared => "NUMBER_FORMAT_UNDECLARED",
            Self::Grouping => "NUMBER_GROUPING",
            Self::Scientific => "NUMBER_SCIENTIFIC",
            Self::NotFinite => "NUMBER_NOT_FINITE",
            Self::Parentheses => "NUMBER_PARENTHESES",
            Self::TooManyDigits => "NUMBER_TOO_MANY_DIGITS",
        }
    }
}

impl Style {
    /// The forms it takes, as examples in backticks.
    pub fn accepted(self) -> String {
        let mut forms = match self.format {
            Some(Format::Point) => "`1234.5`, `1,234.5`",
            Some(Format::Comma) => "`1234,5`, `1.234,5`",
            Some(Format::Plain) => "`1234.5`",
            None => "`1234`",
        }
        .to_owned();
        if self.parentheses {
            forms.push_str(", `(12)`");
        }
        if self.scientific {
            forms.push_str(", `12e3`");
        }
        forms
    }
}

/// Reads `text` under `style`.
pub fn parse(text: &str, style: Style) -> Result<Number, Error> {
    let text = text.trim();
    let (text, percent) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    let (text, in_parentheses) = match strip_parentheses(text) {
        Some(_) if !style.parentheses => return Err(Error::Parentheses),
        Some(inner) => (inner.trim(), true),
        None => (text, false),
    };
    let (text, minus) = strip_sign(text);
    if in_parentheses && minus {
        return Err(Error::NotANumber);
    }
    if is_not_finite(text) {
        return Err(Error::NotFinite);
    }
    let (text, exponent) = split_exponent(text)?;
    if exponent.is_some() && !style.scientific {
        return Err(Error::Scientific);
    }
    let (whole, fraction) = split_decimal(text, style.format)?;
    let value = assemble(&whole, fraction, exponent.unwrap_or(0))?;
    let value = if minus || in_parentheses { -value } else { value };
    Ok(Number { value, percent })
}

/// Reads the text of a number cell: plain digits, or with an exponent.
pub fn parse_cell(text: &str) -> Result<Decimal, Error> {
    let style = Style { format: Some(Format::Plain), parentheses: false, scientific: true };
    parse(text, style).map(|number| number.value)
}

/// The shortest decimal text that reads back as `value`, without an exponent.
pub fn shortest(value: f64) -> String {
    // The standard library prints the shortest digits and never an exponent.
    value.to_string()
}

/// `left` times `right` without rounding; none if it has too many digits.
pub fn multiply_exactly(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (left, right) = (left.normalize(), right.normalize());
    let mut mantissa = left.mantissa().checked_mul(right.mantissa())?;
    let mut scale = left.scale() + right.scale();
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    if mantissa.unsigned_abs().checked_ilog10().is_some_and(|log| log as usize >= MAX_DIGITS) {
        return None;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

fn strip_parentheses(text: &str) -> Option<&str> {
    text.strip_prefix('(')?.strip_suffix(')')
}

fn strip_sign(text: &str) -> (&str, bool) {
    // Hyphen, true minus, no-break hyphen, en dash: Word and Excel put in all four.
    match text.strip_prefix(['-', '\u{2212}', '\u{2011}', '\u{2013}']) {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    }
}

fn is_not_finite(text: &str) -> bool {
    ["nan", "#nan", "inf", "infinity", "∞"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn split_exponent(text: &str) -> Result<(&str, Option<i32>), Error> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Ok((text, None));
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    if digits.is_empty()
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || !is_number(mantissa)
    {
        return Err(Error::NotANumber);
    }
    let exponent = exponent.parse().map_err(|_| Error::TooManyDigits)?;
    Ok((mantissa, Some(exponent)))
}

/// The digits before the decimal mark without grouping, and those behind it.
fn split_decimal(text: &str, format: Option<Format>) -> Result<(String, &str), Error> {
    let (mark, group) = match format {
        Some(Format::Point) => ('.', Some(',')),
        Some(Format::Comma) => (',', Some('.')),
        None if is_all(text, &['.', ',']) && text.contains(['.', ',']) => {
            return Err(Error::Undeclared);
        }
        Some(Format::Plain) | None => ('.', None),
    };
    let (whole, fraction) = match text.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if fraction.is_some_and(|digits| digits.is_empty() || !is_digits(digits)) {
        return Err(if is_all(text, &['.', ',']) { Error::Grouping } else { Error::NotANumber });
    }
    if whole.is_empty() && fraction.is_none() {
        return Err(Error::NotANumber);
    }
    let spaces = format != Some(Format::Plain);
    Ok((ungroup(whole, group, spaces)?, fraction.unwrap_or_default()))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` holds digits, spaces and `marks` only, and at least one digit.
fn is_all(text: &str, marks: &[char]) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || is_space(c) || marks.contains(&c))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn ungroup(whole: &str, group: Option<char>, spaces: bool) -> Result<String, Error> {
    if is_digits(whole) {
        return Ok(whole.to_owned());
    }
    if !is_all(whole, &['.', ',']) {
        return Err(Error::NotANumber);
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit()).unwrap_or_default();
    if Some(separator) != group && !(spaces && is_space(separator)) {
        return Err(Error::Grouping);
    }
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default();
    // `0.123` is a decimal in the other format, not a grouped 123.
    let first_fits = matches!(first.len(), 1..=3) && is_digits(first) && !first.starts_with('0');
    if !first_fits || !groups.all(|group| group.len() == 3 && is_digits(group)) {
        return Err(Error::Grouping);
    }
    Ok(whole.split(separator).collect())
}

/// The decimal with these digits before and behind the point, times ten to `exponent`.
fn assemble(whole: &str, fraction: &str, exponent: i32) -> Result<Decimal, Error> {
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let scale =
        i64::try_from(fraction.len()).map_err(|_| Error::TooManyDigits)? - i64::from(exponent);
    if digits.is_empty() {
        let scale = u32::try_from(scale.clamp(0, 28)).map_err(|_| Error::TooManyDigits)?;
        return Ok(Decimal::new(0, scale));
    }
    let zeros = usize::try_from((-scale).max(0)).map_err(|_| Error::TooManyDigits)?;
    if digits.len().saturating_add(zeros) > MAX_DIGITS {
        return Err(Error::TooManyDigits);
    }
    let mantissa: i128 =
        format!("{digits}{}", "0".repeat(zeros)).parse().map_err(|_| Error::NotANumber)?;
    let scale = u32::try_from(scale.max(0)).map_err(|_| Error::TooManyDigits)?;
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| Error::TooManyDigits)
}
