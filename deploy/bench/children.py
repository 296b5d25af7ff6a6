"""Processes of a benchmark: started, waited for, asked in JSON lines, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_READY = 60
_END = 25
_LONGEST_LINE = 1 << 26


class ChildFailedError(RuntimeError):
    """A process of the benchmark ended early or did not say that it is ready; the message ends with its last words."""


@dataclass(slots=True)
class Child:
    """A running process and the log its errors go to."""

    process: asyncio.subprocess.Process
    name: str
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def line(self, timeout: float = _READY) -> str:  # noqa: ASYNC109 - said in the error
        """Its next line; `ChildFailedError` when it ends or stays silent."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(timeout):
                line = await self.process.stdout.readline()
        except TimeoutError:
            raise ChildFailedError(f"{self.name} said nothing for {timeout:.0f} s: {self.last_words()}") from None
        if not line:
            raise ChildFailedError(f"{self.name} ended: {self.last_words()}")
        return line.decode().rstrip()

    async def ready(self, word: str) -> None:
        """Return when a line begins with this word."""
        while not (await self.line()).startswith(word):
            pass

    async def ask(self, question: Mapping[str, Any], timeout: float = 900) -> Any:  # noqa: ASYNC109 - as above
        """Send a JSON line and return the JSON line it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        await self.process.stdin.drain()
        return json.loads(await self.line(timeout))

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-900:].strip() if self.log.exists() else ""

    async def end(self) -> None:
        """Ask it to end, and kill it when it does not."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_END):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def running(
    name: str, arguments: Sequence[str], *, home: Path, ready: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """A Python process of ours, `python -m <arguments>`, until the end of the block."""
    child = await spawn(name, arguments, home=home, environment=environment)
    try:
        await child.ready(ready)
        yield child
    finally:
        await child.end()


async def spawn(
    name: str, arguments: Sequence[str], *, home: Path, environment: Mapping[str, str] | None = None
) -> Child:
    """Start it; what it writes to standard error goes to `<home>/<name>.log`."""
    log = home / f"{name}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, cwd=ROOT, env=_environment(environment or {}), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=errors, limit=_LONGEST_LINE,
        )  # fmt: skip
    return Child(process, name, log)


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Ours without settings of another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")} | dict(own)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
