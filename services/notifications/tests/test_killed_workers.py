"""The e-mail worker killed (-9) between any two of its steps: a notice is one message, and a doubt is a doubt."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.notifications.handlers import Mailroom, sending
from services.notifications.tests import samples
from services.notifications.tests.conftest import Know, later, rows, send_all, sent
from services.notifications.tests.postoffice import PostOffice
from shared.contracts.envelope import Fact
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.databases import with_database
from shared.testing.records import Fed, Log
from shared.testing.stack import TestStack

pytestmark = pytest.mark.postgres

ANNA = "anna@example.vn"
ROOT = Path(__file__).parents[3]
STATUTORY, SURVEY = samples.accepted, samples.returned


@pytest.fixture
async def url(works: Works, stack: TestStack) -> str:
    (row,) = await rows(works, "SELECT current_database() AS name")
    return with_database(stack.admin_url, row["name"])


async def start(url: str, office: PostOffice, step: str = "") -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notifications.tests.worker", url, str(office.port), step, cwd=ROOT
    )


async def ends(process: Process) -> int:
    async with asyncio.timeout(60):
        return await process.wait()


@pytest.mark.parametrize(
    ("make", "step", "left", "copies"),
    [
        (STATUTORY, "taking", "pending", 1),
        (STATUTORY, "taken", "sending", 1),
        (STATUTORY, "sent", "sending", 2),
        (STATUTORY, "settled", "accepted", 1),
        (SURVEY, "taken", "sending", 0),
        (SURVEY, "sent", "sending", 1),
    ],
)
async def test_killed_at_any_step_a_notice_is_one_message_and_only_a_statutory_one_in_doubt_is_sent_again(
    works: Works, dossiers: Fed, log: Log, office: PostOffice, room: Mailroom, open_contact: Know, clock: StandingClock, url: str, citizen: UUID,
    make: Callable[[UUID], Fact], step: str, left: str, copies: int,
) -> None:  # fmt: skip
    await open_contact(citizen, ANNA)
    await dossiers.give(log.fact(make(citizen), 1))
    assert await ends(await start(url, office, step)) == -signal.SIGKILL
    assert await sent(works, "state") == [(left,)]
    clock.move(hours=1)
    for wait in (timedelta(0), sending.LEASE + timedelta(seconds=1), timedelta(minutes=6)):
        await later(works, seconds=wait.total_seconds())
        await send_all(room)
    assert len(office.box) == copies
    assert len(office.ids()) == min(copies, 1)
    end = "accepted" if make is STATUTORY else "unknown"
    assert await sent(works, "state") == [(end,)]


async def test_killed_with_the_message_on_the_wire_it_is_in_doubt_and_the_next_one_says_the_same(
    works: Works, dossiers: Fed, log: Log, office: PostOffice, room: Mailroom, open_contact: Know, url: str, citizen: UUID
) -> None:  # fmt: skip
    await open_contact(citizen, ANNA)
    await dossiers.give(log.fact(samples.accepted(citizen), 1))
    office.on_data[ANNA] = ["hang"]
    process = await start(url, office)
    async with asyncio.timeout(60):
        await office.reached.wait()
    process.kill()
    assert await ends(process) == -signal.SIGKILL
    await later(works, seconds=sending.LEASE.total_seconds() + 1)
    assert await sent(works, "state", "code", "attempts") == [("unknown", "lease-over", 1)]
    await later(works, minutes=6)
    await send_all(room)
    assert await sent(works, "state", "attempts") == [("accepted", 2)]
    assert len(office.ids()) == 1
