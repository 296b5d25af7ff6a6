"""Door 3: what intake does with nobody asking."""

from __future__ import annotations

import pytest

from services.intake import timers
from services.intake.handlers import Desk
from services.intake.tests.given import BIRTH, filed, names_of, officer, submit
from shared.testing.clock import StandingClock
from shared.timers import Timer

pytestmark = pytest.mark.postgres


async def test_the_deadline_timer_announces_and_comes_back_at_once_only_while_more_wait(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, officer("clerk"), filed(BIRTH))
    clock.move(days=30)
    sweeper = named(desk, "intake.deadlines")

    assert sweeper.seconds == 0.5
    assert [await sweeper.once(), await sweeper.once()] == [True, False]
    assert sweeper.error is None
    assert (await names_of(desk.works, dossier.id))[-1] == "deadline-breached"


async def test_the_reference_timer_reads_what_another_process_brought_in(desk: Desk) -> None:
    async with desk.works.reading() as connection:
        await connection.execute("UPDATE unit SET name = 'Phường Mới' WHERE code = '19360'")

    assert await named(desk, "intake.reference").once() is False

    assert desk.shelf.units["19360"].name == "Phường Mới"


async def test_a_timer_survives_a_database_that_is_away(desk: Desk) -> None:
    async with desk.works.reading() as connection:
        await connection.execute("ALTER TABLE deadline RENAME TO away")
        sweeper = named(desk, "intake.deadlines")
        try:
            assert await sweeper.once() is False
        finally:
            await connection.execute("ALTER TABLE away RENAME TO deadline")

    assert sweeper.error is not None
    assert await sweeper.once() is False
    assert sweeper.error is None


def named(desk: Desk, name: str) -> Timer:
    """One of the timers."""
    return next(timer for timer in timers.timers(desk, sweep_seconds=0.5) if timer.name == name)
