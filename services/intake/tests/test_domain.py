"""The dossier's rules by example: arrows and refusals, who has it in hand, in time or not, and how it ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.intake import domain
from services.intake.domain import State
from services.intake.tests.given import (
    hanoi,
)
from services.intake.tests.lives import ARROWS, AT, EVERY, FACTS, give, in_state, ready, refusal_of, told
from shared.kernel import Refused


@pytest.mark.parametrize(
    ("command", "state"), [(command, state) for command, state in EVERY if state in ARROWS[command]]
)
def test_a_command_moves_along_the_arrow_drawn_for_it(command: str, state: State) -> None:
    before = ready(command, state)

    after, fact = told(command, before, AT + timedelta(hours=2))

    assert after.state == ARROWS[command][state.value]
    assert after.version == before.version + 1
    assert type(fact).__name__ == FACTS[command]
    assert fact.occurred_at == AT + timedelta(hours=2)


@pytest.mark.parametrize(
    ("command", "state"), [(command, state) for command, state in EVERY if state not in ARROWS[command]]
)
def test_any_other_command_is_refused_by_the_name_of_what_stands_against_it(command: str, state: State) -> None:
    with pytest.raises(Refused) as refused:
        give(command, in_state(state), AT + timedelta(hours=2))

    assert refused.value.code == refusal_of(command, state)
    assert refused.value.facts == {"state": state.value, "command": command}


def test_every_state_has_a_phase_and_the_portal_s_number() -> None:
    assert set(domain.PHASE.values()) <= {
        "received",
        "being-resolved",
        "waiting-for-you",
        "answered",
        "closed",
        "transferred",
    }
    assert {state.value: domain.PORTAL_STATUS[state] for state in State} == {
        "submitted": 1, "accepted": 2, "refused": 3, "in-progress": 4, "awaiting-supplement": 5, "awaiting-payment": 6, "withdrawn": 7, "paused": 8,
        "stopped": 8, "settled": 9, "returned": 10,
    }  # fmt: skip


def test_giving_it_to_the_same_officer_again_is_a_new_fact() -> None:
    once, first = told("assign", in_state(State.ACCEPTED))
    twice, second = told("assign", once)

    assert first == second
    assert (once.handler, twice.handler, twice.version) == ("cb-1", "cb-1", once.version + 1)


@pytest.mark.parametrize(("day", "timing"), [("2026-11-26", "before"), ("2026-11-27", "on"), ("2026-11-28", "over")])
def test_in_time_is_judged_by_the_date_alone(day: str, timing: str) -> None:
    _, fact = told("settle", in_state(State.ACCEPTED), hanoi(f"{day} 23:30"))

    assert fact.timing == timing  # type: ignore[attr-defined]
    assert fact.settled_on == date.fromisoformat(day)  # type: ignore[attr-defined]
    assert domain.timing(date(2026, 1, 1), None) == "unknown"


@pytest.mark.parametrize("state", [State.SUBMITTED, State.ACCEPTED, State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT])
@pytest.mark.parametrize("command", ["withdraw", "stop"])
def test_taking_it_back_or_stopping_ends_whatever_limit_runs(command: str, state: State) -> None:
    if state not in ARROWS[command]:
        state = State.IN_PROGRESS
    ended = give(command, in_state(state), AT + timedelta(hours=3))

    for term in (ended.answer, ended.settlement):
        assert term is None or term.ended
    assert ended.closed_at == AT + timedelta(hours=3)
    assert (ended.answer_due_at, ended.respond_by, ended.remaining_working_hours) == (None, None, None)


def test_a_slip_needs_a_date_of_return() -> None:
    assert domain.check_slip(in_state(State.SETTLED)) == hanoi("2026-11-27 17:00")
    with pytest.raises(domain.NotYetAccepted):
        domain.check_slip(in_state(State.SUBMITTED))
    standing = {
        State.AWAITING_SUPPLEMENT: domain.AwaitingSupplement,
        State.AWAITING_PAYMENT: domain.AwaitingPayment,
        State.PAUSED: domain.Paused,
    }
    for state, refusal in standing.items():
        with pytest.raises(refusal):
            domain.check_slip(in_state(state))
    for command, state, ended in (
        ("settle", State.PAUSED, domain.AlreadySettled),
        ("stop", State.AWAITING_PAYMENT, domain.AlreadyClosed),
        ("withdraw", State.AWAITING_SUPPLEMENT, domain.AlreadyClosed),
    ):
        with pytest.raises(ended):
            domain.check_slip(give(command, in_state(state), AT + timedelta(hours=2)))
