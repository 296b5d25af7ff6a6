"""Form 06: every word of the control slip, and what people wrote printed as it is."""

from __future__ import annotations

from dataclasses import replace

from services.intake.adapters.control import ControlSlip, Handover, Result, render_control_slip
from services.intake.adapters.layout import Component, Party
from services.intake.tests.given import hanoi
from services.intake.tests.printed import pages, standard, words
from services.intake.tests.test_form_letters import HEADING

SLIP = ControlSlip(
    authority="Ủy ban nhân dân phường Quảng Trị",
    center="Trung tâm Phục vụ hành chính công phường Quảng Trị",
    place="Quảng Trị",
    code="H50.144-261123-0007",
    procedure="Đăng ký thường trú",
    request="Xin đăng ký thường trú tại Thôn A Xing",
    owner=Party("Hồ Văn Đăk", "Thôn A Xing, xã Lìa"),
    components=(Component("Tờ khai", "original"), Component("Căn cước", "copy", 2)),
    limit="7wd",
    basis="118/2025/NĐ-CP",
    received_at=hanoi("2026-11-23 08:15"),
    due_at=hanoi("2026-12-03 17:00"),
    handovers=(
        Handover("Phường Quảng Trị", "Cán bộ cb-12", hanoi("2026-11-23 09:00"), None, "assigned"),
        Handover("Phường Quảng Trị", "Phường Đồng Hới", hanoi("2026-11-25 10:00"), 3, "rejected", hanoi("2026-11-26 08:00")),
        Handover("Phường Quảng Trị", "Xã Lìa", hanoi("2026-11-26 09:00"), 3, "accepted", hanoi("2026-11-26 14:30")),
    ),
    result=Result("granted", hanoi("2026-12-01 15:00"), "7/XN", "before", "counter", hanoi("2026-12-02 08:00")),
    at=hanoi("2026-11-23 08:15"),
)  # fmt: skip
BEFORE = (
    f"Mẫu số 06 – Thông tư số 03/2025/TT-VPCP {HEADING} "
    "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ Mã hồ sơ: H50.144-261123-0007 "
    "Chủ hồ sơ: Hồ Văn Đăk Địa chỉ: Thôn A Xing, xã Lìa Thủ tục: Đăng ký thường trú "
    "Nội dung yêu cầu giải quyết: Xin đăng ký thường trú tại Thôn A Xing 1. Thành phần hồ sơ gồm: "
    "STT Tên giấy tờ Bản chính Bản chứng thực Bản chụp Bản điện tử 1 Tờ khai 01 2 Căn cước 02 "
    "2. Thời gian giải quyết theo quy định: 07 ngày làm việc (căn cứ: 118/2025/NĐ-CP) "
    "3. Thời gian nhận hồ sơ: 08 giờ 15 phút, ngày 23 tháng 11 năm 2026 "
)
DUE = "4. Thời gian hẹn trả kết quả: 17 giờ 00 phút, ngày 03 tháng 12 năm 2026 "
COLUMNS = "5. Giao, nhận hồ sơ: STT Bên giao Bên nhận Thời điểm giao Số giấy tờ Ký giao Ký nhận Xác nhận "
HANDED = (
    "1 Phường Quảng Trị Cán bộ cb-12 09:00 23/11/2026 Đã giao "
    "2 Phường Quảng Trị Phường Đồng Hới 10:00 25/11/2026 03 Không nhận 08:00 26/11/2026 "
    "3 Phường Quảng Trị Xã Lìa 09:00 26/11/2026 03 Đã nhận 14:30 26/11/2026 "
)
HEADS = "6. Trả kết quả: Kết quả giải quyết Thời điểm có kết quả Trả kết quả Ghi chú "
RETURNED = "Chấp thuận 7/XN 15:00 01/12/2026 Trực tiếp 08:00 02/12/2026 Trước hạn "
FOOT = (
    "Phiếu được lập thành hai bản: một bản lưu tại nơi tiếp nhận, một bản chuyển theo hồ sơ. "
    "NGƯỜI TIẾP NHẬN HỒ SƠ (Ký và ghi rõ họ tên) NGƯỜI TRẢ KẾT QUẢ (Ký và ghi rõ họ tên)"
)


def test_every_word_of_form_06() -> None:
    assert words(render_control_slip(SLIP)) == BEFORE + DUE + COLUMNS + HANDED + HEADS + RETURNED + FOOT


def test_what_has_not_happened_yet_is_left_to_the_hand() -> None:
    young = replace(SLIP, due_at=None, handovers=(), result=None)

    assert words(render_control_slip(young)) == (f"{BEFORE}4. Thời gian hẹn trả kết quả: … {COLUMNS}{HEADS}{FOOT}")


def test_the_slip_is_pdf_a_and_the_same_slip_gives_the_same_bytes() -> None:
    pdf = render_control_slip(SLIP)

    assert (len(pages(pdf)), standard(pdf)) == (1, "2B")
    assert render_control_slip(SLIP) == pdf
    assert render_control_slip(replace(SLIP, code="H50.144-261123-0008")) != pdf


def test_a_dossier_of_many_hands_fills_pages_that_all_name_it() -> None:
    many = render_control_slip(replace(SLIP, handovers=SLIP.handovers * 20))

    assert len(pages(many)) > 1
    assert all(SLIP.code in page for page in pages(many))
    assert "60 Phường Quảng Trị Xã Lìa" in words(many)


def test_names_and_requests_are_printed_as_they_were_written() -> None:
    written = '#read("/etc/passwd") *đậm* $x$'

    assert words(render_control_slip(replace(SLIP, owner=Party(written), request=written))).count(written) == 2


def test_nobody_s_name_is_in_a_logged_slip() -> None:
    assert not any(hidden in repr(SLIP) for hidden in ("Hồ Văn", "A Xing"))
