"""Statutory forms 02 to 05 of Circular 03/2025/TT-VPCP: SupplementRequest, RefusalNotice, ApologyNote, StoppingNotice.

The annex names what each says; its printed lay-out was not seen, so sentences and their order are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.intake.adapters import layout
from services.intake.adapters.layout import Component, Party, copied, day_in_words, moment_in_words, text
from services.intake.adapters.typesetting import typeset

LONGEST_REASON = 2000
"""As long as a reason may be when it is given."""

_STAGES: Mapping[str, str] = {
    "submitted": "chờ tiếp nhận", "accepted": "đã tiếp nhận", "in-progress": "đang giải quyết", "awaiting-supplement": "chờ bổ sung giấy tờ",
    "awaiting-payment": "chờ thực hiện nghĩa vụ tài chính", "paused": "tạm dừng giải quyết",
}  # fmt: skip
"""The states of the national portal before there is a decision."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What every letter about a dossier says; `at` carries a time zone, `officer` and `phone` may be empty."""

    authority: str
    center: str
    place: str
    code: str
    procedure: str
    request: str
    submitter: Party
    at: datetime
    owner: Party | None = None
    officer: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class SupplementRequest:
    """Form 02: which papers are missing, why, and until when they are awaited."""

    letter: Letter
    missing: tuple[Component, ...]
    reason: str = field(repr=False)
    respond_by: date
    website: str


@dataclass(frozen=True, slots=True)
class RefusalNotice:
    """Form 03: why a dossier is not accepted."""

    letter: Letter
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApologyNote:
    """Form 04: the day promised, why it cannot be kept, the new one, and who signs (an id of the staff directory)."""

    letter: Letter
    promised_on: date
    reason: str = field(repr=False)
    new_due_on: date
    signer: str


@dataclass(frozen=True, slots=True)
class StoppingNotice:
    """Form 05: stopped on request before any decision; `stage` is the state it was stopped in, `paid` đồng, None: not known."""

    letter: Letter
    reason: str = field(repr=False)
    stage: str
    paid: int | None = None


def render_supplement_request(asked: SupplementRequest) -> bytes:
    """Form 02 as PDF/A-2b; the same request gives the same bytes."""
    said = {
        "missing": layout.table(asked.missing),
        "reason": text(asked.reason, LONGEST_REASON),
        "respond-by": day_in_words(asked.respond_by),
        "website": copied(asked.website),
    }
    return typeset("supplement.typ", _lines(asked.letter) | said, asked.letter.at)


def render_refusal(refused: RefusalNotice) -> bytes:
    """Form 03 as PDF/A-2b; the same refusal gives the same bytes."""
    said = {"reason": text(refused.reason, LONGEST_REASON)}
    return typeset("refusal.typ", _lines(refused.letter) | said, refused.letter.at)


def render_apology(apology: ApologyNote) -> bytes:
    """Form 04 as PDF/A-2b; the same apology gives the same bytes."""
    said = {
        "reason": text(apology.reason, LONGEST_REASON),
        "promised": day_in_words(apology.promised_on),
        "moved": day_in_words(apology.new_due_on),
        "signer": text(apology.signer),
    }
    return typeset("apology.typ", _lines(apology.letter) | said, apology.letter.at)


def render_stopping(stopped: StoppingNotice) -> bytes:
    """Form 05 as PDF/A-2b; the same notice gives the same bytes. Raises KeyError for a state no dossier is stopped in."""
    said = {
        "reason": text(stopped.reason, LONGEST_REASON),
        "stopped": moment_in_words(stopped.letter.at),
        "stage": _STAGES[stopped.stage],
        "paid": "" if stopped.paid is None else _dong(stopped.paid),
    }
    return typeset("stopping.typ", _lines(stopped.letter) | said, stopped.letter.at)


def _dong(amount: int) -> str:
    """`1250000` -> `1.250.000 đồng`."""
    return f"{amount:,} đồng".replace(",", ".") if amount else "chưa nộp"


def _lines(letter: Letter) -> dict[str, Any]:
    return {
        **layout.heading(letter.authority, letter.center, letter.place, letter.at),
        "center-name": text(letter.center),
        "code": copied(letter.code),
        "procedure": text(letter.procedure),
        "request": text(letter.request, layout.LONGEST_REQUEST),
        "submitter": layout.party(letter.submitter),
        "owner": layout.party(letter.owner or letter.submitter),
        "officer": text(letter.officer),
        "phone": text(letter.phone),
    }
