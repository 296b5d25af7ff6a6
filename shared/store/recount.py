"""Limits to be counted again after an act changed the law's data: which, in what order, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.store.unit_of_work import Work

START = UUID(int=0)
SECOND_LOOK = timedelta(seconds=90)
"""Another process may compute by the old law until its timer has read the new one; what it wrote meanwhile is looked at again."""

_TAKE = """SELECT id, act, reason_class, first_day, last_day, unit, rule, not_before, cursor, seen, moved, unknown FROM recount
WHERE finished_at IS NULL AND not_before <= $1 ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
_ADVANCE = "UPDATE recount SET cursor = $2, seen = $3, moved = $4, unknown = $5, finished_at = $6 WHERE id = $1"
# A limit spans a day from the day its clock was started to the day it is due; one that stands still has no such end.
_SPANNING = """SELECT DISTINCT d.aggregate FROM deadline d
WHERE d.closed_at IS NULL AND d.aggregate > $1 AND (d.due_on IS NULL OR d.due_on >= $2)
AND ((d.clock->'events'->0->>1)::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= $3
AND {} AND ($5::text IS NULL OR d.rule = $5) ORDER BY d.aggregate LIMIT $6"""
_OF_ANY = _SPANNING.format("$4::text IS NULL")
_OF_DOSSIERS = _SPANNING.format(
    "EXISTS (SELECT FROM dossier o WHERE o.id = d.aggregate AND o.id > $1 AND ($4::text IS NULL OR o.unit = $4))"
)


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

    @property
    def begins(self) -> bool:
        """Whether nothing was counted yet."""
        return self.cursor == START

    def went_on(self, ids: Sequence[UUID], *, moved: int, unknown: int) -> Recount:
        """After a batch of these aggregates, in which so many limits moved and so many aggregates stay for want of a calendar."""
        last = ids[-1] if ids else self.cursor
        return replace(
            self, cursor=last, seen=self.seen + len(ids), moved=self.moved + moved, unknown=self.unknown + unknown
        )


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
    await work.db.execute(_ADVANCE, recount.id, recount.cursor, recount.seen, recount.moved, recount.unknown, done_at)
