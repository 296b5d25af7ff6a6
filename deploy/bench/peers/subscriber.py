"""Peer of `project`: a FastStream subscriber, one typed message at a time, one SQLModel transaction per event."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from faststream.kafka import KafkaBroker
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.bench.answering import answering
from deploy.bench.lives import TOPIC
from deploy.bench.loop import run
from services.reporting.tables import DossierLineRow, MomentRow, UnitDayRow

PATIENCE = 120
COUNTED = {
    "dossier-submitted": "received",
    "dossier-accepted": "accepted",
    "dossier-settled": "settled_on",
    "result-returned": "returned",
}


class Event(BaseModel):
    """The envelope, as far as this reader needs it."""

    type: str
    subject: UUID
    sequence: int
    time: datetime
    data: dict[str, Any]


async def apply(engine: Any, event: Event) -> None:
    """Line, timeline and counter of one event, read, changed and written by a session."""
    async with AsyncSession(engine) as session:
        line = await session.get(DossierLineRow, event.subject)
        if line is not None and line.version >= event.sequence:
            return
        if line is None:
            line = DossierLineRow(**begun(event))
            session.add(line)
        line.version, line.last_at, line.state = event.sequence, event.time, event.type.split(".")[2]
        line.due_on = line.due_on or day(event.data.get("due_on"))
        session.add(MomentRow(**moment(event)))
        await count(session, event, line)
        await session.commit()


async def count(session: AsyncSession, event: Event, line: DossierLineRow) -> None:
    """Add one to the unit's day."""
    key = (line.unit, event.time.date(), "dossier", line.channel)
    row = await session.get(UnitDayRow, key, with_for_update=True)
    if row is None:
        named = [name for name in UnitDayRow.model_fields if name not in {"unit", "day", "kind", "channel"}]
        row = UnitDayRow(unit=key[0], day=key[1], kind=key[2], channel=key[3], **dict.fromkeys(named, 0))
        session.add(row)
    name = COUNTED.get(event.type.split(".")[2], "received")
    setattr(row, name, getattr(row, name) + 1)


def begun(event: Event) -> dict[str, Any]:
    """A new line."""
    data = event.data
    return {
        "id": event.subject, "code": data.get("code", ""), "unit": data["unit"], "procedure": data.get("procedure", ""), "procedure_version": 1,
        "channel": data.get("channel", ""), "subject_kind": data.get("subject_kind", ""), "recipient": UUID(data["recipient"]), "components": 1,
        "lookup_verifier": data.get("lookup_verifier", ""), "state": "submitted", "open": True, "received_on": event.time.date(),
        "submitted_at": event.time, "provisional": False, "paused_times": 0, "warned": False, "breached": False, "answer_late": False, "version": 0,
        "last_at": event.time,
    }  # fmt: skip


def moment(event: Event) -> dict[str, Any]:
    """A row of the timeline."""
    return {
        "dossier": event.subject, "sequence": event.sequence, "type": event.type, "occurred_at": event.time, "recorded_at": event.time, "word": "told",
        "day": None, "trace": None,
    }  # fmt: skip


def day(text: str | None) -> date | None:
    """A date, when there is one."""
    return date.fromisoformat(text) if text else None


async def plain(message: Any) -> Any:
    """Our content type is not the one FastStream takes for JSON."""
    return orjson.loads(message.body)


async def main() -> None:
    """Count events a second over so many events."""
    url, bootstrap, prefix = sys.argv[1:]
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    broker, times = KafkaBroker(bootstrap, logger=logging.getLogger("peer")), list[datetime]()

    @broker.subscriber(prefix + TOPIC, group_id="bench-peer", auto_offset_reset="earliest", decoder=plain)
    async def on_event(event: Event) -> None:
        await apply(engine, event)
        times.append(datetime.fromtimestamp(time.time(), UTC))

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        await broker.start()
        until = time.monotonic() + PATIENCE
        while len(times) < asked["facts"]:
            assert time.monotonic() < until, f"{len(times)} of {asked['facts']} events after {PATIENCE} s"
            await asyncio.sleep(0.02)
        return {"facts": len(times) - 1, "seconds": (times[-1] - times[0]).total_seconds()}

    await answering(answer)
    await broker.stop()


if __name__ == "__main__":
    run(main())
