"""Draws the first rows of a form as a spreadsheet program shows it: form_picture.py FORM OUT.svg"""

import sys
from html import escape

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

COLUMNS, ROW_HIGH, LETTER, MARGIN = 9, 26, 6.6, 34


def colour(cell):
    fill = cell.fill
    if fill is None or fill.patternType != "solid" or fill.fgColor.type != "rgb":
        return "#ffffff"
    return "#" + fill.fgColor.rgb[-6:].lower()


def text_of(cell):
    if cell.value is None:
        return ""
    if isinstance(cell.value, float):
        return format(cell.value, "g").replace(".", ",")
    return str(cell.value)


def main(path, out):
    sheet = load_workbook(path).active
    rows = [r for r in range(1, sheet.max_row + 1) if not sheet.row_dimensions[r].hidden]
    columns = [
        c
        for c in range(1, sheet.max_column + 1)
        if not sheet.column_dimensions[get_column_letter(c)].hidden
    ][:COLUMNS]
    wide = {c: (sheet.column_dimensions[get_column_letter(c)].width or 9) * LETTER for c in columns}
    merged = {m.min_row for m in sheet.merged_cells.ranges}
    width = MARGIN + sum(wide.values())
    height = ROW_HIGH * (len(rows) + 1)
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        'font-family="Carlito, Calibri, Arial, sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]

    def box(x, y, w, fill, text, style="", clip=True):
        svg.append(
            f'<rect x="{x:.1f}" y="{y}" width="{w:.1f}" height="{ROW_HIGH}" '
            f'fill="{fill}" stroke="#c8ccd0"/>'
        )
        most = int(w / 6.4)
        if clip and len(text) > most:
            text = text[: max(most - 1, 0)] + "…"
        svg.append(f'<text x="{x + 5:.1f}" y="{y + 17}"{style}>{escape(text)}</text>')

    x = MARGIN
    grey = ' fill="#5f6368"'
    for c in columns:
        box(x, 0, wide[c], "#f1f3f4", get_column_letter(c), grey)
        x += wide[c]
    for at, r in enumerate(rows, 1):
        y = at * ROW_HIGH
        box(0, y, MARGIN, "#f1f3f4", str(r), grey)
        whole = r in merged or sum(1 for c in columns if sheet.cell(r, c).value is not None) == 1
        x = MARGIN
        for c in columns:
            cell = sheet.cell(r, c)
            bold = ' font-weight="bold"' if cell.font and cell.font.b else ""
            if not whole:
                box(x, y, wide[c], colour(cell), text_of(cell), bold)
            elif c == columns[0]:
                box(x, y, width - MARGIN, colour(cell), text_of(cell), bold)
            x += wide[c]
    svg.append("</svg>")
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(svg) + "\n")


main(*sys.argv[1:])
