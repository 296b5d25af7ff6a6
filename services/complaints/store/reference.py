"""Copies of intake's units and procedures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from services.complaints.domain import Unit
from shared.contracts.intake import ProcedureDescribed, UnitDescribed
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_COLUMNS = "code, name, level, remote, parent"
_IN_FORCE = "valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1)"
_KEEP_UNITS = """INSERT INTO unit (code, name, level, remote, parent, valid_from, valid_to)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::date[], $7::date[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, remote = excluded.remote, parent = excluded.parent,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to"""
_KEEP_PROCEDURES = """INSERT INTO procedure (code, name, sector) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name, sector = excluded.sector"""


async def unit(connection: Connection, code: str, on: date) -> Unit | None:
    """The unit with this code, where it exists on this day."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM unit WHERE {_IN_FORCE} AND code = $2", on, code)
    return None if row is None else Unit(**row)


async def units(connection: Connection, on: date) -> Mapping[str, Unit]:
    """All units of this day."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM unit WHERE {_IN_FORCE}", on)
    return {row["code"]: Unit(**row) for row in rows}


async def knows_units(connection: Connection) -> bool:
    """Whether any unit has arrived yet."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM unit)")
    return found


async def knows_procedure(connection: Connection, code: str) -> bool:
    """Whether there is a procedure with this code."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM procedure WHERE code = $1)", code)
    return found


async def keep_units(work: Work, described: Sequence[UnitDescribed]) -> None:
    """Keep the last record of each of these units."""
    newest = {fact.unit: fact for fact in described}
    facts = [newest[code] for code in sorted(newest)]
    await work.db.execute(
        _KEEP_UNITS, [f.unit for f in facts], [f.name for f in facts], [f.level for f in facts], [f.remote for f in facts],
        [f.parent for f in facts], [f.valid_from for f in facts], [f.valid_to for f in facts],
    )  # fmt: skip


async def keep_procedures(work: Work, described: Sequence[ProcedureDescribed]) -> None:
    """Keep the last record of each of these procedures."""
    newest = {fact.procedure: fact for fact in described}
    facts = [newest[code] for code in sorted(newest)]
    await work.db.execute(
        _KEEP_PROCEDURES, [f.procedure for f in facts], [f.name for f in facts], [f.sector for f in facts]
    )


async def forget_units(work: Work, codes: Sequence[str]) -> None:
    """Drop the units whose records were withdrawn."""
    await work.db.execute("DELETE FROM unit WHERE code = ANY($1::text[])", list(codes))


async def forget_procedures(work: Work, codes: Sequence[str]) -> None:
    """Drop the procedures whose records were withdrawn."""
    await work.db.execute("DELETE FROM procedure WHERE code = ANY($1::text[])", list(codes))
