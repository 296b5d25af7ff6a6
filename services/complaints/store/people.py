"""The people of letters: who takes part, and what the vault keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.store.db import Connection
from shared.store.unit_of_work import Work

_ADD = """INSERT INTO party (id, submission, position, role, recipient, person)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int2[], $4::text[], $5::uuid[], $6::uuid[])"""
_READDRESS = (
    "UPDATE party SET recipient = $2 WHERE submission = $1",
    "UPDATE submission SET recipient = $2 WHERE id = $1",
    'UPDATE "case" SET recipient = $2 WHERE submission = $1',
)
_OPENED = """SELECT t.role, p.id, p.data_key, p.sealed FROM party t JOIN person p ON p.id = t.person WHERE t.submission = $1 ORDER BY t.position"""
_CONTACTS = """SELECT c.recipient, c.sequence, p.id, CASE WHEN c.forgotten_at IS NULL THEN p.data_key END AS data_key, p.sealed
FROM contact c JOIN person p ON p.id = c.person WHERE c.recipient = ANY($1::uuid[])"""


@dataclass(frozen=True, slots=True)
class Party:
    """One person of a letter: an inbox and a row of the vault."""

    id: UUID
    role: str
    recipient: UUID
    person: UUID


async def add(work: Work, submission: UUID, parties: Sequence[Party]) -> None:
    """Write the people of a new letter, in the order they were named."""
    await work.db.execute(
        _ADD, [p.id for p in parties], [submission] * len(parties), list(range(1, len(parties) + 1)), [p.role for p in parties],
        [p.recipient for p in parties], [p.person for p in parties],
    )  # fmt: skip


async def readdress(work: Work, submission: UUID, recipient: UUID) -> None:
    """The person of a letter that another system keeps is told in another inbox from here on."""
    for statement in _READDRESS:
        await work.db.execute(statement, submission, recipient)


async def sealed(connection: Connection, submission: UUID) -> Sequence[Any]:
    """Roles and vault rows of a letter's people, in order."""
    rows: Sequence[Any] = await connection.fetch(_OPENED, submission)
    return rows


async def contacts(connection: Connection, recipients: Sequence[UUID]) -> Sequence[Any]:
    """The newest contact of each recipient with its vault row; no key where the person was forgotten."""
    rows: Sequence[Any] = await connection.fetch(_CONTACTS, list(recipients))
    return rows
