"""Files: taken in, handed in with a dossier, read, and swept when nobody handed them in."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Component, File
from services.intake.store import files as file_store
from shared.contracts import intake as facts
from shared.kernel import Caller, NotFound, Once, Principal, system
from shared.store import vault
from shared.store.files import Arrived, Scanner, Store, arrive, opened
from shared.store.unit_of_work import Work, Works

LOOSE_FOR = timedelta(hours=24)
"""So long a file may belong to no dossier."""
HALF_DONE_SECONDS = 24 * 3600
"""What is in the store without a row, and older, was left by a process that died; nothing takes so long."""
SWEEP = 500
_ADDRESS = re.compile(r"[0-9a-f]{64}")
_SWEEPER = system("intake.files")


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Where files are kept, and what is taken."""

    works: Works
    blobs: Store
    most: int
    """Bytes of one file."""
    scanner: Scanner | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that may be read, and its content."""

    file: File
    content: AsyncIterator[bytes]


async def keep_file(
    cabinet: Cabinet, who: Principal, named: Callable[[bytes], Once], declared: str, body: AsyncIterator[bytes]
) -> File:
    """Take a file in. The blob is kept first, its row second: whatever ends between leaves litter, never a row without a blob."""
    owner, works = domain.owner_of(who), cabinet.works
    async with arrive(
        body, declared, folder=cabinet.blobs.folder, name=works.new_id(), most=cabinet.most, scanner=cabinet.scanner
    ) as arrived:
        staged = await cabinet.blobs.stage(arrived.path)
        try:
            async with works.begin(Caller(who, named(arrived.media_type.encode() + arrived.sha256))) as work:
                file = File(work.new_id(), arrived.sha256, arrived.size, arrived.media_type, owner)
                await file_store.add_file(work, file, await _key_of(cabinet, work, arrived, staged))
                work.answers(shown(file))
        finally:
            await cabinet.blobs.discard(staged)
    return file


async def _key_of(cabinet: Cabinet, work: Work, arrived: Arrived, staged: str) -> bytes:
    """The wrapped key of the blob with this content, which is put there unless it is; the same bytes are kept once."""
    await file_store.lock_content(work, arrived.sha256)
    known = await file_store.content_key(work, arrived.sha256)
    if known is not None:
        return known
    await cabinet.blobs.keep(staged, arrived.sha256.hex())
    return vault.wrap(work.works.keys, arrived.key)


def shown(file: File) -> Mapping[str, object]:
    """What whoever handed it in is told."""
    return {"id": file.id, "sha256": file.sha256.hex(), "size": file.size, "media_type": file.media_type}


async def attach(work: Work, dossier: UUID, files: Mapping[str, UUID], purpose: str) -> None:
    """Make files part of a dossier; one that is not there, somebody else's or another dossier's is refused by its field."""
    if not files:
        return
    found = await work.ask(file_store.files_for_update, tuple(sorted(set(files.values()))))
    for field, id_ in files.items():
        if id_ not in found or not found[id_].fits(work.who, dossier):
            raise domain.UnknownFile(field=field)
    file_store.attach_files(work, dossier, sorted(found), purpose)


def component_files(components: Sequence[Component], at: str = "") -> Mapping[str, UUID]:
    """The files of papers, each by the field that names it; `at`: the place of the papers in the body."""
    return {f"{at}/components/{n}/file": each.file for n, each in enumerate(components) if each.file is not None}


def check_once(named: Sequence[Mapping[str, UUID]]) -> None:
    """A file is part of one dossier: of several filed together it is handed in with one."""
    seen: set[UUID] = set()
    for files in named:
        if twice := next((field for field, id_ in files.items() if id_ in seen), None):
            raise domain.UnknownFile(field=twice)
        seen.update(files.values())


async def read_file(cabinet: Cabinet, who: Principal, id: UUID) -> Opened:
    """A file for whoever handed it in or may read its dossier; to all others it is not there. Of a dossier's files each reading is a fact."""
    async with cabinet.works.begin(Caller(who)) as work:
        file, wrapped = await file_store.file(work.db, id)
        dossier = None if file.dossier is None else await store.dossier(work.db, file.dossier)
        if not file.owner.is_(who) and (dossier is None or not domain.is_readable_by(dossier, who)):
            raise NotFound
        if dossier is not None:
            read = facts.IdentityRead(occurred_at=work.now, dossier=dossier.id, unit=dossier.unit, purpose="file")
            work.record(read, published=False)
    key = vault.unwrap(work.works.keys, wrapped)
    content = opened(cabinet.blobs.read(file.sha256.hex()), key, file.size)
    first = await anext(content)  # what is lost or damaged is known before the answer begins
    return Opened(file, _going_on(first, content))


async def _going_on(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def sweep_loose(cabinet: Cabinet) -> bool:
    """Forget files nobody handed in with a dossier for a day, and their blobs where no other row needs them."""
    async with cabinet.works.begin(_SWEEPER) as work:
        contents = await file_store.drop_loose(work, work.now - LOOSE_FOR, SWEEP)
    for content in set(contents):
        await _remove_unneeded(cabinet, content)
    return len(contents) == SWEEP


async def sweep_litter(cabinet: Cabinet) -> bool:
    """Remove what a process that died left in the store: blobs without a row, and what was half arrived."""
    before = time.time() - HALF_DONE_SECONDS
    async for address, changed in cabinet.blobs.listed():
        if changed >= before:
            continue
        if "/" in address:
            await cabinet.blobs.discard(address)
        elif _ADDRESS.fullmatch(address):  # anything else is not ours, and left alone
            await _remove_unneeded(cabinet, bytes.fromhex(address))
    return False


async def _remove_unneeded(cabinet: Cabinet, content: bytes) -> None:
    """Remove a blob unless a row needs it; nobody adds one meanwhile."""
    async with cabinet.works.begin(_SWEEPER) as work:
        await file_store.lock_content(work, content)
        if await file_store.content_key(work, content) is None:
            await cabinet.blobs.remove(content.hex())
