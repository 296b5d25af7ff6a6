"""What the probe states and how it folds: a line is a running total, wrong as soon as a fact is lost, doubled or early."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.contracts.envelope import Catalogue, Fact, fact
from shared.contracts.intake import DOSSIERS, UNITS, UnitDescribed
from shared.store.unit_of_work import Work

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@fact(DOSSIERS, "line")
class LineAdded(Fact):
    """An amount was added to a line; `note` is only there to make a fact large."""

    line: UUID
    amount: int
    unit: str | None = None
    note: str = ""


@fact(DOSSIERS, "line")
class LineClosed(Fact):
    """Nothing more is added to this line."""

    line: UUID


CATALOGUE = Catalogue.of([LineAdded, LineClosed])


def added(line: UUID, amount: int = 1, **more: str) -> LineAdded:
    """A fact about a line, always at the same moment."""
    return LineAdded(occurred_at=AT, line=line, amount=amount, **more)


_FOLD = """INSERT INTO probe_line AS p (id, total, last_sequence) SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[])
ON CONFLICT (id) DO UPDATE SET total = p.total + excluded.total, last_sequence = excluded.last_sequence"""


class OutOfOrderError(Exception):
    """The runtime handed over a fact that is not the next of its line."""


async def fold(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Add each amount to its line; a fact that is not the next one of its line is an error of the runtime."""
    totals: dict[UUID, tuple[int, int]] = {}
    known = {
        row["id"]: row["last_sequence"]
        for row in await work.db.fetch(
            "SELECT id, last_sequence FROM probe_line WHERE id = ANY($1::uuid[])", [a.key for a in arrivals]
        )
    }
    for arrival in arrivals:
        total, last = totals.get(arrival.key, (0, known.get(arrival.key, 0)))
        if arrival.sequence <= last:
            raise OutOfOrderError(f"{arrival.key}: {arrival.sequence} after {last}")
        amount = arrival.fact.amount if isinstance(arrival.fact, LineAdded) else 0
        totals[arrival.key] = (total + amount, arrival.sequence)
    rows = sorted(totals.items())
    await work.db.execute(
        _FOLD, [key for key, _ in rows], [total for _, (total, _) in rows], [last for _, (_, last) in rows]
    )


def listener(name: str = "probe.lines", apply: Callable[[Work, Sequence[Arrival]], Awaitable[None]] = fold) -> Listener:
    """A consumer of lines."""
    return Listener(name, CATALOGUE, {DOSSIERS: apply})


def unit_listener(apply: Callable[[Work, Sequence[Arrival]], Awaitable[None]], name: str = "probe.units") -> Listener:
    """A consumer of a compacted topic."""
    return Listener(name, Catalogue.of([UnitDescribed]), {UNITS: apply})
