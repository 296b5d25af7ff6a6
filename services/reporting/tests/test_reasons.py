from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from services.reporting import domain
from services.reporting.domain import DossierLine, Office
from services.reporting.tests.facts import MONDAY, Dossier, told
from shared.contracts.envelope import Fact
from shared.law import PauseMode, explain, office_hours, official_calendar, rulebook, start

OFFICE = Office(official_calendar(), office_hours(date(2026, 11, 23)))
RULE = rulebook().version("one-stop.settlement", 3)


def line_of(facts: Sequence[Fact]) -> DossierLine:
    line = None
    for each in told(facts):
        line = domain.fold(line, each)
    assert line is not None
    return line


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00+07:00")


def test_the_reason_is_the_one_intakes_own_clock_gives() -> None:
    dossier = Dossier()
    asked, supplied = at("11-25T10:15"), at("11-30T09:00")
    clock = start(RULE, MONDAY, limit="3wd").pause(asked)
    left = clock.due(OFFICE.calendar, OFFICE.hours).remaining_working_hours
    facts: list[Fact] = [dossier.submitted(), dossier.accepted(), dossier.supplement_requested(asked, left or 0)]
    assert domain.settlement_reason(line_of(facts), "3wd", OFFICE, "vi") == explain(
        clock, OFFICE.calendar, OFFICE.hours
    )
    clock = clock.resume(supplied)
    due_on = clock.due(OFFICE.calendar, OFFICE.hours).due_on
    facts.append(dossier.supplied(due_on, supplied))
    for language in ("vi", "en"):
        reason = domain.settlement_reason(line_of(facts), "3wd", OFFICE, language)
        assert reason == explain(clock, OFFICE.calendar, OFFICE.hours, language)


def test_what_came_online_is_counted_from_its_acceptance() -> None:
    dossier, accepted = Dossier(), at("11-25T14:00")
    facts = [dossier.submitted(channel="online"), dossier.accepted(date(2026, 11, 30), accepted)]
    reason = domain.settlement_reason(line_of(facts), "3wd", OFFICE, "vi")
    assert "Nhận lúc 14:00 thứ Tư 25/11/2026. Ngày nhận chưa tính; đếm từ ngày làm việc kế tiếp." in reason


def test_a_procedure_that_counts_anew_is_recognised_by_its_date() -> None:
    dossier, asked, supplied = Dossier(), at("11-26T10:15"), at("11-30T09:00")
    clock = start(RULE, MONDAY, limit="3wd", mode=PauseMode.RESTART).pause(asked).resume(supplied)
    due_on = clock.due(OFFICE.calendar, OFFICE.hours).due_on
    facts = [dossier.submitted(), dossier.accepted(), dossier.supplement_requested(asked), dossier.supplied(due_on, supplied)]  # fmt: skip
    assert domain.settlement_reason(line_of(facts), "3wd", OFFICE, "vi") == explain(
        clock, OFFICE.calendar, OFFICE.hours
    )


@pytest.mark.parametrize("mode", PauseMode)
def test_a_second_appointment_is_explained_from_the_proof_of_payment(mode: PauseMode) -> None:
    dossier = Dossier()
    clock = start(RULE, MONDAY, limit="3wd", mode=mode).pause(at("11-25T10:15")).resume(at("11-25T15:00"))
    clock = clock.pause(at("11-26T10:00")).restart(at("12-07T09:00"))
    due_on = clock.due(OFFICE.calendar, OFFICE.hours).due_on
    assert due_on == date(2026, 12, 10)
    line = line_of([
        dossier.submitted(), dossier.accepted(), dossier.paused(at("11-25T10:15")), dossier.resumed(at=at("11-25T15:00")),
        dossier.payment_required(at("11-26T10:00")), dossier.payment_confirmed(due_on, at("12-07T09:00")),
    ])  # fmt: skip
    assert any("10/12/2026" in step for step in domain.settlement_reason(line, "3wd", OFFICE, "vi"))


def test_a_moved_appointment_is_explained_by_the_lawful_date_and_the_apology() -> None:
    dossier = Dossier()
    plain: list[Fact] = [dossier.submitted(), dossier.accepted()]
    for language in ("vi", "en"):
        reason = domain.settlement_reason(line_of([*plain, dossier.moved()]), "3wd", OFFICE, language)
        assert reason[:-1] == domain.settlement_reason(line_of(plain), "3wd", OFFICE, language)
        assert "02/12/2026" in reason[-1]


@pytest.mark.parametrize("limit", ["4wd", "same-day", None, "soon"])
def test_a_limit_that_does_not_come_to_the_stated_date_explains_nothing(limit: str | None) -> None:
    dossier = Dossier()
    assert domain.settlement_reason(line_of([dossier.submitted(), dossier.accepted()]), limit, OFFICE, "vi") == ()


def test_a_rule_the_book_does_not_hold_explains_nothing() -> None:
    dossier = Dossier()
    line = line_of([dossier.submitted(), dossier.accepted()])._replace(rule="one-stop.forgotten")
    assert domain.settlement_reason(line, "3wd", OFFICE, "vi") == ()


def test_what_is_not_accepted_yet_has_no_settlement_to_explain() -> None:
    assert domain.settlement_reason(line_of([Dossier().submitted(channel="online")]), "3wd", OFFICE, "vi") == ()


def test_the_answer_is_explained_from_the_day_the_missing_papers_came() -> None:
    dossier, came = Dossier(), at("11-26T09:00")
    line = line_of([dossier.submitted(channel="online")])._replace(answer_due_at=at("11-27T09:00"))
    reason = domain.answer_reason(line, [MONDAY, came], OFFICE, "vi")
    assert "Nhận lúc 09:00 thứ Năm 26/11/2026, trong giờ làm việc nên tính giờ ngay từ lúc đó." in reason
    assert domain.answer_reason(line, [MONDAY], OFFICE, "vi") == ()


def test_a_clock_is_stopped_and_goes_on_by_turns_whatever_is_heard_twice() -> None:
    dossier, day = Dossier(), timedelta(days=1)
    facts = [
        dossier.submitted(), dossier.accepted(), dossier.supplement_requested(MONDAY + day), dossier.supplement_requested(MONDAY + 2 * day),
        dossier.supplied(at=MONDAY + 3 * day), dossier.supplied(at=MONDAY + 4 * day), dossier.supplement_requested(MONDAY + 5 * day),
    ]  # fmt: skip
    line = line_of(facts)
    assert line.stops == [MONDAY + day, MONDAY + 3 * day, MONDAY + 5 * day]
    assert line.promises == [date(2026, 11, 27), date(2026, 12, 1)]


def test_papers_missing_before_acceptance_stop_no_settlement() -> None:
    dossier = Dossier()
    line = line_of([dossier.submitted(channel="online"), dossier.supplement_requested(), dossier.supplied(None), dossier.accepted()])  # fmt: skip
    assert (line.stops, line.promises) == ([], [date(2026, 11, 27)])
