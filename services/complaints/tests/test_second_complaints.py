"""Second complaints: opened with the superior unit, settled under their own limits, and the last there are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from services.complaints import domain
from services.complaints.domain import Case, Kind, State, complaint, moves, refusals
from services.complaints.domain.complaint import Acceptance
from services.complaints.tests import cases
from services.complaints.tests.cases import NEIGHBOUR, OFFICE, PROVINCE, RECEIVED
from services.complaints.tests.given import UNIT, hanoi, officer
from services.complaints.tests.talk import Json, Talk, code, names, part
from shared.testing.clock import StandingClock

MONDAY = hanoi("2026-11-30 09:00")
FOUND = [{"content": 1, "finding": "right"}]


def second(at: datetime = MONDAY) -> Case:
    """A second complaint about a delivered decision."""
    made, _ = complaint.open_second(cases.delivered(), PROVINCE, id=UUID(int=300), at=at, office=OFFICE)
    return made


def settling() -> Case:
    """A second complaint somebody verifies."""
    accepted = complaint.accept(second(), acceptance=Acceptance(1, complex=False), at=MONDAY, office=OFFICE)
    return cases.done(moves.assign(cases.done(accepted), officer="cb-44", at=MONDAY))


def test_it_is_a_case_of_its_own_with_the_first_as_its_parent() -> None:
    first = cases.delivered()
    case, fact = complaint.open_second(first, PROVINCE, id=UUID(int=300), at=MONDAY, office=OFFICE)
    assert (case.level, case.parent, case.unit, case.kind, case.state) == (
        2,
        first.id,
        "44",
        Kind.COMPLAINT,
        State.OPENED,
    )
    assert (case.code, case.recipient, case.parties) == (f"{first.code}.2", first.recipient, first.parties)
    assert (fact.level, fact.unit, fact.code, fact.due_on) == (2, "44", case.code, date(2026, 12, 9))  # 7 working days


def test_it_is_settled_and_its_decision_delivered_within_the_limits_of_the_second_time() -> None:
    case = settling()
    assert case.due_on == date(2027, 1, 14)  # 45 days
    invited = cases.done(
        complaint.schedule_dialogue(case, to_meet_at=MONDAY + timedelta(days=10), at=MONDAY, office=OFFICE)
    )
    held = cases.done(
        complaint.record_dialogue(invited, held_on=date(2026, 12, 10), outcome="agreed", at=MONDAY + timedelta(days=11))
    )
    decided, (fact,) = complaint.decide(
        held, number="2", findings=cases.findings("right"), at=MONDAY + timedelta(days=11), office=OFFICE
    )
    assert (getattr(fact, "level", 0), decided.due_on) == (2, date(2026, 12, 18))  # 7 days


def test_the_second_time_a_dialogue_is_always_owed() -> None:
    with pytest.raises(refusals.DialogueNotHeld):
        complaint.decide(settling(), number="2", findings=cases.findings("right"), at=MONDAY, office=OFFICE)


def test_there_is_no_third_complaint_not_even_for_silence() -> None:
    with pytest.raises(refusals.SecondIsLast):
        complaint.appeal(settling(), superior=PROVINCE, at=hanoi("2027-02-01 09:00"), office=OFFICE)


def test_the_unit_that_settles_it_reads_the_first_one_and_no_other_does() -> None:
    first = cases.delivered()
    appealed = cases.done(complaint.appeal(first, superior=PROVINCE, at=RECEIVED, office=OFFICE))
    for unit, before, after in (("44", False, True), (NEIGHBOUR.code, False, False), (UNIT, True, True)):
        for role in ("head", "clerk"):
            who = officer(role, unit=unit)
            assert (domain.is_readable_by(first, who), domain.is_readable_by(appealed, who)) == (before, after)
            assert domain.capacity("decide", appealed, who) == ("head" if (unit, role) == (UNIT, "head") else None)


async def delivered(talk: Talk) -> Json:
    """A complaint whose decision reached the complainant."""
    (case,) = await talk.open(part("complaint"))
    await talk.act(case, "accept", "head", {"contents": ["Diện tích"]})
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    await talk.act(case, "decide", "head", {"number": "1", "findings": FOUND})
    return await talk.act(case, "deliver", "clerk", {"method": "post"})


@pytest.mark.postgres
async def test_over_http_the_citizen_finds_it_and_the_province_settles_it(talk: Talk, clock: StandingClock) -> None:
    first = await delivered(talk)
    up = {"units": ("44",)}
    assert (await talk.get(f"/cases/{first['id']}", talk.token("head", **up))).status_code == 404
    appealed = await talk.act(first, "appeal", "citizen", {"reason": "Giá đất"})
    assert (appealed["state"], appealed["appealed_to"]) == ("appealed", "44")
    assert (await talk.get(f"/cases/{first['id']}", talk.token("head", **up))).status_code == 200
    listed = (await talk.get("/me/cases", talk.citizen())).json()["items"]
    case = next(each for each in listed if each["parent"] == first["id"])
    assert (case["level"], case["unit"], case["code"]) == (2, "44", f"{first['code']}.2")
    mine = (await talk.get(f"/cases/{case['id']}", talk.citizen())).json()
    assert names(mine["actions"]) == ["withdraw"]
    detail = (await talk.get(f"/cases/{case['id']}", talk.token("head", **up))).json()
    assert detail["summary"] == "Giá đất"
    assert (await talk.get(f"/cases/{case['id']}", talk.token("head"))).status_code == 404
    await talk.act(case, "accept", "head", {"contents": ["Giá đất"]}, **up)
    await talk.act(case, "assign", "head", {"officer": "cb-44"}, **up)
    decision = {"number": "2", "findings": FOUND}
    assert code(await talk.try_to(case, "decide", "head", decision, **up)) == (409, "dialogue-not-held")
    clock.move(days=60)
    last = await talk.try_to(case, "appeal", "citizen", {"reason": "…"})
    assert code(last) == (409, "second-is-last")
    assert "khởi kiện" in last.text


@pytest.mark.postgres
async def test_for_silence_it_is_opened_too_and_out_of_time_nothing_is(talk: Talk, clock: StandingClock) -> None:
    (silent,) = await talk.open(part("complaint"))
    await talk.act(silent, "accept", "head", {"contents": ["Diện tích"]})
    late = await delivered(talk)
    clock.at("2026-12-24T09:00:00+07:00")
    assert code(await talk.try_to(late, "appeal", "citizen", {"reason": "…"})) == (409, "appeal-out-of-time")
    await talk.act(silent, "appeal", "citizen", {"reason": "Chưa giải quyết"})
    listed = (await talk.get("/me/cases", talk.citizen())).json()["items"]
    assert [each["parent"] for each in listed if each["level"] == 2] == [silent["id"]]
