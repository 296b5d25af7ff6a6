"""Who sees what and who may do what, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from services.complaints import domain
from services.complaints.domain import Kind, Part, moves, refusals
from services.complaints.domain import screening as letters
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, NEIGHBOUR, OFFICE, ONE, RECEIVED, TWO
from services.complaints.tests.given import officer
from shared.kernel import Forbidden, Principal


def passed_on(kind: Kind, at: datetime = RECEIVED) -> domain.Case:
    return cases.done(
        moves.transfer(cases.opened(kind), to=NEIGHBOUR, reason_class="not-competent", at=at, office=OFFICE)
    )


PARTY = Principal("someone", frozenset({"citizen"}), recipient=ONE, acting="citizen")
STRANGER = Principal("other", frozenset({"citizen"}), recipient=TWO, acting="citizen")
HANDLER = officer("handler", subject="cb-01")


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (PARTY, True),
        (STRANGER, False),
        (Principal("nobody", frozenset({"citizen"}), acting="citizen"), False),
        (HANDLER, True),
        (officer("handler", subject="cb-02"), False),
        (officer("handler", subject="cb-01", unit=NEIGHBOUR.code), False),
        (officer("head"), True),
        (officer("clerk"), True),
        (officer("inspector"), True),
        (officer("inspector", unit="44"), True),
        (officer("inspector", unit=NEIGHBOUR.code), False),
        (officer("head", unit=NEIGHBOUR.code), False),
        (officer("head", unit="44"), False),
        (officer("screener"), False),
        (officer("ops"), False),
        (officer("admin"), False),
    ],
)
def test_who_sees_a_case(who: Principal, *, sees: bool) -> None:
    assert domain.is_readable_by(cases.verifying(), who) is sees


def test_the_unit_asked_to_take_a_case_sees_it_while_it_is_asked_and_only_then() -> None:
    asked_head = officer("head", unit=NEIGHBOUR.code)
    assert domain.is_readable_by(passed_on(Kind.COMPLAINT), asked_head)
    back = moves.reject_transfer(
        passed_on(Kind.COMPLAINT), superior=None, reason_class="other", at=RECEIVED, office=OFFICE
    )
    assert not domain.is_readable_by(back[0], asked_head)


@pytest.mark.parametrize(
    ("who", "command", "role"),
    [
        (PARTY, "withdraw", "citizen"),
        (STRANGER, "withdraw", None),
        (officer("clerk"), "withdraw", "clerk"),
        (officer("clerk", "citizen"), "withdraw", "clerk"),
        (officer("clerk", unit=NEIGHBOUR.code), "withdraw", None),
        (HANDLER, "record-dialogue", "handler"),
        (HANDLER, "decide", None),
        (officer("handler", subject="cb-02"), "schedule-dialogue", None),
        (officer("head"), "decide", "head"),
        (officer("head", "handler", subject="cb-01"), "schedule-dialogue", "handler"),
        (officer("inspector", unit="44"), "decide", None),
        (officer("admin"), "decide", None),
        (PARTY, "decide", None),
    ],
)
def test_who_may_command(who: Principal, command: str, role: str | None) -> None:
    assert domain.capacity(command, cases.verifying(), who) == role


def test_only_the_unit_asked_answers_a_transfer() -> None:
    case = passed_on(Kind.FEEDBACK)
    assert domain.capacity("accept-transfer", case, officer("head")) is None
    assert domain.capacity("accept-transfer", case, officer("head", unit=NEIGHBOUR.code)) == "head"
    assert domain.capacity("accept-transfer", cases.opened(), officer("head", unit=NEIGHBOUR.code)) is None


def test_the_actions_shown_are_those_the_table_and_ones_rights_allow() -> None:
    names = {action["name"] for action in domain.snapshot(cases.verifying(), PARTY)["actions"]}
    assert names == {"withdraw", "appeal"}
    names = {action["name"] for action in domain.snapshot(cases.verifying(), HANDLER)["actions"]}
    assert names == {"schedule-dialogue", "record-dialogue"}
    assert domain.snapshot(cases.verifying(), officer("inspector", unit="44"))["actions"] == []


@pytest.mark.parametrize(
    ("who", "sees", "reads_new", "reads_split"),
    [
        (PARTY, True, True, True),
        (STRANGER, False, False, False),
        (officer("screener"), True, True, False),
        (officer("head"), True, True, False),
        (officer("screener", unit=NEIGHBOUR.code), False, False, False),
        (officer("clerk"), False, False, False),
        (officer("inspector", unit="44"), True, False, False),
        (officer("inspector"), False, False, False),
    ],
)
def test_who_sees_and_who_reads_a_letter(who: Principal, *, sees: bool, reads_new: bool, reads_split: bool) -> None:
    new = cases.letter()
    split, _ = letters.split(new, [Part(Kind.FEEDBACK, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    assert domain.may_see_letter(new, who) is domain.may_see_letter(split, who) is sees
    assert (domain.may_read_letter(new, who), domain.may_read_letter(split, who)) == (reads_new, reads_split)


def test_in_which_role_a_letter_is_handed_in() -> None:
    def role(who: Principal, *, anonymous: bool = False) -> str:
        return domain.filing_capacity(who, COMMUNE.code, anonymous=anonymous)

    assert [role(officer(each)) for each in ("clerk", "front", "screener")] == ["clerk", "front", "screener"]
    assert role(officer("clerk"), anonymous=True) == "clerk"
    assert (role(PARTY), role(PARTY, anonymous=True)) == ("citizen", domain.ANONYMOUS)
    assert role(replace(officer("clerk", unit=NEIGHBOUR.code)), anonymous=True) == domain.ANONYMOUS
    with pytest.raises(Forbidden):
        role(officer("clerk", unit=NEIGHBOUR.code))
    with pytest.raises(refusals.IdentityUnknown):
        role(replace(PARTY, recipient=None))


def test_only_the_head_of_the_accountable_unit_opens_names() -> None:
    assert domain.may_open_people(cases.verifying(), officer("head"))
    for who in (
        HANDLER,
        PARTY,
        officer("clerk"),
        officer("head", unit=NEIGHBOUR.code),
        officer("inspector", unit="44"),
    ):
        assert not domain.may_open_people(cases.verifying(), who)
