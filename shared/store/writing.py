"""What units of work stated, written in one statement of data-changing common table expressions (hot-path measure: few round trips)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.contracts.envelope import encode
from shared.kernel import Stale
from shared.store import deadlines
from shared.store.db import Connection
from shared.turns import in_turns

if TYPE_CHECKING:
    from shared.store.unit_of_work import Work

_TURN = 32
"""Facts that are made in one go: some milliseconds."""
_TAILS = """INSERT INTO stream AS s (id, sequence, head) SELECT u.id, 0, '' FROM unnest($1::uuid[]) AS u(id)
    ON CONFLICT (id) DO UPDATE SET sequence = s.sequence RETURNING id, sequence, head"""
"""Begin or lock each history, one after the other; of a row that somebody had locked, what they left is told."""
_FACTS = """f AS (INSERT INTO fact (id, aggregate, sequence, type, topic, key, source, occurred_at, recorded_at, actor, traceparent, envelope, previous, hash)
    SELECT * FROM unnest({}))"""
_FACT_TYPES = (
    "uuid",
    "uuid",
    "int4",
    "text",
    "text",
    "text",
    "text",
    "timestamptz",
    "timestamptz",
    "text",
    "text",
    "bytea",
    "bytea",
    "bytea",
)
_OUTBOX = "o AS (INSERT INTO outbox (fact) SELECT u.id FROM unnest({}) WITH ORDINALITY AS u(id, n) ORDER BY u.n)"
_STREAM = """s AS (INSERT INTO stream (id, sequence, head) SELECT * FROM unnest({})
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, head = excluded.head)"""
_PERSONS = """p AS (INSERT INTO person (id, recipient, data_key, key_id, sealed, identity_index, phone_index, created_at) SELECT * FROM unnest({}))"""
_CONTACTS = """c AS (INSERT INTO contact AS c (recipient, person, sequence) SELECT u.r, u.p, 1 FROM unnest({}) AS u(r, p)
    ON CONFLICT (recipient) DO UPDATE SET person = excluded.person, sequence = c.sequence + 1, forgotten_at = NULL RETURNING recipient),
    co AS (INSERT INTO outbox (contact) SELECT recipient FROM c)"""
_ANSWERS = (
    "i AS (INSERT INTO idempotency (principal, key, fingerprint, status, answer, created_at) SELECT * FROM unnest({}))"
)


async def write_all(db: Connection, works: Sequence[Work]) -> None:
    """Write what these units of work stated, all in one statement; `Stale` when a row was changed by somebody else."""
    stated = [work for work in works if work.stated]
    if not stated:
        return
    await _find_tails(db, stated)
    parts = _Parts()
    for work in stated:
        for statement, values in work.riders:
            parts.ride(statement, values)
    _write_rows(parts, stated)
    await _write_facts(parts, stated)
    _write_persons(parts, stated)
    _write_deadlines(parts, stated)
    _write_answers(parts, stated)
    seen = [version for work in stated for version in work.seen]
    for work in stated:
        work.wrote()
    if not await db.fetchval(parts.text(), *parts.values):
        raise Stale("", **({"seen": seen[0]} if len(seen) == 1 else {}))


async def _find_tails(db: Connection, works: Sequence[Work]) -> None:
    """Where the histories end that nobody looked up: all locked in one order, those that begin here and those that go on."""
    unknown = [(work, {p.aggregate for p in work.facts} - work.tails.keys()) for work in works]
    if not (ids := sorted(set().union(*(missing for _, missing in unknown)))):
        return
    tails = {row["id"]: row for row in await db.fetch(_TAILS, ids)}
    for work, missing in unknown:
        for id_ in missing:
            work.knows(id_, tails[id_]["sequence"], tails[id_]["head"])


def _write_rows(parts: _Parts, works: Sequence[Work]) -> None:
    sheets: dict[str, list[tuple[Any, ...]]] = {}
    for work in works:
        for statement, row in work.rows:
            sheets.setdefault(statement, []).append(row)
    for statement, rows in sheets.items():
        parts.ride(statement, list(zip(*rows, strict=True)))


async def _write_facts(parts: _Parts, works: Sequence[Work]) -> None:
    stated = ((work, pending) for work in works for pending in work.facts)
    rows = [work.works.write(work, each, work.tails[each.aggregate]) async for work, each in in_turns(stated, _TURN)]
    if not rows:
        return
    parts.arrays(_FACTS, *zip(_FACT_TYPES, zip(*rows, strict=True), strict=True))
    if published := [row[0] for row in rows if row[4] is not None]:
        parts.arrays(_OUTBOX, ("uuid", published))
    changed = sorted(
        (p.aggregate, work.tails[p.aggregate]) for work in works for p in {p.aggregate: p for p in work.facts}.values()
    )
    parts.arrays(
        _STREAM,
        ("uuid", [a for a, _ in changed]),
        ("int4", [t.sequence for _, t in changed]),
        ("bytea", [t.head for _, t in changed]),
    )


def _write_persons(parts: _Parts, works: Sequence[Work]) -> None:
    kept = [(person, contact, work.now) for work in works for person, contact in work.persons]
    if not kept:
        return
    people = [person for person, _contact, _now in kept]
    parts.arrays(
        _PERSONS,
        ("uuid", [p.id for p in people]), ("uuid", [p.recipient for p in people]), ("bytea", [p.data_key for p in people]),
        ("int2", [p.key_id for p in people]), ("bytea", [p.sealed for p in people]), ("bytea", [p.identity_index for p in people]),
        ("bytea", [p.phone_index for p in people]), ("timestamptz", [now for _person, _contact, now in kept]),
    )  # fmt: skip
    if latest := {p.recipient: p.id for p, contact, _now in kept if contact}:
        recipients = sorted(latest)
        parts.arrays(_CONTACTS, ("uuid", recipients), ("uuid", [latest[r] for r in recipients]))


def _write_deadlines(parts: _Parts, works: Sequence[Work]) -> None:
    rows = sorted(
        (schedule for work in works for schedule in work.schedules.values()), key=lambda s: (s.aggregate, s.kind)
    )
    if not rows:
        return
    parts.arrays(
        f"d AS ({deadlines.UPSERT})",
        ("uuid", [r.aggregate for r in rows]), ("text", [r.kind for r in rows]), ("text", [r.rule for r in rows]),
        ("int4", [r.rule_version for r in rows]), ("jsonb", [r.clock for r in rows]), ("timestamptz", [r.due_at for r in rows]),
        ("date", [r.due_on for r in rows]), ("timestamptz", [r.warn_at for r in rows]), ("timestamptz", [r.breach_at for r in rows]),
        ("timestamptz", [r.closed_at for r in rows]),
    )  # fmt: skip


def _write_answers(parts: _Parts, works: Sequence[Work]) -> None:
    kept = [(work, once) for work in works if (once := work.once) is not None]
    if not kept:
        return
    parts.arrays(
        _ANSWERS,
        ("bytea", [work.who.key for work, _ in kept]), ("text", [once.key for _, once in kept]), ("bytea", [once.fingerprint for _, once in kept]),
        ("int2", [once.status for _, once in kept]), ("bytea", [encode(work.answer) for work, _ in kept]), ("timestamptz", [work.now for work, _ in kept]),
    )  # fmt: skip


class _Parts:
    """Common table expressions of one statement, with their numbered arguments."""

    def __init__(self) -> None:
        self.ctes: list[str] = []
        self.values: list[Any] = []
        self.riders = 0

    def arrays(self, template: str, *columns: tuple[str, Sequence[Any]]) -> None:
        """Add an expression over arrays, one per column (PostgreSQL type, values)."""
        first = len(self.values) + 1
        self.values += [values for _kind, values in columns]
        self.ctes.append(
            template.format(", ".join(f"${first + n}::{kind}[]" for n, (kind, _values) in enumerate(columns)))
        )

    def ride(self, statement: str, values: Sequence[Any]) -> None:
        """Add a service's own statement, its placeholders renumbered."""
        self.ctes.append(f"r{self.riders} AS ({_renumbered(statement, len(self.values))})")
        self.values += values
        self.riders += 1

    def text(self) -> str:
        """The statement; its answer is whether every rider changed something."""
        changed = " AND ".join(f"EXISTS (SELECT FROM r{n})" for n in range(self.riders)) or "true"
        return f"WITH {', '.join(self.ctes)} SELECT {changed}"


@lru_cache(maxsize=256)
def _renumbered(statement: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda match: f"${int(match[1]) + by}", statement) if by else statement
