"""Fills one row of a form of the agent, as an officer does in a spreadsheet program.

Usage: fill_form.py FORM INDICATOR KEY=VALUE…
A column is found by its key in the form's hidden row of keys, such as `tiendo:value`.
"""

import sys

from openpyxl import load_workbook


def main(path, indicator, *entries):
    book = load_workbook(path)
    sheet = book.active
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    row = cells[indicator].row
    for entry in entries:
        key, _, value = entry.partition("=")
        sheet.cell(row, cells[f"tiendo:{key}"].column).value = number_or_text(value)
    book.save(path)
    print(f"{path}: {indicator}: {', '.join(entries)}")


def number_or_text(value):
    try:
        return float(value)
    except ValueError:
        return value


main(*sys.argv[1:])
