"""A year of the calendar: published once, and refused by its number until then."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake import handlers
from services.intake.domain.acts import (
    YearAlreadyPublished,
)
from services.intake.handlers import Desk
from services.intake.tests.given import (
    RESIDENCE,
    filed,
    hanoi,
    submit,
)
from services.intake.tests.law import CLERK, FIRST, PAPER, SECOND, STORM, count, now
from shared.kernel import Stale
from shared.law import CalendarNotPublished, YearStatus
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_a_provisional_year_is_published_once_and_what_runs_into_it_is_counted_again(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2026-12-28T08:00:00+07:00")
    dossier = await submit(desk, CLERK, filed(RESIDENCE))
    assert dossier.provisional
    due_on = dossier.due_on
    content = {
        "off": [{"on": day, "vi": "Tết Dương lịch", "en": "New Year"} for day in ("2027-01-01", "2027-01-04")],
        "makeup": [],
    }

    year = await handlers.publish_year(desk, FIRST, 2027, 1, content, **PAPER)
    await count(desk)

    assert (year.version, year.record["status"]) == (2, "published")
    after = await now(desk, dossier)
    assert (due_on, after.due_on, after.provisional) == (date(2027, 1, 7), date(2027, 1, 8), False)
    with pytest.raises(YearAlreadyPublished):
        await handlers.publish_year(desk, FIRST, 2027, 2, content, **PAPER)
    with pytest.raises(Stale):
        await handlers.publish_year(desk, FIRST, 2027, 1, content, **PAPER)


async def test_a_year_nobody_knew_can_be_published_and_is_refused_by_its_number_until_then(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2029-01-02T08:00:00+07:00")
    with pytest.raises(CalendarNotPublished, match="2029"):
        await submit(desk, CLERK)
    with pytest.raises(CalendarNotPublished, match="2029"):
        await handlers.read_year(desk, 2029)
    with pytest.raises(CalendarNotPublished, match="2029"):
        await handlers.propose(desk, FIRST, "day", {**STORM, "on": "2029-03-01"}, **PAPER)

    await handlers.publish_year(
        desk, FIRST, 2029, None, {"off": [{"on": "2029-01-01", "vi": "Tết", "en": "NY"}], "makeup": []}, **PAPER
    )

    assert desk.standing.law.calendar.status(2029) is YearStatus.PUBLISHED
    assert (await submit(desk, CLERK)).due_on == date(2029, 1, 5)


async def test_a_dossier_whose_new_date_lies_in_an_unknown_year_stays_and_is_counted(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2028-12-27T08:00:00+07:00")
    dossier = await submit(desk, CLERK, filed(received_at=hanoi("2028-12-26 08:00"), late_entry_reason="mất điện"))
    assert dossier.due_on == date(2028, 12, 29)
    act = await handlers.propose(desk, FIRST, "day", {**STORM, "on": "2028-12-28"}, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)

    await count(desk)

    _, progress = await handlers.read_act(desk, act.id)
    assert progress is not None
    assert (progress.seen, progress.unknown, progress.moved) == (1, 1, 0)
    assert (await now(desk, dossier)).due_on == date(2028, 12, 29)
