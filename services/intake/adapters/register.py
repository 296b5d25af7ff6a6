"""Statutory form 07 of Circular 03/2025/TT-VPCP: the register of dossiers, as PDF and as a sheet.

Its columns are those known from practice; the annex itself was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from services.intake.adapters import layout
from services.intake.adapters.layout import Party, copied, text
from services.intake.adapters.typesetting import breakable, printable, typeset
from shared.law import ZONE

FORM: Final = "Mẫu số 07 – Thông tư số 03/2025/TT-VPCP"
TITLE: Final = "SỔ THEO DÕI HỒ SƠ"
HEADINGS: Final = (
    "TT", "Mã hồ sơ", "Tên hồ sơ", "Số bộ", "Tên cá nhân, tổ chức", "Địa chỉ, số điện thoại", "Cơ quan chủ trì giải quyết",
    "Nhận hồ sơ", "Hẹn trả kết quả", "Trả kết quả", "Phương thức nhận kết quả", "Ký nhận", "Ghi chú",
)  # fmt: skip
GROUP: Final = (7, 11, "Nhận và trả kết quả")
"""First and last column, from 0, that share a heading."""

_METHODS: Final[Mapping[str, str]] = {"counter": "Trực tiếp", "post": "Bưu chính công ích", "electronic": "Bản điện tử"}
_NOTES: Final[Mapping[str, str]] = {
    "submitted": "Chờ tiếp nhận", "refused": "Không tiếp nhận", "awaiting-supplement": "Chờ bổ sung", "awaiting-payment": "Chờ nộp nghĩa vụ tài chính",
    "paused": "Tạm dừng", "settled": "Có kết quả, chưa trả", "withdrawn": "Đã rút", "stopped": "Dừng theo yêu cầu",
}  # fmt: skip
"""What a reader of the register should know of a state of the national portal; the others speak through their dates."""
_ERASED: Final = "(đã xóa dữ liệu cá nhân)"
_WIDTHS: Final = (5, 24, 40, 7, 28, 40, 28, 17, 12, 12, 18, 10, 20)
_LONGEST_WORD: Final = 10
"""Letters of a word that fit the narrowest column people write in."""
_HEAD: Final = 6
"""The row of the first heading on the sheet."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dossier; `applicant` is None where the person was forgotten, instants carry a time zone."""

    code: str
    procedure: str
    applicant: Party | None = field(repr=False)
    decided_by: str
    received_at: datetime
    due_on: date | None
    returned_at: datetime | None
    method: str | None
    state: str
    sets: int = 1


@dataclass(frozen=True, slots=True)
class Register:
    """The dossiers a unit received from `first` to `last`, printed at `at`."""

    authority: str
    center: str
    place: str
    first: date
    last: date
    at: datetime
    entries: tuple[Entry, ...]

    @property
    def period(self) -> str:
        """The period in words."""
        return f"Từ ngày {self.first:%d/%m/%Y} đến ngày {self.last:%d/%m/%Y}"


def render_register(register: Register) -> bytes:
    """Form 07 as PDF/A-2b; the same register gives the same bytes."""
    first, last, shared = GROUP
    said = {
        **layout.heading(register.authority, register.center, register.place, register.at),
        "center-name": text(register.center),
        "period": register.period,
        "total": str(len(register.entries)),
        "headings": HEADINGS,
        "group": {"first": first, "last": last, "heading": shared},
        "rows": [_printed(number, entry) for number, entry in enumerate(register.entries, 1)],
    }
    return typeset("register.typ", said, register.at, tagged=False)


def _printed(number: int, entry: Entry) -> list[str]:
    code, *others = (_shown(cell) for cell in _cells(entry))
    return [str(number), copied(code), *(breakable(printable(cell), _LONGEST_WORD) for cell in others)]


def _shown(cell: str | int | date | None) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%H:%M %d/%m/%Y}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell or "")


def _cells(entry: Entry) -> Iterator[str | int | date | None]:
    """Columns 2 to 13, on clocks in Vietnam; the signature is for the hand."""
    who = entry.applicant or Party(_ERASED)
    yield from (entry.code, entry.procedure, entry.sets, who.name, "; ".join(filter(None, (who.address, who.phone))))
    yield from (
        entry.decided_by,
        _local(entry.received_at),
        entry.due_on,
        entry.returned_at and _local(entry.returned_at).date(),
    )
    yield from (_METHODS.get(entry.method or "", ""), None, _NOTES.get(entry.state, ""))


def _local(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(tzinfo=None)


def sheet_of(register: Register) -> bytes:
    """Form 07 as XLSX, landscape on one page's width; days are days, so that a sheet can count them."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError(type(sheet))
    sheet.title = "So 07"
    _title(sheet, register)
    _heading(sheet)
    for number, entry in enumerate(register.entries, 1):
        sheet.append([number, *(_written(cell) for cell in _cells(entry))])
    _dress(sheet)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _written(cell: Any) -> Any:
    """A text a sheet would take for a formula is written as text, and what no sheet may hold is left out."""
    if not isinstance(cell, str):
        return cell
    clean = ILLEGAL_CHARACTERS_RE.sub("", cell)
    return f"'{clean}" if clean.startswith(("=", "+", "-", "@", "\t")) else clean


def _title(sheet: Worksheet, register: Register) -> None:
    total = f"{register.period}. Tổng số: {len(register.entries)} hồ sơ."
    for row in ([FORM], [f"{register.authority}. {register.center}"], [TITLE], [total], []):
        sheet.append(row)
    for number in range(1, 5):
        sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(HEADINGS))
    sheet["A3"].font = Font(bold=True, size=14)
    sheet["A3"].alignment = Alignment(horizontal="center")


def _heading(sheet: Worksheet) -> None:
    first, last, shared = GROUP
    for column, heading in enumerate(HEADINGS):
        under = first <= column <= last
        sheet.cell(_HEAD + under, column + 1, heading)
        sheet.cell(_HEAD + 2, column + 1, f"({column + 1})")
        if not under:
            sheet.merge_cells(start_row=_HEAD, end_row=_HEAD + 1, start_column=column + 1, end_column=column + 1)
    sheet.cell(_HEAD, first + 1, shared)
    sheet.merge_cells(start_row=_HEAD, end_row=_HEAD, start_column=first + 1, end_column=last + 1)


def _dress(sheet: Worksheet) -> None:
    thin: Any = Side(style="thin")
    border, plain, bold = Border(left=thin, right=thin, top=thin, bottom=thin), Font(bold=False), Font(bold=True)
    centred, wrapped = [Alignment(horizontal=where, vertical="center", wrap_text=True) for where in ("center", None)]
    for number, row in enumerate(sheet.iter_rows(min_row=_HEAD, max_col=len(HEADINGS)), _HEAD):
        head = number <= _HEAD + 2
        for cell in row:
            cell.border, cell.font, cell.alignment = border, bold if head else plain, centred if head else wrapped
            if isinstance(cell.value, date):
                cell.number_format = "hh:mm dd/mm/yyyy" if isinstance(cell.value, datetime) else "dd/mm/yyyy"
    for column, width in zip("ABCDEFGHIJKLM", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = f"C{_HEAD + 3}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
