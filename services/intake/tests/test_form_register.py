"""Form 07: every word of a page, and the sheet beside it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from services.intake.adapters.layout import Party
from services.intake.adapters.register import GROUP, HEADINGS, Entry, Register, render_register, sheet_of
from services.intake.domain import State
from services.intake.tests.given import hanoi
from services.intake.tests.printed import pages, standard, words

ENTRY = Entry(
    code="H50.144-261123-0007",
    procedure="Đăng ký khai sinh",
    applicant=Party("Hồ Văn Đăk", "Thôn A Xing", "0912345678"),
    decided_by="UBND phường Quảng Trị",
    received_at=hanoi("2026-11-23 08:15"),
    due_on=date(2026, 11, 25),
    returned_at=hanoi("2026-11-25 10:00"),
    method="counter",
    state="returned",
)
REGISTER = Register(
    authority="Ủy ban nhân dân phường Quảng Trị",
    center="Trung tâm Phục vụ hành chính công phường Quảng Trị",
    place="Quảng Trị",
    first=date(2026, 11, 1),
    last=date(2026, 11, 30),
    at=hanoi("2026-11-30 17:00"),
    entries=(
        ENTRY,
        replace(ENTRY, code="H50.144-261124-0001", due_on=None, returned_at=None, method=None, state="refused", decided_by=""),
    ),
)  # fmt: skip
# read from the top down: the shared heading stands highest, and the reader puts no space between two lines of a heading
GOLDEN_07 = (
    "Mẫu số 07 – Thông tư số 03/2025/TT-VPCP "
    "ỦY BAN NHÂN DÂN PHƯỜNG QUẢNG TRỊ TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ "
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc Quảng Trị, ngày 30 tháng 11 năm 2026 "
    "SỔ THEO DÕI HỒ SƠ Từ ngày 01/11/2026 đến ngày 30/11/2026 Tổng số: 2 hồ sơ "
    "Nhận và trả kết quả TT Mã hồ sơ Tên hồ sơ Số bộ Tên cá nhân, tổ chức Địa chỉ, số điện thoại Cơ quan chủ trì giải quyết "
    "Ghi chúNhận hồ sơ Hẹn trả kết quả Trả kết quả Phương thức nhận kết quả Ký nhận "
    "1 H50.144-261123-0007 Đăng ký khai sinh 1 Hồ Văn Đăk Thôn A Xing; 0912345678 UBND phường Quảng Trị "
    "08:15 23/11/2026 25/11/2026 25/11/2026 Trực tiếp "
    "2 H50.144-261124-0001 Đăng ký khai sinh 1 Hồ Văn Đăk Thôn A Xing; 0912345678 08:15 23/11/2026 Không tiếp nhận"
)


def printed(**changes: Any) -> str:
    return words(render_register(replace(REGISTER, entries=(replace(ENTRY, **changes),))))


def sheet(register: Register) -> list[list[Any]]:
    """The rows of the sheet below its headings."""
    active = load_workbook(io.BytesIO(sheet_of(register))).active
    assert active is not None
    return [list(row) for row in active.iter_rows(min_row=9, values_only=True)]


def on_a_clock(text: str) -> datetime:
    """As a sheet keeps it: without a zone."""
    return hanoi(text).replace(tzinfo=None)


def test_every_word_of_form_07() -> None:
    assert words(render_register(REGISTER)) == GOLDEN_07


def test_the_register_is_pdf_a_and_the_same_register_gives_the_same_bytes() -> None:
    pdf = render_register(REGISTER)

    assert standard(pdf) == "2B"
    assert render_register(REGISTER) == pdf
    assert render_register(replace(REGISTER, place="Đông Hà")) != pdf


def test_a_long_register_repeats_its_headings_and_numbers_its_pages() -> None:
    entries = tuple(replace(ENTRY, code=f"H50.144-261123-{number:04d}") for number in range(1, 101))

    printed = pages(render_register(replace(REGISTER, entries=entries)))

    assert len(printed) > 3
    for number, page in enumerate(printed, 1):
        assert "Cơ quan chủ" in page
        assert f"Trang {number}/{len(printed)}" in page
    assert all(entry.code in "".join(printed) for entry in entries)


def test_an_empty_register_says_so() -> None:
    empty = replace(REGISTER, entries=())

    assert "Tổng số: 0 hồ sơ" in words(render_register(empty))
    assert sheet(empty) == []


def test_moments_are_those_of_vietnam() -> None:
    late = datetime(2026, 12, 31, 18, 30, tzinfo=UTC)

    assert "01:30 01/01/2027" in printed(received_at=late)
    assert "01/01/2027 Trực tiếp" in printed(returned_at=late)


def test_who_was_forgotten_keeps_their_line() -> None:
    text = printed(applicant=None)

    assert "H50.144-261123-0007" in text
    assert "(đã xóa dữ liệu cá nhân)" in text


@pytest.mark.parametrize(
    ("state", "note"),
    [(State.REFUSED, "Không tiếp nhận"), (State.WITHDRAWN, "Đã rút"), (State.AWAITING_SUPPLEMENT, "Chờ bổ sung")],
)
def test_a_line_notes_what_its_dates_do_not_say(state: State, note: str) -> None:
    assert printed(state=state).endswith(note)
    assert not printed(state=State.IN_PROGRESS).endswith(note)


@pytest.mark.parametrize("written", ['#read("/etc/passwd")', "*đậm* $x$ \\u{41}"])
def test_names_are_printed_as_they_were_written(written: str) -> None:
    assert written.replace(" ", "") in printed(applicant=Party(written)).replace(" ", "")


def test_the_sheet_says_what_the_page_says() -> None:
    first, second = sheet(REGISTER)

    assert first == [
        1, "H50.144-261123-0007", "Đăng ký khai sinh", 1, "Hồ Văn Đăk", "Thôn A Xing; 0912345678", "UBND phường Quảng Trị",
        on_a_clock("2026-11-23 08:15"), on_a_clock("2026-11-25"), on_a_clock("2026-11-25"), "Trực tiếp", None, None,
    ]  # fmt: skip
    assert [second[column] for column in (0, 1, 8, 9, 12)] == [2, "H50.144-261124-0001", None, None, "Không tiếp nhận"]


def test_the_sheet_is_headed_like_the_page_and_prints_on_one_page_s_width() -> None:
    active = load_workbook(io.BytesIO(sheet_of(REGISTER))).active
    assert active is not None
    first, last, shared = GROUP

    top, below, numbers = ([cell.value for cell in row] for row in active.iter_rows(min_row=6, max_row=8))
    assert [*top[:first], *below[first : last + 1], *top[last + 1 :]] == list(HEADINGS)
    assert (top[first], numbers) == (shared, [f"({number})" for number in range(1, 14)])
    assert (active.page_setup.orientation, active.page_setup.fitToWidth) == ("landscape", 1)
    assert "Tổng số: 2 hồ sơ" in str(active["A4"].value)


@pytest.mark.parametrize(
    ("written", "kept"), [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("An\x0b\x1f", "An"), ("\x00-1", "'-1")]
)
def test_a_name_is_no_formula_and_breaks_no_sheet(written: str, kept: str) -> None:
    [row] = sheet(replace(REGISTER, entries=(replace(ENTRY, applicant=Party(written)),)))

    assert row[4] == kept


def test_people_stay_out_of_a_logged_register() -> None:
    logged = repr(REGISTER)

    assert [hidden for hidden in ("Hồ Văn", "A Xing", "0912345678") if hidden in logged] == []
