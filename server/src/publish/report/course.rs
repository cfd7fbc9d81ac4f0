//! How figures moved: a row for each target, a column for each period, pictures of the worrying.

use std::collections::BTreeSet;

use rust_xlsxwriter::{
    Chart, ChartFont, ChartMarker, ChartMarkerType, ChartType, Worksheet, XlsxError,
};
use tiendo_shared::period::{Frequency, ReportingPeriod};
use tiendo_shared::wire::v1::Verdict;

use super::cells::{Looks, fit, headings, put, put_decimal, text};
use super::overview::told_of;
use super::{Report, Standing};

/// Most periods, the latest of them.
const PERIODS: usize = 60;

/// Most pictures.
const PICTURES: usize = 12;

/// Row of the headings of the table, and column of the first period.
const TABLE: u32 = 3;
const FIRST: u16 = 3;

pub(super) fn sheet(report: &Report, looks: &Looks) -> Result<Worksheet, XlsxError> {
    let lang = report.lang;
    let mut sheet = Worksheet::new();
    let name = lang.pick("Diễn biến", "Course");
    sheet.set_name(name)?;
    put(&mut sheet, (0, 0), lang.pick("Diễn biến của số liệu", "How figures moved"), &looks.title)?;
    put(&mut sheet, (1, 0), &told_of(report), &looks.quiet)?;
    let with_figures = |(target, _): &Standing<'_>| !report.series(&target.indicator).is_empty();
    let targets: Vec<Standing<'_>> = report.targets().filter(with_figures).collect();
    let periods = periods(report, &targets);
    let names: Vec<String> = periods.iter().map(ToString::to_string).collect();
    let mut columns = vec![
        (lang.pick("Mã", "Id"), 7.0),
        (lang.pick("Mục tiêu", "Target"), 44.0),
        (lang.pick("Đơn vị tính", "Unit"), 13.0),
    ];
    columns.extend(names.iter().map(|name| (name.as_str(), 9.0)));
    headings(&mut sheet, TABLE, &columns, looks)?;
    for (row, (target, _)) in (TABLE + 1..).zip(&targets) {
        let indicator = report.catalogue.indicator(&target.indicator);
        let unit = indicator.map(|it| lang.unit(&report.catalogue, it)).unwrap_or_default();
        put(&mut sheet, (row, 0), &target.id, &looks.cell)?;
        put(&mut sheet, (row, 1), lang.text(&target.name), &looks.cell)?;
        put(&mut sheet, (row, 2), &unit, &looks.cell)?;
        fit(&mut sheet, row, &[(lang.text(&target.name), 44.0), (&unit, 13.0)])?;
        for value in report.series(&target.indicator) {
            let Some(at) = names.iter().position(|name| *name == value.period) else { continue };
            let column = FIRST + u16::try_from(at).unwrap_or(u16::MAX);
            put_decimal(&mut sheet, (row, column), &value.value, looks)?;
        }
    }
    sheet.set_freeze_panes(TABLE + 1, 2)?;
    pictures(report, &mut sheet, name, (&targets, names.len()))?;
    Ok(sheet)
}

/// Every period with a figure, the earliest first.
fn periods(report: &Report, targets: &[Standing<'_>]) -> Vec<ReportingPeriod> {
    let values = targets.iter().flat_map(|(target, _)| report.series(&target.indicator));
    let all: BTreeSet<ReportingPeriod> = values.filter_map(|it| it.period.parse().ok()).collect();
    let is_yearly = all.iter().all(|period| period.frequency() == Frequency::Year);
    let mut all: Vec<ReportingPeriod> = all.into_iter().collect();
    all.sort_by_key(|period| period.last_day());
    if let (true, Some(first), Some(last)) = (is_yearly, all.first(), all.last()) {
        // Years without a figure too: a picture tells time by its width.
        let years = first.year()..=last.year();
        all = years.filter_map(|year| year.to_string().parse().ok()).collect();
    }
    all.split_off(all.len().saturating_sub(PERIODS))
}

/// A picture of each target that goes back, is off track or at risk.
fn pictures(
    report: &Report,
    sheet: &mut Worksheet,
    name: &str,
    (targets, periods): (&[Standing<'_>], usize),
) -> Result<(), XlsxError> {
    let worrying =
        |verdict| matches!(verdict, Verdict::AtRisk | Verdict::OffTrack | Verdict::Worsening);
    let mut below = TABLE + 3 + u32::try_from(targets.len()).unwrap_or(0);
    let last = FIRST + u16::try_from(periods.saturating_sub(1)).unwrap_or(0);
    let rows = (TABLE + 1..).zip(targets);
    for (row, (target, _)) in rows.filter(|(_, (_, it))| worrying(it.verdict())).take(PICTURES) {
        let mut chart = Chart::new(ChartType::Line);
        chart
            .add_series()
            .set_name((name, row, 1))
            .set_categories((name, TABLE, FIRST, TABLE, last))
            .set_values((name, row, FIRST, row, last))
            .set_marker(ChartMarker::new().set_type(ChartMarkerType::Circle));
        chart.show_empty_cells_as(rust_xlsxwriter::ChartEmptyCells::Connected);
        chart.legend().set_hidden();
        let title = text(report.lang.text(&target.name));
        let font = ChartFont::new().set_size(10).to_owned();
        chart.title().set_name(title.as_str()).set_font(&font);
        chart.set_alt_text(text(&target.id)).set_width(640).set_height(230);
        sheet.insert_chart(below, 1, &chart)?;
        below += 13;
    }
    Ok(())
}
