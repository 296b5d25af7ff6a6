"""Units of the province, what they were called, who follows whom, and the dossiers that go over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.intake.data import UnitSeed
from services.intake.domain import Succession, UnitRecord
from services.intake.domain.states import CLOSED
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_ADD = """INSERT INTO unit (code, name, level, kind, agency, parent, valid_from, valid_to, remote, unverified, remote_from, remote_to, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (code) DO UPDATE SET name = excluded.name, parent = excluded.parent,
valid_to = excluded.valid_to, remote = excluded.remote, unverified = excluded.unverified, remote_from = excluded.remote_from,
remote_to = excluded.remote_to, version = excluded.version"""
_FOLLOW = """INSERT INTO unit_succession (old, new, valid_from, valid_to, share, sectors, basis) VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_LEFT = """SELECT d.id, d.unit, p.sector FROM dossier d JOIN procedure p ON p.code = d.procedure AND p.version = d.procedure_version
WHERE d.unit = ANY($1::text[]) AND d.state <> ALL($2::text[]) ORDER BY d.id LIMIT $3"""
_HAND_OVER = """UPDATE dossier d SET unit = u.unit, handler = NULL, to_unit = NULL, offered_at = NULL, version = d.version + 1
FROM unnest($1::uuid[], $2::text[]) AS u(id, unit) WHERE d.id = u.id"""


async def units(connection: Connection) -> Mapping[str, UnitRecord]:
    """All units by code."""
    former: dict[str, list[Any]] = {}
    for row in await connection.fetch("SELECT unit, until, name FROM former_name ORDER BY unit, until"):
        former.setdefault(row["unit"], []).append((row["until"], row["name"]))
    rows = await connection.fetch("SELECT * FROM unit ORDER BY code")
    return {row["code"]: _unit(row, former.get(row["code"], ())) for row in rows}


def _unit(row: Any, former: Sequence[Any]) -> UnitRecord:
    return UnitRecord(**{**row, "unverified": tuple(row["unverified"]), "former": tuple(former)})


def unit_of(seed: UnitSeed) -> UnitRecord:
    """A unit as the seeds tell it."""
    return UnitRecord(
        seed.code, seed.name, seed.level, seed.kind, seed.agency, seed.parent or None, seed.valid_from, remote=seed.remote,
        unverified=tuple(sorted(seed.unverified)),
    )  # fmt: skip


async def keep_units(work: Work, kept: Sequence[UnitRecord]) -> None:
    """Write units as they are now, and what they were called."""
    await work.db.executemany(
        _ADD,
        [
            (
                u.code, u.name, u.level, u.kind, u.agency, u.parent, u.valid_from, u.valid_to, u.remote, list(u.unverified), u.remote_from,
                u.remote_to, u.version,
            ) for u in kept
        ],
    )  # fmt: skip
    for unit in kept:
        await work.db.execute("DELETE FROM former_name WHERE unit = $1", unit.code)
    await work.db.executemany(
        "INSERT INTO former_name (unit, until, name) VALUES ($1, $2, $3)", [(u.code, *each) for u in kept for each in u.former]
    )  # fmt: skip


async def successions(connection: Connection) -> Sequence[Succession]:
    """Who follows whom, by day."""
    rows = await connection.fetch("SELECT * FROM unit_succession ORDER BY valid_from, old, new")
    return [Succession(**{**row, "sectors": tuple(row["sectors"])}) for row in rows]


async def follow(work: Work, new: Succession) -> None:
    """Write that a unit follows another."""
    await work.db.execute(
        _FOLLOW, new.old, new.new, new.valid_from, new.valid_to, new.share, list(new.sectors), new.basis
    )


async def left_behind(connection: Connection, units: Sequence[str], most: int) -> Sequence[Any]:
    """Dossiers still open at these units: id, unit, sector."""
    rows: Sequence[Any] = await connection.fetch(_LEFT, list(units), sorted(CLOSED), most)
    return rows


async def hand_over(work: Work, to: Mapping[UUID, str]) -> None:
    """Put locked dossiers to other units; their next version, and nothing else of them changes."""
    await work.db.execute(_HAND_OVER, list(to), list(to.values()))
