"""Ways out of the house: what is routed where, what a provider's answer makes of a delivery, never more than is allowed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifications import domain
from services.notifications.data import BadCatalogue, book, read
from services.notifications.domain import (
    Accepted,
    AddressState,
    Attempt,
    Breaker,
    Circumstances,
    Class,
    Delivery,
    Fault,
    InDoubt,
    Outcome,
    Reach,
    Rejected,
    State,
    WrongMove,
)
from services.notifications.domain.deliveries import ARROWS, BACK_OFF, MOST_FAILURES
from services.notifications.tests import samples
from shared.contracts.envelope import Fact, fact_type

ME, YOU = UUID(int=7), UUID(int=8)
AT = samples.AT


def notice(fact: Fact, sequence: int = 1) -> domain.Notice:
    return domain.owed(book(), fact_type(type(fact)), fact, sequence)[0]


def routed(*notices: domain.Notice, known: Circumstances = Circumstances()) -> list[Delivery]:  # noqa: B008 - frozen
    return domain.routed([(each, book().ways[each.rule.class_]) for each in notices], known, AT)


# -- routes ------------------------------------------------------------------------------------------------------------


def test_a_statutory_notice_goes_out_at_once_and_never_expires() -> None:
    (delivery,) = routed(notice(samples.accepted(ME)))
    assert (delivery.state, delivery.not_before, delivery.expires_at) == (State.PENDING, AT, None)


def test_an_invitation_to_rate_waits_an_hour_and_loses_its_use() -> None:
    (delivery,) = routed(notice(samples.returned(ME)))
    assert (delivery.not_before, delivery.expires_at) == (AT + timedelta(hours=1), AT + timedelta(days=14))


def test_one_person_is_asked_for_an_opinion_once_also_within_a_batch() -> None:
    surveys = [notice(samples.returned(person, number)) for person, number in ((ME, 1), (ME, 2), (YOU, 3))]
    assert [d.code for d in routed(*surveys)] == [None, "asked-lately", None]
    lately = Circumstances(lately={(Class.SURVEY, ME)})
    assert [d.code for d in routed(*surveys, known=lately)] == ["asked-lately", "asked-lately", None]


def test_who_asked_for_quiet_is_sent_what_the_law_requires_and_nothing_else() -> None:
    both = [notice(samples.returned(ME)), notice(samples.accepted(ME))]
    found = routed(*both, known=Circumstances(muted={ME}))
    assert [(d.state, d.code) for d in found] == [(State.CANCELLED, "unsubscribed"), (State.PENDING, None)]


def test_a_source_that_tells_its_citizens_itself_keeps_everything_in() -> None:
    found = routed(notice(samples.accepted(ME)), known=Circumstances(told_elsewhere={samples.dossier()}))
    assert [(d.state, d.code) for d in found] == [(State.CANCELLED, "told-by-source")]


def test_the_same_notice_has_the_same_delivery_and_one_thread_per_recipient_and_dossier() -> None:
    first, again, later, other = (
        routed(notice(fact, n))[0]
        for fact, n in (
            (samples.accepted(ME), 2), (samples.accepted(ME), 2), (samples.settled(ME), 3), (samples.accepted(ME, 2), 2),
        )
    )  # fmt: skip
    assert first.id == again.id != later.id
    assert first.ordering_key == later.ordering_key != other.ordering_key


@pytest.mark.parametrize("way", [{"expires_days": 7}, {"once_per_days": 1}, {"until_read": True}])
def test_no_catalogue_may_let_a_statutory_notice_fall_away(way: dict[str, object]) -> None:
    with pytest.raises(BadCatalogue, match="statutory"):
        read({"rule": []}, {}, {}, {"statutory": {"email": {"after_minutes": 0, **way}}})


# -- what an answer makes of a delivery --------------------------------------------------------------------------------

STATUTORY = Attempt(UUID(int=1), 1, statutory=True, failures=0, doubts=0)
SURVEY = replace(STATUTORY, statutory=False)


@pytest.mark.parametrize(
    ("outcome", "state", "after", "address"),
    [
        (Accepted("250"), State.ACCEPTED, None, None),
        (Rejected(Fault.ADDRESS, "550"), State.FAILED_PERMANENT, None, AddressState.BOUNCED),
        (Rejected(Fault.RECIPIENT, "550"), State.FAILED_PERMANENT, None, AddressState.BLOCKED),
        (Rejected(Fault.CONTENT, "554"), State.FAILED_PERMANENT, None, None),
        (Rejected(Fault.TEMPORARY, "451"), State.PENDING, timedelta(seconds=10), None),
        (Rejected(Fault.THROTTLED, "421"), State.PENDING, timedelta(minutes=5), None),
        (Rejected(Fault.CONFIG, "535"), State.PENDING, timedelta(minutes=5), None),
        (InDoubt("timeout"), State.UNKNOWN, timedelta(minutes=5), None),
    ],
)
def test_each_class_of_answer_has_its_consequence(
    outcome: Outcome, state: State, after: timedelta | None, address: AddressState | None
) -> None:
    made = domain.verdict(STATUTORY, outcome, 1.0)
    assert (made.state, made.after, made.address) == (state, after, address)


def test_waits_grow_to_two_hours_are_spread_and_come_to_an_end() -> None:
    waits = []
    for failures in range(MOST_FAILURES - 1):
        made = domain.verdict(replace(STATUTORY, failures=failures), Rejected(Fault.TEMPORARY, "451"), 1.0)
        waits.append(made.after)
        assert made.failures == failures + 1
    assert tuple(waits[:7]) == BACK_OFF
    assert set(waits[7:]) == {timedelta(hours=2)}
    half = domain.verdict(STATUTORY, Rejected(Fault.TEMPORARY, "451"), 0.5)
    assert half.after == timedelta(seconds=5)
    last = domain.verdict(replace(STATUTORY, failures=MOST_FAILURES - 1), Rejected(Fault.TEMPORARY, "451"), 1.0)
    assert (last.state, last.code) == (State.FAILED_PERMANENT, "451")


def test_what_is_our_own_fault_is_not_counted_against_the_delivery() -> None:
    assert domain.verdict(STATUTORY, Rejected(Fault.CONFIG, "535"), 1.0).failures == 0


def test_a_statutory_message_in_doubt_is_sent_once_more_and_any_other_is_left_alone() -> None:
    first = domain.verdict(STATUTORY, InDoubt("timeout"), 1.0)
    second = domain.verdict(replace(STATUTORY, doubts=first.doubts), InDoubt("timeout"), 1.0)
    other = domain.verdict(SURVEY, InDoubt("timeout"), 1.0)
    assert [each.after is None for each in (first, second, other)] == [False, True, True]
    assert {each.state for each in (first, second, other)} == {State.UNKNOWN}


def test_what_was_only_simulated_says_so() -> None:
    found = [
        domain.verdict(STATUTORY, outcome, 1.0, simulated=True).state
        for outcome in (Accepted("250"), Rejected(Fault.ADDRESS, "550"), Rejected(Fault.TEMPORARY, "451"), InDoubt("x"))
    ]
    assert found == [State.SIMULATED_ACCEPTED, State.SIMULATED_FAILED, State.PENDING, State.UNKNOWN]


@pytest.mark.parametrize(
    ("reach", "mutable", "expires", "expected"),
    [
        (Reach("a@b"), False, None, (State.SENDING, None)),
        (Reach("a@b"), True, AT + timedelta(seconds=1), (State.SENDING, None)),
        (Reach("a@b"), True, AT, (State.EXPIRED, None)),
        (Reach(None), False, None, (State.HELD, None)),
        (Reach("a@b", AddressState.BOUNCED), False, None, (State.FAILED_PERMANENT, "address-bounced")),
        (Reach("a@b", muted=True), True, None, (State.CANCELLED, "unsubscribed")),
        (Reach("a@b", muted=True), False, None, (State.SENDING, None)),
    ],
)
def test_when_a_delivery_is_due_it_is_looked_at_again(
    reach: Reach, mutable: bool, expires: datetime | None, expected: tuple[State, str | None]  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    assert domain.readiness(reach, mutable=mutable, expires_at=expires, now=AT) == expected


def test_every_state_has_its_arrows_and_final_states_have_none() -> None:
    assert set(ARROWS) == set(State)
    final = {state for state, arrows in ARROWS.items() if not arrows}
    assert final == {
        State.READ, State.FAILED_PERMANENT, State.CANCELLED, State.EXPIRED, State.SUPERSEDED, State.SIMULATED_ACCEPTED, State.SIMULATED_FAILED,
    }  # fmt: skip
    with pytest.raises(WrongMove, match="accepted -> pending"):
        domain.move(State.ACCEPTED, State.PENDING)


def test_the_breaker_opens_after_failures_in_a_row_lets_one_through_and_closes_when_it_is_answered() -> None:
    down, breaker = Rejected(Fault.TEMPORARY, "no-connection", unreachable=True), Breaker()
    for _ in range(4):
        breaker = breaker.after(down, 0.0)
    assert breaker.after(Rejected(Fault.TEMPORARY, "451"), 0.0).room(8, 0.0) == 8
    breaker = breaker.after(down, 0.0)
    assert [breaker.room(8, at) for at in (0.0, 29.9, 30.0)] == [0, 0, 1]
    assert breaker.after(down, 30.0).room(8, 59.0) == 0
    assert breaker.after(Accepted("250"), 30.0).room(8, 30.0) == 8


def test_a_wrong_password_opens_the_breaker_at_once() -> None:
    breaker = Breaker().after(Rejected(Fault.CONFIG, "535"), 0.0)
    assert [breaker.room(8, at) for at in (0.0, 299.0, 300.0)] == [0, 0, 1]


# -- any story at all --------------------------------------------------------------------------------------------------

OUTCOMES: Sequence[Outcome] = (
    Accepted("250"), InDoubt("timeout"), *(Rejected(fault, "x") for fault in Fault),
)  # fmt: skip


class Story(RuleBasedStateMachine):
    """One delivery and a provider that does as it likes, with crashes, contacts that come and go, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.was = State.PENDING, State.PENDING
        self.attempt = Attempt(UUID(int=1), 0, statutory=False, failures=0, doubts=0)
        self.resend = False
        self.surely, self.maybe = 0, 0

    @rule(statutory=st.booleans())
    @precondition(lambda self: self.attempt.n == 0)
    def begins(self, statutory: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        self.attempt = replace(self.attempt, statutory=statutory)

    def go(self, state: State) -> None:
        self.was, self.state = self.state, domain.move(self.state, state)

    @rule(
        reach=st.sampled_from([Reach("a@b"), Reach(None), Reach("a@b", AddressState.BOUNCED), Reach("a@b", muted=True)])
    )
    @precondition(lambda self: self.state is State.PENDING)
    def is_due(self, reach: Reach) -> None:
        state, _ = domain.readiness(reach, mutable=not self.attempt.statutory, expires_at=None, now=AT)
        self.go(state)
        if state is State.SENDING:
            self.attempt = replace(self.attempt, n=self.attempt.n + 1)

    @rule(outcome=st.sampled_from(OUTCOMES), chance=st.floats(0, 1))
    @precondition(lambda self: self.state is State.SENDING)
    def is_answered(self, outcome: Outcome, chance: float) -> None:
        made = domain.verdict(self.attempt, outcome, chance)
        self.surely += isinstance(outcome, Accepted)
        self.maybe += isinstance(outcome, InDoubt)
        self.go(made.state)
        self.attempt = replace(self.attempt, failures=made.failures, doubts=made.doubts)
        self.resend = made.state is State.UNKNOWN and made.after is not None

    @rule()
    @precondition(lambda self: self.state is State.UNKNOWN and self.resend)
    def time_passes_in_doubt(self) -> None:
        self.resend = False
        self.go(State.PENDING)

    @rule()
    @precondition(lambda self: self.state is State.UNKNOWN and not self.resend)
    def is_answered_after_all(self) -> None:
        self.go(State.ACCEPTED)

    @rule(state=st.sampled_from(State))
    @precondition(lambda self: not ARROWS[self.state] or self.state is State.ACCEPTED)
    def cannot_be_sent_again(self, state: State) -> None:
        if state in {State.PENDING, State.SENDING, State.HELD, State.UNKNOWN}:
            with pytest.raises(WrongMove):
                domain.move(self.state, state)

    @rule(state=st.sampled_from([State.PENDING, State.FAILED_PERMANENT, State.CANCELLED]))
    @precondition(lambda self: self.state is State.HELD)
    def ends_waiting(self, state: State) -> None:
        self.go(state)

    @invariant()
    def is_accepted_once_at_most(self) -> None:
        assert self.surely <= 1

    @invariant()
    def reaches_nobody_more_often_than_the_policy_allows(self) -> None:
        assert self.surely + self.maybe <= (2 if self.attempt.statutory else 1)

    @invariant()
    def never_comes_back_from_where_nothing_leads(self) -> None:
        assert self.was is self.state or ARROWS[self.was]


TestStory = Story.TestCase
