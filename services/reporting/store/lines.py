"""Writing the projection: whole batches, one array statement per table, rows in key order, counters last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.reporting.domain import NAMES, DossierLine, Flow, Moment
from services.reporting.tables import ProcedureRow, Row, UnitRow, table
from shared.contracts.intake import ProcedureDescribed, UnitDescribed
from shared.store.db import Connection

_PLACE = """INSERT INTO projection_place AS p (topic, partition, newest_at) SELECT * FROM unnest($1::text[], $2::int[], $3::timestamptz[])
ON CONFLICT (topic, partition) DO UPDATE SET newest_at = greatest(p.newest_at, excluded.newest_at)"""


@lru_cache(maxsize=16)
def _upsert(version: int) -> str:
    # one array of rows: half the driver's work of an array per column (measured: 14.7 against 32 us a row)
    changed = ", ".join(f"{name} = excluded.{name}" for name in DossierLine._fields if name != "id")
    return f"""INSERT INTO dossier_line_{version} SELECT * FROM unnest($1::dossier_line_{version}[])
ON CONFLICT (id) DO UPDATE SET {changed}"""


@lru_cache(maxsize=16)
def _count(version: int) -> str:
    arrays = ", ".join(f"${n}::int[]" for n in range(5, 5 + len(NAMES)))
    added = ", ".join(f"{name} = d.{name} + excluded.{name}" for name in NAMES)
    return f"""INSERT INTO unit_day_{version} AS d (unit, day, kind, channel, {", ".join(NAMES)})
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], {arrays})
ON CONFLICT (unit, day, kind, channel) DO UPDATE SET {added}"""


_READ = f"SELECT {', '.join(DossierLine._fields)} FROM dossier_line_{{}} WHERE id = ANY($1::uuid[])"


async def lines(db: Connection, version: int, ids: Sequence[UUID]) -> dict[UUID, DossierLine]:
    """The lines of these dossiers, as far as they have begun."""
    found = await db.fetch(_READ.format(version), ids)
    return {row[0]: DossierLine(*row) for row in found}


async def save(db: Connection, version: int, changed: Mapping[UUID, DossierLine]) -> None:
    """Write these lines as they stand now."""
    await db.execute(_upsert(version), [changed[key] for key in sorted(changed, key=_number)])


def _number(key: UUID) -> int:
    return key.int  # compared in C; UUIDs themselves are compared in Python


async def remember(db: Connection, version: int, moments: Sequence[Moment]) -> None:
    """Add rows to the timeline."""
    await db.copy_records_to_table(f"timeline_{version}", records=moments, columns=Moment._fields)


async def count(db: Connection, version: int, flows: Iterable[Flow]) -> None:
    """Add these flows to their counters; a row whose flows cancel out is written too, so that replays agree."""
    sums: dict[tuple[Any, ...], dict[str, int]] = {}
    for flow in flows:
        row = sums.setdefault(flow[:4], dict.fromkeys(NAMES, 0))
        row[flow.name] += flow.number
    if sums:
        keys = sorted(sums)
        numbers = ([sums[key][name] for key in keys] for name in NAMES)
        await db.execute(_count(version), *map(list, zip(*keys, strict=True)), *numbers)


async def place(db: Connection, newest: Mapping[tuple[str, int], Any]) -> None:
    """Remember the recorded time of the newest fact applied from each partition."""
    keys = sorted(newest)
    await db.execute(_PLACE, [k[0] for k in keys], [k[1] for k in keys], [newest[k] for k in keys])


async def copy_units(db: Connection, version: int, units: Mapping[str, UnitDescribed | None]) -> None:
    """Write the current records of these units; None forgets one."""
    rows = [
        (u.unit, u.name, u.level, u.kind, u.agency, u.valid_from, u.valid_to, u.remote, u.parent)
        for _, u in sorted(units.items())
        if u is not None
    ]
    await _copy(db, version, UnitRow, rows, [code for code, u in units.items() if u is None])


async def copy_procedures(db: Connection, version: int, procedures: Mapping[str, ProcedureDescribed | None]) -> None:
    """Write the current records of these procedures; None forgets one."""
    rows = [
        (
            p.procedure,
            p.name,
            p.sector,
            p.level,
            p.limit,
            p.procedure_version,
            p.online,
            p.legal_basis,
            p.verified,
            p.components,
        )
        for _, p in sorted(procedures.items())
        if p is not None
    ]
    gone = [code for code, p in procedures.items() if p is None]
    await _copy(db, version, ProcedureRow, rows, gone)


async def _copy(
    db: Connection, version: int, model: type[Row], rows: Sequence[tuple[Any, ...]], gone: Sequence[str]
) -> None:
    target = table(model, version)
    key = target.primary_key.columns[0].name
    await db.execute(f"DELETE FROM {target.name} WHERE {key} = ANY($1::text[])", [*gone, *(row[0] for row in rows)])
    await db.copy_records_to_table(target.name, records=rows, columns=[c.name for c in target.columns])
