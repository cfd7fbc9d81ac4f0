"""Reads a committee's report and compares it with what the server lists: `read_report.py REPORT.xlsx EXPECTED.json`."""

import hashlib
import json
import sys
import zipfile

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
expected = json.load(open(sys.argv[2], encoding="utf-8"))
assert book.sheetnames == expected["sheets"], book.sheetnames
overview, last = book[book.sheetnames[0]], book[book.sheetnames[-1]]
assert overview["A1"].value == expected["title"], overview["A1"].value

# Nothing is a formula, whatever it begins with.
for sheet in book:
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type != "f", f"{sheet.title} {cell.coordinate}: {cell.value}"
with zipfile.ZipFile(sys.argv[1]) as archive:
    names = archive.namelist()
    assert not [name for name in names if "vba" in name or "externalLink" in name], names
    charts = [name for name in names if name.startswith("xl/charts/chart")]
    assert len(charts) == expected["charts"], charts

# Every target once, in the plan's order, with its numbers as numbers.
head = next(row for row in overview.iter_rows() if row[0].value == expected["id"])
rows = list(overview.iter_rows(min_row=head[0].row + 1))
assert [row[0].value for row in rows] == [it["id"] for it in expected["targets"]]
for row, target in zip(rows, expected["targets"]):
    assert row[1].value == target["name"] and target["verdict"] in row[2].value, target["id"]
    for column, value in ((4, target["value"]), (7, target["gap"]), (11, target["projected"])):
        found = row[column].value
        if value is None:
            assert found in (None, ""), (target["id"], column, found)
        else:
            assert isinstance(found, (int, float)) and float(found) == float(value), (target["id"], column, found, value)

# The ends of the chains are the server's, and their seal is at the foot of every sheet.
heads = [[cell.value for cell in row[:3]] for row in last.iter_rows(min_row=7)]
assert heads == expected["heads"], heads
lines = "".join(f"{department} {sequence} {entry}\n" for department, sequence, entry in heads)
seal = hashlib.sha256(lines.encode()).hexdigest()
assert last["A4"].value == seal
for sheet in book:
    foot = sheet.oddFooter
    assert seal[:16] in foot.right.text and expected["as_of"] in foot.left.text, (sheet.title, foot.left.text)
    assert sheet.page_setup.paperSize == 9 and sheet.page_setup.orientation == "landscape"
print(f"{len(rows)} targets and {len(charts)} charts read back")
