"""What a program does with the stack of a home: start or attach, look, stop, and break it on purpose."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local.home import (
    SERVERS,
    StackError,
    append_log,
    explain,
    is_running,
    last_words,
    locked,
    no_space,
    open_home,
    read_json,
)
from deploy.local.progress import DownloadNotes

ROOT = Path(__file__).parents[2]  # where the package `deploy` is imported from
FULL = 64_000_000  # bytes; with less free space a silent failure is a full disk


@dataclass
class Stack:
    """A running stack. It lives at least until `close()`; a process that dies lets go by dying."""

    home: Path
    database_urls: Mapping[str, str]  # service -> postgresql://role:password@host:port/database
    admin_url: str  # superuser
    bootstrap: str
    attached: bool  # another process had started it
    start_seconds: float  # without the download
    download_seconds: float
    client: int = field(repr=False)  # descriptor of the shared lock; forked children hold it too

    def close(self) -> None:
        """Let go; the servers stop when the last process has let go. Closing twice is harmless."""
        if self.client >= 0:
            os.close(self.client)
            self.client = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class ServerStatus:
    """One server: `state` is waiting, starting, ready, holding, held or blocked (port taken by another program)."""

    name: str
    state: str
    pid: int | None
    port: int
    restarts: int


@dataclass(frozen=True)
class Status:
    """What is known of a home's stack, without any secret."""

    home: Path
    running: bool
    ready: bool = False
    supervisor: int | None = None
    servers: tuple[ServerStatus, ...] = ()
    bootstrap: str | None = None
    start_seconds: float = 0.0
    download_seconds: float = 0.0

    def server(self, name: str) -> ServerStatus:
        """Return one server; StackError when it is not known (yet)."""
        for known in self.servers:
            if known.name == name:
                return known
        raise StackError(f"there is no server {name!r} in the stack of {self.home}; start it first with `gandan up`")


def start(home: Path, *, timeout: float = 240) -> Stack:
    """Start the stack of a home, or attach to it; StackError says what to do when that is impossible."""
    home, deadline = open_home(home), time.monotonic() + timeout
    try:
        client = locked(home / "clients.lock", fcntl.LOCK_SH, deadline)  # waits while a supervisor is shutting down
        try:
            gate = locked(home / "start.lock", fcntl.LOCK_EX, deadline)  # one starter at a time
            try:
                state, attached = bring_up(home, deadline)
            finally:
                os.close(gate)
        except BaseException:
            os.close(client)
            raise
    except OSError as error:
        raise explain(error, home) from None
    return Stack(
        home=home,
        database_urls=state["database_urls"],
        admin_url=state["admin_url"],
        bootstrap=state["bootstrap"],
        attached=attached,
        start_seconds=state["start_seconds"],
        download_seconds=state["download"]["seconds"],
        client=client,
    )


def bring_up(home: Path, deadline: float) -> tuple[dict[str, Any], bool]:
    """Wait until a supervisor reports ready, launching one when none runs; answer its state and whether it was there."""
    launched = False
    with DownloadNotes() as notes:
        while time.monotonic() < deadline:
            state = read_json(home / "state.json")
            if not is_running(home):
                if launched:
                    raise failure(home)
                launched = True
                launch(home)
            elif state.get("ready"):
                return state, not launched
            else:
                notes.show(state.get("download", {}))
            time.sleep(0.02)
    raise StackError(f"the local stack is not ready in time: look into {home}/*.log, or give a longer timeout")


def launch(home: Path) -> None:
    """Start a supervisor that outlives us, from whatever folder we run in; when this returns it holds its lock."""
    (home / "state.json").unlink(missing_ok=True)
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with append_log(home / "supervisor.log") as log:
        subprocess.run(  # noqa: S603 -- our own module
            [sys.executable, "-P", "-m", "deploy.local.supervisor", str(home)],
            cwd=home,
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=False,  # a failure shows: nobody holds the lock
        )


def failure(home: Path) -> StackError:
    """Say why the supervisor ended while starting."""
    if sentence := read_json(home / "state.json").get("error"):
        return StackError(sentence)
    if shutil.disk_usage(home).free < FULL:
        return no_space(home)
    return StackError(
        f"the local stack did not start. {home}/supervisor.log ends:\n{last_words(home / 'supervisor.log')}"
    )


def stop(home: Path, *, timeout: float = 60) -> bool:
    """Stop the servers now, whoever uses them; False when nothing was running."""
    home = Path(home).absolute()
    if not is_running(home):
        return False
    order = home / "control" / "stop"

    def stopped() -> bool:
        order.touch()  # each time: a supervisor that is just starting clears old orders
        return not is_running(home)

    wait_until(stopped, f"the supervisor of {home} does not stop", timeout)
    order.unlink(missing_ok=True)
    return True


def status(home: Path) -> Status:
    """Look at a home without starting or creating anything."""
    home = Path(home).absolute()
    if not is_running(home):
        return Status(home, running=False)
    state = read_json(home / "state.json")
    return Status(
        home,
        running=True,
        ready=state.get("ready", False),
        supervisor=state.get("supervisor"),
        servers=tuple(ServerStatus(name=name, **known) for name, known in state.get("servers", {}).items()),
        bootstrap=state.get("bootstrap"),
        start_seconds=state.get("start_seconds", 0.0),
        download_seconds=state.get("download", {}).get("seconds", 0.0),
    )


def hold(home: Path, server: str, *, abruptly: bool = False, timeout: float = 60) -> None:
    """Keep a server down until `release`; `abruptly` ends it with kill -9. Returns when it is down."""
    order(home, server, "hold").write_text("kill" if abruptly else "stop")
    wait_until(lambda: status(home).server(server).state == "held", f"{server} does not stop", timeout)


def release(home: Path, server: str, *, timeout: float = 60) -> None:
    """Let a held server run again. Returns when it answers."""
    order(home, server, "hold").unlink(missing_ok=True)
    wait_until(lambda: status(home).server(server).state not in {"holding", "held"}, f"{server} stays held", timeout)
    wait_ready(home, server, timeout=timeout)


def kill(home: Path, server: str, *, timeout: float = 10) -> None:
    """Kill -9 a server. Returns when it is dead; the supervisor restarts it at once unless it is held."""
    told = order(home, server, "kill")
    before = status(home).server(server).pid
    if before is None:
        raise StackError(f"{server} is not running, so it cannot be killed")
    told.touch()
    wait_until(lambda: status(home).server(server).pid != before, f"{server} does not die", timeout)


def wait_ready(home: Path, server: str, *, timeout: float = 60) -> None:
    """Return when the server answers."""
    wait_until(lambda: status(home).server(server).state == "ready", f"{server} is not back", timeout)


def order(home: Path, server: str, verb: str) -> Path:
    """Return the file by which the supervisor is told to do something with a server."""
    if server not in SERVERS:
        raise StackError(f"there is no server {server!r}, only {' and '.join(SERVERS)}")
    if not is_running(home):
        raise StackError(f"the stack of {home} is not running; start it first with `gandan up`")
    return Path(home) / "control" / f"{verb}-{server}"


def wait_until(done: Callable[[], bool], complaint: str, timeout: float) -> None:
    """Ask again and again; StackError with the complaint when the time is over."""
    deadline = time.monotonic() + timeout
    while not done():
        if time.monotonic() > deadline:
            raise StackError(f"{complaint} within {timeout:.0f} s, see the logs of the home")
        time.sleep(0.03)
