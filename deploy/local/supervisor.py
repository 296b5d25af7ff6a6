"""The process that owns both servers of one home; started by `deploy.local.start`, ended when nobody uses it.

* supervisor.lock (flock, exclusive) lives as long as this process, so it is never stale;
* clients.lock (flock, shared) is held by every process that called start(); once we can take it alone, nobody is left
  (also after kill -9), and both servers are stopped cleanly;
* on Linux both servers get a signal when this process itself is killed (PR_SET_PDEATHSIG).
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.local import kafka, postgres
from deploy.local.children import RunAs, not_root
from deploy.local.home import SERVICES, StackError, explain, locked, write_json
from deploy.local.jars import AbortedError, Download
from deploy.local.server import Server
from deploy.local.settings import CLOSING, Settings, load

TICK = 0.1  # seconds
STOP_SECONDS = 40.0


class Supervisor:
    """Both servers of a home, from their first start to their clean stop."""

    def __init__(self, home: Path, *, after_crash: bool) -> None:
        self.home = home
        self.patience = CLOSING if after_crash else 0.0
        self.began = time.monotonic()
        self.stopping = False
        self.download = Download()
        self.servers: list[Server] = []
        self.settings: Settings | None = None
        self.start_seconds = 0.0
        self.published: dict[str, Any] = {}
        self.clients = os.open(home / "clients.lock", os.O_RDWR | os.O_CREAT, 0o600)
        for order in (home / "control").iterdir():  # orders to an earlier supervisor
            order.unlink()

    def run(self) -> None:
        """Start both servers and watch them until a signal, an order or the last client's end."""
        self.publish()
        self.settings = load(self.home, say, self.patience)
        with ThreadPoolExecutor(1) as pool:  # jars and format meanwhile; servers start in this thread (PDEATHSIG)
            broker = pool.submit(kafka.prepare, self.home, self.settings, self.download)
            try:
                who = not_root()
                postgres.initialise(self.home, self.settings, who)
                self.servers = [self._postgres(self.settings, who), self._kafka(self.settings, broker)]
                while not self._is_over():
                    for server in self.servers:
                        server.tick(time.monotonic())
                    self.publish()
                    time.sleep(TICK if self.start_seconds else TICK / 4)
            finally:
                self.download.abort.set()

    def publish(self, error: str | None = None) -> None:
        """Write state.json when something has changed."""
        if not self.start_seconds and self.servers and all(server.was_ready for server in self.servers):
            self.start_seconds = time.monotonic() - self.began - self.download.seconds
            say(f"ready in {self.start_seconds:.1f} s, downloads {self.download.seconds:.1f} s")
        state = {
            "supervisor": os.getpid(),
            "ready": bool(self.start_seconds),
            "error": error,
            "start_seconds": round(self.start_seconds, 2),
            "download": describe(self.download),
            "servers": {server.name: server.describe() for server in self.servers},
            **(addresses(self.settings) if self.settings else {}),
        }
        if state != self.published:
            write_json(self.home / "state.json", state)
            self.published = state

    def close(self) -> None:
        """Stop both servers cleanly; what does not stop in time is killed."""
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.wait(STOP_SECONDS)

    def _is_over(self) -> bool:
        if self.stopping or (self.home / "control" / "stop").exists():
            return True
        try:
            fcntl.flock(self.clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True  # nobody left; who comes now waits for this lock until we are gone

    def _postgres(self, settings: Settings, who: RunAs) -> Server:
        server = Server(
            "postgres",
            settings.postgres,
            self.home,
            self.home / "postgres.log",
            signal.SIGINT,  # fast shutdown
            lambda: postgres.start(self.home, settings, who),
            lambda: postgres.answers(settings) and (server.was_ready or postgres.create_roles(self.home, settings)),
            say,
        )
        return server

    def _kafka(self, settings: Settings, broker: Future[kafka.Kafka]) -> Server:
        return Server(
            "kafka",
            settings.kafka,
            self.home,
            self.home / "kafka" / "kafka.log",
            signal.SIGTERM,
            lambda: kafka.start(broker.result()) if broker.done() else None,
            lambda: kafka.answers(settings),
            say,
            lambda: kafka.keep_start_cache(broker.result()),
        )


def say(text: str) -> None:
    """Write one line into supervisor.log."""
    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stdout.flush()


def describe(download: Download) -> dict[str, float]:
    """Return how far the download is, for state.json."""
    return {
        "jars": download.jars,
        "jars_done": download.jars_done,
        "bytes": download.bytes,
        "bytes_done": download.bytes_done,
        "seconds": round(download.seconds, 2),
    }


def addresses(settings: Settings) -> dict[str, Any]:
    """Return where the servers answer, for state.json."""
    return {
        "bootstrap": f"127.0.0.1:{settings.kafka}",
        "admin_url": settings.url("postgres", "postgres"),
        "database_urls": {name: settings.url(name, name) for name in SERVICES},
    }


def guarded(home: Path, work: Callable[[], None], fail: Callable[[str], None]) -> int:
    """Run `work`; report a failure that a person can act on as a sentence."""
    try:
        work()
    except AbortedError:
        return 0
    except (StackError, OSError) as error:
        sentence = str(error if isinstance(error, StackError) else explain(error, home))
        say(sentence)
        fail(sentence)
        return 1
    return 0


def main(home: Path) -> int:
    """Take the home's lock, leave the caller's process tree, and supervise until nobody uses the home.

    The caller waits for the first process only; by then the second one has inherited the lock.
    """
    own = locked(home / "supervisor.lock", fcntl.LOCK_EX)
    if os.fork():
        return 0
    supervisor = Supervisor(home, after_crash=bool(os.pread(own, 1, 0)))
    os.pwrite(own, f"{os.getpid()}\n".encode(), 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: setattr(supervisor, "stopping", True))
    code = 1
    try:
        code = guarded(home, supervisor.run, lambda sentence: supervisor.publish(error=sentence))
    finally:
        if code == 0:
            (home / "state.json").unlink(missing_ok=True)
        supervisor.close()
        os.ftruncate(own, 0)  # both servers are gone; what is left in the file tells of a crash
        os.close(own)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
