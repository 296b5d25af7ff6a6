"""Deadline rows: what the law's clock says, kept per (aggregate, kind), swept so that each stage is announced once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from shared.contracts.envelope import derived_id
from shared.store.db import Connection


@dataclass(frozen=True, slots=True)
class Schedule:
    """A deadline as its aggregate's handler states it; `breach_at` null while paused, `closed_at` set when it is over."""

    aggregate: UUID
    kind: str
    rule: str
    rule_version: int
    clock: Mapping[str, Any]
    due_at: datetime | None
    due_on: date | None
    warn_at: datetime | None
    breach_at: datetime | None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that has come: `warn` or `breach` of one deadline revision, with the id its fact always has."""

    aggregate: UUID
    kind: str
    stage: str
    revision: int
    stage_at: datetime
    due_at: datetime
    due_on: date

    @property
    def id(self) -> UUID:
        """uuid5 of deadline, stage, due date and revision: announcing twice makes the same fact."""
        return derived_id("deadline", self.aggregate, self.kind, self.stage, self.due_on, self.revision)


class HasWork(Protocol):
    """The part of a unit of work a sweep needs."""

    now: datetime

    @property
    def db(self) -> Connection:
        """The transaction's connection."""

    def knows(self, aggregate: UUID, sequence: int, head: bytes) -> None:
        """Take over a locked stream's place."""


# A revision rises only when the due date changes. A stage is open while the deadline runs; one that had passed when
# the deadline was closed is still announced. `e` is what the handler states, `d` what stood before.
UPSERT = """INSERT INTO deadline AS d (aggregate, kind, rule, rule_version, clock, due_at, due_on, last_due_at, warn_at, breach_at, closed_at, stage, stage_at)
SELECT e.*, CASE WHEN live THEN (CASE WHEN e.warn_at IS NOT NULL THEN 'warn' ELSE 'breach' END) END,
       CASE WHEN live THEN coalesce(e.warn_at, e.breach_at) END
FROM (SELECT u.aggregate, u.kind, u.rule, u.rule_version, u.clock, u.due_at, u.due_on, u.due_at AS last_due_at, u.warn_at, u.breach_at, u.closed_at
      FROM unnest({}) AS u(aggregate, kind, rule, rule_version, clock, due_at, due_on, warn_at, breach_at, closed_at)) e,
     LATERAL (SELECT e.breach_at IS NOT NULL AND (e.closed_at IS NULL OR e.closed_at >= e.breach_at) AS live) l
ON CONFLICT (aggregate, kind) DO UPDATE SET
    rule = excluded.rule, rule_version = excluded.rule_version, clock = excluded.clock, due_at = excluded.due_at, due_on = excluded.due_on,
    warn_at = excluded.warn_at, breach_at = excluded.breach_at, closed_at = excluded.closed_at,
    last_due_at = coalesce(excluded.due_at, d.last_due_at),
    revision = d.revision + (excluded.due_at IS NOT NULL AND excluded.due_at IS DISTINCT FROM d.last_due_at)::int,
    announced = CASE WHEN excluded.due_at IS NOT NULL AND excluded.due_at IS DISTINCT FROM d.last_due_at THEN 'none' ELSE d.announced END,
    stage = CASE
        WHEN excluded.stage IS NULL THEN NULL
        WHEN excluded.due_at IS DISTINCT FROM d.last_due_at OR d.announced = 'none' THEN excluded.stage
        WHEN d.announced = 'warn' THEN 'breach' END,
    stage_at = CASE
        WHEN excluded.stage IS NULL THEN NULL
        WHEN excluded.due_at IS DISTINCT FROM d.last_due_at OR d.announced = 'none' THEN excluded.stage_at
        WHEN d.announced = 'warn' THEN excluded.breach_at END"""

_TAKE = """SELECT d.aggregate, d.kind, d.stage, d.revision, d.stage_at, d.last_due_at AS due_at,
    coalesce(d.due_on, (d.last_due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS due_on, s.sequence, s.head
FROM deadline d JOIN stream s ON s.id = d.aggregate
WHERE d.stage_at <= $1 ORDER BY d.stage_at, d.aggregate LIMIT $2 FOR UPDATE OF d, s SKIP LOCKED"""

_ADVANCE = """UPDATE deadline d SET announced = d.stage,
    stage_at = CASE WHEN d.stage = 'warn' THEN d.breach_at END, stage = CASE WHEN d.stage = 'warn' THEN 'breach' END
FROM unnest($1::uuid[], $2::text[]) AS u(aggregate, kind) WHERE d.aggregate = u.aggregate AND d.kind = u.kind"""

# A stage that had come before its aggregate was known here is not announced; what is only near still is.
_REST_BREACHES = """UPDATE deadline SET announced = 'breach', stage = NULL, stage_at = NULL
WHERE aggregate = ANY($1::uuid[]) AND stage_at IS NOT NULL AND breach_at <= $2"""

OLDEST = "SELECT min(stage_at) FROM deadline WHERE stage_at IS NOT NULL"


async def take(work: HasWork, limit: int) -> Sequence[Stage]:
    """The stages that have come, oldest first, locked together with their streams; others' locks are passed over."""
    found = await work.db.fetch(_TAKE, work.now, limit)
    for row in found:
        work.knows(row["aggregate"], row["sequence"], row["head"])
    names = Stage.__slots__
    return [Stage(**{name: row[name] for name in names}) for row in found]


async def advance(work: HasWork, stages: Sequence[Stage]) -> None:
    """Remember these stages as announced; the next stage of each is scheduled."""
    await work.db.execute(_ADVANCE, [s.aggregate for s in stages], [s.kind for s in stages])


async def pass_over(work: HasWork, aggregates: Sequence[UUID]) -> None:
    """Let old breaches of these aggregates, written already, rest: they were history before anybody here could announce them."""
    await work.db.execute(_REST_BREACHES, list(aggregates), work.now)
