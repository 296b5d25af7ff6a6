"""Batches of events as the doors hand them over: taken, tried, turned away, and what waited taken up again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from services.intake.domain import sources as rules
from services.intake.domain.sources import Delivered, Reason, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_events.batch import Common
from services.intake.handlers.source_events.outcomes import FAILED, REJECTED, Outcome, Taken, UnknownSource
from services.intake.handlers.source_events.round import Broken, Round
from services.intake.store import sources as store
from services.intake.store.sources import Locked, Named, Row, Said
from shared.kernel import Caller, system
from shared.law import ZONE
from shared.store.halving import by_halves
from shared.store.together import NotNow
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)

RIPE = 500
FEW = 5
"""Events of a batch that shares a transaction: its neighbours wait for it."""

R = TypeVar("R")


class EventsBreak(Exception):  # noqa: N818 - names the events, not a bug of the timer
    """Events that wait break whenever they are taken up again; they wait on, and are rejected when they waited too long."""


class _Undone(Exception):  # noqa: N818 - a signal between two functions here
    """A dry run: what was found out, and nothing is kept."""

    def __init__(self, taken: Taken) -> None:
        super().__init__()
        self.taken = taken


async def take_events(
    desk: Desk, who: Caller, said: Said, door: str, delivered: Sequence[Delivered], *, dry_run: bool = False
) -> Taken:
    """Take a batch of the source that speaks: all in one transaction; where one of them breaks it, the halves by themselves, down to the guilty one.

    A few events share their transaction with those of other sources. `UnknownSource` where the registry has no such, or none that is active.
    """
    run = _tried if dry_run else _taken if len(delivered) > FEW else _together
    waits = [0.0]

    def guilty(error: Exception) -> Outcome:
        log.warning("an event of source %s could not be taken: %s", said[1], type(error).__name__)
        return Outcome(None, FAILED)

    async def taken(part: Sequence[Delivered]) -> Sequence[Outcome]:
        try:
            found = await run(desk, who, said, door, part)
        except asyncpg.UniqueViolationError:
            # another was the first to tell of the same dossier: now it is known whose it is
            found = await run(desk, who, said, door, part)
        waits.append(found.wait)
        return found.outcomes

    return Taken(await by_halves(taken, delivered, guilty), max(waits))


async def _taken(desk: Desk, who: Caller, said: Said, door: str, delivered: Sequence[Delivered]) -> Taken:
    async with desk.works.begin(who) as work:
        return await take(desk, work, said, door, delivered)


async def _together(desk: Desk, who: Caller, said: Said, door: str, delivered: Sequence[Delivered]) -> Taken:
    """As `_taken`, in a transaction that others share; two batches of one source never do."""
    return await desk.sources.do(who, lambda work: take(desk, work, said, door, delivered), apart=said)


async def _tried(desk: Desk, who: Caller, said: Said, door: str, delivered: Sequence[Delivered]) -> Taken:
    """As `_taken`, and nothing is kept."""
    try:
        async with desk.works.begin(who) as work:
            raise _Undone(await take(desk, work, said, door, delivered))  # noqa: TRY301 - ends the transaction without a commit
    except _Undone as undone:
        return undone.taken


async def take(desk: Desk, work: Work, said: Said, door: str, delivered: Sequence[Delivered]) -> Taken:
    """Take a batch of one source in this transaction; `UnknownSource` where the registry has no such, or none that is active."""
    found = await store.speaker(work, said)
    if found is None and work.circle is not None:
        raise NotNow
    if found is None or found[0].state != rules.ACTIVE:
        raise UnknownSource
    return (await _judged(desk, work, door, [found], {found[0].id: delivered}))[found[0].id]


async def take_round(
    desk: Desk, work: Work, door: str, told: Mapping[str, Sequence[Delivered]], patient: Collection[str] = ()
) -> tuple[Mapping[str, Taken], Collection[str]]:
    """Take what several sources tell in this transaction, and which of them are served by another now, whom only the patient wait for.

    Nothing is answered to those that are not active in the registry.
    """
    found = [*await store.free(work, told)]
    missing = told.keys() - {source.id for source, _ in found}
    if waited_for := missing & set(patient):
        found += await store.locked(work, waited_for)
    elsewhere = await store.registered(work, missing - waited_for) if missing - waited_for else ()
    active = [each for each in found if each[0].state == rules.ACTIVE]
    return await _judged(desk, work, door, active, told), elsewhere


async def _judged(
    desk: Desk, work: Work, door: str, found: Sequence[Locked], told: Mapping[str, Sequence[Delivered]]
) -> Mapping[str, Taken]:
    taken, _ = await _whole(work, lambda left: Round.of(Common(desk, work, door, left), found).take(told))
    return taken


async def _whole(work: Work, run: Callable[[frozenset[Named]], Awaitable[R]]) -> tuple[R, frozenset[Named]]:
    """Run a round, and once more without those events that wait and break it; which these are."""
    mark, left = work.mark(), frozenset[Named]()
    while True:
        try:
            return await run(left), left
        except Broken as broken:
            log.warning("events that wait on, since they break: %s", broken)
            work.reset(mark)
            left |= broken.errors.keys()


def turn_away(work: Work, source: str, door: str, delivered: Sequence[Delivered]) -> None:
    """Write down what came on the topic of a source that is not in the registry, or is suspended: rejected, hash only."""
    rows = []
    for each in delivered:
        known, _ = rules.recognise(each, Source(source, "", "", ()))
        rows.append(
            Row(source, known.id or "", known.type, known.key, known.body_hash, REJECTED, each.at, known.time, Reason.SOURCE_MISMATCH.value,
                ("/source",), door=door)
        )  # fmt: skip
    store.write_events(work, rows)
    store.tally(work, work.now.astimezone(ZONE).date(), {source: {Reason.SOURCE_MISMATCH.value: len(rows)}})


async def settle_waiting(desk: Desk, most: int = RIPE) -> bool:
    """Take what waited for the catalogue and need wait no more; reject what waited too long. False: all had their turn.

    One source after the other, `most` events in one transaction; what breaks one of them is raised at the end.
    """
    before, procedures = desk.works.clock() - rules.PATIENCE, sorted(desk.shelf.procedures)
    async with desk.works.reading() as connection:
        restless = await store.restless(connection, before, procedures)
    ended: list[BaseException | None] = []
    for source in restless:
        ended += await asyncio.gather(_settled(desk, source, before, procedures, most), return_exceptions=True)
    if (broken := next((each for each in ended if each is not None), None)) is not None:
        raise broken
    return False


async def _settled(desk: Desk, source: str, before: datetime, procedures: Sequence[str], most: int) -> None:
    """The same for one source, part by part; `EventsBreak` at the end, when all others are settled."""
    after: int | None = 0
    broken: set[str] = set()
    while after is not None:
        async with desk.works.begin(system("intake.sources")) as work:
            if not (found := await store.locked(work, [source])):
                return
            ripe = await store.ripe(work, source, before, procedures, after, most)
            broken |= await _settle(desk, work, found, {source: ripe}, before)
        after = ripe[-1]["seq"] if len(ripe) == most else None
    if broken:
        raise EventsBreak(f"source {source}: {', '.join(sorted(broken))}")


async def _settle(
    desk: Desk, work: Work, found: Sequence[Locked], ripe: Mapping[str, Sequence[Any]], before: datetime
) -> set[str]:
    """Decide about these; which of them break, and wait on."""
    _, left = await _whole(work, lambda left: Round.of(Common(desk, work, "", left), found).settle(ripe, before))
    return {id_ for _, id_ in left}
