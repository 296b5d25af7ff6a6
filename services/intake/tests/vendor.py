"""A source system in the tests: its entry in the registry, and the events it sends."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from services.intake import handlers
from services.intake.domain.sources import Delivered, Mandate, Source
from services.intake.handlers import Desk, Outcome
from services.intake.tests.given import AN, MARITAL_STATUS, UNIT
from shared.kernel import Caller, Principal
from shared.store.vault import Details, seal_contact

Json = dict[str, Any]
TAN_THANH = "tan-thanh"
CODE = "H50.44.12-261123-0007"
PUBLISHER = Principal(TAN_THANH, frozenset({"publisher"}), acting="publisher")
ADMIN = Principal("admin", frozenset({"admin"}), acting="admin")
_ids = count(1)


def entry(id: str = TAN_THANH, **changes: Any) -> Source:
    """The registry's entry: it speaks for one ward."""
    made = Source(id, "Một cửa xã Tân Thành", id, (Mandate(UNIT, date(2026, 1, 1)),))
    return replace(made, **changes)


async def registered(desk: Desk, id: str = TAN_THANH, **changes: Any) -> Source:
    """A source in the registry."""
    return await handlers.put_source(desk, Caller(ADMIN), entry(id, **changes), None)


def event(kind: str, data: Json, *, source: str = TAN_THANH, **changes: Any) -> Json:
    """A CloudEvent of a source, with an id of its own unless one is given."""
    made = {
        "specversion": "1.0", "id": f"e-{next(_ids)}", "source": f"/sources/{source}", "type": f"vn.gandan.source.{kind}.v1",
        "subject": data.get("code"), "time": "2026-11-23T08:20:00+07:00", "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return {**made, **changes}


def upserted(data: Json | None = None, **changes: Any) -> Json:
    """A dossier accepted at the counter this morning."""
    said = {
        "code": CODE, "procedure": MARITAL_STATUS, "unit": UNIT, "channel": "direct", "subject_kind": "citizen",
        "submitted_at": "2026-11-23T08:00:00+07:00", "received_at": "2026-11-23T08:00:00+07:00", "status": 2,
    }  # fmt: skip
    return event("dossier-upserted", {**said, **(data or {})}, **changes)


def progressed(status: int, at: str = "2026-11-23T08:10:00+07:00", data: Json | None = None, **changes: Any) -> Json:
    """The dossier came to this status."""
    return event("dossier-progressed", {"code": CODE, "status": status, "at": at, **(data or {})}, **changes)


def sealed(public_key: bytes, person: Details = AN) -> str:
    """A contact in a sealed box."""
    return base64.b64encode(seal_contact(public_key, person)).decode()


def delivered(told: Any, at: datetime) -> Delivered:
    """As a door hands it over."""
    return Delivered(told if isinstance(told, bytes) else msgspec.json.encode(told), at)


async def send(desk: Desk, *told: Any, source: str = TAN_THANH, dry_run: bool = False) -> list[Outcome]:
    """Send a batch over HTTP's handler."""
    now = desk.works.clock()
    batch = [delivered(each, now) for each in told]
    return list(await handlers.take_events(desk, Caller(PUBLISHER), source, "http", batch, dry_run=dry_run))


def later(at: datetime, **more: float) -> str:
    """An instant behind another, as events write it."""
    return (at + timedelta(**more)).isoformat()
