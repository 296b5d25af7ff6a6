"""Forms 02 to 05: every word of them, and what people wrote printed as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.intake.adapters.layout import Component, Party
from services.intake.adapters.letters import (
    ApologyNote,
    Letter,
    RefusalNotice,
    StoppingNotice,
    SupplementRequest,
    render_apology,
    render_refusal,
    render_stopping,
    render_supplement_request,
)
from services.intake.domain import PHASE
from services.intake.tests.given import hanoi
from services.intake.tests.printed import pages, standard, words

LETTER = Letter(
    authority="Ủy ban nhân dân phường Quảng Trị",
    center="Trung tâm Phục vụ hành chính công phường Quảng Trị",
    place="Quảng Trị",
    code="H50.144-261123-0007",
    procedure="Cấp Giấy xác nhận tình trạng hôn nhân",
    request="Xin cấp giấy xác nhận để đăng ký kết hôn",
    submitter=Party("Nguyễn Thị Hồng Ước", "12 Trần Hưng Đạo", "0912345678", "uoc@example.vn"),
    owner=Party("Hồ Văn Đăk", "Thôn A Xing, xã Lìa", "0987654321"),
    at=hanoi("2026-11-23 08:15"),
)
ASKED = SupplementRequest(
    LETTER,
    missing=(Component("Trích lục ghi chú ly hôn", "certified"), Component("Căn cước", "")),
    reason="Ảnh căn cước bị mờ",
    respond_by=date(2026, 12, 23),
    website="https://gandan.example",
)
REFUSED = RefusalNotice(LETTER, "Thủ tục này do Sở Tư pháp giải quyết.")
APOLOGY = ApologyNote(LETTER, date(2026, 11, 27), "Số hồ sơ tăng cao.", date(2026, 12, 2), "ld-01")
STOPPED = StoppingNotice(LETTER, "Tôi đã nộp ở nơi khác.", "in-progress", 8000)

HEADING = (
    "ỦY BAN NHÂN DÂN PHƯỜNG QUẢNG TRỊ TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ "
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc Quảng Trị, ngày 23 tháng 11 năm 2026"
)
GOLDEN_02 = (
    f"Mẫu số 02 – Thông tư số 03/2025/TT-VPCP {HEADING} "
    "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ Mã hồ sơ: H50.144-261123-0007 "
    "Hồ sơ của: Hồ Văn Đăk Thủ tục: Cấp Giấy xác nhận tình trạng hôn nhân "
    "Nội dung yêu cầu giải quyết: Xin cấp giấy xác nhận để đăng ký kết hôn Địa chỉ: Thôn A Xing, xã Lìa "
    "Số điện thoại: 0987654321 Email: … Yêu cầu bổ sung, hoàn thiện hồ sơ gồm: "
    "STT Tên giấy tờ Bản chính Bản chứng thực Bản chụp Bản điện tử 1 Trích lục ghi chú ly hôn 01 2 Căn cước "
    "Lý do: Ảnh căn cước bị mờ Đề nghị Ông/Bà nộp bổ sung chậm nhất ngày 23 tháng 12 năm 2026, "
    "trực tiếp tại Trung tâm Phục vụ hành chính công phường Quảng Trị hoặc trực tuyến tại trang: https://gandan.example "
    "Trong quá trình hoàn thiện hồ sơ nếu có vướng mắc, Ông/Bà liên hệ để được hướng dẫn: "
    "Cán bộ: … Số điện thoại: … NGƯỜI HƯỚNG DẪN (Ký và ghi rõ họ tên)"
)
GOLDEN_03 = (
    f"Mẫu số 03 – Thông tư số 03/2025/TT-VPCP {HEADING} "
    "PHIẾU TỪ CHỐI TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ Mã hồ sơ: H50.144-261123-0007 "
    "Trung tâm Phục vụ hành chính công phường Quảng Trị đã nhận được hồ sơ của: "
    "Ông/Bà, tổ chức: Hồ Văn Đăk Địa chỉ: Thôn A Xing, xã Lìa Số điện thoại: 0987654321 Email: … "
    "Thủ tục: Cấp Giấy xác nhận tình trạng hôn nhân Nội dung yêu cầu giải quyết: Xin cấp giấy xác nhận để đăng ký kết hôn "
    "Qua xem xét, Trung tâm Phục vụ hành chính công phường Quảng Trị thông báo không tiếp nhận, giải quyết hồ sơ này "
    "với lý do cụ thể như sau: Thủ tục này do Sở Tư pháp giải quyết. "
    "Nếu không đồng ý, Ông/Bà có quyền khiếu nại theo quy định của Luật Khiếu nại. Để được hướng dẫn, xin liên hệ: "
    "Cán bộ: … Số điện thoại: … Xin thông báo để Ông/Bà được biết. "
    "NGƯỜI NỘP HỒ SƠ (Ký và ghi rõ họ tên) Nguyễn Thị Hồng Ước NGƯỜI TIẾP NHẬN HỒ SƠ (Ký và ghi rõ họ tên)"
)
GOLDEN_04 = (
    f"Mẫu số 04 – Thông tư số 03/2025/TT-VPCP {HEADING} "
    "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ Mã hồ sơ: H50.144-261123-0007 "
    "Kính gửi: Hồ Văn Đăk Địa chỉ: Thôn A Xing, xã Lìa Số điện thoại: 0987654321 Email: … "
    "Thủ tục: Cấp Giấy xác nhận tình trạng hôn nhân Nội dung yêu cầu giải quyết: Xin cấp giấy xác nhận để đăng ký kết hôn "
    "Trung tâm Phục vụ hành chính công phường Quảng Trị đã tiếp nhận hồ sơ của Ông/Bà và hẹn trả kết quả "
    "ngày 27 tháng 11 năm 2026. Đến nay hồ sơ chưa giải quyết xong với lý do: Số hồ sơ tăng cao. "
    "Trung tâm Phục vụ hành chính công phường Quảng Trị xin lỗi Ông/Bà vì sự chậm trễ này và hẹn Ông/Bà nhận kết quả "
    "ngày 02 tháng 12 năm 2026. "
    "Việc hẹn lại chỉ thực hiện một lần; thời hạn giải quyết theo quy định của pháp luật không thay đổi. "
    "Nếu có vướng mắc, Ông/Bà liên hệ: Cán bộ: … Số điện thoại: … Rất mong Ông/Bà thông cảm. "
    "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ (Ký và ghi rõ họ tên) ld-01"
)
GOLDEN_05 = (
    f"Mẫu số 05 – Thông tư số 03/2025/TT-VPCP {HEADING} "
    "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ THEO YÊU CẦU Mã hồ sơ: H50.144-261123-0007 "
    "Kính gửi: Hồ Văn Đăk Địa chỉ: Thôn A Xing, xã Lìa Số điện thoại: 0987654321 Email: … "
    "Thủ tục: Cấp Giấy xác nhận tình trạng hôn nhân Nội dung yêu cầu giải quyết: Xin cấp giấy xác nhận để đăng ký kết hôn "
    "Trung tâm Phục vụ hành chính công phường Quảng Trị đã nhận được đề nghị dừng giải quyết hồ sơ của Ông/Bà với lý do: "
    "Tôi đã nộp ở nơi khác. "
    "1. Hồ sơ được dừng giải quyết kể từ 08 giờ 15 phút, ngày 23 tháng 11 năm 2026. "
    "2. Giai đoạn của hồ sơ khi nhận được đề nghị: đang giải quyết "
    "3. Đến thời điểm này cơ quan có thẩm quyền chưa ban hành quyết định giải quyết hồ sơ. "
    "4. Phí, lệ phí đã nộp: 8.000 đồng 5. Việc hoàn trả phí, lệ phí: … "
    "Khi có nhu cầu, Ông/Bà có thể nộp lại hồ sơ mới. Để được hướng dẫn, xin liên hệ: Cán bộ: … Số điện thoại: … "
    "NGƯỜI NỘP HỒ SƠ (Ký và ghi rõ họ tên) Nguyễn Thị Hồng Ước NGƯỜI TIẾP NHẬN HỒ SƠ (Ký và ghi rõ họ tên)"
)

EACH = pytest.mark.parametrize(
    "render",
    [
        lambda letter: render_supplement_request(replace(ASKED, letter=letter)),
        lambda letter: render_refusal(replace(REFUSED, letter=letter)),
        lambda letter: render_stopping(replace(STOPPED, letter=letter)),
        lambda letter: render_apology(replace(APOLOGY, letter=letter)),
    ],
    ids=["02", "03", "05", "04"],
)


def test_every_word_of_form_02() -> None:
    assert words(render_supplement_request(ASKED)) == GOLDEN_02


def test_every_word_of_form_03() -> None:
    assert words(render_refusal(REFUSED)) == GOLDEN_03


def test_every_word_of_form_04() -> None:
    assert words(render_apology(APOLOGY)) == GOLDEN_04


def test_every_word_of_form_05() -> None:
    assert words(render_stopping(STOPPED)) == GOLDEN_05


@pytest.mark.parametrize(("paid", "said"), [(None, "…"), (0, "chưa nộp"), (1_250_000, "1.250.000 đồng")])
def test_form_05_says_what_was_paid_or_leaves_it_to_the_hand(paid: int | None, said: str) -> None:
    assert f"4. Phí, lệ phí đã nộp: {said} 5." in words(render_stopping(replace(STOPPED, paid=paid)))


@pytest.mark.parametrize("state", ["settled", "returned", "refused", "withdrawn", "stopped"])
def test_nothing_is_stopped_after_a_decision(state: str) -> None:
    with pytest.raises(KeyError, match=state):
        render_stopping(replace(STOPPED, stage=state))


def test_every_state_before_a_decision_has_its_words() -> None:
    for state in (state for state, phase in PHASE.items() if phase not in {"answered", "closed"}):
        assert render_stopping(replace(STOPPED, stage=state)).startswith(b"%PDF")


@EACH
def test_a_letter_is_one_page_of_pdf_a_and_the_same_letter_gives_the_same_bytes(render: Any) -> None:
    pdf = render(LETTER)

    assert (len(pages(pdf)), standard(pdf)) == (1, "2B")
    assert render(LETTER) == pdf
    assert render(replace(LETTER, code="H50.144-261123-0008")) != pdf


@EACH
def test_a_letter_without_an_owner_goes_to_whoever_handed_in(render: Any) -> None:
    text = words(render(replace(LETTER, owner=None)))

    assert "Địa chỉ: 12 Trần Hưng Đạo Số điện thoại: 0912345678 Email: uoc@example.vn" in text
    assert "Hồ Văn Đăk" not in text


@EACH
def test_a_letter_bears_the_day_in_vietnam(render: Any) -> None:
    text = words(render(replace(LETTER, at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))))

    assert "Quảng Trị, ngày 01 tháng 01 năm 2027" in text


@EACH
def test_names_and_addresses_are_printed_as_they_were_written(render: Any) -> None:
    written = '#read("/etc/passwd") *đậm* $x$'

    text = words(render(replace(LETTER, owner=Party(written, written), request=written)))

    assert text.count(written) == 3


def test_a_reason_is_printed_as_it_was_written_and_may_fill_pages() -> None:
    long = "Thiếu giấy tờ. " * 133
    many = tuple(Component(f"Giấy tờ số {number}", "copy") for number in range(60))

    asked = render_supplement_request(replace(ASKED, reason=long, missing=many))

    assert long.strip() in words(render_refusal(replace(REFUSED, reason=long)))
    assert "Trang 2/3" in pages(asked)[1]
    assert all(LETTER.code in page for page in pages(asked))


def test_personal_data_and_reasons_stay_out_of_a_logged_letter() -> None:
    logged = repr(ASKED) + repr(REFUSED) + repr(STOPPED) + repr(APOLOGY)

    for hidden in (
        "Nguyễn",
        "Hồ Văn",
        "Trần Hưng Đạo",
        "0912345678",
        "uoc@",
        "bị mờ",
        "Sở Tư pháp",
        "nơi khác",
        "tăng cao",
    ):
        assert hidden not in logged
