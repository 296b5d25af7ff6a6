"""What a source system tells: dossiers, letters, visits, each a typed event. Instants carry their zone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class DossierUpserted:
    """A dossier as it stands now: the first event of each, or everything of it again. `status`: the portal's number, 1 to 10."""

    event: ClassVar[str] = "dossier-upserted"
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

    event: ClassVar[str] = "dossier-progressed"
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
class SubmissionUpserted:
    """A letter as it stands now. `kind`: complaint, denunciation, petition or feedback; `state`: a word of the vendor guide."""

    event: ClassVar[str] = "submission-upserted"
    code: str
    unit: str
    kind: str
    channel: str
    received_at: datetime
    state: str
    subject_class: str | None = None
    anonymous: bool | None = None
    at: datetime | None = None
    appointment_at: datetime | None = None
    complex: bool | None = None
    outcome: str | None = None
    note_code: str | None = None
    contact_sealed: str | None = None
    backfill: bool | None = None
    correction: bool | None = None
    reason_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class SubmissionProgressed:
    """A letter came to a state at an instant; `outcome` where the state is one, `note_code` where the law wants a ground."""

    event: ClassVar[str] = "submission-progressed"
    code: str
    state: str
    at: datetime
    by_unit: str | None = None
    appointment_at: datetime | None = None
    complex: bool | None = None
    outcome: str | None = None
    note_code: str | None = None
    backfill: bool | None = None
    correction: bool | None = None
    reason_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class VisitCounted:
    """How many came to a window on a day, up to `at`; the newest count stands."""

    event: ClassVar[str] = "visit-counted"
    unit: str
    day: date
    window: str
    visits: int
    served: int
    at: datetime
    mean_wait_minutes: int | None = None
    backfill: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Other:
    """Any other kind of event, for one that is newer than this package: `data` as its JSON Schema says, `subject` what it is about."""

    kind: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


Told = DossierUpserted | DossierProgressed | SubmissionUpserted | SubmissionProgressed | VisitCounted | Other


def cloud_event(told: Told, source: str, *, id: str | None = None, at: datetime | None = None) -> dict[str, Any]:
    """The CloudEvent in structured mode. Give an `id` of your own where you have one: sent twice, it counts once."""
    if isinstance(told, Other):
        name, subject, data = told.kind, told.subject, dict(told.data)
    else:
        name, data = told.event, {f.name: getattr(told, f.name) for f in fields(told)}
        subject = told.unit if isinstance(told, VisitCounted) else told.code
    said_at = {} if at is None else {"time": _plain(at)}
    return {
        "specversion": "1.0", "id": id or str(uuid7()), "source": f"/sources/{source}", "type": f"vn.gandan.source.{name}.v1",
        "subject": subject, **said_at, "datacontenttype": "application/json",
        "data": {each: _plain(value) for each, value in data.items() if value is not None},
    }  # fmt: skip


def uuid7() -> UUID:
    """A new id: milliseconds and 74 random bits (RFC 9562), so that ids sort by their time."""
    milliseconds, noise = time.time_ns() // 1_000_000, secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | noise >> 62 << 64 | 0b10 << 62 | noise & (1 << 62) - 1)


def _plain(value: Any) -> Any:
    """As JSON has it; ValueError for an instant without a zone, which would be read as another hour."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value} has no zone: give it one, such as +07:00")
    return value.isoformat() if isinstance(value, date) else value
