"""A case that is passed on and comes back, or goes up, says until when it is due now."""

from __future__ import annotations

from datetime import date

import pytest

from services.complaints.domain import Kind
from services.complaints.handlers import commands
from services.complaints.handlers.desk import Desk
from services.complaints.tests import given
from services.complaints.tests.given import HEAD, OTHER_UNIT, REMOTE_UNIT, by, stated
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_a_case_nobody_took_comes_back_with_the_day_it_is_due_now(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    asked = given.of_unit("head", OTHER_UNIT)
    for kind, due_on in ((Kind.COMPLAINT, "2026-12-07"), (Kind.FEEDBACK, "2026-12-08")):
        case = await given.opened(desk, kind)
        await commands.transfer_case(desk, by(HEAD, case), to_unit=OTHER_UNIT, reason_class="not-competent", reason="x")
        clock.move(days=3)
        back = await commands.reject_transfer(desk, by(asked, case), reason_class="not-competent", reason="x")
        (fact, data) = (await stated(works, case.id))[-1]
        assert (fact, data["due_on"], back.due_on) == ("case-transfer-rejected", due_on, date.fromisoformat(due_on))
        clock.move(days=-3)


async def test_a_case_that_goes_up_says_its_day_with_the_escalation_alone(desk: Desk, works: Works) -> None:
    case = await given.opened(desk)
    for to in (OTHER_UNIT, REMOTE_UNIT):
        await commands.transfer_case(desk, by(HEAD, case), to_unit=to, reason_class="not-competent", reason="x")
        await commands.reject_transfer(desk, by(given.of_unit("head", to), case), reason_class="not-competent", reason="x")  # fmt: skip
    (_, rejected), (_, escalated) = (await stated(works, case.id))[-2:]
    assert (rejected.get("due_on"), escalated["unit"], escalated["due_on"]) == (None, "44", "2026-12-03")
