"""Statutory form 01 of Circular 03/2025/TT-VPCP: the receipt slip with the date of return (ReceiptSlip)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import segno

from services.intake.adapters.typesetting import breakable, printable, typeset

Channel = Literal["direct", "online", "postal"]
ComponentKind = Literal["original", "certified", "copy", "electronic"]
ReturnMethod = Literal["counter", "post", "electronic"]

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_CHANNELS: dict[Channel, str] = {"direct": "Trực tiếp", "online": "Trực tuyến", "postal": "Qua bưu chính công ích"}
_METHODS: dict[ReturnMethod, str] = {
    "counter": "Trực tiếp tại",
    "post": "Qua bưu chính công ích, gửi đến",
    "electronic": "Bản điện tử tại",
}
_KINDS: tuple[ComponentKind, ...] = ("original", "certified", "copy", "electronic")
_LIMIT = re.compile(r"(\d+)(wd|d|wh)")
_LIMIT_WORDS = {"wd": "ngày làm việc", "d": "ngày", "wh": "giờ làm việc"}
_SAME_DAY = "trong ngày làm việc; nhận sau 15 giờ thì trong ngày làm việc tiếp theo"
_LONGEST_REQUEST = 1000  # the national portal's own limit for the summary of a dossier


class SecretInAddress(ValueError):  # noqa: N818 - says what is wrong
    """The lookup secret stands in the address behind the QR code; it may only be printed beside it."""


@dataclass(frozen=True, slots=True)
class SlipParty:
    """Who hands in, or whose dossier it is; empty fields print as dots to fill in by hand."""

    name: str = field(repr=False)
    address: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    identity_no: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SlipComponent:
    """One row of the table of papers: how many originals, certified copies, photocopies or files."""

    name: str
    kind: ComponentKind
    count: int = 1


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything form 01 says; instants carry a time zone and are printed in Vietnam's."""

    authority: str
    center: str
    place: str
    code: str
    procedure: str
    request: str
    channel: Channel
    submitter: SlipParty
    components: tuple[SlipComponent, ...]
    limit: str
    basis: str
    received_at: datetime
    due_at: datetime
    return_method: ReturnMethod
    return_place: str
    lookup_url: str
    lookup_secret: str = field(repr=False)
    phone: str
    receiver: str
    owner: SlipParty | None = None
    sets: int = 1
    explanation: tuple[str, ...] = ()
    basis_verified: bool = True
    provisional: bool = False


def render_slip(slip: Slip) -> bytes:
    """The slip as PDF/A-2b; the same slip gives the same bytes. Raises `SecretInAddress`."""
    if slip.lookup_secret.casefold() in slip.lookup_url.casefold():
        raise SecretInAddress
    return typeset("slip.typ", _printed(slip), slip.received_at)


def _printed(slip: Slip) -> dict[str, Any]:
    submitter = _party(slip.submitter)
    return {
        **_heading(slip),
        "submitter": submitter,
        "owner": submitter if slip.owner is None else _party(slip.owner),
        "owner_is_submitter": slip.owner is None,
        "channel": _CHANNELS[slip.channel],
        "procedure": _text(slip.procedure),
        "request": _text(slip.request, _LONGEST_REQUEST),
        "components": [_component(component) for component in slip.components],
        "sets": f"{slip.sets:02d}",
        **_times(slip),
        "return_method": _METHODS[slip.return_method],
        "return_place": _text(slip.return_place),
        **_lookup(slip),
        "receiver": _text(slip.receiver),
    }


def _heading(slip: Slip) -> dict[str, str]:
    return {
        "authority": _text(slip.authority).upper(),
        "center": _text(slip.center).upper(),
        "place": _text(slip.place),
        "date": _date(slip.received_at),
        "code": _copied(slip.code),
    }


def _times(slip: Slip) -> dict[str, Any]:
    return {
        "limit": limit_in_words(slip.limit),
        "basis": _text(slip.basis),
        "basis_verified": slip.basis_verified,
        "received": _moment(slip.received_at),
        "due": _moment(slip.due_at),
        "provisional": slip.provisional,
        "explanation": [_text(line) for line in slip.explanation],
    }


def _lookup(slip: Slip) -> dict[str, str]:
    return {
        "lookup_address": _copied(slip.lookup_url.partition("?")[0]),
        "lookup_secret": _grouped(printable(slip.lookup_secret)),
        "phone": _text(slip.phone),
        "qr": segno.make_qr(slip.lookup_url, error="m").svg_inline(),
    }


def _party(party: SlipParty) -> dict[str, str]:
    return {
        "name": _text(party.name),
        "address": _text(party.address),
        "phone": _text(party.phone),
        "email": _text(party.email),
        "identity_no": _text(party.identity_no),
    }


def _component(component: SlipComponent) -> dict[str, Any]:
    counts = [f"{component.count:02d}" if component.kind == kind else "" for kind in _KINDS]
    return {"name": _text(component.name), "counts": counts}


def _text(text: str, longest: int = 300) -> str:
    return breakable(printable(text, longest))


def _copied(text: str) -> str:
    """Codes and web addresses are copied from the screen, break points too: only absurd ones get them."""
    return breakable(printable(text), longest=40)


def _grouped(secret: str) -> str:
    """`7K3MQ9TX` -> `7K3M Q9TX`: four by four is easier to read out and to type."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _date(at: datetime) -> str:
    """Day and month of one digit get a zero for days under 10 and months 1 and 2 (Decree 30/2020/NĐ-CP, annex I)."""
    local = at.astimezone(_ZONE)
    month = f"{local.month:02d}" if local.month <= 2 else str(local.month)  # noqa: PLR2004 - the rule's own number
    return f"ngày {local.day:02d} tháng {month} năm {local.year}"


def _moment(at: datetime) -> str:
    local = at.astimezone(_ZONE)
    return f"{local.hour:02d} giờ {local.minute:02d} phút, {_date(at)}"


def limit_in_words(limit: str) -> str:
    """`7wd` -> `07 ngày làm việc`; also `30d`, `8wh`, `same-day`. Raises ValueError for another word."""
    if limit == "same-day":
        return _SAME_DAY
    found = _LIMIT.fullmatch(limit)
    if found is None:
        raise ValueError(limit)
    return f"{int(found[1]):02d} {_LIMIT_WORDS[found[2]]}"
