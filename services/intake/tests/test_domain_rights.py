"""Who may file, read and command a dossier."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from services.intake import domain
from services.intake.domain import Dossier, State
from services.intake.tests.given import (
    BINH,
    OTHER_UNIT,
    UNIT,
    citizen,
    officer,
)
from services.intake.tests.lives import give, in_state
from shared.kernel import Forbidden, Principal
from shared.settings import Keys


def own(dossier: Dossier, keys: Keys) -> tuple[Dossier, Principal]:
    an = citizen(keys)
    assert an.recipient is not None
    return dossier.having(recipient=an.recipient), an


@pytest.mark.parametrize(
    ("command", "roles"),
    [
        ("accept", {"clerk"}),
        ("refuse", {"clerk"}),
        ("assign", {"head", "clerk"}),
        ("request-supplement", {"clerk"}),
        ("supply", {"citizen", "clerk"}),
        ("settle", {"handler", "head"}),
        ("return-result", {"clerk"}),
        ("withdraw", {"citizen", "clerk"}),
        ("stop", {"citizen", "clerk"}),
        ("require-payment", {"clerk"}),
        ("confirm-payment", {"citizen", "clerk"}),
        ("pause", {"handler", "head"}),
        ("resume", {"handler", "head"}),
        ("move-appointment", {"head", "clerk"}),
        ("correct", {"clerk"}),
        ("rate", {"citizen"}),
        ("transfer", {"head", "clerk"}),
        ("accept-transfer", {"head", "clerk"}),
        ("reject-transfer", {"head", "clerk"}),
    ],
)
def test_a_command_is_given_by_the_dossier_s_citizen_or_by_these_officers_of_its_unit(
    command: str, roles: set[str], keys: Keys
) -> None:
    dossier, an = own(in_state(State.ACCEPTED), keys)
    officers = ("clerk", "handler", "head", "inspector", "screener", "front", "publisher", "ops", "admin")

    may = {role for role in officers if domain.capacity(command, dossier, officer(role)) == role}
    may |= {"citizen"} if domain.capacity(command, dossier, an) == "citizen" else set()

    assert may == roles
    assert not any(domain.capacity(command, dossier, officer(role, unit=OTHER_UNIT)) for role in officers)
    assert domain.capacity(command, dossier, citizen(keys, BINH)) is None
    assert domain.capacity(command, dossier, Principal("s", frozenset({"citizen"}), acting="citizen")) is None


def test_a_clerk_who_is_a_citizen_too_acts_as_the_one_that_fits(keys: Keys) -> None:
    dossier, an = own(in_state(State.AWAITING_SUPPLEMENT), keys)
    both = replace(an, roles=frozenset({"citizen", "clerk"}), units=frozenset({OTHER_UNIT}))

    assert domain.capacity("supply", dossier, both) == "citizen"
    assert domain.capacity("supply", dossier.having(recipient=UUID(int=1)), both) is None
    assert domain.capacity("supply", dossier.having(recipient=UUID(int=1), unit=OTHER_UNIT), both) == "clerk"
    assert domain.filing_capacity(both, OTHER_UNIT) == "clerk"
    assert domain.filing_capacity(both, UNIT) == "citizen"


def test_nobody_files_without_being_known(keys: Keys) -> None:
    with pytest.raises(domain.IdentityUnknown):
        domain.filing_capacity(Principal("s", frozenset({"citizen"})), UNIT)
    with pytest.raises(Forbidden):
        domain.filing_capacity(officer("clerk", unit=OTHER_UNIT), UNIT)
    assert domain.filing_capacity(officer("clerk"), UNIT) == "clerk"
    assert domain.filing_capacity(citizen(keys), UNIT) == "citizen"


def test_the_actions_shown_are_those_that_may_be_given_now(keys: Keys) -> None:
    dossier, an = own(in_state(State.ACCEPTED), keys)

    needed = ["reason_class", "reason"]
    assert domain.actions(dossier, an) == [{"name": "withdraw", "needs": needed}, {"name": "stop", "needs": needed}]
    shown = {action["name"] for action in domain.actions(dossier, officer("clerk", "head"))}
    assert shown == {
        "assign", "request-supplement", "require-payment", "move-appointment", "settle", "withdraw", "stop", "correct", "transfer",
    }  # fmt: skip
    assert domain.actions(dossier, citizen(keys, BINH)) == []
    assert domain.actions(in_state(State.RETURNED), officer("clerk", "head", "handler")) == []


def test_what_may_be_done_only_so_often_is_not_shown_once_it_was(keys: Keys) -> None:
    accepted, an = own(in_state(State.ACCEPTED), keys)
    returned, clerk = in_state(State.RETURNED).having(recipient=an.recipient or UUID(int=0)), officer("clerk")

    def names(dossier: Dossier, who: Principal) -> set[str]:
        return {action["name"] for action in domain.actions(dossier, who)}

    assert names(accepted, clerk) - names(accepted.having(supplements=1), clerk) == {"request-supplement"}
    assert names(accepted, clerk) - names(accepted.having(apologies=1), clerk) == {"move-appointment"}
    assert (names(returned, an), names(returned.having(rating=3), an)) == ({"rate"}, set())


def test_a_dossier_is_read_by_its_citizen_and_the_officers_of_its_unit(keys: Keys) -> None:
    dossier, an = own(in_state(State.ACCEPTED), keys)

    readers = [an, *(officer(role) for role in ("clerk", "handler", "head", "inspector", "admin"))]
    others = [citizen(keys, BINH), officer("clerk", unit=OTHER_UNIT), officer("publisher"), officer("citizen")]
    assert all(domain.is_readable_by(dossier, who) for who in readers)
    assert not any(domain.is_readable_by(dossier, who) for who in others)
    assert domain.is_readable_by(dossier, officer("admin", unit=OTHER_UNIT))


def test_what_is_kept_for_a_repeat_holds_no_clock_and_nothing_personal() -> None:
    kept = domain.snapshot(in_state(State.SETTLED), officer("clerk"))

    assert not kept.keys() & {"answer", "settlement", "person", "owner", "summary", "components", "reason"}
    assert (kept["phase"], kept["version"]) == ("answered", 2)


def test_an_offer_is_answered_by_the_unit_asked_and_leaves_the_sender_what_it_owes_the_citizen() -> None:
    offered = give("transfer", in_state(State.ACCEPTED))
    asked, sender = officer("head", "clerk", unit=OTHER_UNIT), officer("head", "clerk")

    def names(dossier: Dossier, who: Principal) -> set[str]:
        return {action["name"] for action in domain.actions(dossier, who)}

    assert names(offered, asked) == {"accept-transfer", "reject-transfer"}
    assert names(offered, sender) == {"withdraw", "stop", "correct", "move-appointment"}
    assert domain.capacity("accept-transfer", offered, sender) is None
    assert domain.is_readable_by(offered, officer("clerk", unit=OTHER_UNIT))
    assert not domain.is_readable_by(offered, officer("front", unit=OTHER_UNIT))
    assert not domain.is_readable_by(give("reject-transfer", offered), asked)


def test_who_received_a_dossier_reads_it_wherever_it_went_and_commands_it_no_more() -> None:
    taken = give("accept-transfer", give("transfer", in_state(State.ACCEPTED)))

    assert domain.is_readable_by(taken, officer("clerk"))
    assert domain.actions(taken, officer("clerk", "head", "handler")) == []
    assert "assign" in {action["name"] for action in domain.actions(taken, officer("head", unit=OTHER_UNIT))}
