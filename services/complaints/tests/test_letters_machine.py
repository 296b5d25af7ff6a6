"""Any sequence of commands moves a letter along the drawn arrows or is refused by name, and its facts alone tell where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.complaints.domain import LETTER_ARROWS, LETTER_ROLES, Kind, Part, Stage, Submission, screening
from services.complaints.domain.stages import UNREAD
from services.complaints.tests import cases
from services.complaints.tests.cases import OFFICE, RECEIVED, UNITS
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.kernel import Refused

_AFTER: dict[type[Fact], Stage] = {
    facts.SubmissionSplit: Stage.SPLIT, facts.SubmissionGuided: Stage.GUIDED, facts.SubmissionFiled: Stage.FILED, facts.SubmissionLinked: Stage.LINKED,
    facts.SubmissionSupplementRequested: Stage.AWAITING_SUPPLEMENT, facts.SubmissionSupplied: Stage.REGISTERED,
}  # fmt: skip


def told(said: list[Any]) -> tuple[Stage, str]:
    """The stage and the unit as somebody who only reads the facts knows them."""
    stage, unit = Stage.REGISTERED, cases.COMMUNE.code
    for fact in said:
        if isinstance(fact, facts.SubmissionTransferred):
            stage, unit = (Stage.REGISTERED, fact.to_unit) if fact.to_unit else (Stage.TRANSFERRED, unit)
        else:
            stage = _AFTER[type(fact)]
    return stage, unit


class LetterMachine(RuleBasedStateMachine):
    """One letter, and whoever commands it at any time."""

    letter: Submission
    now: datetime
    said: list[Any]

    @initialize(anonymous=st.booleans())
    def arrive(self, *, anonymous: bool) -> None:
        self.letter, self.now, self.said = cases.letter(parties=() if anonymous else (cases.ONE,)), RECEIVED, []

    @rule(days=st.integers(0, 20), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        if self.now < RECEIVED + timedelta(days=300):
            self.now += timedelta(days=days, hours=hours)

    @rule(command=st.sampled_from(sorted(LETTER_ROLES)), unit=st.sampled_from([None, *UNITS]), lapsed=st.booleans())
    def somebody_commands(self, command: str, unit: str | None, *, lapsed: bool) -> None:
        self._try(command, unit, lapsed=lapsed)

    @rule(place=st.integers(0, 9), unit=st.sampled_from(list(UNITS)))
    def the_letter_goes_on(self, place: int, unit: str) -> None:
        going_on = {Stage.REGISTERED: ("request-supplement", "transfer"), Stage.AWAITING_SUPPLEMENT: ("supply",)}
        if usual := going_on.get(self.letter.state):
            self._try(usual[place % len(usual)], unit, lapsed=False)

    def _try(self, command: str, unit: str | None, *, lapsed: bool) -> None:
        before = self.letter
        try:
            after, fact = self._commands(unit, lapsed=lapsed)[command]()
        except Refused as refusal:
            self._refused_by_name(refusal)
            return
        passed_on = command == "transfer" and unit is not None
        assert after.state is (Stage.REGISTERED if passed_on else LETTER_ARROWS[before.state][command])
        assert after.version == before.version + 1
        self.letter = after
        self.said.append(fact)

    def _refused_by_name(self, refusal: Refused) -> None:
        assert type(refusal) is not Refused

    def _commands(self, unit: str | None, *, lapsed: bool) -> dict[str, Callable[[], tuple[Submission, Fact]]]:
        letter, at = self.letter, self.now
        another = cases.letter().having(id=UUID(int=101))
        reason = "not-supplemented" if lapsed else "blank"
        parts = [Part(Kind.FEEDBACK, "", cases.COMMUNE.code)]
        return {
            "split": lambda: screening.split(letter, parts, at=at, office=OFFICE),
            "guide": lambda: screening.guide(letter, reason_class="court", at=at, office=OFFICE),
            "file": lambda: screening.file_away(letter, reason_class=reason, at=at, office=OFFICE),
            "request-supplement": lambda: screening.request_supplement(letter, respond_by=None, at=at, office=OFFICE),
            "supply": lambda: screening.supply(letter, at=at, office=OFFICE),
            "link": lambda: screening.link(letter, another, followed=False, at=at, office=OFFICE),
            "transfer": lambda: screening.transfer(
                letter, to=UNITS[unit] if unit else None, reason_class="other", at=at, office=OFFICE
            ),
        }

    @invariant()
    def the_facts_alone_tell_stage_and_unit(self) -> None:
        assert told(self.said) == (self.letter.state, self.letter.unit)

    @invariant()
    def a_letter_nobody_has_read_has_its_limit_and_one_that_was_read_has_none(self) -> None:
        assert self.letter.screening is not None
        assert self.letter.screening.ended is (self.letter.state not in UNREAD)
        assert self.letter.state is not Stage.REGISTERED or self.letter.due_on is not None
        assert self.letter.state in UNREAD or self.letter.due_on is None

    @invariant()
    def a_day_to_answer_stands_while_the_sender_is_asked_and_only_then(self) -> None:
        assert (self.letter.respond_by is not None) is (self.letter.state is Stage.AWAITING_SUPPLEMENT)

    @invariant()
    def no_unit_had_the_letter_twice(self) -> None:
        held = (*self.letter.passed_on_by, self.letter.unit)
        assert len(set(held)) == len(held)

    @invariant()
    def what_was_written_and_by_whom_never_changes(self) -> None:
        first = cases.letter()
        for name in ("id", "receipt_no", "channel", "received_at", "registered_at"):
            assert getattr(self.letter, name) == getattr(first, name)


TestLetter = LetterMachine.TestCase
TestLetter.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
