"""The jars of Apache Kafka: recorded in kafka-jars.lock, fetched once, their SHA-256 checked at every start."""

import errno
import fcntl
import hashlib
import os
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.home import StackError, explain, locked

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")  # lines: sha256, bytes, group:artifact:version
ATTEMPTS = 3
PAUSE = 1.0  # seconds after the first failure, twice as long after the second
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}
TIMEOUT = 20  # seconds without an answer from the repository


class AbortedError(RuntimeError):
    """The stack is being stopped, or another jar has failed already."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    digest: str
    size: int
    coordinate: str

    def path(self, cache: Path) -> Path:
        """Return where the jar lies in a cache laid out like a Maven repository."""
        group, name, version = self.coordinate.split(":")
        return cache.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")

    def is_intact(self, path: Path) -> bool:
        """Tell whether the file is there, whole and the recorded one."""
        try:
            with path.open("rb") as content:
                if os.fstat(content.fileno()).st_size != self.size:
                    return False
                return hashlib.file_digest(content, "sha256").hexdigest() == self.digest
        except (FileNotFoundError, NotADirectoryError):
            return False


@dataclass
class Download:
    """How far the download is; written by its threads, read by the supervisor."""

    jars: int = 0
    bytes: int = 0
    jars_done: int = 0
    bytes_done: int = 0
    seconds: float = 0.0
    abort: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def advance(self, size: int) -> None:
        """Count bytes that have arrived; AbortedError when nobody wants them any more."""
        if self.abort.is_set():
            raise AbortedError
        with self._lock:
            self.bytes_done += size

    def take_back(self, size: int) -> None:
        """Forget bytes that were thrown away."""
        with self._lock:
            self.bytes_done -= size

    def finish(self) -> None:
        """Count a jar that is in its place."""
        with self._lock:
            self.jars_done += 1


def recorded() -> list[Jar]:
    """Read the lock file."""
    rows = (line.split() for line in LOCK_FILE.read_text().splitlines())
    return [Jar(digest, int(size), coordinate) for digest, size, coordinate in rows]


def choose_cache(home: Path) -> Path:
    """Return `GANDAN_JARS`, else the user's cache folder, else (when that cannot be written) a folder of the home."""
    if given := os.environ.get("GANDAN_JARS"):
        return Path(given).absolute()
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gandan" / "jars"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):  # RuntimeError: this user has no home folder
        return home / "jars"
    return cache if os.access(cache, os.W_OK) else home / "jars"


def class_path(cache: Path, download: Download) -> list[Path]:
    """Return every recorded jar, verified; what is missing or damaged is fetched first."""
    jars = recorded()
    if missing(jars, cache):
        began = time.monotonic()
        try:
            fetch_missing(jars, cache, download)
        except OSError as error:
            raise explain(error, cache) from None
        download.seconds = time.monotonic() - began
    return [jar.path(cache) for jar in jars]


def missing(jars: list[Jar], cache: Path) -> list[Jar]:
    """Return the jars that are absent, cut off or changed."""
    with ThreadPoolExecutor(4) as pool:
        intact = pool.map(lambda jar: jar.is_intact(jar.path(cache)), jars)
        return [jar for jar, good in zip(jars, intact, strict=True) if not good]


def fetch_missing(jars: list[Jar], cache: Path, download: Download) -> None:
    """Fetch in eight threads; several starts with one cache take turns, and the later ones find the jars there."""
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    turn = wait_for_turn(cache / ".lock", download)
    try:
        wanted = missing(jars, cache)
        download.jars, download.bytes = len(wanted), sum(jar.size for jar in wanted)
        with ThreadPoolExecutor(8) as pool:
            outcomes = [pool.submit(fetch_or_abort, jar, cache, download) for jar in wanted]
        failures = [error for outcome in outcomes if (error := outcome.exception())]
    finally:
        os.close(turn)
    for failure in sorted(failures, key=lambda error: isinstance(error, AbortedError)):  # the cause before its echoes
        raise failure


def wait_for_turn(path: Path, download: Download) -> int:
    """Take the cache's lock, giving up when the stack is stopped meanwhile."""
    while True:
        try:
            return locked(path, fcntl.LOCK_EX, deadline=time.monotonic() + 0.2)
        except StackError:
            download.advance(0)


def fetch_or_abort(jar: Jar, cache: Path, download: Download) -> None:
    """Fetch one jar; a failure also ends the others, since no start is possible without it."""
    try:
        fetch(jar, cache, download)
    except BaseException:
        download.abort.set()
        raise


def fetch(jar: Jar, cache: Path, download: Download) -> None:
    """Fetch one jar beside its place, check it, and move it there in one step; StackError after the third failure."""
    for attempt in range(1, ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(dir=cache, prefix=".part-") as part:
            try:
                got = ask_repository(jar, Path(part), download)
                if jar.is_intact(got):
                    place(got, jar.path(cache))
                    download.finish()
                    return
                download.take_back(got.stat().st_size)
                failure = damaged(jar)
            except (OSError, RuntimeError) as error:  # requests' errors are OSErrors; jgo says RuntimeError for 404
                if isinstance(error, AbortedError) or error_number(error) in DISK_ERRORS:
                    raise
                failure = unreachable(jar, error)
        download.abort.wait(0 if attempt == ATTEMPTS else attempt * PAUSE)
        download.advance(0)
    raise failure


def ask_repository(jar: Jar, part: Path, download: Download) -> Path:
    """Download into `part` and answer the file, which nobody has checked yet."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 -- 0.8 s, needed for downloads only

    group, name, version = jar.coordinate.split(":")
    resolver = PythonResolver(progress_callback=counting(download))
    context = MavenContext(resolver, repo_cache=part, remote_repos=repository(), timeout=TIMEOUT)
    try:
        return Path(context.project(group, name).at_version(version).artifact(packaging="jar").resolve())
    except BaseException as error:
        let_go(error)
        raise


def let_go(error: BaseException) -> None:
    """Drop what the frames of an error hold: the library leaves open what it was reading, until its answer is dropped."""
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__context__


def place(got: Path, target: Path) -> None:
    """Move a verified jar to its place in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    got.replace(target)


def error_number(error: BaseException) -> int | None:
    """Return the errno of an OSError."""
    return getattr(error, "errno", None)


def damaged(jar: Jar) -> StackError:
    """Say that the repository sends something else than what was recorded."""
    return StackError(
        f"{jar.coordinate}: the repository sends a file with another SHA-256 than kafka-jars.lock records, and it was "
        "thrown away. A proxy may be changing downloads: start again from another network, or copy a good jar cache "
        "and name it in GANDAN_JARS"
    )


def unreachable(jar: Jar, error: Exception) -> StackError:
    """Say that the repository does not give the jar."""
    return StackError(
        f"{jar.coordinate} could not be downloaded ({type(error).__name__}): the first start needs the network once "
        "(45 MB), later ones do not. Connect and start again; behind a firewall name a Maven repository in "
        "GANDAN_JAR_REPOSITORY, or copy a filled jar cache and name it in GANDAN_JARS"
    )


def repository() -> dict[str, str] | None:
    """Return the operator's own Maven repository, if one is named; None is the public one."""
    given = os.environ.get("GANDAN_JAR_REPOSITORY")
    return {"own": given.rstrip("/")} if given else None


def counting(download: Download) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    """Return the callback in which the resolver reports arriving bytes."""

    @contextmanager
    def one_file(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        arrived = 0

        def count(size: int) -> None:
            nonlocal arrived
            arrived += size
            download.advance(size)

        try:
            yield count
        except BaseException:
            download.take_back(arrived)
            raise

    return one_file
