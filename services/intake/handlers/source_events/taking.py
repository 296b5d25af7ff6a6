"""Batches of events as the doors hand them over: taken, tried, turned away, and what waited taken up again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.intake.domain import sources as rules
from services.intake.domain.sources import Delivered, Reason, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_events.batch import Batch
from services.intake.handlers.source_events.outcomes import FAILED, REJECTED, Outcome, UnknownSource
from services.intake.store import sources as store
from services.intake.store.sources import Row
from shared.kernel import Caller, system
from shared.law import ZONE
from shared.store.halving import by_halves
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)

RIPE = 500


class _Undone(Exception):  # noqa: N818 - a signal between two functions here
    """A dry run: what was found out, and nothing is kept."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


async def take_events(
    desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered], *, dry_run: bool = False
) -> Sequence[Outcome]:
    """Take a batch: all in one transaction; where one of them breaks it, the halves by themselves, down to the guilty one."""

    def guilty(error: Exception) -> Outcome:
        log.warning("an event of source %s could not be taken: %s", source, type(error).__name__)
        return Outcome(None, FAILED)

    return await by_halves(partial(_tried if dry_run else _taken, desk, who, source, door), delivered, guilty)


async def _taken(desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    async with desk.works.begin(who) as work:
        return await take(desk, work, source, door, delivered)


async def _tried(desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    """As `_taken`, and nothing is kept."""
    try:
        async with desk.works.begin(who) as work:
            raise _Undone(await take(desk, work, source, door, delivered))  # noqa: TRY301 - ends the transaction without a commit
    except _Undone as undone:
        return undone.outcomes


async def take(desk: Desk, work: Work, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    """Take a batch of one source in this transaction; `UnknownSource` where the registry has no such, or none that is active."""
    found = await store.locked(work, source)
    if found is None or found[0].state != rules.ACTIVE:
        raise UnknownSource(source=source)
    batch = Batch(desk, work, found[0], found[1], door)
    return await batch.take(delivered)


async def turn_away(work: Work, source: str, door: str, delivered: Sequence[Delivered]) -> None:
    """Write down what came on the topic of a source that is not in the registry, or is suspended: rejected, hash only."""
    rows = []
    for each in delivered:
        known, _ = rules.read(each, Source(source, "", "", ()), work.now, {})
        rows.append(
            Row(known.id or "", known.type, known.key, known.body_hash, REJECTED, each.at, known.time, Reason.SOURCE_MISMATCH.value,
                ("/source",), door=door)
        )  # fmt: skip
    await store.write_events(work, source, rows)
    await store.tally(work, source, work.now.astimezone(ZONE).date(), {Reason.SOURCE_MISMATCH.value: len(rows)})


async def settle_waiting(desk: Desk) -> bool:
    """Take what waited for the catalogue and need wait no more; reject what waited too long. True when there may be more.

    One source after the other; what breaks one of them is raised when all had their turn.
    """
    before, procedures = desk.works.clock() - rules.PATIENCE, sorted(desk.shelf.procedures)
    async with desk.works.reading() as connection:
        restless = await store.restless(connection, before, procedures)
    ended: list[bool | BaseException] = []
    for source in restless:
        ended += await asyncio.gather(_settled(desk, source, before, procedures), return_exceptions=True)
    if (broken := next((each for each in ended if isinstance(each, BaseException)), None)) is not None:
        raise broken
    return any(ended)


async def _settled(desk: Desk, source: str, before: datetime, procedures: Sequence[str]) -> bool:
    """The same for one source, in a transaction of its own."""
    async with desk.works.begin(system("intake.sources")) as work:
        if (found := await store.locked(work, source)) is None:
            return False
        ripe = await store.ripe(work, source, before, procedures, RIPE)
        await Batch(desk, work, found[0], found[1], "").settle(ripe, before)
        return len(ripe) == RIPE
