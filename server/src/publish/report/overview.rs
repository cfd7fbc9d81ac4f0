//! The first sheet: how many targets stand how, and every target in the plan's order.

use rust_xlsxwriter::{Chart, ChartType, Worksheet, XlsxError};
use tiendo_shared::wire::v1::{self, Basis};

use super::cells::{self, Looks, fit, headings, put, put_decimal, sign};
use super::{Report, Standing};
use crate::text::VERDICTS;

/// Row of the first count, and of the headings of the targets.
const COUNTS: u32 = 4;
const TARGETS: u32 = 14;

pub(super) fn sheet(report: &Report, looks: &Looks) -> Result<Worksheet, XlsxError> {
    let lang = report.lang;
    let mut sheet = Worksheet::new();
    let name = lang.pick("Tổng quan", "Overview");
    sheet.set_name(name)?;
    put(&mut sheet, (0, 0), lang.text(&report.catalogue.name), &looks.title)?;
    put(&mut sheet, (1, 0), &told_of(report), &looks.quiet)?;
    counts(report, looks, &mut sheet, name)?;
    let columns = [
        (lang.pick("Mã", "Id"), 7.0),
        (lang.pick("Mục tiêu", "Target"), 40.0),
        (lang.pick("Đánh giá", "Verdict"), 18.0),
        (lang.pick("Cam kết", "Promise"), 22.0),
        (lang.pick("Mới nhất", "Latest"), 11.0),
        (lang.pick("Đơn vị tính", "Unit"), 11.0),
        (lang.pick("Kỳ", "Period"), 8.0),
        (lang.pick("Còn cách", "Gap"), 10.0),
        (lang.pick("Tốc độ thực tế", "Observed pace"), 10.0),
        (lang.pick("Tốc độ cần có", "Required pace"), 10.0),
        (lang.pick("Đơn vị của tốc độ", "Unit of pace"), 12.0),
        (lang.pick("Nếu giữ tốc độ này", "If this pace goes on"), 11.0),
        (lang.pick("Năm đạt", "Year met"), 8.0),
        (lang.pick("Lưu ý", "Remarks"), 26.0),
        (lang.pick("Đơn vị chủ trì", "Department"), 20.0),
    ];
    headings(&mut sheet, TARGETS, &columns, looks)?;
    for (row, standing) in (TARGETS + 1..).zip(report.targets()) {
        target(report, looks, &mut sheet, row, standing)?;
    }
    sheet.set_repeat_rows(TARGETS, TARGETS)?;
    Ok(sheet)
}

/// As of when it is, of which figures, and when it was written.
pub(super) fn told_of(report: &Report) -> String {
    let lang = report.lang;
    let approved = match report.basis {
        Basis::Approved => lang
            .pick(" Chỉ gồm số liệu của báo cáo đã duyệt.", " Figures of approved reports alone."),
        _ => "",
    };
    let (head, written) = (lang.pick("Tính đến", "As of"), lang.pick("lập lúc", "written"));
    let (as_of, at) = (lang.instant(report.as_of), lang.instant(report.written));
    format!("{head} {as_of}; {written} {at}.{approved}")
}

fn counts(
    report: &Report,
    looks: &Looks,
    sheet: &mut Worksheet,
    name: &str,
) -> Result<(), XlsxError> {
    let lang = report.lang;
    let title = lang.pick("Số mục tiêu theo kết quả đánh giá", "Targets by verdict");
    put(sheet, (COUNTS - 1, 1), title, &looks.bold)?;
    for (row, verdict) in (COUNTS..).zip(VERDICTS) {
        let alike = report.statuses.iter().filter(|status| status.verdict() == verdict);
        let count = u32::try_from(alike.count()).unwrap_or(u32::MAX);
        let words = format!("{} {}", sign(verdict), lang.verdict(verdict));
        put(sheet, (row, 1), &words, &looks.verdict(verdict))?;
        sheet.write_number_with_format(row, 2, count, &looks.number)?;
    }
    let last = COUNTS + 6;
    let mut chart = Chart::new(ChartType::Bar);
    chart
        .add_series()
        .set_categories((name, COUNTS, 1, last, 1))
        .set_values((name, COUNTS, 2, last, 2))
        .set_format(
            rust_xlsxwriter::ChartFormat::new().set_solid_fill(
                rust_xlsxwriter::ChartSolidFill::new()
                    .set_color(rust_xlsxwriter::Color::RGB(0x001B_4F8F)),
            ),
        )
        .set_data_label(rust_xlsxwriter::ChartDataLabel::new().show_value())
        .set_gap(40);
    chart.title().set_hidden();
    chart.legend().set_hidden();
    chart.x_axis().set_major_gridlines(false).set_hidden(true);
    chart.y_axis().set_reverse();
    chart.set_alt_text(title).set_width(560).set_height(200);
    sheet.insert_chart(COUNTS - 1, 4, &chart)?;
    Ok(())
}

fn target(
    report: &Report,
    looks: &Looks,
    sheet: &mut Worksheet,
    row: u32,
    (target, status): Standing<'_>,
) -> Result<(), XlsxError> {
    let (lang, verdict) = (report.lang, status.verdict());
    let told = status.explanation.clone().unwrap_or_default();
    put(sheet, (row, 0), &target.id, &looks.cell)?;
    put(sheet, (row, 1), lang.text(&target.name), &looks.cell)?;
    let words = format!("{} {}", sign(verdict), lang.verdict(verdict));
    put(sheet, (row, 2), &words, &looks.verdict(verdict))?;
    put(sheet, (row, 3), lang.local(status.promise.as_ref()), &looks.cell)?;
    latest(report, looks, sheet, row, (&target.indicator, &told))?;
    put_decimal(sheet, (row, 7), &told.gap, looks)?;
    for (column, pace) in [(8, told.observed_pace), (9, told.required_pace)] {
        let rounded = pace.map(|pace| format!("{pace:.2}")).unwrap_or_default();
        put_decimal(sheet, (row, column), &rounded, looks)?;
    }
    put(sheet, (row, 10), &lang.pace(&told.pace_unit), &looks.cell)?;
    put_decimal(sheet, (row, 11), &told.projected, looks)?;
    let year = told.year_met.map(|year| year.to_string()).unwrap_or_default();
    put(sheet, (row, 12), &year, &looks.cell)?;
    let mut remarks: Vec<String> = status.flags().map(|flag| lang.flag(flag).to_owned()).collect();
    remarks.extend(Some(lang.reason(&status.reason)).filter(|reason| !reason.is_empty()));
    let remarks = remarks.join("; ");
    put(sheet, (row, 13), &remarks, &looks.cell)?;
    let owner = report.catalogue.department(&status.department);
    let owner = owner.map_or("", |it| lang.text(&it.name));
    put(sheet, (row, 14), owner, &looks.cell)?;
    let (name, promise) = (lang.text(&target.name), lang.local(status.promise.as_ref()));
    fit(sheet, row, &[(name, 40.0), (promise, 22.0), (&remarks, 26.0), (owner, 20.0)])
}

/// The latest value with its unit and period; a level by its name.
pub(super) fn latest(
    report: &Report,
    looks: &Looks,
    sheet: &mut Worksheet,
    row: u32,
    (indicator, told): (&str, &v1::Explanation),
) -> Result<(), XlsxError> {
    let (lang, catalogue) = (report.lang, &report.catalogue);
    let current = told.current.clone().unwrap_or_default();
    if cells::number(&current.value).is_some() {
        put_decimal(sheet, (row, 4), &current.value, looks)?;
    } else {
        let words = lang.value(catalogue, indicator, &current.value);
        put(sheet, (row, 4), &words, &looks.cell)?;
    }
    let unit = catalogue.indicator(indicator).map(|it| lang.unit(catalogue, it));
    put(sheet, (row, 5), &unit.unwrap_or_default(), &looks.cell)?;
    put(sheet, (row, 6), &current.period, &looks.cell)
}
