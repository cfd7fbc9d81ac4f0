"""Workbooks as other programs write them, good and bad: python files.py FOLDER."""

import datetime
import os
import struct
import sys
import zipfile

import openpyxl

HEADINGS = ["Chỉ tiêu", "Kỳ", "Giá trị"]


def workbook(folder, name, rows, change=None):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    book.save(os.path.join(folder, name))


def cells(sheet):
    """Row 2 is good; every other row has a cell that is no number."""
    sheet["C3"] = "=C2*2"  # openpyxl stores no result
    sheet["C4"] = 0.815
    sheet["C4"].number_format = "0.0%"
    sheet["C5"] = datetime.date(2024, 9, 30)
    sheet["C6"] = True
    sheet["C7"] = "mười hai"
    sheet["C8"] = "12,5"
    sheet["B9"] = datetime.date(2024, 9, 30)
    sheet["B10"] = 45565  # the same day as a bare serial number


def encrypted(folder, name):
    """An OLE container with the streams of a workbook under a password."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, end, 0, end, 0, *([0] + [free] * 108),
    )
    table = struct.pack("<128I", *([fat, end] + list(range(3, 10)) + [end] + [free] * 118))

    def entry(title, kind, child, start, size):
        text = title.encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            text, len(text) + 2, kind, 1, free, free, child, b"", 0, 0, 0, start, size,
        )

    directory = (
        entry("Root Entry", 5, 1, end, 0)
        + entry("EncryptedPackage", 2, free, 2, 4096)
        + bytes(256)
    )
    with open(os.path.join(folder, name), "wb") as file:
        file.write(header + table + directory + os.urandom(4096))


def bomb(folder, name):
    """A workbook whose sheet unpacks to 600 MB."""
    workbook(folder, name, [HEADINGS])
    path = os.path.join(folder, name)
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry, data in entries.items():
            if entry == "xl/worksheets/sheet1.xml":
                with archive.open(entry, "w") as sheet:
                    for _ in range(600):
                        sheet.write(b" " * (1 << 20))
            else:
                archive.writestr(entry, data)


def half(folder, name):
    workbook(folder, name, [HEADINGS] + [["ty-le", 2000 + n, n] for n in range(25)])
    path = os.path.join(folder, name)
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)


def ods(folder, name, rows):
    def cell(value):
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(
        "<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in rows
    )
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in [("office", "office"), ("table", "table"), ("text", "text")]
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body>'
        f'<office:spreadsheet><table:table table:name="Biểu 1">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)


def main(folder):
    good = [HEADINGS, ["ty-le", 2023, 40.5], ["ty-le", 2024, 45], ["so-luong", "2024-09", 7.25]]
    workbook(folder, "good.xlsx", good)
    ods(folder, "good.ods", good)
    # A period has digits enough to be taken for a number, which must not matter.
    rows = [HEADINGS] + [["ty-le", 2010 + n, 1] for n in range(9)]
    workbook(folder, "cells.xlsx", rows, cells)
    workbook(folder, "empty.xlsx", [])
    workbook(folder, "headings.xlsx", [["Chỉ tiêu", "Kỳ", "Trị giá"], ["ty-le", 2024, 1]])
    encrypted(folder, "password.xlsx")
    bomb(folder, "bomb.xlsx")
    half(folder, "half.xlsx")


if __name__ == "__main__":
    main(sys.argv[1])
