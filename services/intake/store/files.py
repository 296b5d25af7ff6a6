"""Files and forms: rows beside the sealed blobs, and which of them belong to a dossier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain import File, Owner
from shared.kernel import NotFound
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_FILE = "id, sha256, size, media_type, recipient, units, dossier"
_ADD_FILE = """INSERT INTO file (id, sha256, size, media_type, data_key, key_id, recipient, units, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_FILES = f"SELECT {_FILE} FROM file WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED"
_ATTACH = """UPDATE file SET dossier = $1, purpose = coalesce(purpose, $2) WHERE id = $3 AND (dossier IS NULL OR dossier = $1)
RETURNING 1"""
_DROP_LOOSE = """DELETE FROM file WHERE id IN (SELECT id FROM file WHERE dossier IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2
FOR UPDATE SKIP LOCKED) RETURNING sha256"""
_PATIENT = (
    "SELECT set_config('idle_in_transaction_session_timeout', '0', true), set_config('lock_timeout', '10s', true)"
)
_FORM = "SELECT f.sealed, p.data_key FROM form f JOIN person p ON p.id = f.person WHERE f.dossier = $1"


async def lock_content(work: Work, sha256: bytes) -> None:
    """Nobody else adds or removes the blob with this content until the transaction ends.

    It may be idle meanwhile: as long as the store of files works, the lock has to hold. Whoever waits leaves enough of
    the transaction's own time for that.
    """
    await work.db.execute(_PATIENT)
    await work.db.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(sha256[:8], "big", signed=True))


async def content_key(work: Work, sha256: bytes) -> bytes | None:
    """The wrapped data key of the blob with this content; None: no row needs such a blob."""
    key: bytes | None = await work.db.fetchval("SELECT data_key FROM file WHERE sha256 = $1 LIMIT 1", sha256)
    return key


async def add_file(work: Work, file: File, data_key: bytes) -> None:
    """Write a file's row."""
    owner = file.owner
    await work.db.execute(
        _ADD_FILE, file.id, file.sha256, file.size, file.media_type, data_key, vault.KEY_ID, owner.recipient, sorted(owner.units), work.now
    )  # fmt: skip


async def file(connection: Connection, id: UUID) -> tuple[File, bytes]:
    """A file and its wrapped data key, or `NotFound`."""
    row = await connection.fetchrow(f"SELECT {_FILE}, data_key FROM file WHERE id = $1", id)
    if row is None:
        raise NotFound
    return _file(row), row["data_key"]


def _file(row: Any) -> File:
    owner = Owner(row["recipient"], frozenset(row["units"]))
    return File(row["id"], row["sha256"], row["size"], row["media_type"], owner, row["dossier"])


async def files_for_update(connection: Connection, asked: Sequence[tuple[UUID, ...]]) -> Sequence[Mapping[UUID, File]]:
    """The files of each who asks; one that is being handed in elsewhere this moment is not among them."""
    rows = await connection.fetch(_FILES, sorted({id_ for ids in asked for id_ in ids}))
    found = {row["id"]: _file(row) for row in rows}
    return [{id_: found[id_] for id_ in ids if id_ in found} for ids in asked]


def attach_files(work: Work, dossier: UUID, ids: Sequence[UUID], purpose: str) -> None:
    """Make files part of a dossier: each of them, or nothing is written."""
    for id_ in ids:
        work.along(_ATTACH, dossier, purpose, id_)


async def drop_loose(work: Work, before: datetime, most: int) -> Sequence[bytes]:
    """Forget files that came before this and belong to no dossier; the contents, one for each row."""
    return [row["sha256"] for row in await work.db.fetch(_DROP_LOOSE, before, most)]


def create_form(work: Work, dossier: UUID, person: UUID, sealed: bytes) -> None:
    """Keep a sealed form."""
    work.along("INSERT INTO form (dossier, person, sealed) VALUES ($1, $2, $3) RETURNING 1", dossier, person, sealed)


async def form(connection: Connection, dossier: UUID) -> Any:
    """A dossier's sealed form and its person's wrapped key; None where there is none."""
    return await connection.fetchrow(_FORM, dossier)
