"""Any sequence of commands moves a case along the drawn arrows or is refused by name, and keeps what must always hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.complaints.domain import ARROWS, Case, Kind, State, Unit, complaint, feedback, moves, superior
from services.complaints.domain.case import Decided
from services.complaints.domain.complaint import Acceptance
from services.complaints.domain.states import ROLES
from services.complaints.tests import cases
from services.complaints.tests.cases import OFFICE, RECEIVED, UNITS
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.kernel import Refused

_AFTER: dict[type[Fact], State | None] = {
    facts.CaseOpened: State.OPENED, facts.CaseAccepted: State.ACCEPTED, facts.CaseRefused: State.REFUSED, facts.CaseTransferred: State.TRANSFERRING,
    facts.CaseTransferAccepted: State.OPENED, facts.CaseTransferRejected: State.OPENED, facts.CaseEscalated: State.OPENED,
    facts.ClockSuspended: State.SUSPENDED, facts.DialogueHeld: State.DIALOGUE_HELD, facts.ComplaintResolved: State.DECIDED,
    facts.DecisionDelivered: State.DELIVERED, facts.CaseAppealed: State.APPEALED, facts.AnswerSent: State.ANSWERED,
    facts.OutcomeRated: State.RATED, facts.CaseReopened: State.OPENED, facts.CaseWithdrawn: State.WITHDRAWN,
}  # fmt: skip
"""The state each fact leaves a case in, as a reader of the facts alone would say; the rest is told by what stood before."""


def told(kind: Kind, said: list[Fact]) -> State:
    """The state as somebody who only reads the facts knows it."""
    state, came_from = State.OPENED, State.OPENED
    for fact in said:
        if isinstance(fact, facts.ClockSuspended):
            came_from = state
        if isinstance(fact, facts.ClockResumed):
            state = came_from
        elif isinstance(fact, facts.CaseAssigned):
            held = state is State.DIALOGUE_HELD
            state = state if held else State.VERIFYING if kind is Kind.COMPLAINT else State.IN_PROGRESS
        else:
            state = _AFTER.get(type(fact)) or state
    return state


_WORDS = st.sampled_from(["right", "wrong", "partly-right"])


class CaseMachine(RuleBasedStateMachine):
    """One case, and whoever commands it at any time."""

    case: Case
    now: datetime
    said: list[Fact]

    kind: Kind

    @initialize(unit=st.sampled_from([cases.COMMUNE, cases.FAR_AWAY]))
    def open(self, unit: Unit) -> None:
        self.case, self.now, self.said = cases.opened(self.kind, unit=unit), RECEIVED, []

    @rule(days=st.integers(0, 25), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        if self.now < RECEIVED + timedelta(days=300):
            self.now += timedelta(days=days, hours=hours)

    @rule(command=st.sampled_from(sorted(ROLES)), word=_WORDS, later=st.integers(0, 12))
    def somebody_commands(self, command: str, word: str, later: int) -> None:
        self._try(command, word, later)

    @precondition(lambda self: bool(ARROWS[self.case.kind][self.case.state]))
    @rule(place=st.integers(0, 18), word=_WORDS, later=st.integers(4, 12))
    def somebody_follows_the_table(self, place: int, word: str, later: int) -> None:
        drawn = sorted(ARROWS[self.case.kind][self.case.state])
        usual = [command for command in drawn if command not in {"withdraw", "refuse", "transfer", "appeal"}] or drawn
        self._try(usual[place % len(usual)], word, later)

    def _try(self, command: str, word: str, later: int) -> None:
        before = self.case
        try:
            after, said = self._commands(word, later)[command]()
        except Refused as refusal:
            self._stayed(before, command, refusal)
            return
        target = ARROWS[before.kind][before.state][command]
        assert after.state is (target or before.came_from)
        assert (after.version, len(said) >= 1) == (before.version + 1, True)
        self.case = after
        self.said += said

    def _stayed(self, before: Case, command: str, refusal: Refused) -> None:
        drawn = command in ARROWS[before.kind][before.state]
        assert type(refusal) is not Refused
        assert drawn or set(refusal.facts) >= {"state", "command", "kind"}
        assert self.case is before

    def _commands(self, word: str, later: int) -> dict[str, Callable[[], Decided]]:
        case, at = self.case, self.now
        up = superior(UNITS, case.unit)
        asked = UNITS[case.to_unit or case.unit]
        elsewhere = cases.NEIGHBOUR if case.unit != cases.NEIGHBOUR.code else cases.COMMUNE
        return {
            "accept": lambda: complaint.accept(case, acceptance=Acceptance(1, word == "wrong"), at=at, office=OFFICE),
            "refuse": lambda: complaint.refuse(case, ground="unsigned", at=at, office=OFFICE),
            "assign": lambda: moves.assign(case, officer="cb-01", at=at),
            "transfer": lambda: moves.transfer(case, to=elsewhere, reason_class="other", at=at, office=OFFICE),
            "accept-transfer": lambda: moves.accept_transfer(case, receiver=asked, at=at, office=OFFICE),
            "reject-transfer": lambda: moves.reject_transfer(
                case, superior=cases.PROVINCE, reason_class="other", at=at, office=OFFICE
            ),
            "schedule-dialogue": lambda: complaint.schedule_dialogue(
                case, to_meet_at=at + timedelta(days=later), at=at, office=OFFICE
            ),
            "record-dialogue": lambda: complaint.record_dialogue(
                case, held_on=at.date(), outcome="differs", at=at
            ),
            "suspend": lambda: complaint.suspend(case, ground="force-majeure", at=at, office=OFFICE),
            "resume": lambda: complaint.resume(case, at=at, office=OFFICE),
            "extend": lambda: complaint.extend(case, ground="many-people", at=at, office=OFFICE),
            "decide": lambda: complaint.decide(
                case, number="1", findings=cases.findings(word), at=at, office=OFFICE
            ),
            "deliver": lambda: complaint.deliver(case, method="post", at=at, office=OFFICE),
            "appeal": lambda: complaint.appeal(case, superior=up, at=at, office=OFFICE),
            "answer": lambda: feedback.answer(case, outcome="fixed", at=at, office=OFFICE),
            "publish": lambda: feedback.publish(case, at=at),
            "rate": lambda: feedback.rate(case, score=5, at=at),
            "reopen": lambda: feedback.reopen(case, reason_class="other", superior=up, at=at, office=OFFICE),
            "withdraw": lambda: moves.withdraw(case, reason_class="own-wish", at=at, office=OFFICE),
        }  # fmt: skip

    @invariant()
    def the_facts_alone_tell_the_state(self) -> None:
        assert told(self.case.kind, self.said) is self.case.state

    @invariant()
    def an_open_case_has_a_limit_and_one_that_owes_nothing_has_none(self) -> None:
        owes_nothing = {State.ANSWERED, State.RATED, State.DELIVERED}
        closed = not ARROWS[self.case.kind][self.case.state] or self.case.state in owes_nothing
        assert (self.case.deadline is None) is closed
        assert all(term.ended for term in self.case.terms.values()) is closed

    @invariant()
    def no_settlement_is_due_later_than_the_law_allows(self) -> None:
        case = self.case
        if (
            case.deadline != "settlement"
            or case.due_on is None
            or case.accepted_at is None
            or any(isinstance(fact, facts.ClockSuspended) for fact in self.said)
        ):
            return  # fmt: skip
        most = 60 if case.remote else 45
        latest = OFFICE.calendar.working_day_from(case.accepted_at.date() + timedelta(days=most))
        assert case.due_on <= latest

    @invariant()
    def one_body_is_accountable_and_a_handler_is_its_own(self) -> None:
        assert (self.case.to_unit is not None) is (self.case.state is State.TRANSFERRING)
        assert self.case.unit in UNITS

    @precondition(lambda self: self.case.state is State.DECIDED)
    @invariant()
    def a_decision_has_its_findings_and_its_dialogue(self) -> None:
        resolved = next(fact for fact in self.said if isinstance(fact, facts.ComplaintResolved))
        assert resolved.right + resolved.partly_right + resolved.wrong + resolved.undetermined == resolved.contents
        assert self.case.dialogue_held_on is not None or resolved.right == resolved.contents


class ComplaintMachine(CaseMachine):
    """A complaint."""

    kind = Kind.COMPLAINT


class FeedbackMachine(CaseMachine):
    """Feedback; a petition has the same table."""

    kind = Kind.FEEDBACK


_ENOUGH = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
TestComplaint, TestFeedback = ComplaintMachine.TestCase, FeedbackMachine.TestCase
TestComplaint.settings = TestFeedback.settings = _ENOUGH
