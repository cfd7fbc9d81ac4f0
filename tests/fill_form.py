"""Fills a form as an officer does: fill_form.py FORM INDICATOR:KEY=VALUE…

A column is found by its key in the form's hidden row of keys, such as `tiendo:value`.
"""

import sys

from openpyxl import load_workbook


def number_or_text(value):
    try:
        return float(value)
    except ValueError:
        return value


def main(path, *entries):
    book = load_workbook(path)
    sheet = book.active
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    for entry in entries:
        place, _, value = entry.partition("=")
        indicator, _, key = place.partition(":")
        cell = sheet.cell(cells[indicator].row, cells[f"tiendo:{key}"].column)
        cell.value = number_or_text(value)
    book.save(path)


main(*sys.argv[1:])
