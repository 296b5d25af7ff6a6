"""Limits to be counted again after an act changed the law's data: which, in what order, and how far it has come."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.store.db import Connection, passes
from shared.store.halving import by_halves
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)

START = UUID(int=0)
SECOND_LOOK = timedelta(seconds=90)
"""Another process may compute by the old law until its timer has read the new one; what it wrote meanwhile is looked at again."""

_TAKE = """SELECT id, act, reason_class, first_day, last_day, unit, rule, not_before, cursor, seen, moved, unknown, failed FROM recount
WHERE finished_at IS NULL AND not_before <= $1 ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
_ADVANCE = (
    "UPDATE recount SET cursor = $2, seen = $3, moved = $4, unknown = $5, failed = $6, finished_at = $7 WHERE id = $1"
)
FAILED = "SELECT coalesce(sum(failed), 0) FROM (SELECT DISTINCT ON (act) failed FROM recount WHERE seen > 0 OR finished_at IS NOT NULL ORDER BY act, not_before DESC, id DESC) r"
"""Passed over at the last look after each act."""
_ANEW = "UPDATE recount SET cursor = $1, seen = 0, unknown = 0, failed = 0, finished_at = NULL WHERE failed > 0 RETURNING failed"
# A limit spans a day from the day its clock was started to the day it is due; one that stands still has no such end.
_SPANNING = """SELECT DISTINCT d.aggregate FROM deadline d
WHERE d.closed_at IS NULL AND d.aggregate > $1 AND (d.due_on IS NULL OR d.due_on >= $2)
AND ((d.clock->'events'->0->>1)::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= $3
AND {} AND ($5::text IS NULL OR d.rule = $5) ORDER BY d.aggregate LIMIT $6"""
_OF_ANY = _SPANNING.format("$4::text IS NULL")
_OF_DOSSIERS = _SPANNING.format(
    "EXISTS (SELECT FROM dossier o WHERE o.id = d.aggregate AND o.id > $1 AND ($4::text IS NULL OR o.unit = $4))"
)


class NotCounted(Exception):  # noqa: N818 - names whose limits, not a bug of the counting
    """Limits cannot be counted again: an error nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a batch ended: limits that moved, aggregates that stay for want of a calendar, aggregates passed over since they break."""

    moved: int = 0
    unknown: int = 0
    failed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.moved + other.moved, self.unknown + other.unknown, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class Recount:
    """Limits to be counted again: those that span these days, of a unit or under a rule where that is named."""

    id: UUID
    act: UUID
    reason_class: str
    first_day: date
    last_day: date
    unit: str | None
    rule: str | None
    not_before: datetime
    cursor: UUID = START
    seen: int = 0
    moved: int = 0
    unknown: int = 0
    failed: int = 0

    @property
    def begins(self) -> bool:
        """Whether nothing was counted yet."""
        return self.cursor == START

    def went_on(self, ids: Sequence[UUID], tally: Tally) -> Recount:
        """After a batch of these aggregates that ended so."""
        return replace(
            self, cursor=ids[-1] if ids else self.cursor, seen=self.seen + len(ids), moved=self.moved + tally.moved,
            unknown=self.unknown + tally.unknown, failed=self.failed + tally.failed,
        )  # fmt: skip


_NAMES = tuple(f.name for f in fields(Recount))
_ORDER = f"INSERT INTO recount ({', '.join(_NAMES)}) VALUES ({', '.join(f'${n}' for n in range(1, len(_NAMES) + 1))})"


async def order(work: Work, recount: Recount) -> None:
    """Have limits counted again when the time has come, and once more a little later."""
    first = replace(recount, not_before=max(work.now, recount.not_before))
    second = replace(first, id=work.new_id(), not_before=first.not_before + SECOND_LOOK)
    for each in (first, second):
        await work.db.execute(_ORDER, *(getattr(each, name) for name in _NAMES))


async def take(work: Work) -> Recount | None:
    """The oldest counting whose time has come and that nobody works on, locked."""
    row = await work.db.fetchrow(_TAKE, work.now)
    return None if row is None else Recount(**row)


async def spanning(work: Work, recount: Recount, most: int, *, dossiers: bool = False) -> Sequence[UUID]:
    """The next aggregates with an open limit that spans the days of a counting; `dossiers`: of these alone, which have units."""
    asked = (recount.cursor, recount.first_day, recount.last_day, recount.unit, recount.rule, most)
    return [row["aggregate"] for row in await work.db.fetch(_OF_DOSSIERS if dossiers else _OF_ANY, *asked)]


async def advance(work: Work, recount: Recount, *, finished: bool) -> None:
    """Remember how far a counting has come."""
    done_at = work.now if finished else None
    await work.db.execute(
        _ADVANCE, recount.id, recount.cursor, recount.seen, recount.moved, recount.unknown, recount.failed, done_at
    )


async def count_each(work: Work, ids: Sequence[UUID], count: Callable[[Sequence[UUID]], Awaitable[Tally]]) -> Tally:
    """Count the limits of these, together where that goes; one that breaks even alone is passed over, and logged by its id."""

    async def counted(part: Sequence[UUID]) -> Sequence[Tally]:
        mark = work.mark()
        try:
            async with work.db.transaction():
                tally = await count(part)
                await work.flush()
        except Exception as error:
            if passes(error):
                raise
            work.reset(mark)  # the savepoint is rolled back
            raise NotCounted(f"{part[0]}: {type(error).__name__}") from error
        return [tally]

    def guilty(error: Exception) -> Tally:
        log.warning("limits were not counted again: %s", error)
        return Tally(failed=1)

    await work.flush()
    return sum(await by_halves(counted, ids, guilty), Tally()) if ids else Tally()


async def anew(db: Connection) -> int:
    """Begin those countings again that passed somebody over; how many these are."""
    return len(await db.fetch(_ANEW, START))
