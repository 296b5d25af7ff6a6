"""The table of kinds, and letters, without a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.complaints import domain
from services.complaints.domain import ARROWS, Kind, Letter, Part, Stage, State, refusals
from services.complaints.domain import screening as letters
from services.complaints.domain.states import NEEDS, PHASE, ROLES, check_kind, follow
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, NEIGHBOUR, OFFICE, ONE, RECEIVED
from services.complaints.tests.given import hanoi
from shared.kernel import Refused


def test_every_command_of_the_table_has_roles_needs_and_every_state_a_phase() -> None:
    commands = {command for arrows in ARROWS.values() for state in arrows.values() for command in state}
    assert commands == ROLES.keys() == NEEDS.keys()
    assert set(PHASE) == set(State)
    phases = {"received", "under-review", "being-resolved", "waiting-for-you", "answered", "closed", "transferred"}
    assert set(PHASE.values()) <= phases


@pytest.mark.parametrize("kind", list(ARROWS))
def test_every_state_of_a_kind_is_reached_and_leads_only_to_states_of_its_kind(kind: Kind) -> None:
    arrows = ARROWS[kind]
    targets = {target for commands in arrows.values() for target in commands.values() if target is not None}
    assert targets | {State.OPENED} == set(arrows)


@pytest.mark.parametrize(
    ("kind", "state", "command", "refusal"),
    [
        (Kind.COMPLAINT, State.OPENED, "decide", refusals.NotYetAccepted),
        (Kind.COMPLAINT, State.OPENED, "resume", refusals.NotSuspended),
        (Kind.COMPLAINT, State.OPENED, "deliver", refusals.NotYetDecided),
        (Kind.COMPLAINT, State.ACCEPTED, "accept", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.ACCEPTED, "refuse", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.ACCEPTED, "decide", refusals.NotYetAssigned),
        (Kind.COMPLAINT, State.VERIFYING, "transfer", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.VERIFYING, "deliver", refusals.NotYetDecided),
        (Kind.COMPLAINT, State.SUSPENDED, "decide", refusals.CaseSuspended),
        (Kind.COMPLAINT, State.SUSPENDED, "accept-transfer", refusals.NotInTransfer),
        (Kind.COMPLAINT, State.TRANSFERRING, "accept", refusals.InTransfer),
        (Kind.COMPLAINT, State.DECIDED, "decide", refusals.AlreadyDecided),
        (Kind.COMPLAINT, State.DECIDED, "appeal", refusals.NotYetDelivered),
        (Kind.COMPLAINT, State.DELIVERED, "deliver", refusals.AlreadyDelivered),
        (Kind.COMPLAINT, State.REFUSED, "accept", refusals.CaseClosed),
        (Kind.COMPLAINT, State.WITHDRAWN, "decide", refusals.CaseClosed),
        (Kind.COMPLAINT, State.APPEALED, "appeal", refusals.CaseClosed),
        (Kind.COMPLAINT, State.VERIFYING, "answer", refusals.NotForThisKind),
        (Kind.FEEDBACK, State.OPENED, "decide", refusals.NotForThisKind),
        (Kind.FEEDBACK, State.OPENED, "answer", refusals.NotYetAssigned),
        (Kind.FEEDBACK, State.IN_PROGRESS, "rate", refusals.NotYetAnswered),
        (Kind.FEEDBACK, State.IN_PROGRESS, "accept-transfer", refusals.NotInTransfer),
        (Kind.FEEDBACK, State.ANSWERED, "answer", refusals.AlreadyAnswered),
        (Kind.FEEDBACK, State.RATED, "rate", refusals.AlreadyRated),
        (Kind.FEEDBACK, State.RATED, "withdraw", refusals.AlreadyAnswered),
        (Kind.PETITION, State.WITHDRAWN, "answer", refusals.CaseClosed),
    ],
)
def test_a_command_out_of_turn_is_refused_by_the_name_of_what_stands_against_it(
    kind: Kind, state: State, command: str, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal) as caught:
        follow(kind, state, command)
    assert type(caught.value) is refusal
    assert caught.value.facts == {"state": state.value, "command": command, "kind": kind.value}


def test_kinds_that_are_not_taken_yet_are_refused_by_name() -> None:
    with pytest.raises(refusals.DenunciationNotTakenHere):
        check_kind(Kind.DENUNCIATION)
    for kind in (Kind.INFORMATION_REQUEST, Kind.CONDUCT_REPORT):
        with pytest.raises(refusals.KindNotTakenHere):
            check_kind(kind)
    for kind in ARROWS:
        check_kind(kind)


def asked(**changes: Any) -> Letter:
    return replace(Letter("online", COMMUNE.code, anonymous=False), **changes)


@pytest.mark.parametrize(
    ("letter", "people", "counter", "refusal"),
    [
        (asked(), 0, False, refusals.SenderMissing),
        (asked(anonymous=True), 1, False, refusals.AnonymousWithPeople),
        (asked(channel="direct"), 1, False, refusals.CounterOnly),
        (asked(channel="postal"), 1, False, refusals.CounterOnly),
        (asked(received_at=RECEIVED), 1, False, refusals.ReceivedAtCounterOnly),
        (asked(received_at=RECEIVED + timedelta(minutes=1)), 1, True, refusals.InTheFuture),
        (asked(received_at=RECEIVED - timedelta(days=367)), 1, True, refusals.TooLongAgo),
    ],
)
def test_a_letter_is_refused_field_by_field(
    letter: Letter, people: int, *, counter: bool, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal) as caught:
        domain.check_letter(letter, people=people, at=RECEIVED, counter=counter)
    assert str(caught.value.facts["field"]).startswith("/")


def test_a_letter_is_screened_within_five_working_days_of_its_receipt() -> None:
    letter = cases.letter(received_at=hanoi("2026-11-20 16:00"))
    assert (letter.due_on, letter.phase, letter.recipient) == (
        date(2026, 11, 30),
        "received",
        ONE,
    )  # 24/11 is a day off


def test_splitting_ends_the_screening_and_counts_the_cases() -> None:
    parts = [Part(Kind.COMPLAINT, "", COMMUNE.code), Part(Kind.FEEDBACK, "", NEIGHBOUR.code)]
    letter, fact = letters.split(cases.letter(), parts, at=RECEIVED, office=OFFICE)
    assert (letter.state, letter.cases, letter.due_on, letter.version, fact.cases) == (Stage.SPLIT, 2, None, 2, 2)
    assert letter.screening is not None
    assert letter.screening.ended


@pytest.mark.parametrize("again", ["split", "guide", "file"])
def test_a_letter_is_screened_once(again: str) -> None:
    letter, _ = letters.guide(cases.letter(), reason_class="court", at=RECEIVED, office=OFFICE)
    acts: dict[str, Callable[[], object]] = {
        "split": lambda: letters.split(letter, [Part(Kind.FEEDBACK, "", "1")], at=RECEIVED, office=OFFICE),
        "guide": lambda: letters.guide(letter, reason_class="court", at=RECEIVED, office=OFFICE),
        "file": lambda: letters.file_away(letter, reason_class="blank", at=RECEIVED, office=OFFICE),
    }
    with pytest.raises(refusals.AlreadyScreened):
        acts[again]()


def test_a_denunciation_in_a_letter_opens_nothing_at_all() -> None:
    parts = [Part(Kind.FEEDBACK, "", COMMUNE.code), Part(Kind.DENUNCIATION, "", COMMUNE.code)]
    with pytest.raises(refusals.DenunciationNotTakenHere):
        letters.split(cases.letter(), parts, at=RECEIVED, office=OFFICE)


def test_an_anonymous_letter_is_no_complaint_but_may_be_feedback() -> None:
    letter = cases.letter(parties=())
    with pytest.raises(refusals.AnonymousComplaint):
        letters.split(letter, [Part(Kind.COMPLAINT, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    split, fact = letters.split(letter, [Part(Kind.FEEDBACK, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    assert (split.state, split.recipient, fact.recipient) == (Stage.SPLIT, None, None)
