"""A folder and an S3-compatible store keep files alike."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from shared.settings import Settings
from shared.store.files import Store, open_store, stores
from shared.store.files.sealing import SEALED

ADDRESS = "ab" * 32
CONTENT = bytes(range(256)) * 3000


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """A bucket of a store on this machine; where it answers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="an", aws_secret_access_key="invented"
    )
    client.create_bucket(Bucket="papers")
    client.close()
    yield url
    server.stop()


def settings(folder: Path, **changes: str) -> Settings:
    return Settings(home=folder, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "disk":
        return open_store(settings(tmp_path))
    url = request.getfixturevalue("bucket")
    named = {"s3_endpoint": url, "s3_key": "an", "s3_secret": "invented"}
    return open_store(settings(tmp_path, files=f"s3://papers/{tmp_path.name}", **named))


def arrived(store: Store, name: str = "one", content: bytes = CONTENT) -> Path:
    store.folder.mkdir(parents=True, exist_ok=True)
    path = store.folder / name
    path.write_bytes(content)
    return path


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


async def names(store: Store) -> list[str]:
    return sorted([name async for name, _changed in store.listed()])


async def test_a_file_is_kept_under_its_address(store: Store) -> None:
    staged = await store.stage(arrived(store))
    await store.keep(staged, ADDRESS)
    await store.discard(staged)

    assert await whole(store.read(ADDRESS)) == CONTENT
    assert await names(store) == [ADDRESS]


async def test_a_file_kept_again_takes_the_place_of_the_first(store: Store) -> None:
    for content in (CONTENT, b"another seal"):
        staged = await store.stage(arrived(store, content=content))
        await store.keep(staged, ADDRESS)
        await store.discard(staged)

    assert await whole(store.read(ADDRESS)) == b"another seal"


async def test_what_is_half_done_is_listed_as_such_and_discarded(store: Store) -> None:
    staged = await store.stage(arrived(store))
    assert await names(store) == [staged]
    assert staged.startswith("incoming/")

    await store.discard(staged)
    await store.discard(staged)

    assert await names(store) == []


async def test_a_file_that_is_removed_is_not_found(store: Store) -> None:
    staged = await store.stage(arrived(store))
    await store.keep(staged, ADDRESS)

    await store.remove(ADDRESS)
    await store.remove(ADDRESS)

    with pytest.raises(FileNotFoundError):
        await whole(store.read(ADDRESS))


async def test_a_file_is_read_in_pieces(store: Store) -> None:
    content = bytes(5 * SEALED)
    staged = await store.stage(arrived(store, content=content))
    await store.keep(staged, ADDRESS)

    parts = [len(part) async for part in store.read(ADDRESS)]

    assert sum(parts) == len(content)
    assert len(parts) > 1


async def test_a_store_that_does_not_answer_passes_by_itself(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        named = {"s3_endpoint": f"http://127.0.0.1:{taken.getsockname()[1]}", "s3_key": "an", "s3_secret": "invented"}
        away = open_store(settings(tmp_path, files="s3://papers", **named))

        with pytest.raises(ConnectionError):
            await away.stage(arrived(away))


async def test_a_store_that_takes_too_long_is_given_up_while_the_lock_still_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "AT_MOST_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        named = {"s3_endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}", "s3_key": "an", "s3_secret": "invented"}
        slow = open_store(settings(tmp_path, files="s3://papers", **named))

        with pytest.raises(ConnectionError):
            await slow.keep("incoming/one", ADDRESS)
        with pytest.raises(ConnectionError):
            await slow.remove(ADDRESS)


def test_without_a_setting_files_stand_in_the_home(tmp_path: Path) -> None:
    assert open_store(settings(tmp_path)).folder == tmp_path / "files" / "incoming"
    assert open_store(settings(tmp_path, files=str(tmp_path / "elsewhere"))).folder.parent.name == "elsewhere"
