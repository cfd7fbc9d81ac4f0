//! A sheet for a task group: where it stands, why, and how its actions went.

use rust_xlsxwriter::{Chart, ChartMarker, ChartMarkerType, ChartType, Worksheet, XlsxError};
use tiendo_shared::wire::v1::PeriodValue;

use super::cells::{Looks, fit, headings, put, put_decimal, sign};
use super::overview::told_of;
use super::{Report, Standing, parts};
use crate::text::because;

/// Row of the headings of the table.
const TABLE: u32 = 8;

pub(super) fn sheet(
    report: &Report,
    looks: &Looks,
    (target, status): Standing<'_>,
) -> Result<Worksheet, XlsxError> {
    let (lang, catalogue, verdict) = (report.lang, &report.catalogue, status.verdict());
    let told = status.explanation.clone().unwrap_or_default();
    let mut sheet = Worksheet::new();
    sheet.set_name(&target.id)?;
    put(&mut sheet, (0, 0), &format!("{} {}", target.id, lang.text(&target.name)), &looks.title)?;
    put(&mut sheet, (1, 0), &told_of(report), &looks.quiet)?;
    let words = format!("{} {}", sign(verdict), lang.verdict(verdict));
    put(&mut sheet, (3, 0), &words, &looks.bold)?;
    let why = match status.reason.as_str() {
        "" => because(lang, catalogue, target, verdict, &told),
        reason => lang.reason(reason),
    };
    put(&mut sheet, (4, 0), &why, &looks.quiet)?;
    let owner = catalogue.department(&status.department);
    let owner = owner.map_or("", |it| lang.text(&it.name));
    let promise = lang.local(status.promise.as_ref());
    let (promised, by) =
        (lang.pick("Cam kết", "Promise"), lang.pick("Đơn vị chủ trì", "Department"));
    put(
        &mut sheet,
        (5, 0),
        &format!("{promised}: {promise} ({}). {by}: {owner}.", target.horizon),
        &looks.quiet,
    )?;
    let shown: Vec<&str> = parts(catalogue, &target.indicator)
        .into_iter()
        .flatten()
        .chain([target.indicator.as_str()])
        .collect();
    let mut columns = vec![(lang.pick("Kỳ", "Period"), 14.0)];
    columns.extend(shown.iter().map(|id| (report.name(id), 30.0)));
    headings(&mut sheet, TABLE, &columns, looks)?;
    fit(&mut sheet, TABLE, &columns)?;
    let own = report.series(&target.indicator);
    for (row, value) in (TABLE + 1..).zip(own) {
        put(&mut sheet, (row, 0), &value.period, &looks.cell)?;
        for (column, id) in (1..).zip(&shown) {
            let found = report.series(id).iter().find(|it| it.period == value.period);
            put_decimal(&mut sheet, (row, column), found.map_or("", |it| &it.value), looks)?;
        }
    }
    if !own.is_empty() {
        let column = u16::try_from(shown.len()).unwrap_or(1);
        let chart = line(&target.id, lang.text(&target.name), own, column);
        sheet.insert_chart(TABLE + 2 + u32::try_from(own.len()).unwrap_or(0), 0, &chart)?;
    }
    Ok(sheet)
}

/// The course of a column of the table, from its first row to its last.
fn line(sheet: &str, name: &str, values: &[PeriodValue], column: u16) -> Chart {
    let (first, last) = (TABLE + 1, TABLE + u32::try_from(values.len()).unwrap_or(1));
    let mut chart = Chart::new(ChartType::Line);
    chart
        .add_series()
        .set_name(super::cells::text(name).as_str())
        .set_categories((sheet, first, 0, last, 0))
        .set_values((sheet, first, column, last, column))
        .set_marker(ChartMarker::new().set_type(ChartMarkerType::Circle));
    chart.title().set_hidden();
    chart.legend().set_hidden();
    chart.y_axis().set_name("%").set_min(0).set_max(100);
    chart.set_alt_text(name.chars().take(200).collect::<String>()).set_width(640).set_height(280);
    chart
}
