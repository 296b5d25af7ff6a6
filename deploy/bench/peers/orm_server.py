"""Peer of `submit`: the same endpoint and rows with SQLModel sessions, as tutorials write it."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import FastAPI, Header
from sqlalchemy import BigInteger, Column, DateTime, Identity, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.bench.limits.filing import Filing, Maker
from deploy.bench.limits.serving import Filed, arguments, serve
from deploy.bench.loop import run
from services.intake.domain import SNAPSHOT
from services.intake.tables import CodeCounterRow, DossierRow
from shared.moments import system_clock
from shared.settings import Settings

Instant: Any = DateTime(timezone=True)


class Idempotency(SQLModel, table=True):
    """An answer kept for a key."""

    principal: bytes = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes
    status: int = Field(sa_type=SmallInteger)
    answer: bytes
    created_at: datetime = Field(sa_type=Instant)


class Person(SQLModel, table=True):
    """An encrypted person."""

    id: UUID = Field(primary_key=True)
    recipient: UUID
    data_key: bytes
    key_id: int = Field(sa_type=SmallInteger)
    sealed: bytes
    identity_index: bytes | None
    phone_index: bytes | None
    created_at: datetime = Field(sa_type=Instant)


class Contact(SQLModel, table=True):
    """The newest person of a recipient."""

    recipient: UUID = Field(primary_key=True)
    person: UUID
    sequence: int = Field(sa_type=BigInteger)


class Stream(SQLModel, table=True):
    """The end of a history."""

    id: UUID = Field(primary_key=True)
    sequence: int
    head: bytes


class FactRow(SQLModel, table=True):
    """One fact."""

    __tablename__ = "fact"

    id: UUID = Field(primary_key=True)
    aggregate: UUID
    sequence: int
    type: str
    topic: str | None
    key: str
    source: str
    occurred_at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    actor: str
    traceparent: str | None
    envelope: bytes
    previous: bytes
    hash: bytes


class Outbox(SQLModel, table=True):
    """One record to send."""

    position: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    fact: UUID | None = None
    contact: UUID | None = None


class Deadline(SQLModel, table=True):
    """One deadline."""

    aggregate: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    rule: str
    rule_version: int
    clock: dict[str, Any] = Field(sa_type=JSONB)
    due_at: datetime | None = Field(sa_type=Instant)
    due_on: date | None
    last_due_at: datetime | None = Field(sa_type=Instant)
    warn_at: datetime | None = Field(sa_type=Instant)
    breach_at: datetime | None = Field(sa_type=Instant)
    stage: str | None
    stage_at: datetime | None = Field(sa_type=Instant)


async def file(engine: Any, maker: Maker, body: Filed, key: str) -> dict[str, Any]:
    """Everything of one dossier in one session, one commit."""
    now, fingerprint = system_clock(), sha256(key.encode()).digest()
    async with AsyncSession(engine, expire_on_commit=False) as session:
        filing = maker.make(body, await number(session, maker.agency(body.unit), now.date()), now)
        answer = filing.answer()
        session.add(
            Idempotency(
                principal=fingerprint[:16], key=key, fingerprint=fingerprint, status=201, answer=answer, created_at=now
            )
        )
        session.add(DossierRow(**dossier_columns(filing, body)))
        session.add(Person(**{name: getattr(filing.person, name) for name in filing.person.__slots__}, created_at=now))
        session.add(FactRow(**dict(zip(FactRow.model_fields, filing.fact, strict=True))))
        session.add(Stream(id=filing.dossier.id, sequence=1, head=filing.fact[-1]))
        session.add(Deadline(**deadline_columns(filing)))
        session.add(Outbox(fact=filing.fact[0]))
        session.add(Outbox(contact=filing.person.recipient))
        await remember_contact(session, filing)
        await session.commit()
    return orjson.loads(answer)


async def number(session: AsyncSession, agency: str, day: date) -> int:
    """The next number of an agency and day, its row locked."""
    counter = await session.get(CodeCounterRow, (agency, day), with_for_update=True)
    if counter is None:
        counter = CodeCounterRow(agency=agency, day=day, last=0)
        session.add(counter)
    counter.last += 1
    await session.flush()
    return counter.last


async def remember_contact(session: AsyncSession, filing: Filing) -> None:
    """Point the recipient at the newest person."""
    person = filing.person
    found = (await session.exec(select(Contact).where(Contact.recipient == person.recipient).with_for_update())).first()
    if found is None:
        session.add(Contact(recipient=person.recipient, person=person.id, sequence=1))
    else:
        found.person, found.sequence = person.id, found.sequence + 1


def dossier_columns(filing: Filing, body: Filed) -> dict[str, Any]:
    """The row of the dossier."""
    columns = {name: getattr(filing.dossier, name) for name in SNAPSHOT}
    papers = [paper.model_dump() for paper in body.components]
    return {**columns, "person": filing.person.id, "summary": body.summary, "components": papers}


def deadline_columns(filing: Filing) -> dict[str, Any]:
    """The row of its deadline."""
    schedule = filing.schedule
    names = ("aggregate", "kind", "rule", "rule_version", "clock", "due_at", "due_on", "warn_at", "breach_at")
    stage = {"last_due_at": schedule.due_at, "stage": "breach", "stage_at": schedule.breach_at}
    return {name: getattr(schedule, name) for name in names} | stage


async def seed(engine: Any, maker: Maker) -> None:
    """Every agency's counter of today, so that no two first filings race for it."""
    today = system_clock().date()
    async with AsyncSession(engine) as session:
        for agency in maker.agencies.values():
            session.add(CodeCounterRow(agency=agency, day=today, last=0))
        await session.commit()


def app_of(engine: Any, maker: Maker) -> FastAPI:
    """The one endpoint."""
    app = FastAPI()

    @app.post("/dossiers", status_code=201)
    async def submit(body: Filed, idempotency_key: Annotated[str, Header()]) -> dict[str, Any]:
        return await file(engine, maker, body, idempotency_key)

    return app


async def main() -> None:
    """Serve on the given port with the given database and the product's keys."""
    given = arguments()
    engine = create_async_engine(
        given.url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=8, max_overflow=0
    )
    maker = Maker(Settings(home=Path(given.home)).load_keys())
    await seed(engine, maker)
    await serve(app_of(engine, maker), given.port)


if __name__ == "__main__":
    run(main())
