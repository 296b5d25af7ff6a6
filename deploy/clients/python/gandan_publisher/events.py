"""What a source system tells: a dossier as it stands, its progress, or any other kind of event. Instants carry their zone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class DossierUpserted:
    """A dossier as it stands now: the first event of each, or everything of it again. `status`: the portal's number, 1 to 10."""

    kind: ClassVar[str] = "dossier-upserted"
    code: str
    procedure: str
    unit: str
    channel: str
    submitted_at: datetime
    status: int
    subject_kind: str | None = None
    received_at: datetime | None = None
    appointment_at: datetime | None = None
    at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    outcome: str | None = None
    note_code: str | None = None
    contact_sealed: str | None = None
    backfill: bool | None = None
    correction: bool | None = None
    reason_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class DossierProgressed:
    """A dossier came to a status at an instant. A status that was wrong is taken back with `correction` and `reason_class`."""

    kind: ClassVar[str] = "dossier-progressed"
    code: str
    status: int
    at: datetime
    by_unit: str | None = None
    note_code: str | None = None
    appointment_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    outcome: str | None = None
    backfill: bool | None = None
    correction: bool | None = None
    reason_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class Other:
    """Any other kind of event, such as a letter or a visit: `data` as its JSON Schema says, `subject` what it is about."""

    kind: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


Told = DossierUpserted | DossierProgressed | Other


def cloud_event(told: Told, source: str, *, id: str | None = None, at: datetime | None = None) -> dict[str, Any]:
    """The CloudEvent in structured mode. Give an `id` of your own where you have one: sent twice, it counts once."""
    named = {f.name: getattr(told, f.name) for f in fields(told)}
    data = dict(told.data) if isinstance(told, Other) else named
    said_at = {} if at is None else {"time": _plain(at)}
    return {
        "specversion": "1.0", "id": id or str(uuid7()), "source": f"/sources/{source}", "type": f"vn.gandan.source.{told.kind}.v1",
        "subject": told.subject if isinstance(told, Other) else told.code, **said_at, "datacontenttype": "application/json",
        "data": {name: _plain(value) for name, value in data.items() if value is not None},
    }  # fmt: skip


def uuid7() -> UUID:
    """A new id: milliseconds and 74 random bits (RFC 9562), so that ids sort by their time."""
    milliseconds, noise = time.time_ns() // 1_000_000, secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | noise >> 62 << 64 | 0b10 << 62 | noise & (1 << 62) - 1)


def _plain(value: Any) -> Any:
    """As JSON has it; ValueError for an instant without a zone, which would be read as another hour."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone: give it one, such as +07:00")
        return value.isoformat()
    return value
