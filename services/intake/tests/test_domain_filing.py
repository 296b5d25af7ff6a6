"""Filing by example: what counts from when, and what a submission is refused for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from services.intake import domain
from services.intake.domain import Component, State, Submission
from services.intake.tests.given import (
    UNIT,
    a_procedure,
    a_unit,
    hanoi,
)
from services.intake.tests.lives import AT, PAPER, submitted, told
from shared.kernel import Invalid


def test_a_counter_dossier_is_accepted_at_once_and_its_limit_counts_from_the_receipt() -> None:
    dossier, stated = submitted("direct")

    assert [type(fact).__name__ for fact in stated] == ["DossierSubmitted", "DossierAccepted"]
    assert (dossier.state, dossier.version, dossier.answer) == (State.ACCEPTED, 1, None)
    assert dossier.due_at == hanoi("2026-11-27 17:00")  # Culture Day, the 24th, is a day off
    assert dossier.due_on == dossier.promised_on == dossier.lawful_due_on == dossier.first_promised_on


def test_an_online_dossier_waits_for_an_answer_within_eight_working_hours() -> None:
    dossier, stated = submitted("online", at=hanoi("2026-11-23 16:00"))

    assert [type(fact).__name__ for fact in stated] == ["DossierSubmitted"]
    assert (dossier.state, dossier.settlement, dossier.due_at) == (State.SUBMITTED, None, None)
    assert dossier.answer_due_at == hanoi("2026-11-25 16:00")  # one hour on Monday, seven on Wednesday


def test_settlement_of_an_online_dossier_counts_from_its_acceptance() -> None:
    accepted, fact = told("accept", submitted("online")[0], hanoi("2026-11-25 10:00"))

    assert accepted.due_at == hanoi("2026-11-30 17:00")
    assert accepted.answer_due_at is None
    assert accepted.answer is not None
    assert accepted.answer.ended
    assert (fact.rule, fact.rule_version) == ("one-stop.settlement", 5)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("received_at", "due"),
    [
        ("2026-11-23 05:30", "2026-11-23 17:00"),  # before opening
        ("2026-11-23 15:00", "2026-11-23 17:00"),
        ("2026-11-23 15:00:01", "2026-11-25 17:00"),  # after 15:00: the next working day, and the 24th is a day off
        ("2026-11-21 09:00", "2026-11-23 17:00"),  # a Saturday
    ],
)
def test_a_same_day_procedure_is_due_today_unless_it_came_after_three(received_at: str, due: str) -> None:
    late = hanoi("2026-11-23 16:45")

    dossier, _ = submitted("direct", at=late, received_at=hanoi(received_at), limit="same-day")

    assert dossier.due_at == hanoi(due)


@pytest.mark.parametrize("received_at", ["2026-11-21 09:00", "2026-11-22 23:59", "2026-11-23 05:30"])
def test_what_came_before_the_counter_opened_counts_from_its_opening(received_at: str) -> None:
    dossier, stated = submitted("direct", received_at=hanoi(received_at))

    accepted: Any = stated[1]
    assert accepted.started_at == hanoi("2026-11-23 07:00")
    assert dossier.due_at == hanoi("2026-11-27 17:00")  # Monday is the day of receipt and does not count


def test_a_date_that_rests_on_a_provisional_year_says_so() -> None:
    late_in_the_year, ordinary = submitted("direct", limit="30wd")[0], submitted("direct")[0]

    assert (late_in_the_year.provisional, ordinary.provisional) == (True, False)


def test_the_rule_follows_the_day_of_receipt() -> None:
    dossier, stated = submitted("direct", received_at=hanoi("2026-08-04 10:00"))

    accepted: Any = stated[1]
    assert accepted.rule_version == 4  # the version of 2026-08-05 does not touch it
    assert dossier.received_at == hanoi("2026-08-04 10:00")


LATE = hanoi("2026-11-19 09:00")
"""Four days before it is entered."""


def refused_filing(*, counter: bool, procedure: dict[str, Any], unit: dict[str, Any], **asked: Any) -> Invalid:
    made = replace(Submission("1.004873", UNIT, "direct", PAPER), **asked)
    with pytest.raises(Invalid) as refused:
        domain.check_submission(made, a_procedure(**procedure), a_unit(**unit), at=AT, counter=counter)
    return refused.value


@pytest.mark.parametrize(
    ("refusal", "field", "case"),
    [
        (domain.NotOfferedHere, "/unit", {"procedure": {"levels": ("province",)}}),
        (domain.NotOfferedHere, "/unit", {"unit": {"level": "province", "kind": "department"}}),
        (domain.CounterOnly, "/channel", {"counter": False}),
        (domain.MissingComponent, "/components", {"components": ()}),
        (domain.MissingComponent, "/components", {"components": (Component("Tờ khai khác", "original"),)}),
        (domain.InTheFuture, "/received_at", {"received_at": AT + timedelta(seconds=1)}),
        (domain.TooLongAgo, "/received_at", {"received_at": AT - timedelta(days=367)}),
        (domain.UnitNotYetThere, "/unit", {"unit": {"valid_from": date(2026, 11, 24)}}),
        (domain.UnitNotYetThere, "/unit", {"unit": {"valid_from": date(2026, 11, 20)}, "received_at": LATE}),
        (
            domain.NotInForce,
            "/procedure",
            {"procedure": {"valid_from": date(2026, 11, 20)}, "received_at": LATE},
        ),
        (domain.LateEntryReasonMissing, "/late_entry_reason", {"received_at": LATE}),
        (domain.LateEntryReasonMissing, "/late_entry_reason", {"received_at": LATE, "late_entry_reason": "  "}),
        (domain.ReceivedAtCounterOnly, "/received_at", {"counter": False, "channel": "online", "received_at": AT}),
    ],
)
def test_a_submission_is_refused_by_the_name_of_its_field(
    refusal: type[Invalid], field: str, case: dict[str, Any]
) -> None:
    refused = refused_filing(**{"counter": True, "procedure": {}, "unit": {}, **case})

    assert type(refused) is refusal
    assert refused.facts["field"] == field


def test_a_service_centre_of_the_province_receives_a_commune_s_procedure() -> None:
    centre = a_unit(level="province", kind="service-center")

    domain.check_submission(
        Submission("1.004873", "44X01", "direct", PAPER), a_procedure(levels=("commune",)), centre, at=AT, counter=True
    )

    assert centre.offers(a_procedure(levels=("province",)))


def test_papers_may_be_missing_online_and_at_the_counter_a_year_may_lie_between() -> None:
    unit, procedure = a_unit(), a_procedure()
    online = Submission("1.004873", UNIT, "online", ())
    year_old = Submission(
        "1.004873", UNIT, "direct", PAPER, received_at=AT - timedelta(days=366), late_entry_reason="Mất điện"
    )

    domain.check_submission(online, procedure, unit, at=AT, counter=False)
    domain.check_submission(year_old, procedure, unit, at=AT, counter=True)

    assert (online.components, year_old.received_at) == ((), AT - timedelta(days=366))


def test_times_may_come_in_any_zone() -> None:
    utc, local = submitted("direct", at=AT.astimezone(UTC))[0], submitted("direct")[0]

    assert utc.due_at == local.due_at
