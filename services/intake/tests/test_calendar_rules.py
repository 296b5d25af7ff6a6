"""Office hours of a unit, and new versions of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.intake import handlers
from services.intake.domain.acts import (
    BadRule,
    RuleUncited,
    SecondPersonNeeded,
    VersionKnown,
)
from services.intake.handlers import Desk
from services.intake.tests.given import (
    OTHER_UNIT,
    UNIT,
    citizen,
    filed,
    hanoi,
    officer,
    submit,
)
from services.intake.tests.law import CLERK, FIRST, change, count, moves, now
from shared.kernel import Caller
from shared.settings import Keys
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


SUMMER = {
    "unit": UNIT, "profile": {
        "id": "x", "valid_from": "2026-11-01", "valid_to": "2027-03-31", "periods": [["08:00", "12:00"], ["13:00", "16:00"]],
        "saturday": [["08:00", "11:00"]], "same_day_until": "15:00",
    },
}  # fmt: skip


async def test_office_hours_count_for_their_unit_alone_and_what_comes_on_a_saturday_of_duty_is_received(
    desk: Desk, clock: StandingClock
) -> None:
    here, there = (
        await submit(desk, CLERK),
        await submit(desk, officer("clerk", unit=OTHER_UNIT), filed(unit=OTHER_UNIT)),
    )

    await change(desk, SUMMER, "hours")

    assert (await now(desk, here)).due_at == hanoi("2026-11-27 16:00")
    assert await moves(desk, there) == []
    (moved,) = await moves(desk, here)
    assert (moved["reason_class"], moved["moved_to"]) == ("office-hours", None)
    clock.at("2026-11-28T09:00:00+07:00")
    assert (await submit(desk, CLERK)).due_on == date(2026, 12, 2)
    assert (await submit(desk, officer("clerk", unit=OTHER_UNIT), filed(unit=OTHER_UNIT))).due_on == date(2026, 12, 3)


RULE = {
    "id": "one-stop.online-answer", "version": 3, "valid_from": "2026-11-23", "amounts": {"normal": "4wh"}, "legal_basis": "Nghị định 400/2026/NĐ-CP, Điều 3",
    "verified": True, "kinds": ["dossier"], "vi": "Trả lời hồ sơ trực tuyến", "en": "Answer to an online dossier",
}  # fmt: skip


MOVES = {"transition": "running-cases-move", "transition_basis": "Nghị định 400/2026/NĐ-CP, Điều 9"}


async def take_in(desk: Desk, row: Mapping[str, Any], by: str = "ad-1", and_: str = "ad-2") -> bool:
    async with desk.works.begin(FIRST) as work:
        taken = await handlers.take_in_rule(work, row, proposed_by=by, confirmed_by=and_)
    await handlers.refresh_law(desk)
    return taken


@pytest.mark.parametrize(
    ("row", "due"),
    [
        ({**RULE, **MOVES, "valid_from": "2026-11-24"}, "2026-11-23 14:15"),
        ({**RULE, "valid_from": "2026-11-24"}, "2026-11-25 08:15"),
    ],
    ids=["running cases move", "the old rule finishes"],
)
async def test_a_new_version_of_a_rule_takes_running_limits_over_on_its_first_day_where_it_says_so(
    desk: Desk, keys: Keys, clock: StandingClock, row: Mapping[str, Any], due: str
) -> None:
    running = await submit(desk, citizen(keys), filed(channel="online", components=[]))
    assert await take_in(desk, row)
    assert await count(desk) == 0  # not before its first day

    clock.at("2026-11-24T07:00:00+07:00")
    await count(desk)

    after = await now(desk, running)
    assert after.answer_due_at == hanoi(due)
    version = after.answer.clock.rule.version if after.answer and after.answer.clock.rule else None
    assert version == (3 if "transition" in row else 2)
    fresh = await submit(desk, citizen(keys), filed(channel="online", components=[]))
    assert fresh.answer is not None
    assert fresh.answer.clock.rule is not None
    assert fresh.answer.clock.rule.version == 3
    assert (
        await handlers.accept_dossier(desk, Caller(CLERK), fresh.id, 1)
    ).answer is not None  # read back from its row


async def test_a_rule_needs_two_people_a_citation_and_a_version_of_its_own(desk: Desk) -> None:
    with pytest.raises(SecondPersonNeeded):
        await take_in(desk, RULE, "ad-1", "ad-1")
    with pytest.raises(RuleUncited):
        await take_in(desk, {**RULE, "legal_basis": " "})
    with pytest.raises(RuleUncited):
        await take_in(desk, {**RULE, "transition": "running-cases-move"})
    with pytest.raises(BadRule, match="unexpected"):
        await take_in(desk, {**RULE, "colour": "red"})
    with pytest.raises(VersionKnown):
        await take_in(desk, {**RULE, "version": 2})
    assert await take_in(desk, RULE)
    assert not await take_in(desk, RULE)
    assert desk.standing.law.rules.version("one-stop.online-answer", 3).verified
