"""How the body of `/source-events` stands in the OpenAPI document. It is read raw: whatever is wrong in an event is told as its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STRUCTURED, BATCH, BINARY = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
MOST = 500

_SAID: Final[Mapping[str, str]] = {
    "specversion": "Always `1.0`.",
    "id": "Counts once within its source: 1 to 128 printable ASCII characters, and nobody's number.",
    "source": "`/sources/` and the source's id in the registry.",
    "type": "`vn.gandan.source.` and `dossier-upserted`, `dossier-progressed`, `submission-upserted`, `submission-progressed` or `visit-counted`, then `.v1`.",
    "subject": "What it is about: the same as `code` of the data, of counted visits as `unit`.",
    "time": "When it happened (RFC 3339, with its zone); no more than 5 minutes ahead.",
}
"""The attributes of an event."""

_DOSSIER: Final = {
    "code": "H50.44.12-261123-0007", "procedure": "1.004873", "unit": "19360", "channel": "direct", "subject_kind": "citizen",
    "submitted_at": "2026-11-23T08:00:00+07:00", "received_at": "2026-11-23T08:00:00+07:00", "appointment_at": "2026-11-27T17:00:00+07:00",
    "status": 2,
}  # fmt: skip
_PROGRESS: Final = {"code": "H50.44.12-261123-0007", "status": 4, "at": "2026-11-23T08:10:00+07:00"}


def _event(id: str, kind: str, time: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "specversion": "1.0", "id": id, "source": "/sources/tan-thanh", "type": f"vn.gandan.source.{kind}.v1", "subject": data["code"],
        "time": time, "datacontenttype": BINARY, "data": data,
    }  # fmt: skip


_MADE: Final = _event("01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f", "dossier-upserted", "2026-11-23T08:15:00+07:00", _DOSSIER)
_MOVED: Final = _event("01938f0e-7a3c-7b21-9c55-0a1b2c3d4e60", "dossier-progressed", "2026-11-23T08:16:00+07:00", _PROGRESS)  # fmt: skip
_DATA: Final = (
    "By the JSON Schema of its type, `deploy/contracts/sources/<type>.json`; people only in `contact_sealed`."
)
_EVENT: Final[Mapping[str, Any]] = {
    "description": "A CloudEvent in structured mode; one that is not of its form is answered too, as `rejected`.",
    "properties": {name: {"description": said} for name, said in {**_SAID, "datacontenttype": "Left out, or `application/json`.", "data": _DATA}.items()},
    "examples": [_MADE],
}  # fmt: skip

BODY: Final[Mapping[str, Any]] = {
    "required": True,
    "description": f"One event, structured or binary (`{BINARY}` with its attributes in `ce-` headers), or a batch of at most {MOST}.",
    "content": {
        STRUCTURED: {"schema": _EVENT},
        BATCH: {"schema": {"type": "array", "maxItems": MOST, "items": _EVENT, "examples": [[_MADE, _MOVED]]}},
        BINARY: {"schema": {"description": f"The data alone. {_DATA}", "examples": [_DOSSIER]}},
    },
}
HEADERS: Final = [
    {"name": f"ce-{name}", "in": "header", "required": False, "description": f"In binary mode. {said}", "schema": {"type": "string"}, "example": _MADE[name]}
    for name, said in _SAID.items()
]  # fmt: skip
