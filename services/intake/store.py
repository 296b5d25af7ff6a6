"""The only SQL of intake: dossiers by hot statements, lists by built ones, reference data, codes and lookup locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, tuple_
from sqlmodel import col, select

from services.intake.data import ProcedureSeed, UnitSeed
from services.intake.domain import SNAPSHOT, Component, Dossier, Procedure, State, Unit
from services.intake.tables import DossierRow, ProcedureRow, Row, UnitRow
from shared.kernel import NotFound, Stale
from shared.law import Clock
from shared.store import db
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_TABLES = Row.metadata.tables
_COLUMNS = ", ".join(f'"{name}"' for name in SNAPSHOT)
_OWN = ("person", "owner", "summary", "components")
_CREATE = f"INSERT INTO dossier ({_COLUMNS}, {', '.join(_OWN)}) VALUES ({', '.join(f'${n}' for n in range(1, len(SNAPSHOT) + len(_OWN) + 1))})"
_FIXED = (
    "id",
    "code",
    "procedure",
    "procedure_version",
    "unit",
    "channel",
    "subject_kind",
    "recipient",
    "submitted_at",
    "received_at",
)
_MOVING = tuple(name for name in SNAPSHOT if name not in _FIXED)
_SET = ", ".join(f'"{name}" = ${n}' for n, name in enumerate(_MOVING, 3))
_SAVE = f"UPDATE dossier SET {_SET} WHERE id = $1 AND version = $2"
_FROM_D = ", ".join(f'd."{name}"' for name in SNAPSHOT)
_DOSSIER = f"""SELECT {_FROM_D}, s.sequence, s.head, a.clock AS answer, t.clock AS settlement
FROM dossier d JOIN stream s ON s.id = d.id
LEFT JOIN deadline a ON a.aggregate = d.id AND a.kind = 'answer' LEFT JOIN deadline t ON t.aggregate = d.id AND t.kind = 'settlement'
WHERE d.id = $1"""
_NUMBER = """INSERT INTO code_counter AS c (agency, day, last) VALUES ($1, $2, 1)
ON CONFLICT (agency, day) DO UPDATE SET last = c.last + 1 RETURNING last"""
_LATE = """SELECT id, code, unit, recipient, handler FROM dossier WHERE id = ANY($1::uuid[])"""
_STATES = {"state": State, "before_supplement": State}


def _dossier(row: Any) -> Dossier:
    values = {name: row[name] for name in SNAPSHOT}
    values |= {name: kind(values[name]) for name, kind in _STATES.items() if values[name] is not None}
    clocks: dict[str, Any] = {
        kind: Clock.from_dict(row[kind]) if row[kind] is not None else None for kind in ("answer", "settlement")
    }
    return Dossier(**values, **clocks)


async def next_code(work: Work, agency: str, day: date) -> str:
    """`<agency>-YYMMDD-NNNN`, the next number of that agency and day; taken late, since its row stays locked (decisions 22)."""
    number = await work.db.fetchval(_NUMBER, agency, day)
    return f"{agency}-{day:%y%m%d}-{number:04d}"


async def create(
    work: Work,
    dossier: Dossier,
    *,
    person: UUID,
    owner: UUID | None,
    summary: str | None,
    components: Sequence[Component],
) -> None:
    """Write a new dossier's row."""
    work.starts(dossier.id)
    plain = [asdict(component) for component in components]
    await work.db.execute(_CREATE, *(getattr(dossier, name) for name in SNAPSHOT), person, owner, summary, plain)


async def load(work: Work, id: UUID, seen: int | None) -> Dossier:
    """A dossier to be changed, locked; `NotFound`, or `Stale` when it is not at the version seen (None: whatever it is)."""
    row = await work.db.fetchrow(_DOSSIER + " FOR UPDATE OF d, s", id)
    if row is None:
        raise NotFound
    if seen is not None and row["version"] != seen:
        raise Stale(seen=seen, version=row["version"])
    work.knows(id, row["sequence"], row["head"])
    return _dossier(row)


async def save(work: Work, dossier: Dossier, **texts: Any) -> None:
    """Write the next version; `texts` are columns that stay in intake: components, supplement, reason."""
    done = await work.db.execute(_SAVE, dossier.id, dossier.version - 1, *(getattr(dossier, name) for name in _MOVING))
    if done != "UPDATE 1":
        raise Stale(version=dossier.version)
    for name, value in texts.items():
        await work.db.execute(f"UPDATE dossier SET {name} = $2 WHERE id = $1", dossier.id, value)


async def add_components(work: Work, id: UUID, components: Sequence[Component]) -> None:
    """Papers that came later stand behind the first ones."""
    await work.db.execute(
        "UPDATE dossier SET components = components || $2 WHERE id = $1",
        id,
        [asdict(component) for component in components],
    )


async def contacts(connection: Connection, recipients: Sequence[UUID]) -> Sequence[Any]:
    """The newest contact of each recipient with its vault row."""
    rows: Sequence[Any] = await connection.fetch(
        """SELECT c.recipient, c.sequence, p.id, CASE WHEN c.forgotten_at IS NULL THEN p.data_key END AS data_key, p.sealed
        FROM contact c JOIN person p ON p.id = c.person WHERE c.recipient = ANY($1::uuid[])""",
        list(recipients),
    )
    return rows


async def dossier(connection: Connection, id: UUID) -> Dossier:
    """A dossier to be read."""
    row = await connection.fetchrow(_DOSSIER, id)
    if row is None:
        raise NotFound
    return _dossier(row)


async def dossier_by_code(connection: Connection, code: str) -> Dossier | None:
    """A dossier by its printed code."""
    id_ = await connection.fetchval("SELECT id FROM dossier WHERE code = $1", code)
    return await dossier(connection, id_) if id_ is not None else None


async def papers(connection: Connection, id: UUID) -> Mapping[str, Any]:
    """What a slip needs beside the dossier: summary, components, and the vault rows of submitter and owner."""
    row: Mapping[str, Any] = await connection.fetchrow(
        """SELECT d.summary, d.components, d.supplement, d.reason, p.id, p.data_key, p.sealed, o.id AS owner_id, o.data_key AS owner_data_key,
        o.sealed AS owner_sealed FROM dossier d JOIN person p ON p.id = d.person LEFT JOIN person o ON o.id = d.owner WHERE d.id = $1""",
        id,
    )
    return row


async def many(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Code, unit, recipient and handler of these dossiers."""
    return {row["id"]: row for row in await work.db.fetch(_LATE, ids)}


async def history(connection: Connection, id: UUID) -> Sequence[Any]:
    """The facts of a dossier in order."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT sequence, id, type, occurred_at, recorded_at, actor, envelope FROM fact WHERE aggregate = $1 ORDER BY sequence",
        id,
    )
    return rows


async def listed(
    connection: Connection, *, units: frozenset[str] | None, recipient: UUID | None, filters: Mapping[str, Any], after: tuple[Any, ...] | None,
    back: bool, limit: int,
) -> Sequence[Dossier]:  # fmt: skip
    """Dossiers newest first, of these units (None: all) or of one recipient; keyset paging on the id."""
    table = DossierRow
    wanted = [
        col(getattr(table, name)) == value
        for name, value in filters.items()
        if name in {"state", "unit", "procedure", "handler"}
    ]
    wanted += [] if units is None else [col(table.unit).in_(sorted(units))]
    wanted += [] if recipient is None else [col(table.recipient) == recipient]
    if (before := filters.get("due_before")) is not None:
        wanted.append(and_(col(table.due_on) < before, col(table.closed_at).is_(None), col(table.settled_at).is_(None)))
    if (today := filters.get("overdue_on")) is not None:
        wanted.append(and_(col(table.due_on) < today, col(table.closed_at).is_(None), col(table.settled_at).is_(None)))
    if after is not None:
        wanted.append(col(table.id) > after[0] if back else col(table.id) < after[0])
    order = col(table.id).asc() if back else col(table.id).desc()
    statement = select(*(getattr(table, name) for name in SNAPSHOT)).where(*wanted).order_by(order).limit(limit)
    return [_bare(row) for row in await db.rows(connection, statement)]


def _bare(row: Any) -> Dossier:
    values = {name: row[name] for name in SNAPSHOT}
    values |= {name: kind(values[name]) for name, kind in _STATES.items() if values[name] is not None}
    return Dossier(**values)


async def wrong_secret(work: Work, code: str, *, most: int, until: datetime) -> int:
    """Count a wrong secret for a code; locked at the `most`-th."""
    failures: int = await work.db.fetchval(
        """INSERT INTO lookup_lock AS l (code, failures) VALUES ($1, 1) ON CONFLICT (code) DO UPDATE SET
        failures = CASE WHEN l.locked_until < $4 THEN 1 ELSE l.failures + 1 END,
        locked_until = CASE WHEN l.failures + 1 >= $2 AND (l.locked_until IS NULL OR l.locked_until >= $4) THEN $3::timestamptz END RETURNING failures""",
        code, most, until, work.now,
    )  # fmt: skip
    return failures


async def locked_until(connection: Connection, code: str, now: datetime) -> datetime | None:
    """Until when no secret is tried for this code."""
    until: datetime | None = await connection.fetchval(
        "SELECT locked_until FROM lookup_lock WHERE code = $1 AND locked_until > $2", code, now
    )
    return until


async def unlock(work: Work, code: str) -> None:
    """A right secret ends the counting."""
    await work.db.execute("DELETE FROM lookup_lock WHERE code = $1", code)


async def seed_lock(work: Work) -> None:
    """One process seeds at a time."""
    await work.db.execute("SELECT pg_advisory_xact_lock(7140071)")


async def known_reference(work: Work) -> tuple[set[str], set[tuple[str, int]]]:
    """Unit codes and procedure versions that stand in the store."""
    units = {row["code"] for row in await work.db.fetch("SELECT code FROM unit")}
    procedures = {(row["code"], row["version"]) for row in await work.db.fetch("SELECT code, version FROM procedure")}
    return units, procedures


async def add_unit(work: Work, seed: UnitSeed) -> None:
    """Write a unit's row."""
    await work.db.execute(
        "INSERT INTO unit (code, name, level, kind, agency, parent, valid_from, remote, unverified) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        seed.code, seed.name, seed.level, seed.kind, seed.agency, seed.parent or None, seed.valid_from, seed.remote, sorted(seed.unverified),
    )  # fmt: skip


async def add_procedure(work: Work, seed: ProcedureSeed) -> None:
    """Write one version of a procedure."""
    await work.db.execute(
        """INSERT INTO procedure (code, version, name, sector, sector_name, levels, "limit", pause_mode, max_supplements, online, components,
        fees, fee_policy, basis, valid_from, unverified) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)""",
        seed.code, seed.version, seed.name, seed.field, seed.field_name, list(seed.levels), seed.limit, seed.pause_mode, seed.max_supplements,
        seed.online, [asdict(c) for c in seed.components], [asdict(f) for f in seed.fees], seed.fee_policy, seed.basis, seed.valid_from,
        sorted(seed.unverified),
    )  # fmt: skip


async def units(connection: Connection) -> Sequence[Any]:
    """All unit rows, by code."""
    return await db.rows(connection, select(*_TABLES["unit"].columns).order_by(col(UnitRow.code)))


async def procedures(connection: Connection) -> Sequence[Any]:
    """The newest version of each procedure, by code."""
    newest = select(ProcedureRow.code, func.max(ProcedureRow.version)).group_by(col(ProcedureRow.code))
    statement = select(*_TABLES["procedure"].columns).where(
        tuple_(col(ProcedureRow.code), col(ProcedureRow.version)).in_(newest)
    )
    return await db.rows(connection, statement.order_by(col(ProcedureRow.code)))


def unit_of(row: Any) -> Unit:
    """A unit as the domain knows it."""
    return Unit(row["code"], row["name"], row["level"], row["kind"], row["agency"])


def procedure_of(row: Any) -> Procedure:
    """A procedure as the domain knows it."""
    required = tuple(component["name"] for component in row["components"] if component["required"])
    return Procedure(
        row["code"],
        row["version"],
        row["name"],
        row["sector"],
        tuple(row["levels"]),
        row["limit"],
        row["pause_mode"],
        row["max_supplements"],
        required,
    )
