"""What a person types, as they would: blocks of a page for people, `make run` in a terminal of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def without_settings() -> dict[str, str]:
    """The variables of this shell, less those that are ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}


def fresh_copy(folder: Path) -> Path:
    """The repository as a clone has it: nothing that was made, installed or started here."""
    clone = folder / "gandan"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "__pycache__"))
    return clone


@asynccontextmanager
async def running(
    command: str, env: Mapping[str, str], seconds: float, *, until: str, cwd: Path = ROOT
) -> AsyncIterator[str]:
    """A terminal of its own, from the line that holds `until` on; gives what it said by then. Ended as with Ctrl-C."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=cwd, env=env, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    assert shell.stdout is not None
    reading: asyncio.Task[bytes] | None = None
    try:
        said = await asyncio.wait_for(_said(shell.stdout, until), seconds)
        reading = asyncio.ensure_future(shell.stdout.read())  # a pipe nobody empties would stop the process
        yield said
    finally:
        if shell.returncode is None:
            os.killpg(shell.pid, signal.SIGINT)
        if reading is not None:
            await asyncio.wait_for(reading, 60)
        await asyncio.wait_for(shell.wait(), 60)


async def _said(stream: asyncio.StreamReader, until: str) -> str:
    said: list[str] = []
    async for line in stream:
        said.append(line.decode())
        if until in said[-1]:
            return "".join(said)
    raise AssertionError("".join(said))


async def typed(script: str, env: Mapping[str, str], cwd: Path = ROOT) -> tuple[int, str]:
    """Type these lines; the exit code of the first that fails, and all that was said."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", f"set -euo pipefail\n{script}", cwd=cwd, env=env, stdout=PIPE, stderr=STDOUT
    )
    out, _ = await shell.communicate()
    return shell.returncode or 0, out.decode()
