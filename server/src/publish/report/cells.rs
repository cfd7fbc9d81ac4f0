//! How cells look, and how texts and numbers get into them.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};
use tiendo_shared::wire::v1::Verdict;

use super::super::one_line;
use super::Report;

/// Longest text of a cell; Excel takes 32,767 characters.
const LONGEST: usize = 8_000;

/// How cells look.
pub(super) struct Looks {
    pub(super) title: Format,
    pub(super) quiet: Format,
    pub(super) heading: Format,
    pub(super) cell: Format,
    pub(super) number: Format,
    pub(super) bold: Format,
}

impl Looks {
    pub(super) fn new() -> Self {
        let cell = Format::new()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border_bottom(FormatBorder::Hair)
            .set_border_color(Color::RGB(0x00BF_BFBF));
        Self {
            title: Format::new().set_bold().set_font_size(16),
            quiet: Format::new().set_font_color(Color::RGB(0x0057_575A)),
            heading: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Bottom)
                .set_border_bottom(FormatBorder::Thin)
                .set_background_color(Color::RGB(0x00F5_F5F2)),
            number: cell
                .clone()
                .set_num_format("#,##0.######")
                .set_align(FormatAlign::Right)
                .set_indent(1),
            bold: Format::new().set_bold(),
            cell,
        }
    }

    /// A verdict by colour; its sign tells it without.
    pub(super) fn verdict(&self, verdict: Verdict) -> Format {
        let tint = match verdict {
            Verdict::Met => 0x00C9_DAEE,
            Verdict::OnTrack => 0x00DC_EBF6,
            Verdict::AtRisk => 0x00F9_E7C5,
            Verdict::OffTrack => 0x00F3_D0C3,
            Verdict::Worsening => 0x00E3_BBB7,
            _ => return self.cell.clone(),
        };
        self.cell.clone().set_background_color(Color::RGB(tint))
    }
}

/// The sign of a verdict, for grey print.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "●",
        Verdict::OnTrack => "▲",
        Verdict::AtRisk => "◆",
        Verdict::OffTrack => "■",
        Verdict::Worsening => "▼",
        Verdict::NotAssessable => "⊘",
        Verdict::NoData | Verdict::Unspecified => "○",
    }
}

/// Text as a cell takes it: one line, and not too long.
pub(super) fn text(text: &str) -> String {
    let mut text = one_line(text);
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Writes a text.
pub(super) fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    words: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(row, column, text(words), format)?;
    Ok(())
}

/// Writes an exact decimal: as a number where a spreadsheet holds every digit of it, else,
/// as a level, as text.
pub(super) fn put_decimal(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    decimal: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    match number(decimal) {
        Some(number) => {
            sheet.write_number_with_format(row, column, number, &looks.number)?;
        }
        None => put(sheet, (row, column), decimal, &looks.cell)?,
    }
    Ok(())
}

/// The number that a decimal is, if it has no more digits than spreadsheets keep.
pub(super) fn number(decimal: &str) -> Option<f64> {
    const DIGITS: usize = 15;
    let digits = decimal.bytes().filter(u8::is_ascii_digit).count();
    let plain = decimal.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    if digits == 0 || digits > DIGITS || !plain { None } else { decimal.parse().ok() }
}

/// Headings of a table, and how wide its columns are in characters.
pub(super) fn headings(
    sheet: &mut Worksheet,
    row: u32,
    columns: &[(&str, f64)],
    looks: &Looks,
) -> Result<(), XlsxError> {
    for (column, (words, wide)) in (0..).zip(columns) {
        put(sheet, (row, column), words, &looks.heading)?;
        sheet.set_column_width(column, *wide)?;
    }
    Ok(())
}

/// Makes a row as high as its texts need, each in a column so many characters wide: not every
/// program does so by itself.
pub(super) fn fit(sheet: &mut Worksheet, row: u32, texts: &[(&str, f64)]) -> Result<(), XlsxError> {
    const LINE: f64 = 15.0;
    let lines = |(words, wide): &(&str, f64)| {
        let letters = u32::try_from(text(words).chars().count()).unwrap_or(u32::MAX);
        // Words are not broken, so that a line is never quite full.
        (f64::from(letters) * 1.15 / wide).ceil()
    };
    let most = texts.iter().map(lines).fold(1.0, f64::max);
    // The highest that Excel knows is 409.5 points.
    sheet.set_row_height(row, (most * LINE).min(405.0))?;
    Ok(())
}

/// A4 across, as wide as the paper, with the instant and the seal of the chains at the foot.
pub(super) fn for_print(report: &Report, sheet: &mut Worksheet) {
    const A4: u8 = 9;
    let lang = report.lang;
    let (as_of, seal) = (lang.instant(report.as_of), report.seal());
    let head = lang.pick("Tính đến", "As of");
    let chains = lang.pick("dấu các sổ", "seal of the chains");
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.7, 0.3, 0.3);
    sheet.set_footer(format!("&L{head} {as_of}&C&P / &N&R{chains} {}…", &seal[..16]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_every_digit_or_is_text() {
        assert_eq!(number("81.25"), Some(81.25));
        assert_eq!(number("-0.5"), Some(-0.5));
        for text in ["1234567890.1234567", "kha", "", "1e5", "NaN", "="] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_one_line_and_not_too_long() {
        assert_eq!(text("a\nb\u{202e}c"), "a b c");
        assert_eq!(text(&"ệ".repeat(10_000)).chars().count(), LONGEST + 1);
    }
}
