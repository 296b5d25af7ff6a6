"""Where sealed files lie: a folder, or an S3-compatible store. Each is kept under the SHA-256 of its content, once."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import GenericError
from obstore.store import S3Store

from shared.settings import Settings
from shared.store.files.sealing import SEALED

if TYPE_CHECKING:
    from obstore.store import RetryConfig

INCOMING = "incoming"
_PATIENCE: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
"""Somebody waits for the answer."""
AT_MOST_SECONDS = 15.0
"""`keep` and `remove` are given up sooner than the transaction ends whose lock they work under: nobody else begins meanwhile."""


class Store(Protocol):
    """A store of sealed files: staged without an address, then kept under one in a moment."""

    folder: Path
    """Where files arrive."""

    async def stage(self, arrived: Path) -> str:
        """Bring a file so near that `keep` takes a moment; its place there."""
        ...

    async def keep(self, staged: str, address: str) -> None:
        """Keep a staged file for good, in place of what had this address; on disk when this returns."""
        ...

    async def discard(self, staged: str) -> None:
        """Drop what was staged, kept or not."""
        ...

    def read(self, address: str) -> AsyncIterator[bytes]:
        """The sealed bytes; `FileNotFoundError`."""
        ...

    async def remove(self, address: str) -> None:
        """Remove a file; one that is not there is as good."""
        ...

    def listed(self) -> AsyncIterator[tuple[str, float]]:
        """Every address with the Unix time it was last written; what was left half done has `incoming/` before its name."""
        ...


def open_store(settings: Settings) -> Store:
    """The store the settings name; without one, `files` in the home."""
    if settings.files is None or not settings.files.startswith("s3://"):
        return Disk(Path(settings.files) if settings.files else settings.home / "files")
    return S3(_bucket(settings), Path(tempfile.gettempdir()) / "gandan-files")


def _bucket(settings: Settings) -> S3Store:
    place = urlsplit(settings.files or "")
    keys = {"access_key_id": settings.s3_key, "secret_access_key": settings.s3_secret, "endpoint": settings.s3_endpoint}
    return S3Store(
        place.netloc, prefix=place.path.strip("/") or None, region=settings.s3_region, virtual_hosted_style_request=False,
        client_options={"allow_http": (settings.s3_endpoint or "").startswith("http://")}, retry_config=_PATIENCE,
        **{name: value for name, value in keys.items() if value is not None},  # type: ignore[arg-type]
    )  # fmt: skip


class Disk:
    """A folder: `ab/ab12…` for each file, `incoming/…` while it arrives; all processes of the service share it."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / INCOMING

    def _path(self, address: str) -> Path:
        return self.root / address if "/" in address else self.root / address[:2] / address

    async def stage(self, arrived: Path) -> str:
        """It is here already."""
        return f"{INCOMING}/{arrived.name}"

    async def keep(self, staged: str, address: str) -> None:
        """Rename it, and make the rename last."""
        await asyncio.to_thread(_rename, self._path(staged), self._path(address))

    async def discard(self, staged: str) -> None:
        """Unlink it."""
        await asyncio.to_thread(self._path(staged).unlink, missing_ok=True)

    async def read(self, address: str) -> AsyncIterator[bytes]:
        """Piece by piece."""
        file = await asyncio.to_thread(self._path(address).open, "rb")
        try:
            while part := await asyncio.to_thread(file.read, SEALED):
                yield part
        finally:
            file.close()

    async def remove(self, address: str) -> None:
        """Unlink it."""
        await asyncio.to_thread(self._path(address).unlink, missing_ok=True)

    async def listed(self) -> AsyncIterator[tuple[str, float]]:
        """Folder by folder."""
        for folder in await asyncio.to_thread(_folders, self.root):
            for name, changed in await asyncio.to_thread(_files, folder):
                yield (f"{INCOMING}/{name}" if folder == self.folder else name), changed


def _rename(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    source.replace(target)
    for folder in (target.parent, target.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _folders(root: Path) -> list[Path]:
    return sorted(each for each in root.iterdir() if each.is_dir()) if root.exists() else []


def _files(folder: Path) -> list[tuple[str, float]]:
    found = []
    for each in folder.iterdir():
        with suppress(FileNotFoundError):  # kept or removed meanwhile
            found.append((each.name, each.stat().st_mtime))
    return found


@contextmanager
def _reached() -> Iterator[None]:
    """What the store does not do now passes by itself, or is for an operator: unavailable, as any broken connection."""
    try:
        yield
    except (GenericError, TimeoutError) as error:
        raise ConnectionError("the store of files does not answer") from error


class S3:
    """A bucket, or a prefix in one."""

    def __init__(self, bucket: S3Store, folder: Path) -> None:
        self.bucket, self.folder = bucket, folder

    async def stage(self, arrived: Path) -> str:
        """Send it under a name of its own."""
        staged = f"{INCOMING}/{arrived.name}"
        with _reached():
            await obstore.put_async(self.bucket, staged, arrived)
        return staged

    async def keep(self, staged: str, address: str) -> None:
        """Copied inside the store."""
        with _reached():
            async with asyncio.timeout(AT_MOST_SECONDS):
                await obstore.copy_async(self.bucket, staged, address)

    async def discard(self, staged: str) -> None:
        """Delete it."""
        with _reached():
            await obstore.delete_async(self.bucket, staged)

    async def read(self, address: str) -> AsyncIterator[bytes]:
        """As it comes over the network."""
        with _reached():
            found = await obstore.get_async(self.bucket, address)
        async for part in found.stream(min_chunk_size=SEALED):
            yield bytes(part)

    async def remove(self, address: str) -> None:
        """Delete it."""
        with _reached():
            async with asyncio.timeout(AT_MOST_SECONDS):
                await obstore.delete_async(self.bucket, address)

    async def listed(self) -> AsyncIterator[tuple[str, float]]:
        """Page by page."""
        async for page in obstore.list(self.bucket):
            for each in page:
                yield each["path"], each["last_modified"].timestamp()
