"""What a person may see of a record that came from anywhere: ids, codes, dates and amounts in places a contract names.

A parked record may be anything, a letter with a citizen's name in it too, so everything else is told by its size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import Any

import msgspec

from shared.bus.arrival import Raw
from shared.contracts.envelope import Foreign, fact_type
from shared.contracts.schemas import every_kind
from shared.telemetry.redaction import MARK, redact

_TOKEN = re.compile(r"[A-Za-z0-9_.:+/=-]{1,64}")
_LONG = 10**8
"""A number with nine digits or more may be somebody's."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_ATTRIBUTES = frozenset({*Foreign.__struct_fields__, "datacontenttype", "dataschema", "tenant", "causationid"}) - {
    "data"
}
_HEADERS = frozenset({"content-type", "traceparent", "tracestate", "x-replay"})


def readable(raw: Raw) -> dict[str, Any]:
    """Headers and value of a record for a person's eyes."""
    headers = {
        name if _known_header(name) else MARK: _header(value) if _known_header(name) else MARK
        for name, value in raw.headers
    }
    return {"headers": headers, "value": _value(raw)}


def masked(value: Any) -> Any:
    """A leaf as it is when it is a code, an id, a date or an amount; else how large it is."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LONG else MARK
    if isinstance(value, str):
        return value if _TOKEN.fullmatch(value) and redact(value) == value else f"[{len(value)} characters]"
    return f"[{len(value)} entries]"


def masked_detail(text: str) -> str:
    """An error's sentence; what it quotes of the record only when that is a code or an id."""
    return redact(_QUOTED.sub(lambda found: found[0] if _is_code(found[0][1:-1]) else MARK, text))


def _is_code(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None and redact(text) == text


def _known_header(name: str) -> bool:
    return name in _HEADERS or name.removeprefix("ce_") in _ATTRIBUTES


def _header(value: bytes | None) -> Any:
    return None if value is None else masked(value.decode("ascii", "replace"))


def _value(raw: Raw) -> Any:
    if raw.value is None:
        return None
    try:
        found = msgspec.json.decode(raw.value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        return {"unreadable": f"{len(raw.value)} bytes", "sha256": sha256(raw.value).hexdigest()}
    if raw.header("ce_specversion") is not None:
        return {"data": _data(raw.text("ce_type") or "", found)}
    shown = {name: masked(value) for name, value in found.items() if name in _ATTRIBUTES}
    return (
        shown
        | _others(len(found.keys() - _ATTRIBUTES - {"data"}))
        | {"data": _data(str(found.get("type")), found.get("data"))}
    )


def _data(type_: str, data: Any) -> Any:
    """The fields its contract names; the names of others may be anything too, so they are only counted."""
    if not isinstance(data, Mapping):
        return masked(data)
    known = {field.name for kind in every_kind().values() if fact_type(kind) == type_ for field in fields(kind)}
    return {name: masked(value) for name, value in data.items() if name in known} | _others(len(data.keys() - known))


def _others(number: int) -> dict[str, str]:
    return {"unknown": f"{number} more fields"} if number else {}
