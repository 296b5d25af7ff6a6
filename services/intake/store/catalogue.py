"""Procedures in all their versions, and what was last published of reference data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from services.intake.domain.catalogue import VERSION_COLUMNS, ProcedureVersion
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_COLUMNS = ", ".join(f'"{name}"' for name in VERSION_COLUMNS)
_ADD = f"INSERT INTO procedure ({_COLUMNS}) VALUES ({', '.join(f'${n}' for n in range(1, len(VERSION_COLUMNS) + 1))})"
_MOVE = "UPDATE procedure SET valid_to = $3, published_at = $4, publicity = $5 WHERE code = $1 AND version = $2"
_SAY = """INSERT INTO described (topic, key, said) SELECT $1, * FROM unnest($2::text[], $3::bytea[])
ON CONFLICT (topic, key) DO UPDATE SET said = excluded.said"""
_LISTS = frozenset({"levels", "components", "fees", "unverified"})
_values = attrgetter(*VERSION_COLUMNS)


def _version(row: Any) -> ProcedureVersion:
    kept: dict[str, Any] = {name: tuple(row[name]) if name in _LISTS else row[name] for name in VERSION_COLUMNS}
    return ProcedureVersion(**kept)


async def versions(connection: Connection, code: str) -> Sequence[ProcedureVersion]:
    """The versions of one procedure, in order."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM procedure WHERE code = $1 ORDER BY version", code)
    return [_version(row) for row in rows]


async def all_versions(connection: Connection) -> Mapping[str, Sequence[ProcedureVersion]]:
    """The versions of every procedure, in order."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM procedure ORDER BY code, version")
    return {code: list(found) for code, found in groupby(map(_version, rows), attrgetter("code"))}


async def add_versions(work: Work, added: Sequence[ProcedureVersion]) -> None:
    """Write new versions."""
    await work.db.executemany(_ADD, [_values(version) for version in added])


async def move_version(work: Work, version: ProcedureVersion) -> None:
    """Write until when a version counts and how its publication stands; nothing else of it ever changes."""
    await work.db.execute(
        _MOVE, version.code, version.version, version.valid_to, version.published_at, version.publicity
    )


async def said(connection: Connection, topic: str) -> Mapping[str, bytes]:
    """What was last published on a compacted topic: a digest for each key."""
    rows = await connection.fetch("SELECT key, said FROM described WHERE topic = $1", topic)
    return {row["key"]: row["said"] for row in rows}


async def say(work: Work, topic: str, digests: Mapping[str, bytes]) -> None:
    """Remember what is published now."""
    await work.db.execute(_SAY, topic, list(digests), list(digests.values()))
