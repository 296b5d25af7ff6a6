"""Items of the national portal's form, read: code maps of each channel, dates, people apart, nothing made up."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.data import portal as forms
from services.intake.domain import portal
from services.intake.domain.portal import PROGRESS, SYNC, Item, Profile
from services.intake.tests.given import UNIT
from services.intake.tests.portal_items import CODE, dossier_item, progress_item

ADAPTER, LGSP = forms.form("adapter"), forms.form("lgsp-2026")


def read(item: Any, form: portal.Form = ADAPTER, service: str = SYNC) -> Item:
    return portal.read(service, item, form, UNIT)


def test_an_item_of_a_dossier_becomes_the_data_of_one_event() -> None:
    assert dict(read(dossier_item()).data) == {
        "code": CODE, "procedure": "1.004873", "unit": UNIT, "channel": "direct", "subject_kind": "citizen", "status": 2,
        "submitted_at": "2026-11-23T08:00:00+07:00", "received_at": "2026-11-23T08:00:00+07:00", "appointment_at": "2026-11-30T17:00:00+07:00",
    }  # fmt: skip


def test_a_step_becomes_progress_without_the_officer_and_the_text() -> None:
    item = read(progress_item("4"), service=PROGRESS)

    assert item.type == "vn.gandan.source.dossier-progressed.v1"
    assert dict(item.data) == {"code": CODE, "status": 4, "at": "2026-11-23T08:10:00+07:00", "by_unit": UNIT}
    assert (item.applicant, item.unknown) == (None, ())


@pytest.mark.parametrize(
    ("form", "code", "kind"),
    [
        (ADAPTER, "1", "citizen"), (ADAPTER, "2", "business"), (ADAPTER, "3", "state-body"), (ADAPTER, "4", "organisation"),
        (ADAPTER, "0", "?"), (LGSP, "0", "citizen"), (LGSP, "1", "business"), (LGSP, "2", "business"), (LGSP, "3", "?"),
    ],
)  # fmt: skip
def test_the_same_code_of_a_subject_means_what_its_channel_says(form: portal.Form, code: str, kind: str) -> None:
    assert read(dossier_item(LoaiDoiTuong=code), form).data["subject_kind"] == kind


@pytest.mark.parametrize("status", ["5", "6", "8"])
def test_a_file_that_stands_still_stays_so_whatever_dates_stand_beside_it(status: str) -> None:
    data = read(dossier_item(TrangThaiHoSo=status, NgayTra="20261123090000")).data

    assert data["status"] == int(status)
    assert "returned_at" not in data
    assert "finished_at" not in data


@pytest.mark.parametrize("status", ["0", "11", "x", "４"])
def test_a_status_nobody_knows_is_left_to_be_refused(status: str) -> None:
    assert read(dossier_item(TrangThaiHoSo=status)).data["status"] == "?"


def test_a_dossier_without_a_code_gets_none() -> None:
    for empty in ({"MaHoSo": ""}, {"MaHoSo": None}, {"MaHoSo": "  "}):
        assert read(dossier_item(**empty)).code is None


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("20261123080000", "2026-11-23T08:00:00+07:00"), ("20260222235959", "2026-02-22T23:59:59+07:00"), ("20261131080000", "?"),
        ("2026-11-23 08:00", "?"), ("20261123", "?"), ("00000000000000", None), ("", None),
    ],
)  # fmt: skip
def test_instants_are_on_a_clock_in_vietnam(written: str, read_as: str | None) -> None:
    assert read(dossier_item(NgayHenTra=written)).data.get("appointment_at") == read_as


@pytest.mark.parametrize(
    "number",
    ["000000001", "000000000", "111111111111", "123456789", "12345678", "AB123", "0101234567", ""],
)
def test_a_number_that_cannot_be_anybodys_is_not_taken_for_a_person(number: str) -> None:
    applicant = read(dossier_item(SoGiayToChuHoSo=number, DinhDanhCHS=[])).applicant

    assert applicant is not None
    assert (applicant.name, applicant.identity_no) == ("Nguyễn Văn An", None)


def test_the_twelve_digits_are_taken_before_the_nine_and_the_dummy_is_passed_over() -> None:
    listed = [
        {"LoaiDinhDanh": "2", "SoDinhDanh": "191234567"},
        {"LoaiDinhDanh": "1", "SoDinhDanh": "000000000001"},
        {"LoaiDinhDanh": "1", "SoDinhDanh": "044085001234"},
    ]
    applicant = read(dossier_item(SoGiayToChuHoSo="000000001", DinhDanhCHS=listed)).applicant

    assert applicant is not None
    assert applicant.identity_no == "044085001234"


def test_contacts_that_cannot_reach_anybody_are_left_out() -> None:
    applicant = read(dossier_item(SoDienThoai="0000000000", Email="không có")).applicant

    assert applicant is not None
    assert (applicant.phone, applicant.email) == (None, None)


def test_attachments_are_kept_by_their_ids_without_names_and_addresses_of_files() -> None:
    paper = {
        "TepDinhKemId": "F-17", "TenTepDinhKem": "CCCD Nguyễn Văn An.pdf", "IsDeleted": "False", "MaThanhPhanHoSo": "TP01",
        "DuongDanTaiTepTin": "https://files.example/CCCD-044085001234.pdf", "DuocSoHoa": "1",
    }  # fmt: skip
    result = {"TenGiayTo": "Giấy xác nhận", "GiayToId": "R-2", "DuongDanTepTinKetQua": "https://files.example/2"}
    item = read(dossier_item(TaiLieuNop=[paper, {"TepDinhKemId": "a b"}, 7], DanhSachGiayToKetQua=[result]))

    assert [dict(each) for each in item.references] == [
        {"list": "TaiLieuNop", "id": "F-17", "component": "TP01", "digitised": True},
        {"list": "DanhSachGiayToKetQua", "id": "R-2", "component": None},
    ]


def test_unknown_fields_are_named_only_where_their_names_are_words() -> None:
    assert read(dossier_item(MauSac="đỏ", **{"Nguyễn Văn An": "1"})).unknown == ("MauSac", "?")


def test_no_field_of_the_national_structure_is_unknown() -> None:
    later = [
        "NoiNopHoSo",
        "HoSoCoThanhPhanSoHoa",
        "TaiKhoanDuocXacThucVoiVNeID",
        "DuocThanhToanTrucTuyen",
        "NgayTuChoi",
        "NgayNopHoSo",
    ]
    lists = [
        "TaiLieuNop",
        "DanhSachLePhi",
        "DanhSachTepDinhKemKhac",
        "DanhSachHoSoBoSung",
        "DanhSachGiayToKetQua",
        "DSKetNoiCSDL",
    ]

    assert read(dossier_item(**dict.fromkeys(later, ""), **{name: [] for name in lists})).unknown == ()


def test_the_variant_of_the_ministries_has_the_unit_and_the_person_in_the_item() -> None:
    item = {
        "MaHoSo": CODE, "MaDichVuCong": "1.004873.000.00.00.H50", "MaDonViTiepNhan": "H50.144", "KenhThucHien": "2", "LoaiDoiTuong": "0",
        "NgayNop": "20261123080000", "TrangThaiHoSo": "1", "ThongTinNguoiNop": {"HoTen": "Trần Thị Bình", "SoDinhDanh": "044190005678"},
    }  # fmt: skip
    found = read(item, LGSP)

    assert (found.data["procedure"], found.data["submitted_at"]) == ("1.004873", "2026-11-23T08:00:00+07:00")
    assert found.applicant is not None
    assert found.applicant.identity_no == "044190005678"
    assert portal.agency_of(item, LGSP, "H50") == "H50.144"
    assert found.unknown == ()


def test_an_agency_is_a_unit_as_the_source_maps_it_or_as_the_province_numbers_it() -> None:
    agencies, mapped = {"H50.144": UNIT}, Profile(units={"44.12": UNIT})

    assert [mapped.unit_of(each, agencies) for each in ("44.12", "H50.144", UNIT, "H99")] == [UNIT, UNIT, UNIT, "00000"]


@pytest.mark.parametrize(
    "item", [None, 7, "x", [], {}, {"MaHoSo": {"a": 1}, "NgayTiepNhan": ["x"], "TaiLieuNop": "x", "DinhDanhCHS": {}}]
)
def test_whatever_comes_is_read_to_be_refused(item: Any) -> None:
    for service in (SYNC, PROGRESS):
        assert read(item, service=service).code in {None, "?"}
