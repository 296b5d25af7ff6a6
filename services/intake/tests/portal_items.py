"""Items as the systems of provinces send them to the national portal's adapter."""

from __future__ import annotations

from typing import Any

from services.intake.tests.given import MARITAL_STATUS

Json = dict[str, Any]
CODE = "H50.44.12-261123-0007"
AGENCY = "H50.144"
"""The agency of the unit the tests' source speaks for."""


def dossier_item(**changes: Any) -> Json:
    """A dossier accepted at the counter this morning, promised a day later than the law says."""
    made = {
        "MaHoSo": CODE, "MaTTHC": f"{MARITAL_STATUS}.000.00.00.H50", "TenTTHC": "Cấp giấy xác nhận", "MaLinhVuc": "HT", "TenLinhVuc": "Hộ tịch",
        "KenhThucHien": "1", "SoGiayToChuHoSo": "044085001234", "ChuHoSo": "Nguyễn Văn An", "LoaiDoiTuong": "1", "MaDoiTuong": "", "ThongTinKhac": "",
        "Email": "an@example.vn", "Fax": "", "SoDienThoai": "0912345678", "TrichYeuHoSo": "Xin xác nhận cho Nguyễn Văn An",
        "NgayTiepNhan": "20261123080000", "NgayHenTra": "20261130170000", "TrangThaiHoSo": "2", "NgayTra": "", "ThongTinTra": "", "HinhThuc": "0",
        "NgayKetThucXuLy": "", "DonViXuLy": "UBND", "GhiChu": "",
    }  # fmt: skip
    return {**made, **changes}


def progress_item(status: str, at: str = "20261123081000", **changes: Any) -> Json:
    """The dossier came to this status."""
    made = {
        "MaHoSo": CODE, "NguoiXuLy": "Lê Văn Cường", "ChucDanh": "Công chức", "ThoiDiemXuLy": at, "PhongBanXuLy": "Tư pháp",
        "NoiDungXuLy": "Chuyển hồ sơ của Nguyễn Văn An", "TrangThai": status, "NgayBatDau": at, "NgayKetThucTheoQuyDinh": "",
    }  # fmt: skip
    return {**made, **changes}
