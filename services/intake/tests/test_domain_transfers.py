"""The rules of hand-overs by example: asked, taken, sent back, up after the second time; no date moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake import domain
from services.intake.domain import Dossier, State
from services.intake.tests.given import OTHER_UNIT, UNIT, a_procedure, a_unit, hanoi
from services.intake.tests.lives import OFFICE, OTHER, PROVINCE, give, in_state, stated, told

LATER = hanoi("2026-11-24 09:00")
DATES = ("due_at", "due_on", "promised_on", "lawful_due_on", "first_promised_on", "settlement")
CENTRE = a_unit(code="44X01", level="province", kind="service-center")


def dates(dossier: Dossier) -> list[Any]:
    return [getattr(dossier, name) for name in DATES]


def test_the_sender_is_accountable_until_the_unit_asked_says_yes() -> None:
    before = in_state(State.IN_PROGRESS)
    offered, fact = told("transfer", before, LATER)
    said: Any = fact
    assert (offered.unit, offered.to_unit, offered.handler, offered.offered_at) == (UNIT, OTHER_UNIT, "cb-1", LATER)
    assert (said.unit, said.to_unit, said.papers, said.accept_due_on) == (
        UNIT,
        OTHER_UNIT,
        2,
        date(2026, 12, 2),
    )  # the 24th is a holiday
    assert offered.transfer is not None
    assert not offered.transfer.ended

    taken, [accepted] = stated("accept-transfer", offered, hanoi("2026-11-25 10:00"))

    told_: Any = accepted
    assert (taken.unit, taken.to_unit, taken.handler, taken.receiving_unit) == (OTHER_UNIT, None, None, UNIT)
    assert (told_.from_unit, told_.unit, told_.promised_on) == (UNIT, OTHER_UNIT, before.promised_on)
    assert dates(before) == dates(offered) == dates(taken)
    assert taken.transfer is not None
    assert taken.transfer.ended


def test_the_second_no_sends_it_up_whoever_said_it() -> None:
    once, [first] = stated("reject-transfer", give("transfer", in_state(State.IN_PROGRESS), LATER), LATER)
    assert (once.unit, once.handler, once.rejections, type(first).__name__) == (
        UNIT,
        "cb-1",
        1,
        "DossierTransferRejected",
    )

    again = give("transfer", once, LATER, to=CENTRE)
    up, [second, escalated] = stated("reject-transfer", again, LATER)

    said: Any = (second, escalated)
    assert (said[0].by_unit, said[0].times, said[1].from_unit, said[1].unit) == ("44X01", 2, UNIT, PROVINCE.code)
    assert (up.unit, up.handler, up.to_unit, up.version) == (PROVINCE.code, None, None, again.version + 1)
    assert dates(up) == dates(once)


@pytest.mark.parametrize("superior", [None, a_unit()])
def test_where_nobody_stands_above_it_stays_with_the_sender(superior: domain.Unit | None) -> None:
    offered = give("transfer", in_state(State.ACCEPTED), LATER).having(rejections=1)

    back, stated_ = domain.reject_transfer(
        offered, superior=superior, reason_class="not-competent", at=LATER, office=OFFICE
    )

    assert (back.unit, back.to_unit, len(stated_)) == (UNIT, None, 1)


def test_a_dossier_is_offered_to_another_unit_that_settles_such() -> None:
    dossier = in_state(State.ACCEPTED)
    with pytest.raises(domain.SameUnit) as same:
        give("transfer", dossier, to=a_unit())
    with pytest.raises(domain.NotOfferedHere) as wrong:
        give("transfer", dossier, to=PROVINCE)

    assert (same.value.facts["field"], wrong.value.facts["field"]) == ("/to_unit", "/to_unit")
    assert give("transfer", dossier, to=CENTRE).to_unit == "44X01"
    said: dict[str, Any] = {"to": PROVINCE, "reason_class": "other", "papers": 0, "at": LATER, "office": OFFICE}
    assert domain.transfer(dossier, procedure=None, **said)[0].to_unit == "44"
    assert not PROVINCE.offers(a_procedure())


@pytest.mark.parametrize("command", ["withdraw", "stop"])
def test_whoever_gives_up_an_offered_dossier_ends_the_offer(command: str) -> None:
    ended = give(command, give("transfer", in_state(State.ACCEPTED), LATER), LATER)

    assert (ended.to_unit, ended.offered_at) == (None, None)
    assert ended.transfer is not None
    assert ended.transfer.ended


def test_the_unit_accountable_still_apologises_while_another_is_asked() -> None:
    offered = give("transfer", in_state(State.ACCEPTED), LATER)

    moved = give("move-appointment", offered, LATER)
    taken = give("accept-transfer", moved, LATER)

    assert (moved.to_unit, moved.apologies) == (OTHER_UNIT, 1)
    assert taken.promised_on == moved.promised_on
    with pytest.raises(domain.AlreadyMoved):
        give("move-appointment", taken, LATER)


def test_the_common_superior_is_the_nearest_that_stands_above_both() -> None:
    units = {
        unit.code: unit
        for unit in (PROVINCE, replace(OTHER, parent="44"), a_unit(parent="44"), replace(CENTRE, parent="44"))
    }

    assert domain.common_superior(units, UNIT, OTHER_UNIT) == PROVINCE
    assert domain.common_superior(units, UNIT, "44") == PROVINCE
    assert domain.common_superior(units, UNIT, "unknown") is None
    assert domain.common_superior({**units, "44": replace(PROVINCE, parent="44")}, UNIT, OTHER_UNIT) is not None
