"""Every sequence of commands either moves along the drawn arrows or is refused by name; the facts tell it all again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.intake.domain import Dossier, State, Unit
from services.intake.tests.given import UNIT, a_unit
from services.intake.tests.lives import (
    ANSWERS,
    ARROWS,
    AT,
    OFFICE,
    OTHER,
    PROVINCE,
    ready,
    refusal_of,
    stated,
    submitted,
    told,
)
from shared.contracts.envelope import Fact, encode
from shared.kernel import Refused

COMMANDS = st.sampled_from(sorted(ARROWS))
MEANWHILE = ("withdraw", "stop", "correct", "move-appointment")
GAPS = st.timedeltas(timedelta(0), timedelta(days=20))
MODES = st.sampled_from(["pause", "restart"])
LIMITS = st.sampled_from(["same-day", "8wh", "3wd", "17wd", "15d", "30d"])


DATES = ("due_at", "due_on", "promised_on", "lawful_due_on")
MAY_MOVE = {
    "accept", "request-supplement", "supply", "require-payment", "confirm-payment", "pause", "resume", "move-appointment",
}  # fmt: skip
"""What begins, stops, continues or begins anew a limit by law, and the apology, which moves the promise alone."""


def kept_dates(dossier: Dossier) -> tuple[Any, ...]:
    """What was promised and what the law says, and where clocks began and stopped."""
    clocks = [limit.clock for limit in (dossier.answer, dossier.settlement) if limit]
    stops = [(clock.started_at, [gap.stopped_at for gap in clock.gaps()]) for clock in clocks]
    return dossier.first_promised_on, dossier.promised_on, dossier.lawful_due_on, *stops


@pytest.mark.parametrize(
    ("command", "state"), [(c, s) for c, states in ARROWS.items() for s in states if c not in MAY_MOVE]
)
def test_what_is_no_pause_by_law_moves_no_date(command: str, state: str) -> None:
    before = ready(command, State(state))
    after, _ = told(command, before, AT + timedelta(hours=2))
    assert kept_dates(after) == kept_dates(before)


def replayed(facts: list[Fact]) -> dict[str, Any]:
    """A dossier told by its facts alone, as a reader of the topic sees them: plain JSON."""
    told_by: dict[str, Any] = {}
    for fact in facts:
        told_by |= READ[type(fact).__name__](msgspec.json.decode(encode(fact)))
    return told_by


def supplied(data: dict[str, Any]) -> dict[str, Any]:
    state = "in-progress" if data["answer_due_at"] is None else "submitted"
    return {"state": state, "respond_by": None, "answer_due_at": data["answer_due_at"], **dates(data)}


def dates(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data.get(name) for name in DATES}


NOTHING_YET = {
    "handler": None, "outcome": None, "respond_by": None, "rating": None, "to_unit": None, "offered_at": None, "rejections": 0,
}  # fmt: skip
NO_OFFER = {"to_unit": None, "offered_at": None}
READ: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "DossierSubmitted": lambda data: {**data, "state": "submitted", **NOTHING_YET, **dates(data)},
    "DossierAccepted": lambda data: {"state": "accepted", "answer_due_at": None, **dates(data)},
    "DossierRefused": lambda _: {"state": "refused", "answer_due_at": None},
    "DossierAssigned": lambda data: {"state": "in-progress", "handler": data["officer"]},
    "SupplementRequested": lambda data: {
        "state": "awaiting-supplement",
        "respond_by": data["respond_by"],
        "answer_due_at": None,
    },
    "SupplementSupplied": supplied,
    "DossierSettled": lambda data: {"state": "settled", "outcome": data["outcome"]},
    "ResultReturned": lambda _: {"state": "returned"},
    "PaymentRequired": lambda data: {"state": "awaiting-payment", "respond_by": data["respond_by"]},
    "PaymentConfirmed": lambda data: {"state": "in-progress", "respond_by": None, **dates(data)},
    "DossierPaused": lambda _: {"state": "paused"},
    "DossierResumed": lambda data: {"state": "in-progress", **dates(data)},
    "AppointmentMoved": dates,
    "DossierStopped": lambda _: {"state": "stopped", "respond_by": None, "answer_due_at": None, **NO_OFFER},
    "DossierCorrected": lambda _: {},
    "DossierRated": lambda data: {"rating": data["score"]},
    "DossierWithdrawn": lambda _: {"state": "withdrawn", "respond_by": None, "answer_due_at": None, **NO_OFFER},
    "DossierSucceeded": lambda data: {"unit": data["unit"], "handler": None, **NO_OFFER},
    "DossierTransferred": lambda data: {"to_unit": data["to_unit"], "offered_at": data["occurred_at"]},
    "DossierTransferAccepted": lambda data: {"unit": data["unit"], "handler": None, **NO_OFFER},
    "DossierTransferRejected": lambda data: {"rejections": data["times"], **NO_OFFER},
    "DossierEscalated": lambda data: {"unit": data["unit"], "handler": None},
}


def plain(dossier: Dossier, names: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.json.decode(encode({name: getattr(dossier, name) for name in names}))
    return shown


class Life(RuleBasedStateMachine):
    """One dossier, given anything at any time."""

    dossier: Dossier
    facts: list[Fact]
    at: datetime
    commands: int
    escalations: int

    @initialize(
        channel=st.sampled_from(["online", "postal", "direct"]), limit=LIMITS, supplements=st.integers(0, 2), mode=MODES
    )
    def file(self, channel: str, limit: str, supplements: int, mode: str) -> None:
        self.at, self.commands, self.escalations = AT, 0, 0
        self.dossier, self.facts = submitted(channel, limit=limit, max_supplements=supplements, pause_mode=mode)

    @rule(command=COMMANDS, gap=GAPS)
    @precondition(lambda self: self.at < AT + timedelta(days=400))
    def give(self, command: str, gap: timedelta) -> None:
        self.at += gap
        before = self.dossier
        leads = before.state.value in ARROWS[command]
        why = self._barred(command, before) if leads else refusal_of(command, before.state)
        if why is not None:
            with pytest.raises(Refused) as refused:
                told(command, before, self.at, to=self._other(before))
            assert refused.value.code == why
            return
        self.dossier, facts = stated(command, before, self.at, to=self._other(before))
        self.facts += facts
        self.commands += 1
        self.escalations += len(facts) - 1
        assert command in MAY_MOVE or kept_dates(self.dossier) == kept_dates(before)
        assert self.dossier.state == self._drawn(command, before)

    def _other(self, before: Dossier) -> Unit:
        """A unit that may be asked to take it."""
        return OTHER if before.unit != OTHER.code else a_unit()

    def _barred(self, command: str, before: Dossier) -> str | None:
        """What stands against a command although an arrow is drawn for it."""
        if command in ANSWERS:
            return "not-in-transfer" if before.to_unit is None else None
        if before.to_unit is not None and command not in MEANWHILE:
            return "in-transfer"
        if command == "request-supplement" and before.supplements >= before.max_supplements:
            return "too-many-supplements"
        if command == "rate" and before.rating is not None:
            return "already-rated"
        if command != "move-appointment":
            return None
        return "already-moved" if before.apologies else self._late(before)

    def _late(self, before: Dossier) -> str | None:
        """An apology is given at the latest on the working day before, which is not earlier than the receipt."""
        assert before.promised_on is not None
        days_before = [before.promised_on - timedelta(days=n) for n in range(1, 20)]
        latest = next(day for day in days_before if OFFICE.calendar.is_working_day(day))
        started = before.settling.clock.started_at.date()
        return "too-late-to-move" if self.at.date() > latest or latest < started else None

    def _drawn(self, command: str, before: Dossier) -> str:
        if command == "supply" and before.accepted_at is None:
            return "submitted"
        return ARROWS[command][before.state.value]

    @invariant()
    def the_version_counts_the_commands_and_the_sequence_the_facts(self) -> None:
        assert self.dossier.version == 1 + self.commands
        assert len(self.facts) == self.commands + self.escalations + (2 if self.dossier.channel == "direct" else 1)

    @invariant()
    def the_facts_tell_the_same_state(self) -> None:
        names = [
            "state",
            "handler",
            "outcome",
            "respond_by",
            "answer_due_at",
            "promised_on",
            "rating",
            "unit",
            "recipient",
            "to_unit",
            "offered_at",
            "rejections",
        ]
        if self.dossier.state in {State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS}:
            names += ["due_at", "due_on", "lawful_due_on"]
        told_by = replayed(self.facts)
        assert {name: told_by[name] for name in names} == plain(self.dossier, names)

    @invariant()
    def the_clocks_run_only_in_their_states(self) -> None:
        state, answer, settlement = self.dossier.state, self.dossier.answer, self.dossier.settlement
        assert (answer is not None and not answer.ended) == (state is State.SUBMITTED)
        assert (self.dossier.answer_due_at is not None) == (state is State.SUBMITTED)
        accepted = self.dossier.accepted_at is not None
        assert (settlement is not None) == accepted
        if settlement is not None:
            standing = state in {State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.PAUSED}
            running = standing or state in {State.ACCEPTED, State.IN_PROGRESS}
            assert settlement.ended != running
            assert settlement.clock.paused == standing

    @invariant()
    def one_unit_is_accountable_and_a_dossier_sent_back_twice_went_up(self) -> None:
        dossier = self.dossier
        assert (dossier.to_unit is None) == (dossier.offered_at is None)
        assert dossier.to_unit != dossier.unit
        assert dossier.receiving_unit == UNIT
        assert bool(self.escalations) <= (dossier.rejections > 1)
        assert dossier.unit in {UNIT, OTHER.code, PROVINCE.code}

    @invariant()
    def no_promise_is_ever_forgotten(self) -> None:
        if self.dossier.accepted_at is not None:
            assert self.dossier.first_promised_on is not None
            assert self.dossier.promised_on is not None
            assert self.dossier.promised_on >= self.dossier.first_promised_on

    @invariant()
    def the_slip_shows_the_lawful_date_unless_an_appointment_was_moved(self) -> None:
        dossier = self.dossier
        if dossier.accepted_at is not None:
            assert dossier.promised_on is not None
            assert dossier.lawful_due_on is not None
            behind = OFFICE.calendar.count_working_days(dossier.lawful_due_on, dossier.promised_on)
            assert behind == dossier.moved_by
            assert dossier.apologies or not dossier.moved_by


Life.TestCase.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
TestEverySequenceOfCommandsKeepsToTheArrows = Life.TestCase
