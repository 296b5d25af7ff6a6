"""Statutory form 01 of Circular 03/2025/TT-VPCP: the receipt slip with the date of return (ReceiptSlip)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import segno

from services.intake.adapters import layout
from services.intake.adapters.layout import Component, Party, copied, moment_in_words, text
from services.intake.adapters.typesetting import printable, typeset

Channel = Literal["direct", "online", "postal"]
ReturnMethod = Literal["counter", "post", "electronic"]

_CHANNELS: dict[Channel, str] = {"direct": "Trực tiếp", "online": "Trực tuyến", "postal": "Qua bưu chính công ích"}
_METHODS: dict[ReturnMethod, str] = {
    "counter": "Trực tiếp tại",
    "post": "Qua bưu chính công ích, gửi đến",
    "electronic": "Bản điện tử tại",
}
_LIMIT = re.compile(r"(\d+)(wd|d|wh)")
_LIMIT_WORDS = {"wd": "ngày làm việc", "d": "ngày", "wh": "giờ làm việc"}
_SAME_DAY = "trong ngày làm việc; nhận sau 15 giờ thì trong ngày làm việc tiếp theo"


class SecretInAddress(ValueError):  # noqa: N818 - says what is wrong
    """The lookup secret stands in the address behind the QR code; it may only be printed beside it."""


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
    submitter: Party
    components: tuple[Component, ...]
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
    entered_at: datetime | None = None
    """When it was entered, if that was on a later day."""
    owner: Party | None = None
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
    submitter = layout.party(slip.submitter)
    return {
        **layout.heading(slip.authority, slip.center, slip.place, slip.entered_at or slip.received_at),
        "code": copied(slip.code),
        "submitter": submitter,
        "owner": submitter if slip.owner is None else layout.party(slip.owner),
        "owner_is_submitter": slip.owner is None,
        "channel": _CHANNELS[slip.channel],
        "procedure": text(slip.procedure),
        "request": text(slip.request, layout.LONGEST_REQUEST),
        "components": layout.table(slip.components),
        "sets": f"{slip.sets:02d}",
        **_times(slip),
        "return_method": _METHODS[slip.return_method],
        "return_place": text(slip.return_place),
        **_lookup(slip),
        "receiver": text(slip.receiver),
    }


def _times(slip: Slip) -> dict[str, Any]:
    return {
        "limit": limit_in_words(slip.limit),
        "basis": text(slip.basis),
        "basis_verified": slip.basis_verified,
        "received": moment_in_words(slip.received_at),
        "entered": moment_in_words(slip.entered_at) if slip.entered_at else "",
        "due": moment_in_words(slip.due_at),
        "provisional": slip.provisional,
        "explanation": [text(line) for line in slip.explanation],
    }


def _lookup(slip: Slip) -> dict[str, str]:
    return {
        "lookup_address": copied(slip.lookup_url.partition("?")[0]),
        "lookup_secret": _grouped(printable(slip.lookup_secret)),
        "phone": text(slip.phone),
        "qr": segno.make_qr(slip.lookup_url, error="m").svg_inline(),
    }


def _grouped(secret: str) -> str:
    """`7K3MQ9TX` -> `7K3M Q9TX`: four by four is easier to read out and to type."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def limit_in_words(limit: str) -> str:
    """`7wd` -> `07 ngày làm việc`; also `30d`, `8wh`, `same-day`. Raises ValueError for another word."""
    if limit == "same-day":
        return _SAME_DAY
    found = _LIMIT.fullmatch(limit)
    if found is None:
        raise ValueError(limit)
    return f"{int(found[1]):02d} {_LIMIT_WORDS[found[2]]}"
