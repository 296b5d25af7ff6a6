"""The registry of source systems, and what they may read: what became of their events, and the way back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from services.intake import domain
from services.intake.domain.sources import ACTIVE, CLOSED, SUSPENDED, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_events import UnknownSource
from services.intake.store import sources as store
from shared.contracts.sources import SourceChanged, is_our_user
from shared.kernel import Caller, Invalid, NotFound, Principal, Refused, Stale
from shared.store.unit_of_work import Work

STATES = (ACTIVE, SUSPENDED, CLOSED)
ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class PrincipalTaken(Refused):
    """Another source has this account already."""


class PrincipalReserved(Invalid):
    """An account of this installation itself speaks for no source."""


class SandboxStays(Refused):
    """Whether a source is a sandbox is said once, when it is made."""


class UnknownUnits(Invalid):
    """A source can only speak for units of this province."""


class UnitsTwice(Invalid):
    """A source speaks for a unit once on each day."""


async def read_sources(desk: Desk) -> Sequence[Source]:
    """The registry."""
    async with desk.works.reading() as connection:
        return await store.sources(connection)


async def read_source(desk: Desk, who: Principal, id: str) -> Source:
    """One entry: for those who run the installation, and for the source itself; anything else is not found."""
    async with desk.works.reading() as connection:
        found = await store.source(connection, id)
    if found is None or not (who.has("admin", "ops") or (who.has("publisher") and found.principal == who.subject)):
        raise NotFound
    return found


async def put_source(desk: Desk, who: Caller, wanted: Source, seen: int | None) -> Source:
    """Make an entry, or change it; the change is a fact that stays here."""
    async with desk.works.begin(who) as work:
        source, _ = await keep_source(desk, work, wanted, seen)
    return source


async def known_source(work: Work, id: str) -> Source | None:
    """The entry as it stands, for one that is about to be written."""
    return await store.source(work.db, id)


async def keep_source(desk: Desk, work: Work, wanted: Source, seen: int | None = None) -> tuple[Source, domain.Outcome]:
    """Write an entry where it differs; `seen` is the version the caller read, None: whatever it is now."""
    if is_our_user(wanted.principal):
        raise PrincipalReserved(field="/principal", principal=wanted.principal)
    _check_units(desk, wanted)
    before = await store.source(work.db, wanted.id)
    if seen is not None and (before is None or before.version != seen):
        raise Stale(seen=seen, version=None if before is None else before.version)
    if before is None:
        return await _write(work, replace(wanted, version=1, topics_at=None)), "created"
    if before.sandbox != wanted.sandbox:
        raise SandboxStays(source=wanted.id)
    kept = replace(wanted, version=before.version, topics_at=before.topics_at)
    if kept == before:
        return before, "same"
    return await _write(work, replace(kept, version=before.version + 1)), "changed"


async def _write(work: Work, source: Source) -> Source:
    try:
        await store.put(work, source)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "source_principal_key":
            raise
        raise PrincipalTaken(field="/principal") from None
    work.record(_changed(work.now, source), published=False)
    return source


def _check_units(desk: Desk, source: Source) -> None:
    if unknown := sorted({each.unit for each in source.units} - set(desk.shelf.units)):
        raise UnknownUnits(field="/units", units=", ".join(unknown))
    if any(each.valid_to is not None and each.valid_to < each.valid_from for each in source.units):
        raise domain.EndsBeforeItBegins(field="/units")
    if twice := source.spoken_for_twice:
        raise UnitsTwice(field="/units", units=", ".join(twice))


def _changed(at: Any, source: Source) -> SourceChanged:
    return SourceChanged(
        occurred_at=at, source=source.id, entry_version=source.version, state=source.state, sandbox=source.sandbox,
        tells_citizens=source.tells_citizens, units=[each.unit for each in source.units],
    )  # fmt: skip


async def own_source(desk: Desk, who: Principal) -> Source:
    """The source this account speaks for; `UnknownSource`."""
    async with desk.works.reading() as connection:
        found = await store.source_of_principal(connection, who.subject)
    if found is None or found.state != ACTIVE:
        raise UnknownSource
    return found


async def read_source_events(desk: Desk, who: Principal, id: str, status: str | None, **page: Any) -> Sequence[Any]:
    """What became of the events of a source, newest first."""
    source = await read_source(desk, who, id)
    async with desk.works.reading() as connection:
        return await store.listed(connection, source.id, status, **page)


async def read_feed(desk: Desk, who: Principal, id: str, after: tuple[int, int], limit: int) -> Sequence[Any]:
    """The way back, in order."""
    source = await read_source(desk, who, id)
    async with desk.works.reading() as connection:
        return await store.read_feed(connection, source.id, after, limit)


async def sources_without_topics(desk: Desk) -> Sequence[str]:
    """Whose topics were not made yet."""
    async with desk.works.reading() as connection:
        return await store.without_topics(connection)


async def topics_made(desk: Desk, ids: Sequence[str]) -> None:
    """Replies are sent to these sources from now on."""
    async with desk.works.reading() as connection:
        await store.topics_made(connection, ids, desk.works.clock())
