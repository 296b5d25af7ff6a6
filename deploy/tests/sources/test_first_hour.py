"""The first hour of a vendor: the guide followed to the letter on a fresh home, and timed."""

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

from deploy.tests.sources.district import ROOT
from services.intake import data
from services.intake.domain.sources import Reason
from shared.testing.processes import free_port

GUIDE = (ROOT / "deploy" / "sources.md").read_text("utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOUR = 3600


@asynccontextmanager
async def running(command: str, env: Mapping[str, str], seconds: float) -> AsyncIterator[None]:
    """A terminal of its own, from GANDAN READY on; ended as with Ctrl-C."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=ROOT, env=env, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    try:
        await asyncio.wait_for(_ready(shell), seconds)
        yield
    finally:
        os.killpg(shell.pid, signal.SIGINT)
        await asyncio.wait_for(shell.communicate(), 60)


async def _ready(shell: Process) -> None:
    assert shell.stdout is not None
    said = []
    async for line in shell.stdout:
        said.append(line.decode())
        if "GANDAN READY" in said[-1]:
            return
    raise AssertionError("".join(said))


@pytest.mark.journey
async def test_the_guide_followed_to_the_letter_gets_a_dossier_in_within_the_hour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    first, *others = BLOCK.findall(GUIDE)
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}
    env = {
        **inherited,
        "GANDAN_HOME": str(tmp_path / "home"),
        "GANDAN_PORT": str(port),
        "GANDAN_URL": f"http://127.0.0.1:{port}",
    }

    async with running(first, env, seconds=240):
        script = "set -euo pipefail\n" + "\n".join(others)
        vendor = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=ROOT, env=env, stdout=PIPE, stderr=STDOUT
        )
        out, _ = await vendor.communicate()

    said, seconds = out.decode(), time.monotonic() - began
    with capsys.disabled():
        print(f"\nfirst hour as a vendor: {len(others) + 1} steps in {seconds:.0f} s")  # noqa: T201 - the time is what the test is for
    assert vendor.returncode == 0, said
    assert len(re.findall(r"^[0-9a-f-]{36} accepted $", said, re.MULTILINE)) == 2
    assert len(re.findall(r"^tan-thanh-thu: \d+ đúng, 0 cần sửa$", said, re.MULTILINE)) == 3
    assert seconds < HOUR


@pytest.mark.parametrize("reason", Reason)
def test_the_guide_says_of_every_reason_what_the_door_says(reason: Reason) -> None:
    sentences = data.source_reasons()[reason.value]

    assert f"| `{reason.value}` | {sentences['vi']} | {sentences['en']} |" in GUIDE
