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
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.bench.answering import answering
from deploy.bench.lives import TOPIC
from deploy.bench.loop import run

Instant: Any = DateTime(timezone=True)

PATIENCE = 120
COUNTED = {
    "dossier-submitted": "received",
    "dossier-accepted": "accepted",
    "dossier-settled": "settled",
    "result-returned": "returned",
}


class Event(BaseModel):
    """The envelope, as far as this reader needs it."""

    type: str
    subject: UUID
    sequence: int
    time: datetime
    data: dict[str, Any]

    @property
    def word(self) -> str:
        """`vn.gandan.dossier-settled.v1` -> `dossier-settled`."""
        return self.type.split(".")[2]


class PeerLine(SQLModel, table=True):
    """One dossier as it stands."""

    id: UUID = Field(primary_key=True)
    code: str
    unit: str
    procedure: str
    channel: str
    recipient: UUID | None
    state: str
    due_on: date | None
    submitted_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    version: int


class PeerMoment(SQLModel, table=True):
    """One event of a timeline."""

    dossier: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    type: str
    occurred_at: datetime = Field(sa_type=Instant)


class PeerDay(SQLModel, table=True):
    """Counters of a unit's day."""

    unit: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    received: int = 0
    accepted: int = 0
    settled: int = 0
    returned: int = 0


TABLES: Any = [kind.__table__ for kind in (PeerLine, PeerMoment, PeerDay)]


async def apply(engine: Any, event: Event) -> None:
    """Line, timeline and counter of one event, read, changed and written by a session."""
    async with AsyncSession(engine) as session:
        line = await session.get(PeerLine, event.subject)
        if line is not None and line.version >= event.sequence:
            return
        if line is None:
            line = begun(event)
            session.add(line)
        line.version, line.last_at, line.state = event.sequence, event.time, event.word
        line.due_on = date.fromisoformat(event.data["due_on"]) if "due_on" in event.data else line.due_on
        session.add(PeerMoment(dossier=line.id, sequence=event.sequence, type=event.type, occurred_at=event.time))
        await count(session, event, line)
        await session.commit()


def begun(event: Event) -> PeerLine:
    """A new line."""
    data = event.data
    return PeerLine(
        id=event.subject, code=data["code"], unit=data["unit"], procedure=data.get("procedure", ""), channel=data.get("channel", ""),
        recipient=UUID(data["recipient"]), state="", due_on=None, submitted_at=event.time, last_at=event.time, version=0,
    )  # fmt: skip


async def count(session: AsyncSession, event: Event, line: PeerLine) -> None:
    """Add one to the unit's day."""
    key = (line.unit, event.time.date())
    row = await session.get(PeerDay, key, with_for_update=True)
    if row is None:
        row = PeerDay(unit=key[0], day=key[1])
        session.add(row)
    name = COUNTED[event.word]
    setattr(row, name, getattr(row, name) + 1)


async def plain(message: Any) -> Any:
    """Our content type is not the one FastStream takes for JSON."""
    return orjson.loads(message.body)


async def main() -> None:
    """Count events a second over so many events."""
    url, bootstrap, prefix = sys.argv[1:]
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all, tables=TABLES)
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
