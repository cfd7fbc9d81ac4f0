//! Writes a form.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Format, FormatAlign, FormatBorder, Formula,
    ProtectionOptions, Workbook, Worksheet, XlsxError,
};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;
use tiendo_shared::indicator::{Indicator, Kind};
use tiendo_shared::period::ReportingPeriod;

use super::words::{self, ABSENCES, STATUSES};
use super::{ABOUT_SHEET, Column, KEY, MARK, VERSION, breakdowns};
use crate::text::Lang;

/// Longest text of a validation, which Excel limits.
const VALIDATION_CHARACTERS: usize = 255;

/// Row of the keys, from 0.
const KEYS_ROW: u32 = 2;

/// Row of the headings, from 0.
const HEADINGS_ROW: u32 = 3;

/// First column of the lists on the hidden sheet.
const FIRST_LIST: u16 = 3;

/// What a form is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form<'a> {
    /// Where indicators, units and names come from.
    pub(crate) catalogue: &'a Catalogue,
    /// Who reports.
    pub(crate) department: &'a Department,
    /// For which period.
    pub(crate) period: ReportingPeriod,
    /// Which indicators.
    pub(crate) indicators: &'a [&'a Indicator],
    /// In which language.
    pub(crate) lang: Lang,
}

/// The bytes of an xlsx file, and how many rows it has to fill in.
pub(crate) fn to_xlsx(form: &Form<'_>) -> Result<(Vec<u8>, usize), XlsxError> {
    let mut workbook = Workbook::new();
    let mut lists = Lists { sheet: Worksheet::new(), columns: Vec::new() };
    lists.sheet.set_name(ABOUT_SHEET)?;
    let about = [
        (MARK, VERSION),
        ("department", &form.department.id),
        ("period", &form.period.to_string()),
        ("catalogue", &form.catalogue.version),
    ];
    for (row, (key, value)) in (0..).zip(about) {
        lists.sheet.write_string(row, 0, key)?.write_string(row, 1, value)?;
    }
    let sheet = workbook.add_worksheet();
    let rows = Writer { form, lists: &mut lists, looks: Looks::new() }.figures(sheet)?;
    lists.sheet.set_very_hidden(true);
    workbook.push_worksheet(lists.sheet);
    Ok((workbook.save_to_buffer()?, rows))
}

/// The hidden sheet with its lists of words, each written once.
struct Lists {
    sheet: Worksheet,
    columns: Vec<Vec<String>>,
}

impl Lists {
    /// A validation that offers `words`.
    fn choice(&mut self, words: Vec<String>) -> Result<DataValidation, XlsxError> {
        let known = self.columns.iter().position(|column| *column == words);
        let at = known.unwrap_or(self.columns.len());
        let column = FIRST_LIST + u16::try_from(at).unwrap_or(u16::MAX);
        if known.is_none() {
            for (row, word) in (0..).zip(&words) {
                self.sheet.write_string(row, column, word)?;
            }
            self.columns.push(words);
        }
        let letters = crate::source::cell::letters(column.into());
        let last = self.columns[at].len();
        let range = format!("={ABOUT_SHEET}!${letters}$1:${letters}${last}");
        Ok(DataValidation::new().allow_list_formula(Formula::new(range)))
    }
}

/// How cells look.
struct Looks {
    title: Format,
    heading: Format,
    locked: Format,
    open: Format,
    shut: Format,
}

impl Looks {
    fn new() -> Self {
        let cell = Format::new()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x00BF_BFBF))
            .set_text_wrap()
            .set_align(FormatAlign::Top);
        let grey = Color::RGB(0x00F2_F2F2);
        Self {
            title: Format::new().set_bold().set_font_size(14),
            heading: cell.clone().set_bold().set_background_color(Color::RGB(0x00D9_E7F5)),
            locked: cell.clone().set_background_color(grey),
            shut: cell.clone().set_background_color(Color::RGB(0x00D9_D9D9)),
            open: cell.set_unlocked(),
        }
    }
}

struct Writer<'a, 'f> {
    form: &'a Form<'f>,
    lists: &'a mut Lists,
    looks: Looks,
}

impl Writer<'_, '_> {
    fn figures(mut self, sheet: &mut Worksheet) -> Result<usize, XlsxError> {
        let Form { department, period, lang, .. } = *self.form;
        sheet.set_name(lang.form_sheet())?;
        let title = lang.form_title(lang.of(&department.name), &period.to_string());
        sheet.write_string_with_format(0, 0, title, &self.looks.title)?;
        sheet.write_string(1, 0, lang.form_how())?;
        for (at, column) in (0..).zip(Column::ALL) {
            sheet.set_column_width(at, column.width())?;
            sheet.write_string(KEYS_ROW, at, format!("{KEY}{}", column.key()))?;
            let heading = heading(column, lang);
            sheet.write_string_with_format(HEADINGS_ROW, at, heading, &self.looks.heading)?;
        }
        sheet.set_row_hidden(KEYS_ROW)?;
        let mut row = HEADINGS_ROW + 1;
        for indicator in self.form.indicators {
            for breakdown in breakdowns(indicator) {
                self.row(sheet, row, indicator, breakdown)?;
                row += 1;
            }
        }
        sheet.set_freeze_panes(HEADINGS_ROW + 1, 2)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(HEADINGS_ROW, HEADINGS_ROW)?;
        sheet.protect_with_options(&ProtectionOptions {
            format_columns: true,
            format_rows: true,
            ..ProtectionOptions::default()
        });
        Ok((row - HEADINGS_ROW - 1) as usize)
    }

    fn row(
        &mut self,
        sheet: &mut Worksheet,
        row: u32,
        indicator: &Indicator,
        breakdown: Option<(&str, &str)>,
    ) -> Result<(), XlsxError> {
        let Form { catalogue, period, lang, .. } = *self.form;
        for (at, column) in (0..).zip(Column::ALL) {
            let name = lang.of(&indicator.name);
            let text = match (column, breakdown) {
                (Column::Indicator, _) => indicator.id.clone(),
                (Column::Name, None) => name.to_owned(),
                (Column::Name, Some(member)) => {
                    format!("{name} – {}", words::member(indicator, member, lang))
                }
                (Column::Dimensions, Some((dimension, member))) => format!("{dimension}={member}"),
                (Column::Unit, _) => words::unit(catalogue, indicator, lang).to_owned(),
                (Column::Period, _) => period.to_string(),
                (Column::Hint, _) => lang.hint(indicator),
                _ if is_shut(column, indicator) => {
                    sheet.write_blank(row, at, &self.looks.shut)?;
                    continue;
                }
                (Column::Dimensions, None) => String::new(),
                _ => {
                    self.open_cell(sheet, row, at, column, indicator)?;
                    continue;
                }
            };
            sheet.write_string_with_format(row, at, text, &self.looks.locked)?;
        }
        Ok(())
    }

    fn open_cell(
        &mut self,
        sheet: &mut Worksheet,
        row: u32,
        at: u16,
        column: Column,
        indicator: &Indicator,
    ) -> Result<(), XlsxError> {
        let lang = self.form.lang;
        let look = match (column, &indicator.kind) {
            (Column::Value, Kind::Quantity) if indicator.decimals > 0 => {
                let decimals = "0".repeat(usize::from(indicator.decimals));
                // More digits than usual are shown too: what is hidden is not seen to be wrong.
                self.looks.open.clone().set_num_format(format!("#,##0.{decimals}########"))
            }
            (Column::Comment | Column::Evidence, _) => self.looks.open.clone().set_num_format("@"),
            _ => self.looks.open.clone(),
        };
        sheet.write_blank(row, at, &look)?;
        let choice = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let validation = match column {
            Column::Value => Some(self.value_validation(indicator)?),
            Column::RankedAmong => Some(
                DataValidation::new()
                    .allow_whole_number(DataValidationRule::Between(1, i32::from(u16::MAX))),
            ),
            Column::Status => {
                let words = STATUSES.map(|status| lang.status(status));
                Some(self.lists.choice(choice(&words))?)
            }
            Column::Missing => {
                let words = ABSENCES.map(|absence| absence.word(lang));
                Some(self.lists.choice(choice(&words))?)
            }
            Column::Confirmed => Some(self.lists.choice(choice(&[lang.form_confirmed()]))?),
            Column::Edition => Some(self.lists.choice(indicator.editions.clone())?),
            Column::Territory => Some(self.lists.choice(indicator.territories.clone())?),
            _ => None,
        };
        if let Some(validation) = validation {
            let validation = validation.set_error_title(lang.form_error_title())?;
            sheet.add_data_validation(row, at, row, at, &validation)?;
        }
        Ok(())
    }

    fn value_validation(&mut self, indicator: &Indicator) -> Result<DataValidation, XlsxError> {
        use DataValidationRule::{Between, GreaterThanOrEqualTo, LessThanOrEqualTo};
        let lang = self.form.lang;
        let rule = DataValidation::new();
        let bound = |bound: rust_decimal::Decimal| bound.to_string().parse().unwrap_or(f64::NAN);
        let validation = match (words::scale(indicator), &indicator.range) {
            (Some(scale), _) => {
                let names = scale.levels.iter().map(|level| lang.of(&level.name).to_owned());
                self.lists.choice(names.collect())?
            }
            (None, _) if indicator.kind == Kind::Rank => {
                rule.allow_whole_number(Between(1, i32::from(u16::MAX)))
            }
            (None, range) => rule.allow_decimal_number(match (range.minimum, range.maximum) {
                (Some(least), Some(most)) => Between(bound(least), bound(most)),
                (Some(least), None) => GreaterThanOrEqualTo(bound(least)),
                (None, Some(most)) => LessThanOrEqualTo(bound(most)),
                (None, None) => GreaterThanOrEqualTo(-1e300),
            }),
        };
        let hint: String = lang.hint(indicator).chars().take(VALIDATION_CHARACTERS).collect();
        validation.set_input_message(&hint)?.set_error_message(&hint)
    }
}

/// Whether there is nothing to fill in: the indicator is no rank, or has one version only.
fn is_shut(column: Column, indicator: &Indicator) -> bool {
    match column {
        Column::RankedAmong => !words::takes_rank(indicator),
        Column::Edition => indicator.editions.len() < 2,
        Column::Territory => indicator.territories.len() < 2,
        _ => false,
    }
}

fn heading(column: Column, lang: Lang) -> &'static str {
    match column {
        Column::Indicator => lang.form_indicator(),
        Column::Name => lang.form_name(),
        Column::Dimensions => lang.form_dimensions(),
        Column::Unit => lang.form_unit(),
        Column::Period => lang.form_period(),
        Column::Value => lang.form_value(),
        Column::RankedAmong => lang.form_ranked_among(),
        Column::Status => lang.form_status(),
        Column::Missing => lang.form_missing(),
        Column::Comment => lang.form_comment(),
        Column::Evidence => lang.form_evidence(),
        Column::Confirmed => lang.form_confirm(),
        Column::Edition => lang.form_edition(),
        Column::Territory => lang.form_territory(),
        Column::Hint => lang.form_hint(),
    }
}
