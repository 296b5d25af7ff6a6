"""A source system in the tests: its entry in the registry, and the events it sends."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from services.intake import handlers, store
from services.intake.domain import Dossier
from services.intake.domain.sources import Delivered, Mandate, Quota, Reason, Source
from services.intake.handlers import Desk, Outcome
from services.intake.tests.given import AN, MARITAL_STATUS, OTHER_UNIT, UNIT
from shared.kernel import Caller, Principal
from shared.store.vault import Details, seal_contact
from shared.testing.waiting import wait_until

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
    taken = await handlers.take_events(desk, Caller(PUBLISHER), ("id", source), "http", batch, dry_run=dry_run)
    return list(taken.outcomes)


async def heard_back(desk: Desk, kind: str, number: int = 1) -> list[Any]:
    """The feed once it holds so many entries of a kind: what is written while others write is read after them."""

    async def found() -> list[Any]:
        feed = list(await handlers.read_feed(desk, PUBLISHER, TAN_THANH, (0, 0), 100))
        return feed if len([row for row in feed if row["kind"] == kind]) >= number else []

    return await wait_until(found)


async def the_dossier(desk: Desk) -> Dossier:
    async with desk.works.reading() as connection:
        found = await store.dossier_by_code(connection, CODE)
    assert found is not None
    return found


def word(outcome: handlers.Outcome) -> str:
    return outcome.reason or outcome.status


async def statuses(desk: Desk) -> list[tuple[str, str | None]]:
    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, reason FROM source_event ORDER BY seq")
    return [(row["status"], row["reason"]) for row in rows]


def later(at: datetime, **more: float) -> str:
    """An instant behind another, as events write it."""
    return (at + timedelta(**more)).isoformat()


def every_reason() -> list[tuple[Any, str]]:
    """Events in order, each with how it ends: one that is taken, one for each reason, the last one too fast for `QUOTA`.

    Two of them wait, and are rejected once that took too long.
    """
    taken, other, third = upserted({"status": 4}), "H50.44.12-261123-0008", "H50.44.12-261123-0009"
    return [
        (taken, "accepted"),
        (b"no json", Reason.SCHEMA),
        (upserted({"note_code": "x" * 70_000}), Reason.TOO_LARGE),
        (upserted({"unit": OTHER_UNIT}), Reason.FOREIGN_UNIT),
        (upserted({"unit": "00001"}), Reason.UNKNOWN_UNIT),
        (upserted({"received_at": "2026-11-24T08:00:00+07:00"}), Reason.FUTURE_TIME),
        (progressed(2), Reason.BACKWARD_STATUS),
        (progressed(3), Reason.IMPOSSIBLE_STATUS),
        (upserted({"status": 5}, id=taken["id"]), Reason.ID_REUSED),
        (upserted({"name": "Nguyễn Văn An"}), Reason.CLEAR_PERSONAL_DATA),
        (upserted(source="hai-lang"), Reason.SOURCE_MISMATCH),
        (upserted({"code": other, "procedure": "9.999999"}), "waiting"),
        (progressed(2, data={"code": third}), "waiting"),
        (progressed(5), Reason.TOO_FAST),
    ]  # fmt: skip


QUOTA = Quota(events_per_second=1, burst=13)
