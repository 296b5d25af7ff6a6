"""Fetching and verifying jars, against a small repository of our own on loopback."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy import local
from deploy.local import jars
from deploy.local.jars import Download, class_path
from deploy.local.settings import draw_port

CONTENT = {f"vn.example:part{n}:1.0": bytes([n]) * 50_000 for n in range(3)}


@dataclass
class Repository:
    """What it sends, and what it was asked for."""

    url: str = ""
    change: Callable[[bytes], bytes] = bytes
    cut_first: bool = False
    lacks: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> bytes | None:
        """Return a jar by its path in a Maven repository."""
        self.asked.append(path)
        name = path.rsplit("/", 1)[-1]
        found = [body for coordinate, body in CONTENT.items() if name == coordinate.split(":")[1] + "-1.0.jar"]
        return self.change(found[0]) if found and not (self.lacks and self.lacks in name) else None


def handler(repository: Repository) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = repository.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            cut = repository.cut_first and len(repository.asked) == 1
            self.wfile.write((body or b"")[: 1000 if cut else None])

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Repository]:
    made = Repository()
    lines = [f"{hashlib.sha256(body).hexdigest()} {len(body)} {name}" for name, body in CONTENT.items()]
    (tmp_path / "small.lock").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(jars, "PAUSE", 0)
    monkeypatch.setattr(jars, "LOCK_FILE", tmp_path / "small.lock")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(made)) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("GANDAN_JAR_REPOSITORY", made.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def jar_requests(repository: Repository) -> list[str]:
    return [path for path in repository.asked if path.endswith(".jar")]


def test_missing_jars_are_fetched_once_and_counted(repository: Repository, cache: Path) -> None:
    first, second = Download(), Download()
    assert [path.read_bytes() for path in class_path(cache, first)] == list(CONTENT.values())
    assert (first.jars, first.jars_done, first.bytes, first.bytes_done) == (3, 3, 150_000, 150_000)
    assert first.seconds > 0
    class_path(cache, second)
    assert len(jar_requests(repository)) == 3
    assert second.seconds == 0


@pytest.mark.parametrize("damage", [lambda body: body[:100], lambda body: b"x" + body[1:], lambda _: b""])
def test_a_cut_or_tampered_jar_is_fetched_again(
    repository: Repository, cache: Path, damage: Callable[[bytes], bytes]
) -> None:
    victim = class_path(cache, Download())[1]
    victim.write_bytes(damage(victim.read_bytes()))
    class_path(cache, Download())
    assert victim.read_bytes() == CONTENT["vn.example:part1:1.0"]
    assert len(jar_requests(repository)) == 4


def test_a_transfer_that_breaks_off_is_tried_again(repository: Repository, cache: Path) -> None:
    repository.cut_first = True
    download = Download()
    class_path(cache, download)
    assert (download.jars_done, download.bytes_done) == (3, 150_000)


def test_a_repository_that_sends_other_bytes_is_refused_and_nothing_is_kept(
    repository: Repository, cache: Path
) -> None:
    repository.change = lambda body: b"x" + body[1:]
    with pytest.raises(local.StackError, match=r"another SHA-256 than kafka-jars\.lock records.*GANDAN_JARS"):
        class_path(cache, Download())
    assert not list(cache.rglob("*.jar"))


def test_cached_jars_need_no_repository(repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class_path(cache, Download())
    monkeypatch.setenv("GANDAN_JAR_REPOSITORY", f"http://127.0.0.1:{draw_port(set())}")
    asked = len(repository.asked)
    assert len(class_path(cache, Download())) == 3
    assert len(repository.asked) == asked


@pytest.mark.usefixtures("repository")
def test_a_damaged_jar_without_a_network_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = class_path(cache, Download())[1]
    victim.write_bytes(b"x" * len(victim.read_bytes()))
    monkeypatch.setenv("GANDAN_JAR_REPOSITORY", f"http://127.0.0.1:{draw_port(set())}")
    with pytest.raises(local.StackError, match=r"vn\.example:part1:1\.0 could not be downloaded"):
        class_path(cache, Download())


def test_a_jar_the_repository_does_not_have_is_named(repository: Repository, cache: Path) -> None:
    repository.lacks = "part2"
    with pytest.raises(local.StackError, match=r"vn\.example:part2:1\.0 could not be downloaded"):
        class_path(cache, Download())
    repository.lacks = ""
    assert len(class_path(cache, Download())) == 3


def test_two_starts_that_share_a_cache_do_not_fetch_twice(repository: Repository, cache: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: class_path(cache, Download()), range(2)))
    assert both[0] == both[1]
    assert len(jar_requests(repository)) == 3


def test_a_cache_that_cannot_be_a_folder_is_explained(repository: Repository, cache: Path) -> None:
    cache.write_text("a file in place of the folder")
    with pytest.raises(local.StackError, match=r"cannot use .*cache"):
        class_path(cache, Download())
    assert not repository.asked


def test_without_a_cache_folder_of_the_user_the_jars_lie_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GANDAN_JARS", raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert jars.choose_cache(tmp_path) == tmp_path / "jars"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert jars.choose_cache(tmp_path) == tmp_path / "cache" / "gandan" / "jars"
    monkeypatch.setenv("GANDAN_JARS", str(tmp_path / "given"))
    assert jars.choose_cache(tmp_path) == tmp_path / "given"


def test_the_lock_file_records_every_jar_once() -> None:
    coordinates = [jar.coordinate for jar in jars.recorded()]
    assert len(set(coordinates)) == len(coordinates)
    assert "org.apache.kafka:kafka_2.13:4.3.1" in coordinates
    assert all(len(jar.digest) == 64 and jar.size > 0 for jar in jars.recorded())
