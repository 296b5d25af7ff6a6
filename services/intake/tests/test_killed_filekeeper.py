"""A process killed (-9) while it takes a file in: no row without its blob, and what is left is swept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID

import pytest

from services.intake import handlers
from services.intake.handlers import Cabinet
from services.intake.tests.filekeeper import STEPS
from services.intake.tests.given import citizen
from shared.settings import Keys
from shared.store.files.stores import Disk
from shared.store.files.tests import samples
from shared.store.unit_of_work import Works
from shared.testing.databases import with_database
from shared.testing.stack import TestStack

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[3]


async def take_in(works: Works, stack: TestStack, folder: Path, step: str) -> tuple[int, str]:
    """How the process ended, and what it said."""
    url = with_database(stack.admin_url, await works.pool.fetchval("SELECT current_database()"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.intake.tests.filekeeper", url, str(folder), step, cwd=ROOT, stdout=PIPE
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode().strip()


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_killed_at_any_step_leaves_nothing_that_is_not_swept(
    works: Works, keys: Keys, stack: TestStack, tmp_path: Path, step: str
) -> None:
    cabinet = Cabinet(works, Disk(tmp_path), 1 << 20)

    ended, _ = await take_in(works, stack, tmp_path, step)

    assert ended == -signal.SIGKILL
    assert await works.pool.fetchval("SELECT count(*) FROM file") == 0
    assert len(left(tmp_path)) == 1
    assert samples.SECRET.encode() not in left(tmp_path)[0].read_bytes()

    ended, id_ = await take_in(works, stack, tmp_path, "none")
    for path in left(tmp_path):
        os.utime(path, times=(time.time() - 2 * 86_400,) * 2)
    await handlers.sweep_litter(cabinet)

    assert ended == 0
    assert len(left(tmp_path)) == 1
    opened = await handlers.read_file(cabinet, citizen(keys), UUID(id_))
    assert b"".join([piece async for piece in opened.content]) == samples.pdf()
