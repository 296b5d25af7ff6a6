"""Versions of the projection: which one is active, making the next, comparing two, dropping what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.reporting.domain import GROUP, PROJECTIONS
from shared.store.db import Connection

_ACTIVE = f"SELECT version, fold_version, switched_at FROM projection_active WHERE name = '{GROUP}'"
_LOCK: Final = 7_140_061
"""Session lock held by the one rebuild that may run."""
_FILL: Final = {"dossier_line": 70, "unit_day": 50}
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Active:
    """The version that is read and written, what its fold was, since when."""

    version: int
    fold_version: int
    switched_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """How a table of two versions differs: rows only here or only there, with some of them."""

    table: str
    only_old: int
    only_new: int
    examples_old: Sequence[str]
    examples_new: Sequence[str]


async def active(db: Connection) -> Active:
    """The version readers use; inside one transaction read it once."""
    return Active(*await db.fetchrow(_ACTIVE))


async def shared(db: Connection) -> Active:
    """The version to write to, kept from being swapped until this transaction ends.

    Taken in the first statement that writes: a swap waits for us, or we for the swap and then see its version.
    """
    return Active(*await db.fetchrow(f"{_ACTIVE} FOR KEY SHARE"))


async def alone(db: Connection) -> Active:
    """The active version, with every writer waiting until this transaction ends; readers go on."""
    return Active(*await db.fetchrow(f"{_ACTIVE} FOR UPDATE"))


async def swap(db: Connection, made: Active) -> None:
    """From the commit on this version is read and written."""
    await db.execute(
        f"UPDATE projection_active SET version = $1, fold_version = $2, switched_at = $3 WHERE name = '{GROUP}'",
        made.version,
        made.fold_version,
        made.switched_at,
    )


async def rebuilding(db: Connection) -> bool:
    """Take the lock of rebuilds for this session; False when another rebuild runs."""
    return bool(await db.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))


async def rebuild_runs(db: Connection) -> bool:
    """Whether somebody holds the lock of rebuilds; asked inside a transaction."""
    return not await db.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)


async def next_version(db: Connection) -> int:
    """A number never used before: sessions keep plans and types of tables by name, so a name never comes again."""
    found: int = await db.fetchval("SELECT nextval('projection_version')")
    return found


async def make(db: Connection, old: int, new: int) -> None:
    """Empty tables of the next version, like the old ones in every column and index."""
    for name in PROJECTIONS:
        fill = f" WITH (fillfactor = {_FILL[name]})" if name in _FILL else ""
        await db.execute(f"CREATE TABLE {name}_{new} (LIKE {name}_{old} INCLUDING ALL){fill}")


async def drop(db: Connection, version: int) -> None:
    """Remove a version's tables."""
    await db.execute(f"DROP TABLE IF EXISTS {', '.join(f'{name}_{version}' for name in PROJECTIONS)}")


async def analyze(db: Connection, version: int) -> None:
    """Tell the planner what a freshly filled version holds."""
    await db.execute(f"ANALYZE {', '.join(f'{name}_{version}' for name in PROJECTIONS)}")


_VERSIONS = r"""SELECT DISTINCT substring(relname FROM '_(\d+)$')::int AS version FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ $1 ORDER BY 1"""


async def versions(db: Connection) -> list[int]:
    """Every version that has a table."""
    found = await db.fetch(_VERSIONS, f"^({'|'.join(PROJECTIONS)})_[0-9]+$")
    return [row["version"] for row in found]


async def checksums(db: Connection, version: int) -> Mapping[str, tuple[int, int]]:
    """Rows and an order-free checksum over every value of every row, by table."""
    found = {}
    for name in PROJECTIONS:
        row = await db.fetchrow(
            f"SELECT count(*), coalesce(sum(hash_record_extended(t, 0)::numeric), 0) FROM {name}_{version} t"
        )
        found[name] = (row[0], int(row[1]))
    return found


async def differences(db: Connection, old: int, new: int) -> list[Difference]:
    """What two versions do not have in common, table by table; empty when they are equal."""
    before, after = await checksums(db, old), await checksums(db, new)
    return [await _difference(db, name, old, new) for name in PROJECTIONS if before[name] != after[name]]


async def _difference(db: Connection, name: str, old: int, new: int) -> Difference:
    missing, there = await _only(db, name, old, new), await _only(db, name, new, old)
    return Difference(name, missing[0], there[0], missing[1], there[1])


async def _only(db: Connection, name: str, here: int, there: int) -> tuple[int, list[str]]:
    found = await db.fetch(
        f"""SELECT line, count(*) OVER () AS rows FROM (SELECT t::text AS line FROM {name}_{here} t
        EXCEPT ALL SELECT t::text FROM {name}_{there} t) d ORDER BY line LIMIT {_EXAMPLES}"""
    )
    return (found[0]["rows"] if found else 0), [row["line"] for row in found]


_OFFSETS = "SELECT topic, partition, cluster, next FROM offsets WHERE consumer = $1 ORDER BY topic, partition"
_PUT_OFFSETS = """INSERT INTO offsets (consumer, topic, partition, cluster, next)
SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::bigint[])"""


async def offsets(db: Connection, consumer: str) -> list[Any]:
    """Where a consumer stands: topic, partition, cluster, next."""
    found: list[Any] = await db.fetch(_OFFSETS, consumer)
    return found


async def put_offsets(db: Connection, consumer: str, places: Sequence[tuple[str, int, str, int]]) -> None:
    """Begin a consumer at these places (topic, partition, cluster, next)."""
    if not places:
        return
    await db.execute(_PUT_OFFSETS, consumer, *map(list, zip(*places, strict=True)))


async def forget_consumer(db: Connection, prefix: str) -> None:
    """Drop the places, sequences and parked records of consumers whose name begins so."""
    for name in ("offsets", "applied", "parked"):
        await db.execute(f"DELETE FROM {name} WHERE starts_with(consumer, $1)", prefix)


async def held(db: Connection, consumer: str) -> int:
    """Records set aside by a consumer: parked, or waiting behind one or for a gap to fill."""
    found: int = await db.fetchval("SELECT count(*) FROM parked WHERE consumer = $1", consumer)
    return found


async def sizes(db: Connection, version: int) -> Mapping[str, int]:
    """Rows of each table of a version."""
    return {name: await db.fetchval(f"SELECT count(*) FROM {name}_{version}") for name in PROJECTIONS}
