"""What the national portal hears of our own dossiers: which fact tells it what, and the items as its adapter takes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from services.intake.domain.dossier import Dossier
from services.intake.domain.portal import PROGRESS, SYNC, Applicant, Form, written
from services.intake.domain.states import State
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact

LOOKUP: Final = "TraCuuHoSo"
OK: Final = frozenset({"00", "0"})
STEPS: Mapping[type[Fact], tuple[str, int | None]] = {
    facts.DossierSubmitted: (SYNC, 1), facts.DossierAccepted: (SYNC, 2), facts.DossierRefused: (SYNC, 3), facts.DossierAssigned: (PROGRESS, 4),
    facts.SupplementRequested: (SYNC, 5), facts.SupplementSupplied: (SYNC, 4), facts.PaymentRequired: (SYNC, 6), facts.PaymentConfirmed: (SYNC, 4),
    facts.DossierWithdrawn: (SYNC, 7), facts.DossierPaused: (PROGRESS, 8), facts.DossierResumed: (SYNC, 4), facts.DossierStopped: (SYNC, 8),
    facts.DossierSettled: (SYNC, 9), facts.ResultReturned: (SYNC, 10), facts.AppointmentMoved: (SYNC, None), facts.DossierCorrected: (SYNC, None),
    facts.DeadlineMoved: (SYNC, None), facts.DossierTransferAccepted: (SYNC, None), facts.DossierEscalated: (SYNC, None), facts.DossierSucceeded: (SYNC, None),
}  # fmt: skip
"""By which service a fact is told, and as which status; None: as the last one. The whole dossier where dates, texts or its unit change."""
_WORDS = (
    "Mới đăng ký", "Được tiếp nhận", "Không được tiếp nhận", "Đang xử lý", "Yêu cầu bổ sung giấy tờ",
    "Yêu cầu thực hiện nghĩa vụ tài chính", "Công dân yêu cầu rút hồ sơ", "Dừng xử lý", "Đã xử lý xong", "Đã trả kết quả",
)  # fmt: skip
_LONGEST_SUMMARY = 1000
_NOT_RECEIVED = frozenset({1, 3})
_REFUSED, _STOPPED, _SETTLED, _RETURNED = 3, 8, 9, 10
_TWELVE = 12


class NotReached(Exception):  # noqa: N818 - an answer
    """The portal certainly took nothing: nobody answered the call, or the door was shut."""


class InDoubt(Exception):  # noqa: N818 - an answer
    """The portal may have taken it: the connection ended, or its answer says nothing."""


class Declined(Exception):  # noqa: N818 - an answer
    """The portal answered, with another `error_code` than "00"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Gateway(Protocol):
    """The portal's adapter; both raise `NotReached`, `InDoubt` or `Declined`."""

    async def look_up(self, agency: str, code: str) -> int | None:
        """The status it has of a dossier; 0 where it does not say which; None where it has no such dossier."""
        ...

    async def send(self, agency: str, service: str, item: Mapping[str, Any], *, updating: bool | None) -> str:
        """Hand one item over; the `error_code` of its receipt."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """How what a dossier points at is called."""

    procedure: str
    sector: str
    unit: str


def step(fact: Fact) -> tuple[str, int | None] | None:
    """By which service and as which status the portal hears of a fact; None: it does not."""
    if isinstance(fact, facts.SupplementSupplied) and fact.answer_due_at is not None:
        return SYNC, 1
    return STEPS.get(type(fact))


def dossier_item(
    dossier: Dossier, status: int, at: datetime, form: Form, names: Names, applicant: Applicant, summary: str | None, papers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    """An item of `DongBoHoSoMC`: the dossier with the status it is told of, and the dates that go with that status."""
    number = applicant.identity_no
    return {
        "MaHoSo": dossier.code, "MaTTHC": dossier.procedure, "TenTTHC": names.procedure, "MaLinhVuc": names.sector, "TenLinhVuc": names.sector,
        "KenhThucHien": _code(form.channel, dossier.channel), "LoaiDoiTuong": _code(form.subject_kind, dossier.subject_kind),
        "ChuHoSo": applicant.name, "SoGiayToChuHoSo": number or "", "SoDienThoai": applicant.phone or "", "Email": applicant.email or "",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1" if len(number) == _TWELVE else "2", "SoDinhDanh": number}] if number else [],
        "TrichYeuHoSo": (summary or names.procedure)[:_LONGEST_SUMMARY], "NgayNopHoSo": written(dossier.submitted_at),
        "NgayTiepNhan": "" if status in _NOT_RECEIVED else written(dossier.received_at), "NgayHenTra": written(dossier.due_at),
        "TrangThaiHoSo": str(status), "NgayTuChoi": written(at) if status == _REFUSED else "",
        "NgayKetThucXuLy": written(_finished(dossier, status, at)), "NgayTra": written(at) if status == _RETURNED else "",
        "HinhThuc": "0", "DonViXuLy": names.unit,
        "DanhSachTepDinhKemKhac": [
            {"TenGiayTo": each["name"], "SoLuong": str(each["count"]), "LoaiGiayTo": each["kind"]} for each in papers
        ],
    }  # fmt: skip


def _finished(dossier: Dossier, status: int, at: datetime) -> datetime | None:
    """When it ended, for a status that is an end; a dossier that pauses has none."""
    if status == _SETTLED:
        return at
    if status == _RETURNED:
        return dossier.settled_at
    return dossier.closed_at if status == _STOPPED and dossier.state is State.STOPPED else None


def progress_item(dossier: Dossier, status: int, at: datetime, names: Names) -> dict[str, Any]:
    """An item of `CapNhatTienDoHoSoMC`; who handles it is the unit, no officer is named."""
    return {
        "MaHoSo": dossier.code, "NguoiXuLy": names.unit, "ChucDanh": "", "ThoiDiemXuLy": written(at), "PhongBanXuLy": names.unit,
        "NoiDungXuLy": _WORDS[status - 1], "TrangThai": str(status), "NgayBatDau": written(at), "NgayKetThucTheoQuyDinh": written(dossier.due_at),
    }  # fmt: skip


def _code(codes: Mapping[str, str], word: str) -> str:
    """The portal's code of a word of ours; the first where several mean it."""
    return next((code for code, ours in codes.items() if ours == word), "")
