"""What is done with a letter before it is split, without a store: supplements, links, passing it on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.complaints import domain
from services.complaints.domain import LETTER_ARROWS, Kind, Part, Stage, Submission, refusals, screening
from services.complaints.domain.stages import LETTER_NEEDS, LETTER_ROLES, STAGE_PHASE, UNREAD, follow_letter
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, FAR_AWAY, NEIGHBOUR, OFFICE, ONE, RECEIVED, TWO
from services.complaints.tests.given import hanoi, officer
from shared.kernel import Principal, Refused

TODAY = RECEIVED.date()
WEDNESDAY, FRIDAY = hanoi("2026-11-25 09:00"), hanoi("2026-11-27 09:00")
OPEN_COMMANDS = ("split", "request-supplement", "guide", "file", "link", "transfer")


def asked(letter: Submission | None = None, *, respond_by: date | None = None) -> Submission:
    """A letter whose sender was asked for something on the day it came."""
    made, _ = screening.request_supplement(letter or cases.letter(), respond_by=respond_by, at=RECEIVED, office=OFFICE)
    return made


def other(**changes: Any) -> Submission:
    """Another letter of the same unit."""
    return cases.letter().having(id=UUID(int=101), receipt_no="DT.19360-261123-0002", **changes)


def linked(letter: Submission, to: Submission, *, followed: bool = False) -> Submission:
    made, _ = screening.link(letter, to, followed=followed, at=RECEIVED, office=OFFICE)
    return made


# -- the table -------------------------------------------------------------------------------------------------------


def test_every_command_on_a_letter_has_roles_and_needs_and_every_stage_a_phase() -> None:
    commands = {command for arrows in LETTER_ARROWS.values() for command in arrows}
    assert commands == LETTER_ROLES.keys() == LETTER_NEEDS.keys()
    assert set(STAGE_PHASE) == set(LETTER_ARROWS) == set(Stage)
    assert {stage for stage, arrows in LETTER_ARROWS.items() if arrows} == UNREAD


def test_every_stage_is_reached_from_the_first() -> None:
    targets = {target for arrows in LETTER_ARROWS.values() for target in arrows.values()}
    assert targets | {Stage.REGISTERED} == set(Stage)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("command", list(LETTER_ROLES))
def test_a_command_out_of_turn_is_refused_by_the_name_of_what_stands_against_it(stage: Stage, command: str) -> None:
    if command in LETTER_ARROWS[stage]:
        assert follow_letter(stage, command) is LETTER_ARROWS[stage][command]
        return
    expected: dict[Stage, type[Refused]] = {
        Stage.REGISTERED: refusals.NothingAsked, Stage.AWAITING_SUPPLEMENT: refusals.AwaitingSupplement,
    }  # fmt: skip
    with pytest.raises(Refused) as caught:
        follow_letter(stage, command)
    assert type(caught.value) is expected.get(stage, refusals.AlreadyScreened)


# -- supplements -----------------------------------------------------------------------------------------------------


def test_asking_for_what_is_missing_lets_the_screening_stand_still() -> None:
    letter, fact = screening.request_supplement(cases.letter(), respond_by=None, at=WEDNESDAY, office=OFFICE)
    assert (letter.state, letter.phase, letter.due_at, letter.due_on) == (Stage.AWAITING_SUPPLEMENT, "waiting-for-you", None, None)  # fmt: skip
    assert (letter.respond_by, letter.supplements, letter.version) == (
        date(2026, 12, 25),
        1,
        2,
    )  # 30 days from Wednesday the 25th
    assert (fact.respond_by, fact.unit, fact.recipient) == (date(2026, 12, 25), COMMUNE.code, ONE)


def test_the_day_may_be_said_and_is_at_least_tomorrow() -> None:
    assert asked(respond_by=TODAY + timedelta(days=1)).respond_by == TODAY + timedelta(days=1)
    for day in (TODAY, TODAY - timedelta(days=1)):
        with pytest.raises(refusals.RespondByTooEarly):
            asked(respond_by=day)


def test_what_comes_lets_the_screening_go_on_with_the_time_that_was_left() -> None:
    waiting, _ = screening.request_supplement(cases.letter(), respond_by=None, at=WEDNESDAY, office=OFFICE)
    letter, fact = screening.supply(waiting, at=FRIDAY, office=OFFICE)
    assert cases.letter().due_on == date(2026, 12, 1)
    assert (letter.state, letter.due_on, letter.respond_by) == (Stage.REGISTERED, date(2026, 12, 3), None)
    assert (fact.due_on, fact.due_at) == (letter.due_on, letter.due_at)
    again, _ = screening.request_supplement(letter, respond_by=date(2027, 1, 4), at=FRIDAY, office=OFFICE)
    assert again.supplements == 2


def test_a_pause_after_the_due_day_does_not_move_it() -> None:
    late = hanoi("2026-12-02 09:00")
    waiting, _ = screening.request_supplement(cases.letter(), respond_by=None, at=late, office=OFFICE)
    assert waiting.due_on == date(2026, 12, 1)
    supplied, _ = screening.supply(waiting, at=late + timedelta(days=5), office=OFFICE)
    assert supplied.due_on == date(2026, 12, 1)


def test_what_comes_late_is_taken_as_long_as_the_letter_was_not_filed() -> None:
    waiting = asked(respond_by=date(2026, 11, 30))
    late = hanoi("2026-12-07 09:00")
    assert screening.supply(waiting, at=late, office=OFFICE)[0].state is Stage.REGISTERED
    filed, _ = screening.file_away(waiting, reason_class="not-supplemented", at=late, office=OFFICE)
    with pytest.raises(refusals.AlreadyScreened):
        screening.supply(filed, at=late, office=OFFICE)


def test_a_letter_nobody_supplied_is_filed_the_day_after_and_only_for_that_reason() -> None:
    waiting = asked(respond_by=date(2026, 11, 30))
    with pytest.raises(refusals.SupplementNotLapsed) as early:
        screening.file_away(waiting, reason_class="not-supplemented", at=hanoi("2026-11-30 23:59"), office=OFFICE)
    assert early.value.facts == {"respond_by": date(2026, 11, 30)}
    after = hanoi("2026-12-01 00:00")
    with pytest.raises(refusals.AwaitingSupplement):
        screening.file_away(waiting, reason_class="blank", at=after, office=OFFICE)
    filed, fact = screening.file_away(waiting, reason_class="not-supplemented", at=after, office=OFFICE)
    assert (filed.state, filed.closed_at, filed.respond_by, fact.reason_class) == (Stage.FILED, after, None, "not-supplemented")  # fmt: skip
    assert filed.screening is not None
    assert filed.screening.ended


def test_nobody_is_said_not_to_have_supplied_what_they_were_not_asked_for() -> None:
    with pytest.raises(refusals.NothingAsked):
        screening.file_away(cases.letter(), reason_class="not-supplemented", at=RECEIVED, office=OFFICE)


# -- links -----------------------------------------------------------------------------------------------------------


def test_a_letter_that_says_the_same_keeps_its_receipt_and_ends_here() -> None:
    letter, fact = screening.link(cases.letter(), other(), followed=False, at=RECEIVED, office=OFFICE)
    assert (letter.state, letter.phase, letter.linked_with, letter.due_on) == (Stage.LINKED, "closed", UUID(int=101), None)  # fmt: skip
    assert (letter.receipt_no, fact.with_submission, fact.code) == (cases.letter().receipt_no, UUID(int=101), letter.receipt_no)  # fmt: skip


@pytest.mark.parametrize("state", [Stage.SPLIT, Stage.FILED, Stage.GUIDED, Stage.AWAITING_SUPPLEMENT])
def test_the_first_letter_may_stand_anywhere(state: Stage) -> None:
    assert linked(cases.letter(), other(state=state)).state is Stage.LINKED


@pytest.mark.parametrize(
    ("letter", "to", "followed", "refusal"),
    [
        (cases.letter(), cases.letter(), False, refusals.SameLetter),
        (cases.letter(), other(anonymous=True), False, refusals.AcrossConfidentiality),
        (cases.letter(parties=()), other(), False, refusals.AcrossConfidentiality),
        (cases.letter(), other(state=Stage.GUIDED, reason_class="denunciation-in-writing"), False, refusals.AcrossConfidentiality),
        (cases.letter(), other(state=Stage.LINKED), False, refusals.LinkedInChain),
        (cases.letter(), other(), True, refusals.LinkedInChain),
    ],
)  # fmt: skip
def test_letters_are_not_linked_with_themselves_across_confidentiality_or_in_a_chain(
    letter: Submission, to: Submission, *, followed: bool, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        linked(letter, to, followed=followed)


def test_two_anonymous_letters_may_say_the_same() -> None:
    assert linked(cases.letter(parties=()), other(anonymous=True)).state is Stage.LINKED


# -- passing on ------------------------------------------------------------------------------------------------------


def passed_on(letter: Submission, to: domain.Unit | None, at: Any = WEDNESDAY) -> Submission:
    made, _ = screening.transfer(letter, to=to, reason_class="not-competent", at=at, office=OFFICE)
    return made


def test_another_unit_of_the_province_screens_the_letter_within_a_limit_of_its_own() -> None:
    letter, fact = screening.transfer(cases.letter(), to=NEIGHBOUR, reason_class="not-competent", at=WEDNESDAY, office=OFFICE)  # fmt: skip
    assert (letter.state, letter.unit, letter.due_on) == (Stage.REGISTERED, NEIGHBOUR.code, date(2026, 12, 2))
    assert (fact.unit, fact.to_unit, fact.due_on) == (COMMUNE.code, NEIGHBOUR.code, letter.due_on)
    assert (letter.passed_on_by, letter.closed_at) == ((COMMUNE.code,), None)


def test_with_a_body_outside_the_province_the_letter_ends_here() -> None:
    letter, fact = screening.transfer(cases.letter(), to=None, reason_class="not-competent", at=WEDNESDAY, office=OFFICE)  # fmt: skip
    assert (letter.state, letter.phase, letter.due_on, letter.closed_at) == (Stage.TRANSFERRED, "transferred", None, WEDNESDAY)  # fmt: skip
    assert (fact.unit, fact.to_unit, fact.due_on, fact.due_at) == (COMMUNE.code, None, None, None)


def test_letters_go_round_in_no_circle() -> None:
    with pytest.raises(refusals.SameUnit):
        passed_on(cases.letter(), COMMUNE)
    away = passed_on(passed_on(cases.letter(), NEIGHBOUR), FAR_AWAY)
    for unit in (COMMUNE, NEIGHBOUR):
        with pytest.raises(refusals.PassedOnAlready) as caught:
            passed_on(away, unit)
        assert caught.value.facts == {"field": "/to_unit", "unit": unit.code}
    assert passed_on(away, cases.PROVINCE).unit == "44"


# -- who -------------------------------------------------------------------------------------------------------------

PARTY = Principal("someone", frozenset({"citizen"}), recipient=ONE, acting="citizen")
STRANGER = Principal("other", frozenset({"citizen"}), recipient=TWO, acting="citizen")


@pytest.mark.parametrize(
    ("who", "screens", "supplies"),
    [
        (PARTY, None, "citizen"), (STRANGER, None, None), (officer("screener"), "screener", "screener"), (officer("head"), "head", "head"),
        (officer("clerk"), None, "clerk"), (officer("front"), None, "front"), (officer("handler"), None, None), (officer("inspector"), None, None),
        (officer("inspector", unit="44"), None, None), (officer("screener", unit=NEIGHBOUR.code), None, None),
        (officer("clerk", unit=NEIGHBOUR.code), None, None), (officer("ops"), None, None), (officer("admin"), None, None),
    ],
)  # fmt: skip
def test_who_does_what_with_a_letter(who: Principal, screens: str | None, supplies: str | None) -> None:
    for command in OPEN_COMMANDS:
        assert domain.letter_capacity(command, cases.letter(), who) == screens
    assert domain.letter_capacity("supply", asked(), who) == supplies


def test_once_passed_on_only_the_other_unit_screens_and_reads_the_letter() -> None:
    letter = passed_on(cases.letter(), NEIGHBOUR)
    for unit, may in ((COMMUNE.code, False), (NEIGHBOUR.code, True)):
        who = officer("screener", unit=unit)
        assert (domain.may_see_letter(letter, who), domain.may_read_letter(letter, who)) == (may, may)
    assert domain.may_read_letter(letter, PARTY)


def test_the_actions_shown_are_those_of_the_stage_and_ones_rights() -> None:
    def names(letter: Submission, who: Principal) -> list[str]:
        return [action["name"] for action in domain.submission_snapshot(letter, who)["actions"]]

    assert names(cases.letter(), officer("head")) == list(OPEN_COMMANDS)
    assert (names(cases.letter(), PARTY), names(asked(), PARTY)) == ([], ["supply"])
    assert names(asked(), officer("screener")) == ["supply", "file"]
    assert names(linked(cases.letter(), other()), officer("head")) == []


def test_which_letter_it_is_linked_with_may_be_anothers_and_is_told_to_the_office_alone() -> None:
    letter = linked(cases.letter(), other())
    assert domain.submission_snapshot(letter, PARTY)["linked_with"] is None
    for who in (officer("screener"), officer("inspector", unit="44")):
        assert domain.submission_snapshot(letter, who)["linked_with"] == UUID(int=101)


def test_a_letter_that_waits_opens_no_case() -> None:
    with pytest.raises(refusals.AwaitingSupplement):
        screening.split(asked(), [Part(Kind.FEEDBACK, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
