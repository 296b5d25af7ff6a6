"""Office hours of a season for the whole province, beside those a unit keeps for itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from services.intake.handlers import Desk
from services.intake.tests.given import OTHER_UNIT, UNIT, filed, hanoi, officer, submit
from services.intake.tests.law import change, moves, now
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


def hours(unit: str, closes: str) -> dict[str, Any]:
    """From November to March."""
    profile = {
        "id": "x",
        "valid_from": "2026-11-01",
        "valid_to": "2027-03-31",
        "periods": [["07:00", "11:00"], ["13:00", closes]],
    }
    return {"unit": unit, "profile": {**profile, "saturday": [], "same_day_until": "15:00"}}


async def test_a_season_of_the_province_counts_for_every_unit_without_hours_of_its_own(
    desk: Desk, clock: StandingClock
) -> None:
    clerks = [officer("clerk", unit=unit) for unit in (UNIT, OTHER_UNIT)]
    here, there = [
        await submit(desk, clerk, filed(unit=unit)) for clerk, unit in zip(clerks, (UNIT, OTHER_UNIT), strict=True)
    ]
    await change(desk, hours(UNIT, "16:00"), "hours")

    await change(desk, hours("province", "16:30"), "hours")

    assert (await now(desk, here)).due_at == hanoi("2026-11-27 16:00")
    for dossier, closes in ((here, "16:00"), (there, "16:30")):
        (moved,) = await moves(desk, dossier)
        assert (moved["reason_class"], moved["moved_to"]) == ("office-hours", None)  # the day stays, so nobody is told
        assert datetime.fromisoformat(moved["due_at"]) == hanoi(f"2026-11-27 {closes}")
    assert (await submit(desk, clerks[1], filed(unit=OTHER_UNIT))).due_at == hanoi("2026-11-27 16:30")
    clock.at("2027-04-01T08:00:00+07:00")
    assert (await submit(desk, clerks[1], filed(unit=OTHER_UNIT))).due_at == hanoi("2027-04-06 17:00")
    assert (await submit(desk, clerks[0])).due_on == date(2027, 4, 6)
