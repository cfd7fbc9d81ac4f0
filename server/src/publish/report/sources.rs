//! The last sheets: how the plan's words are read, and what the figures rest on.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Report;
use super::cells::{Looks, fit, headings, put};
use super::overview::told_of;

/// How the plan's words are read, target by target.
pub(super) fn notes(report: &Report, looks: &Looks) -> Result<Worksheet, XlsxError> {
    let lang = report.lang;
    let mut sheet = Worksheet::new();
    sheet.set_name(lang.pick("Cách hiểu", "Readings"))?;
    let title = lang.pick("Cách hiểu câu chữ của kế hoạch", "How the plan's words are read");
    put(&mut sheet, (0, 0), title, &looks.title)?;
    let columns = [
        (lang.pick("Mã", "Id"), 7.0),
        (lang.pick("Mục tiêu", "Target"), 44.0),
        (lang.pick("Cách hiểu", "Reading"), 90.0),
        (lang.pick("Phương pháp đánh giá", "Method"), 36.0),
    ];
    headings(&mut sheet, 2, &columns, looks)?;
    for (row, (target, status)) in (3..).zip(report.targets()) {
        let note = target.note.as_ref().map_or("", |note| lang.text(note));
        let method = status.explanation.as_ref().map_or("", |told| told.method.as_str());
        put(&mut sheet, (row, 0), &target.id, &looks.cell)?;
        put(&mut sheet, (row, 1), lang.text(&target.name), &looks.cell)?;
        put(&mut sheet, (row, 2), note, &looks.cell)?;
        put(&mut sheet, (row, 3), &lang.method(method), &looks.cell)?;
        fit(&mut sheet, row, &[(lang.text(&target.name), 44.0), (note, 90.0)])?;
    }
    sheet.set_repeat_rows(2, 2)?;
    Ok(sheet)
}

/// The ends of the chains, and the seal over them that stands at the foot of each sheet.
pub(super) fn heads(report: &Report, looks: &Looks) -> Result<Worksheet, XlsxError> {
    let lang = report.lang;
    let mut sheet = Worksheet::new();
    sheet.set_name(lang.pick("Sổ", "Ledger"))?;
    let title = lang.pick("Số liệu dựa trên sổ nào", "What the figures rest on");
    put(&mut sheet, (0, 0), title, &looks.title)?;
    put(&mut sheet, (1, 0), &told_of(report), &looks.quiet)?;
    let how = lang.pick(
        "Cuối sổ của từng đơn vị lúc lập báo cáo. Dấu ở chân trang: SHA-256 của các dòng \
         “đơn vị, dấu cách, số thứ tự, dấu cách, mã băm, xuống dòng” dưới đây.",
        "The end of each department's chain when this was written. The seal at the foot: SHA-256 \
         of the lines “department, blank, sequence, blank, hash, line feed” below.",
    );
    put(&mut sheet, (2, 0), how, &looks.quiet)?;
    put(&mut sheet, (3, 0), &report.seal(), &looks.bold)?;
    let columns = [
        (lang.pick("Đơn vị", "Department"), 34.0),
        (lang.pick("Số thứ tự", "Sequence"), 12.0),
        (lang.pick("Mã băm", "Hash"), 70.0),
    ];
    headings(&mut sheet, 5, &columns, looks)?;
    for (row, (department, sequence, hash)) in (6..).zip(&report.heads) {
        put(&mut sheet, (row, 0), department, &looks.cell)?;
        // A chain of more entries than a double holds would take aeons.
        sheet.write_number_with_format(
            row,
            1,
            u32::try_from(*sequence).unwrap_or(u32::MAX),
            &looks.number,
        )?;
        put(&mut sheet, (row, 2), hash, &looks.cell)?;
    }
    Ok(sheet)
}
