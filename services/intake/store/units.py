"""Units of the province."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.intake.data import UnitSeed
from services.intake.domain import Unit
from shared.store.db import Connection
from shared.store.unit_of_work import Work


async def add_units(work: Work, seeds: Sequence[UnitSeed]) -> None:
    """Write units' rows."""
    await work.db.executemany(
        "INSERT INTO unit (code, name, level, kind, agency, parent, valid_from, remote, unverified) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        [(s.code, s.name, s.level, s.kind, s.agency, s.parent or None, s.valid_from, s.remote, sorted(s.unverified)) for s in seeds],
    )  # fmt: skip


async def units(connection: Connection) -> Sequence[Any]:
    """All unit rows, by code."""
    rows: Sequence[Any] = await connection.fetch("SELECT * FROM unit ORDER BY code")
    return rows


def unit_of(row: Any) -> Unit:
    """A unit as the domain knows it."""
    return Unit(row["code"], row["name"], row["level"], row["kind"], row["agency"])
