"""A fresh copy of the repository, `make run` and nothing else: ready within a minute, and the README's first dossier goes its way."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy import local
from deploy.tests import readme
from deploy.tests.terminal import fresh_copy
from shared.testing.processes import free_port
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.full, pytest.mark.timeout(1200)]

READY_SECONDS = 60


@asynccontextmanager
async def _make_run(clone: Path, env: Mapping[str, str]) -> AsyncIterator[tuple[Process, str]]:
    """`make run` in a terminal of its own, and what it had said when it was ready; ended as with Ctrl-C."""
    words = ("make", "--no-print-directory", "run")
    run = await asyncio.create_subprocess_exec(
        *words, cwd=clone, env=env, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    try:
        yield run, await asyncio.wait_for(_said(run), 600)
    finally:
        os.killpg(run.pid, signal.SIGINT)
        await asyncio.wait_for(run.communicate(), 60)


async def _said(run: Process) -> str:
    assert run.stdout is not None
    said: list[str] = []
    while "process" not in "".join(said).partition("GANDAN READY")[2]:
        line = (await run.stdout.readline()).decode()
        assert line, "".join(said)
        said.append(line)
    return "".join(said)


async def test_a_fresh_copy_is_ready_within_a_minute_and_files_the_readmes_first_dossier(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = fresh_copy(tmp_path)
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("GANDAN_") and n != "VIRTUAL_ENV"}
    port, home, began = free_port(), clone / ".local", time.monotonic()
    env = inherited | {"GANDAN_PORT": str(port), "GANDAN_JARS": str(tmp_path / "jars"), "SAMPLE": "no"}
    async with _make_run(clone, env) as (run, said):
        total = time.monotonic() - began
        found = re.search(r"  in ([\d.]+) s( \(\+ \d+ s of downloads\))?; process", said)
        assert found, said
        with capsys.disabled():
            print(f"\nfresh copy: {total:.0f} s in all; gandan up {found[1]} s{found[2] or ''}")  # noqa: T201 - what the test is for
        first = readme.block_with("my-first")
        places = {readme.HTTP: f"http://127.0.0.1:{port}"}
        (filed,), _ = readme.documents(await readme.told(first, tmp_path, home, places))
        assert filed["state"] == "accepted"
    assert run.returncode in {0, -signal.SIGINT}, "make itself ends by the signal"
    await wait_until(lambda: not local.status(home).running, what="the stack has ended with its last client")
    assert not (home / "pgdata" / "postmaster.pid").exists(), "PostgreSQL was stopped in order"
    assert (home / "pgdata").is_dir()
    assert float(found[1]) < READY_SECONDS, said
