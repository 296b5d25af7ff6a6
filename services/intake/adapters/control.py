"""Statutory form 06 of Circular 03/2025/TT-VPCP: the control slip that goes with a dossier from hand to hand (ControlSlip).

The annex names what it says; its printed lay-out was not seen, so words and columns are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.intake.adapters import layout
from services.intake.adapters.layout import Component, Party, copied, moment_in_words, text
from services.intake.adapters.slip import limit_in_words
from services.intake.adapters.typesetting import typeset
from shared.law import ZONE

HANDOVERS: Final = ("STT", "Bên giao", "Bên nhận", "Thời điểm giao", "Số giấy tờ", "Ký giao", "Ký nhận", "Xác nhận")
RESULT: Final = ("Kết quả giải quyết", "Thời điểm có kết quả", "Trả kết quả", "Ghi chú")

_CONFIRMED: Mapping[str, str] = {
    "waiting": "Chờ trả lời", "accepted": "Đã nhận", "rejected": "Không nhận", "escalated": "Chuyển lên cấp trên", "assigned": "Đã giao",
    "lapsed": "Hết hiệu lực",
}  # fmt: skip
_OUTCOMES: Mapping[str, str] = {"granted": "Chấp thuận", "rejected": "Không chấp thuận"}
_TIMINGS: Mapping[str, str] = {"before": "Trước hạn", "on": "Đúng hạn", "over": "Quá hạn", "unknown": ""}
_METHODS: Mapping[str, str] = {"counter": "Trực tiếp", "post": "Bưu chính công ích", "electronic": "Bản điện tử"}


@dataclass(frozen=True, slots=True)
class Handover:
    """From whose hand into whose, when, how many papers (None: not said), and what the receiver said, when."""

    giver: str
    taker: str
    at: datetime
    papers: int | None
    confirmation: str
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it, and how and when it reached the citizen; `timing`: before, on or over the day promised."""

    outcome: str
    at: datetime
    number: str | None
    timing: str
    method: str | None = None
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlSlip:
    """Everything form 06 says of a dossier, printed at `at`; instants carry a time zone."""

    authority: str
    center: str
    place: str
    code: str
    procedure: str
    request: str = field(repr=False)
    owner: Party
    components: tuple[Component, ...]
    limit: str
    basis: str
    received_at: datetime
    due_at: datetime | None
    handovers: tuple[Handover, ...]
    result: Result | None
    at: datetime


def render_control_slip(slip: ControlSlip) -> bytes:
    """Form 06 as PDF/A-2b; the same slip gives the same bytes."""
    said = {
        **layout.heading(slip.authority, slip.center, slip.place, slip.at),
        "code": copied(slip.code),
        "procedure": text(slip.procedure),
        "request": text(slip.request, layout.LONGEST_REQUEST),
        "owner": layout.party(slip.owner),
        "components": layout.table(slip.components),
        "limit": limit_in_words(slip.limit),
        "basis": text(slip.basis),
        "received": moment_in_words(slip.received_at),
        "due": moment_in_words(slip.due_at) if slip.due_at else "",
        "handover-headings": HANDOVERS,
        "handovers": [_handed(number, each) for number, each in enumerate(slip.handovers, 1)],
        "result-headings": RESULT,
        "result": _result(slip.result),
    }
    return typeset("control.typ", said, slip.at)


def _handed(number: int, handover: Handover) -> list[str]:
    papers = "" if handover.papers is None else f"{handover.papers:02d}"
    said = " ".join(filter(None, (_CONFIRMED[handover.confirmation], _clock(handover.answered_at))))
    return [str(number), text(handover.giver), text(handover.taker), _clock(handover.at), papers, "", "", said]


def _result(result: Result | None) -> list[Any]:
    if result is None:
        return []
    outcome = " ".join(filter(None, (_OUTCOMES[result.outcome], text(result.number or ""))))
    returned = " ".join(filter(None, (_METHODS[result.method] if result.method else "", _clock(result.returned_at))))
    return [outcome, _clock(result.at), returned, _TIMINGS[result.timing]]


def _clock(at: datetime | None) -> str:
    """`08:15 23/11/2026` in Vietnam."""
    return f"{at.astimezone(ZONE):%H:%M %d/%m/%Y}" if at else ""
