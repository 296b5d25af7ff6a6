"""Whole `gandan` processes as children of a test: started, killed, waited for, and seen only from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from shared.testing.clients import local_client
from shared.testing.waiting import wait_until

PATIENCE_SECONDS = 60


@dataclass(eq=False)
class Child:
    """One process; `url` is where its HTTP answers, `log` holds what it printed."""

    nursery: Nursery
    pid: int
    url: str
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.pid not in self.nursery.ended

    def kill(self) -> None:
        """Kill -9; returns when it is dead."""
        self._signal(signal.SIGKILL)
        self.wait()

    def stop(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Ask it to end (SIGTERM); returns its exit code."""
        self._signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        return self.nursery.end_of(self.pid, seconds)

    def words(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    async def readyz(self) -> dict[str, Any]:
        """Its readiness; an `OSError` while it does not answer."""
        async with local_client() as client:
            try:
                answer = await client.get(f"{self.url}/readyz", timeout=5)
            except httpx.TransportError as error:
                raise ConnectionError(str(error)) from error
        found: dict[str, Any] = answer.json()
        return found

    async def serving(self) -> Self:
        """Wait until HTTP answers."""
        await self._until("HTTP", lambda _found: True)
        return self

    async def ready(self) -> Self:
        """Wait until nothing is amiss and every consumer of named topics has its partitions; a door may stand open to nobody."""
        await self._until("ready", _is_ready)
        return self

    async def _until(self, what: str, reached: Any) -> None:
        async def look() -> bool:
            if not self.alive:
                raise RuntimeError(f"it ended with {self.wait()}: {self.words()[-1500:]}")
            return bool(reached(await self.readyz()))

        await wait_until(look, seconds=PATIENCE_SECONDS, every=0.05, what=f"{what} at {self.url}, see {self.log}")

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)


def _is_ready(found: Mapping[str, Any]) -> bool:
    services = [check for name, check in found["checks"].items() if name not in {"kafka", "dead"}]
    consumers = [consumer for check in services for consumer in check["consumers"].values()]
    placed = all(consumer["partitions"] for consumer in consumers if consumer["topics"])
    return found["status"] == "ready" and placed


@dataclass
class Nursery:
    """The client of `python -m shared.testing.nursery`."""

    ended: dict[int, int] = field(default_factory=dict)
    _born: dict[int, int] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _ready: bool = False

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "shared.testing.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._reader = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._reader.start()
        self._wait(lambda: self._ready, "the nursery does not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(PATIENCE_SECONDS)
        self._reader.join()
        self._program.stdout.close()

    def gandan(
        self, *arguments: str, env: Mapping[str, str], log: Path, port: int | None = None, failpoint: str = ""
    ) -> Child:
        """Start `gandan <arguments>` with these settings; `port` is where its HTTP will answer."""
        number = next(self._numbers)
        order = {"number": number, "arguments": arguments, "env": dict(env), "log": str(log), "failpoint": failpoint}
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(order).encode() + b"\n")
        self._program.stdin.flush()
        self._wait(lambda: number in self._born, "no child was born")
        return Child(self, self._born[number], f"http://127.0.0.1:{port}", log)

    def end_of(self, pid: int, seconds: float) -> int:
        """The exit code of a child, once it has ended."""
        self._wait(lambda: pid in self.ended, f"process {pid} does not end", seconds)
        return self.ended[pid]

    def _wait(self, reached: Any, complaint: str, seconds: float = PATIENCE_SECONDS) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, seconds), f"{complaint} within {seconds:g} s"

    def _listen(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            self._hear(json.loads(line))

    def _hear(self, said: Mapping[str, Any]) -> None:
        with self._changed:
            self._ready = self._ready or said.get("ready", False)
            if "born" in said:
                self._born[said["order"]] = said["born"]
                self.ended.pop(said["born"], None)
            if "ended" in said:
                self.ended[said["ended"]] = said["code"]
            self._changed.notify_all()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def up(
    nursery: Nursery, services: Sequence[str], *, env: Mapping[str, str], folder: Path, name: str, failpoint: str = ""
) -> Child:
    """Start `gandan up <services>` on a free port; its log is `<name>.log` in the folder."""
    port = free_port()
    return nursery.gandan(
        "up",
        *services,
        "--port",
        str(port),
        env={"GANDAN_SAMPLE": "no", **env},
        log=folder / f"{name}.log",
        port=port,
        failpoint=failpoint,
    )
