"""The staff directory; who its officers are stands in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.intake.domain.staff import Officer
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_NAMES = tuple(name for name in Officer.__slots__ if name != "roles")
_COLUMNS = ", ".join([*_NAMES, "roles"])
_KEEP = f"""INSERT INTO staff ({_COLUMNS}, person) VALUES ({", ".join(f"${n}" for n in range(1, len(_NAMES) + 3))})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in [*_NAMES, "roles", "person"])}"""


async def officers(connection: Connection) -> Mapping[str, Officer]:
    """Everybody in the directory, by id."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM staff ORDER BY id")
    return {row["id"]: Officer(**{**row, "roles": tuple(row["roles"])}) for row in rows}


async def person(connection: Connection, id: str) -> Any:
    """The vault row of an officer, or None."""
    return await connection.fetchrow(
        "SELECT p.id, p.data_key, p.sealed FROM staff s JOIN person p ON p.id = s.person WHERE s.id = $1", id
    )


async def keep_officer(work: Work, officer: Officer, person: UUID) -> None:
    """Write an officer as they are now."""
    await work.db.execute(_KEEP, *(getattr(officer, name) for name in _NAMES), list(officer.roles), person)


async def forget(work: Work, person: UUID) -> None:
    """Destroy the key of a contact that another one has replaced."""
    await work.db.execute(
        "UPDATE person SET data_key = NULL, identity_index = NULL, phone_index = NULL WHERE id = $1", person
    )
