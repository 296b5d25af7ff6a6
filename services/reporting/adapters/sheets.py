"""Form 06 as a sheet: CSV for programs, XLSX with the printed head for people."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from services.reporting.domain.form06 import BASIS, FORM, HEADINGS, TITLE, Form06

_GROUPS: Final = ((3, 6), (7, 10), (11, 13))
"""Columns that share a heading."""
_HEAD: Final = 6
"""The row of the first heading."""
_FORMULA: Final = ("=", "+", "-", "@", "\t")


def csv_of(form: Form06) -> bytes:
    """UTF-8 with a mark at its beginning, so that Excel reads the letters right."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([f"{first}: {second}" if second else first for first, second in HEADINGS])
    writer.writerow(range(1, len(HEADINGS) + 1))
    writer.writerows([_plain(cell) for cell in row] for row in form.rows())
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: str | int) -> str | int:
    """A text a sheet would take for a formula is written as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def xlsx_of(form: Form06) -> bytes:
    """The form as it is printed, landscape on one page's width."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError(type(sheet))
    sheet.title = "Bieu 06"
    _title(sheet, form)
    _heading(sheet)
    for row in form.rows():
        sheet.append([_plain(cell) for cell in row])
    _dress(sheet)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _title(sheet: Worksheet, form: Form06) -> None:
    period = f"Kỳ báo cáo: từ ngày {form.first:%d/%m/%Y} đến ngày {form.last:%d/%m/%Y}"
    for row in ([FORM], [BASIS], [TITLE], [f"Đơn vị báo cáo: {_plain(form.name)}. {period}. Đơn vị tính: hồ sơ."], []):
        sheet.append(row)
    for number in range(1, 5):
        sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(HEADINGS))
    sheet["A3"].font = Font(bold=True, size=14)
    sheet["A3"].alignment = Alignment(horizontal="center")


def _heading(sheet: Worksheet) -> None:
    for column, (first, second) in enumerate(HEADINGS, 1):
        sheet.cell(_HEAD, column, first)
        sheet.cell(_HEAD + 1, column, second)
        sheet.cell(_HEAD + 2, column, f"({column})")
    for column in (1, 2):
        sheet.merge_cells(start_row=_HEAD, end_row=_HEAD + 1, start_column=column, end_column=column)
    for left, right in _GROUPS:
        sheet.merge_cells(start_row=_HEAD, end_row=_HEAD, start_column=left, end_column=right)


def _dress(sheet: Worksheet) -> None:
    thin: Any = Side(style="thin")
    for number, row in enumerate(sheet.iter_rows(min_row=_HEAD, max_col=len(HEADINGS)), _HEAD):
        for cell in row:
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            head = number <= _HEAD + 2
            cell.alignment = Alignment(horizontal="center" if head else None, vertical="center", wrap_text=True)
            cell.font = Font(bold=head or row[0].value in {"I", "II", "III", None})
    sheet.column_dimensions["B"].width = 40
    sheet.freeze_panes = f"C{_HEAD + 3}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
