import io
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from services.intake.adapters.layout import Component, Party
from services.intake.adapters.slip import SecretInAddress, Slip, limit_in_words, render_slip
from services.intake.adapters.typesetting import breakable, printable
from services.intake.tests.printed import pages

VIETNAM = timezone(timedelta(hours=7))
SLIP = Slip(
    authority="Ủy ban nhân dân phường Quảng Trị",
    center="Trung tâm Phục vụ hành chính công phường Quảng Trị",
    place="Quảng Trị",
    code="H50.144-261123-0007",
    procedure="Cấp Giấy xác nhận tình trạng hôn nhân (1.004873)",
    request="Xin cấp giấy xác nhận để đăng ký kết hôn",
    channel="direct",
    submitter=Party(
        "Nguyễn Thị Hồng Ước", "12 Trần Hưng Đạo, phường Quảng Trị", "0912345678", "uoc@example.vn", "045199001234"
    ),
    owner=Party("Hồ Văn Đăk", "Thôn A Xing, xã Lìa"),
    components=(
        Component("Tờ khai", "original"),
        Component("Trích lục ghi chú ly hôn", "certified"),
        Component("Căn cước", "copy", 2),
        Component("Ảnh chụp", "electronic"),
    ),
    limit="3wd",
    basis="Nghị định 123/2015/NĐ-CP, Điều 22",
    received_at=datetime(2026, 11, 23, 8, 15, tzinfo=VIETNAM),
    due_at=datetime(2026, 11, 27, 17, 0, tzinfo=VIETNAM),
    explanation=("Nhận thứ Hai 23/11/2026; ngày nhận không tính.", "Thứ Ba 24/11 là ngày nghỉ lễ."),
    return_method="counter",
    return_place="Trung tâm Phục vụ hành chính công phường Quảng Trị",
    lookup_url="https://gandan.example/tra-cuu?ma=H50.144-261123-0007",
    lookup_secret="7K3MQ9TX",
    phone="0233 3852 000",
    receiver="Lê Quang Thạch",
)
RIGHT_MARGIN_AT = (210 - 17) / 25.4 * 72  # points from the left edge of A4
WIDTH_OF_W = 0.97  # of the font size
EVERY_VIETNAMESE_LETTER = "".join(
    unicodedata.normalize("NFC", letter + mark)
    for letter in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    for mark in ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
) + "đĐ"  # fmt: skip


def words(slip: Slip) -> str:
    """The text of all pages in one line."""
    return " ".join(" ".join(pages(render_slip(slip))).replace("\u200b", "").split())


def everywhere(text: str) -> Slip:
    """The sample slip with one text in every place a person can write to."""
    party = Party(text, text, text, text, text)
    rows = (Component(text, "copy"), Component(text, "original"))
    fields: dict[str, Any] = dict.fromkeys(
        ("authority", "center", "place", "procedure", "request", "basis", "return_place", "phone", "receiver"), text
    )
    return replace(SLIP, submitter=party, owner=party, components=rows, explanation=(text,), **fields)


GOLDEN_01 = (
    "Mẫu số 01 – Thông tư số 03/2025/TT-VPCP ỦY BAN NHÂN DÂN PHƯỜNG QUẢNG TRỊ TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG "
    "PHƯỜNG QUẢNG TRỊ CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc Quảng Trị, ngày 23 tháng 11 "
    "năm 2026 GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ Mã hồ sơ: H50.144-261123-0007 Quét để tra cứu Tiếp nhận hồ "
    "sơ của: Nguyễn Thị Hồng Ước Số định danh: 045199001234 Hình thức nộp: Trực tiếp Địa chỉ: 12 Trần Hưng Đạo, "
    "phường Quảng Trị Số điện thoại: 0912345678 Email: uoc@example.vn Chủ hồ sơ: Hồ Văn Đăk Địa chỉ chủ hồ sơ: "
    "Thôn A Xing, xã Lìa Thủ tục: Cấp Giấy xác nhận tình trạng hôn nhân (1.004873) Nội dung yêu cầu giải quyết: "
    "Xin cấp giấy xác nhận để đăng ký kết hôn 1. Thành phần hồ sơ nộp gồm: STT Tên giấy tờ Bản chính Bản chứng "
    "thực Bản chụp Bản điện tử 1 Tờ khai 01 2 Trích lục ghi chú ly hôn 01 3 Căn cước 02 4 Ảnh chụp 01 2. Số lượng "
    "hồ sơ: 01 (bộ) 3. Thời gian giải quyết hồ sơ theo quy định là: 03 ngày làm việc (căn cứ: Nghị định "
    "123/2015/NĐ-CP, Điều 22) 4. Thời gian nhận hồ sơ: 08 giờ 15 phút, ngày 23 tháng 11 năm 2026 5. Thời gian trả "
    "kết quả giải quyết hồ sơ: 17 giờ 00 phút, ngày 27 tháng 11 năm 2026 Cách tính ngày hẹn: – Nhận thứ Hai "
    "23/11/2026; ngày nhận không tính. – Thứ Ba 24/11 là ngày nghỉ lễ. 6. Nhận kết quả: Trực tiếp tại Trung tâm "
    "Phục vụ hành chính công phường Quảng Trị Tra cứu tình trạng hồ sơ: https://gandan.example/tra-cuu Nhập mã hồ "
    "sơ và mã tra cứu bên cạnh. Hãy giữ kín mã này. Điện thoại hỗ trợ: 0233 3852 000 Mã tra cứu 7K3M Q9TX NGƯỜI "
    "NỘP HỒ SƠ (Ký và ghi rõ họ tên) Nguyễn Thị Hồng Ước NGƯỜI TIẾP NHẬN HỒ SƠ (Ký và ghi rõ họ tên) Lê Quang Thạch"
)


def test_every_word_of_form_01() -> None:
    assert words(SLIP) == GOLDEN_01


def test_the_slip_shows_every_field_of_form_01() -> None:
    text = words(SLIP)
    for shown in (
        "Mẫu số 01 – Thông tư số 03/2025/TT-VPCP",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN PHƯỜNG QUẢNG TRỊ",
        "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ",
        "Quảng Trị, ngày 23 tháng 11 năm 2026",
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Mã hồ sơ: H50.144-261123-0007",
        "Tiếp nhận hồ sơ của: Nguyễn Thị Hồng Ước",
        "Số định danh: 045199001234",
        "Hình thức nộp: Trực tiếp",
        "Địa chỉ: 12 Trần Hưng Đạo, phường Quảng Trị",
        "Số điện thoại: 0912345678",
        "Email: uoc@example.vn",
        "Chủ hồ sơ: Hồ Văn Đăk",
        "Địa chỉ chủ hồ sơ: Thôn A Xing, xã Lìa",
        "Nội dung yêu cầu giải quyết: Xin cấp giấy xác nhận để đăng ký kết hôn",
        "Số lượng hồ sơ: 01 (bộ)",
        "03 ngày làm việc (căn cứ: Nghị định 123/2015/NĐ-CP, Điều 22)",
        "Thời gian nhận hồ sơ: 08 giờ 15 phút, ngày 23 tháng 11 năm 2026",
        "Thời gian trả kết quả giải quyết hồ sơ: 17 giờ 00 phút, ngày 27 tháng 11 năm 2026",
        "– Nhận thứ Hai 23/11/2026; ngày nhận không tính.",
        "– Thứ Ba 24/11 là ngày nghỉ lễ.",
        "Nhận kết quả: Trực tiếp tại Trung tâm Phục vụ hành chính công phường Quảng Trị",
        "Tra cứu tình trạng hồ sơ: https://gandan.example/tra-cuu",
        "7K3M Q9TX",
        "Điện thoại hỗ trợ: 0233 3852 000",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
        "Lê Quang Thạch",
    ):
        assert shown in text, shown


def test_a_slip_entered_on_a_later_day_says_when_it_was_received_and_when_entered() -> None:
    entered = words(replace(SLIP, entered_at=datetime(2026, 11, 25, 9, 5, tzinfo=VIETNAM)))

    assert (
        "Thời gian nhận hồ sơ: 08 giờ 15 phút, ngày 23 tháng 11 năm 2026 "
        "(nhập vào hệ thống: 09 giờ 05 phút, ngày 25 tháng 11 năm 2026)"
    ) in entered
    assert "Quảng Trị, ngày 25 tháng 11 năm 2026" in entered  # the slip is signed when it is written
    assert "nhập vào hệ thống" not in words(SLIP)


def test_each_paper_counts_in_the_column_of_its_kind() -> None:
    text = words(SLIP)
    order = ["1 Tờ khai 01", "2 Trích lục ghi chú ly hôn 01", "3 Căn cước 02", "4 Ảnh chụp 01"]
    assert [text.index(row) for row in order] == sorted(text.index(row) for row in order)


def test_an_ordinary_slip_is_one_page_and_a_long_one_numbers_its_pages() -> None:
    assert len(pages(render_slip(SLIP))) == 1
    many = tuple(Component(f"Giấy tờ số {number}", "copy") for number in range(60))
    long = pages(render_slip(replace(SLIP, components=many)))
    assert len(long) == 3
    for number, page in enumerate(long, start=1):
        assert f"Trang {number}/3" in page
        assert SLIP.code in page


def test_the_file_says_it_is_pdf_a_2b_has_a_title_a_language_and_only_embedded_fonts() -> None:
    reader = PdfReader(io.BytesIO(render_slip(SLIP)))
    root: Any = reader.root_object
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == "Giấy tiếp nhận hồ sơ và hẹn trả kết quả H50.144-261123-0007"
    assert root["/Lang"] == "vi-VN"
    resources: Any = reader.pages[0]["/Resources"]
    fonts = {str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values()}
    assert {re.sub(r"^/[A-Z]{6}\+|-.*$", "", font) for font in fonts} == {"LibertinusSerif", "DejaVuSansMono"}


def test_the_same_slip_gives_the_same_bytes_and_another_one_does_not() -> None:
    assert render_slip(SLIP) == render_slip(SLIP)
    assert render_slip(SLIP) != render_slip(replace(SLIP, sets=2))


def test_the_time_in_the_file_is_the_time_of_receipt() -> None:
    metadata = PdfReader(io.BytesIO(render_slip(SLIP))).metadata
    assert metadata is not None
    assert metadata.creation_date == SLIP.received_at


def test_slips_printed_at_the_same_moment_by_many_threads_do_not_mix() -> None:
    slips = [replace(SLIP, code=f"H50.144-261123-{number:04d}") for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        printed = list(threads.map(render_slip, slips))
    assert printed == [render_slip(slip) for slip in slips]


def test_instants_in_another_zone_are_printed_in_vietnamese_time() -> None:
    slip = replace(SLIP, received_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert "Thời gian nhận hồ sơ: 06 giờ 30 phút, ngày 01 tháng 01 năm 2027" in words(slip)


def test_the_code_on_the_paper_leads_to_the_look_up_of_this_dossier() -> None:
    page = PdfReader(io.BytesIO(render_slip(SLIP))).pages[0]
    drawn = page.get_contents()
    assert drawn is not None
    strokes = re.findall(r"(\d+) (\d+)\.5 m (\d+) \2\.5 l", drawn.get_data().decode("latin1"))
    dark = {(int(y), x) for began, y, ended in strokes for x in range(int(began), int(ended))}
    matrix = segno.make_qr(SLIP.lookup_url, error="m").matrix
    quiet = 4  # modules of margin a reader needs on each side
    assert dark == {(y + quiet, x + quiet) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}


def test_the_secret_may_not_stand_in_the_address_behind_the_qr_code() -> None:
    with pytest.raises(SecretInAddress):
        render_slip(replace(SLIP, lookup_url="https://gandan.example/tra-cuu?s=7k3mq9tx"))


def test_personal_data_and_the_secret_stay_out_of_a_logged_slip() -> None:
    logged = repr(SLIP)
    for hidden in ("Nguyễn", "Trần Hưng Đạo", "0912345678", "uoc@", "045199001234", "7K3MQ9TX", "Hồ Văn"):
        assert hidden not in logged


def test_an_owner_who_hands_in_the_dossier_is_not_repeated() -> None:
    assert "Chủ hồ sơ: là người nộp hồ sơ" in words(replace(SLIP, owner=None))


def test_an_empty_field_leaves_dots_to_write_on() -> None:
    assert re.search(r"Địa chỉ: (\. ?){20}", words(replace(SLIP, submitter=Party("Hồ Thị Xuân"))))


def test_a_provisional_date_and_an_unread_text_of_law_are_said_openly() -> None:
    assert "tạm tính" not in words(SLIP)
    assert "chưa đối chiếu văn bản" not in words(SLIP)
    doubtful = words(replace(SLIP, provisional=True, basis_verified=False))
    assert "(tạm tính: lịch nghỉ của năm chưa được công bố)" in doubtful
    assert "Điều 22; chưa đối chiếu văn bản)" in doubtful


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("3wd", "03 ngày làm việc"),
        ("30d", "30 ngày"),
        ("8wh", "08 giờ làm việc"),
        ("same-day", "trong ngày làm việc; nhận sau 15 giờ thì trong ngày làm việc tiếp theo"),
    ],
)
def test_a_limit_is_said_in_words(limit: str, said: str) -> None:
    assert limit_in_words(limit) == said


def test_a_limit_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="3 weeks"):
        limit_in_words("3 weeks")


@pytest.mark.parametrize(
    "written",
    [
        '#read("/etc/passwd")',
        "*bold* _italic_ = heading",
        "$x^2$ `raw` @ref <label> // comment",
        "\\u{41} #sys.inputs #panic()",
        '"},{"code":"forged"',
        "</svg><script>",
        "- list + enum / term: x",
        "https://example.vn/~a",
    ],
)
def test_what_people_write_is_printed_as_it_is(written: str) -> None:
    text = words(everywhere(written))
    assert f"Tiếp nhận hồ sơ của: {written}" in text
    assert "root:" not in text


def test_every_vietnamese_letter_is_printed() -> None:
    text = words(replace(SLIP, submitter=Party(EVERY_VIETNAMESE_LETTER)))
    assert len(EVERY_VIETNAMESE_LETTER) == 146
    assert EVERY_VIETNAMESE_LETTER in text.replace(" ", "")


def test_decomposed_letters_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Hồng Ước")
    assert render_slip(replace(SLIP, submitter=replace(SLIP.submitter, name=decomposed))) == render_slip(SLIP)


def test_a_name_of_5000_letters_is_cut_and_stays_on_the_paper() -> None:
    assert printable("W" * 5000) == "W" * 299 + "…"
    edges: list[float] = []

    def note_right_edge(text: str, matrix: list[float], within: list[float], _font: object, size: float) -> None:
        shown = text.strip()
        if set(shown) == {"W"}:
            edges.append(matrix[4] + within[4] + len(shown) * size * WIDTH_OF_W)

    for page in PdfReader(io.BytesIO(render_slip(everywhere("W" * 5000)))).pages:
        page.extract_text(visitor_text=note_right_edge)
    assert len(edges) > 100
    assert max(edges) <= RIGHT_MARGIN_AT


def test_codes_and_addresses_can_be_copied_from_the_screen() -> None:
    text = "".join(pages(render_slip(SLIP)))
    assert SLIP.code in text
    assert "https://gandan.example/tra-cuu" in text
    assert SLIP.submitter.email in text


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("😀 Nguyễn", "□ Nguyễn"),
        ("王小明", "□□□"),
        ("\u202eevil\u202c", "evil"),
        ("a\x00b\x1b[31m\nc", "ab[31m c"),
        ("\u0301 \u0302abc", " abc"),
        ("a" + "\u0301" * 200, "á\u0301\u0301"),
        ("ê\u0306", "ê\u0306"),
        ("\ud800", "□"),
        ("\u00a0 hai  khoảng \t trắng ", "hai khoảng trắng"),
    ],
)
def test_signs_no_font_has_become_a_box_and_hidden_signs_disappear(written: str, printed: str) -> None:
    assert printable(written) == printed
    assert render_slip(everywhere(written)).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["שלום עולם", "مرحبا بالعالم", "Иван Петров", "Ελένη"])
def test_names_in_other_alphabets_are_printed(name: str) -> None:
    assert printable(name) == name
    text = words(replace(SLIP, submitter=Party(name)))
    assert all(word in text for word in name.split())


def test_long_words_get_break_points_that_change_nothing_else() -> None:
    assert breakable("Nguyễn Thị Ước") == "Nguyễn Thị Ước"
    assert breakable("a" * 40).replace("\u200b", "") == "a" * 40
    assert max(map(len, breakable("a" * 400).split("\u200b"))) == 16


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_at_all_can_be_printed(text: str) -> None:
    assert render_slip(replace(SLIP, request=text, submitter=Party(text))).startswith(b"%PDF")
