"""The dossier's rules by example: arrows, refusals, dates, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake import domain
from services.intake.domain import Component, Dossier, Office, State, Submission
from services.intake.tests.given import (
    OTHER_UNIT,
    UNIT,
    a_procedure,
    a_unit,
    hanoi,
)
from shared.contracts.envelope import Fact
from shared.kernel import Invalid, Refused
from shared.law import office_hours, official_calendar

AT = hanoi("2026-11-23 08:15")
OFFICE = Office(official_calendar(), office_hours(AT.date()))
OTHER, PROVINCE = a_unit(code=OTHER_UNIT), a_unit(code="44", level="province", kind="province")
ANSWERS = ("accept-transfer", "reject-transfer")
ID, RECIPIENT = UUID(int=7), UUID(int=8)
PAPER = (Component("Tờ khai", "original"),)


def submitted(
    channel: str = "online", *, at: datetime = AT, received_at: datetime | None = None, **procedure: Any
) -> tuple[Dossier, list[Fact]]:
    asked = Submission("1.004873", UNIT, channel, PAPER, received_at=received_at)
    return domain.submit(
        asked, a_procedure(**procedure), id=ID, code="H50.144-261123-0001", recipient=RECIPIENT, verifier="v", at=at, office=OFFICE
    )  # fmt: skip


def in_state(state: State, **procedure: Any) -> Dossier:
    """A dossier brought there by commands."""
    online, counter = submitted("online", **procedure)[0], submitted("direct", **procedure)[0]
    return {
        State.SUBMITTED: lambda: online,
        State.ACCEPTED: lambda: counter,
        State.REFUSED: lambda: give("refuse", online),
        State.IN_PROGRESS: lambda: give("assign", counter),
        State.AWAITING_SUPPLEMENT: lambda: give("request-supplement", counter),
        State.AWAITING_PAYMENT: lambda: give("require-payment", counter),
        State.PAUSED: lambda: give("pause", give("assign", counter)),
        State.STOPPED: lambda: give("stop", counter),
        State.SETTLED: lambda: give("settle", counter),
        State.RETURNED: lambda: give("return-result", give("settle", counter)),
        State.WITHDRAWN: lambda: give("withdraw", counter),
    }[state]()


def give(command: str, dossier: Dossier, at: datetime = AT + timedelta(hours=1), **said: Any) -> Dossier:
    return told(command, dossier, at, **said)[0]


def told(command: str, dossier: Dossier, at: datetime = AT + timedelta(hours=1), **said: Any) -> tuple[Dossier, Fact]:
    changed, facts = stated(command, dossier, at, **said)
    return changed, facts[0]


def stated(command: str, dossier: Dossier, at: datetime, **said: Any) -> tuple[Dossier, list[Fact]]:
    """What a command makes of a dossier, and everything it states."""
    office: dict[str, Any] = {"at": at, "office": OFFICE}
    words: dict[str, Any] = {
        "accept": lambda: domain.accept(dossier, **office),
        "refuse": lambda: domain.refuse(dossier, reason_class="not-eligible", **office),
        "assign": lambda: domain.assign(dossier, officer=said.get("officer", "cb-1"), at=at),
        "request-supplement": lambda: domain.request_supplement(
            dossier, components=["Căn cước"], respond_by=said.get("respond_by"), **office
        ),
        "supply": lambda: domain.supply(dossier, **office),
        "settle": lambda: domain.settle(dossier, outcome="granted", number="12/QĐ-UBND", **office),
        "return-result": lambda: domain.return_result(dossier, method="counter", at=at),
        "withdraw": lambda: domain.withdraw(dossier, reason_class="own-wish", **office),
        "stop": lambda: domain.stop(dossier, reason_class="own-wish", **office),
        "require-payment": lambda: domain.require_payment(
            dossier, amount=20000, notice_no="12/TB", respond_by=said.get("respond_by"), **office
        ),
        "confirm-payment": lambda: domain.confirm_payment(dossier, paid_at=said.get("paid_at", at), **office),
        "pause": lambda: domain.pause(dossier, reason_class="other-agency", **office),
        "resume": lambda: domain.resume(dossier, **office),
        "move-appointment": lambda: domain.move_appointment(
            dossier,
            new_due_on=said.get("new_due_on") or days_later(dossier),
            reason_class="overload",
            signer="ld-1",
            **office,
        ),
        "correct": lambda: domain.correct(
            dossier, field=said.get("field", "summary"), reason_class="typing-error", at=at
        ),
        "rate": lambda: domain.rate(dossier, score=said.get("score", 5), at=at),
        "transfer": lambda: domain.transfer(
            dossier, to=said.get("to", OTHER), procedure=a_procedure(), reason_class="not-competent", papers=2, **office
        ),
        "accept-transfer": lambda: domain.accept_transfer(dossier, **office),
        "reject-transfer": lambda: domain.reject_transfer(
            dossier, superior=PROVINCE, reason_class="not-competent", **office
        ),
    }
    changed, facts = words[command]()
    return changed, facts if isinstance(facts, list) else [facts]


def ready(command: str, state: State) -> Dossier:
    """A dossier in this state, offered where the command answers an offer."""
    dossier = in_state(state)
    offered = command in ANSWERS and state in WORKING
    return give("transfer", dossier, AT + timedelta(minutes=90)) if offered else dossier


def days_later(dossier: Dossier, days: int = 2) -> date:
    """So many working days behind the day promised."""
    return OFFICE.calendar.working_day_after(dossier.promised_on or AT.date(), days)


ARROWS = {  # as drawn in the law page, section 2; supply leads back to where the request came from
    "accept": {"submitted": "accepted"},
    "refuse": {"submitted": "refused"},
    "assign": {"accepted": "in-progress", "in-progress": "in-progress"},
    "request-supplement": dict.fromkeys(("submitted", "accepted", "in-progress"), "awaiting-supplement"),
    "supply": {"awaiting-supplement": "in-progress"},
    "require-payment": {"accepted": "awaiting-payment", "in-progress": "awaiting-payment"},
    "confirm-payment": {"awaiting-payment": "in-progress"},
    "pause": {"in-progress": "paused"},
    "resume": {"paused": "in-progress"},
    "move-appointment": {"accepted": "accepted", "in-progress": "in-progress"},
    "settle": {"accepted": "settled", "in-progress": "settled", "paused": "settled"},
    "return-result": {"settled": "returned"},
    "withdraw": dict.fromkeys(
        ("submitted", "accepted", "in-progress", "awaiting-supplement", "awaiting-payment", "paused"), "withdrawn"
    ),
    "stop": dict.fromkeys(("accepted", "in-progress", "awaiting-supplement", "awaiting-payment", "paused"), "stopped"),
    "correct": {
        state: state
        for state in (
            "submitted",
            "accepted",
            "in-progress",
            "awaiting-supplement",
            "awaiting-payment",
            "paused",
            "settled",
        )
    },
    "rate": {"returned": "returned"},
    "transfer": {"accepted": "accepted", "in-progress": "in-progress"},
    "accept-transfer": {"accepted": "accepted", "in-progress": "in-progress"},
    "reject-transfer": {"accepted": "accepted", "in-progress": "in-progress"},
}
FACTS = {
    "accept": "DossierAccepted", "refuse": "DossierRefused", "assign": "DossierAssigned", "request-supplement": "SupplementRequested",
    "supply": "SupplementSupplied", "settle": "DossierSettled", "return-result": "ResultReturned", "withdraw": "DossierWithdrawn",
    "stop": "DossierStopped", "require-payment": "PaymentRequired", "confirm-payment": "PaymentConfirmed", "pause": "DossierPaused",
    "resume": "DossierResumed", "move-appointment": "AppointmentMoved", "correct": "DossierCorrected", "rate": "DossierRated",
    "transfer": "DossierTransferred", "accept-transfer": "DossierTransferAccepted", "reject-transfer": "DossierTransferRejected",
}  # fmt: skip
WORKING = {"accepted", "in-progress"}
STANDING = {"awaiting-supplement", "awaiting-payment", "paused"}
NOTHING_ASKED = {
    "supply": "not-awaiting-supplement", "confirm-payment": "not-awaiting-payment", "resume": "not-paused",
    "accept-transfer": "not-in-transfer", "reject-transfer": "not-in-transfer",
}  # fmt: skip
AGAINST = {
    ("accept", "accepted"): "already-accepted", ("accept", "in-progress"): "already-accepted",
    ("refuse", "accepted"): "already-accepted", ("refuse", "in-progress"): "already-accepted", ("pause", "accepted"): "not-yet-assigned",
    ("return-result", "accepted"): "not-yet-settled", ("return-result", "in-progress"): "not-yet-settled",
    ("rate", "accepted"): "not-yet-settled", ("rate", "in-progress"): "not-yet-settled",
}  # fmt: skip
CLOSED = {"returned", "refused", "withdrawn", "stopped"}
EVERY = [(command, state) for command in ARROWS for state in State]


def refusal_of(command: str, state: State) -> str:
    """What stands against a command where no arrow leads from this state."""
    if state in CLOSED:
        return "already-closed"
    if state == "settled":
        return "not-yet-returned" if command == "rate" else "already-settled"
    if command in NOTHING_ASKED:
        return NOTHING_ASKED[command]
    if state in STANDING:
        return state.value
    return AGAINST[command, state.value] if state in WORKING else "not-yet-accepted"


@pytest.mark.parametrize(
    ("command", "state"), [(command, state) for command, state in EVERY if state in ARROWS[command]]
)
def test_a_command_moves_along_the_arrow_drawn_for_it(command: str, state: State) -> None:
    before = ready(command, state)

    after, fact = told(command, before, AT + timedelta(hours=2))

    assert after.state == ARROWS[command][state.value]
    assert after.version == before.version + 1
    assert type(fact).__name__ == FACTS[command]
    assert fact.occurred_at == AT + timedelta(hours=2)


@pytest.mark.parametrize(
    ("command", "state"), [(command, state) for command, state in EVERY if state not in ARROWS[command]]
)
def test_any_other_command_is_refused_by_the_name_of_what_stands_against_it(command: str, state: State) -> None:
    with pytest.raises(Refused) as refused:
        give(command, in_state(state), AT + timedelta(hours=2))

    assert refused.value.code == refusal_of(command, state)
    assert refused.value.facts == {"state": state.value, "command": command}


def test_every_state_has_a_phase_and_the_portal_s_number() -> None:
    assert set(domain.PHASE.values()) <= {
        "received",
        "being-resolved",
        "waiting-for-you",
        "answered",
        "closed",
        "transferred",
    }
    assert {state.value: domain.PORTAL_STATUS[state] for state in State} == {
        "submitted": 1, "accepted": 2, "refused": 3, "in-progress": 4, "awaiting-supplement": 5, "awaiting-payment": 6, "withdrawn": 7, "paused": 8,
        "stopped": 8, "settled": 9, "returned": 10,
    }  # fmt: skip


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


def test_missing_papers_stop_the_clock_and_their_coming_moves_the_date_by_what_was_left() -> None:
    tet = hanoi("2026-02-10 09:00")
    dossier, _ = submitted("direct", at=tet, limit="7wd")
    assert dossier.due_at == hanoi("2026-02-26 17:00")  # 11, 12, 13; Tết 16-20; 23-26

    waiting, asked = told("request-supplement", dossier, hanoi("2026-02-12 10:00"))
    assert (waiting.due_at, waiting.due_on, waiting.remaining_working_hours) == (None, None, 45.0)
    assert waiting.promised_on == waiting.first_promised_on == date(2026, 2, 26)
    assert asked.remaining_working_hours == 45.0  # type: ignore[attr-defined]

    supplied, fact = told("supply", waiting, hanoi("2026-02-24 10:00"))
    assert supplied.due_at == hanoi("2026-03-03 17:00")  # 5 h on the 24th, then five days of 8
    assert (supplied.promised_on, supplied.first_promised_on) == (date(2026, 3, 3), date(2026, 2, 26))
    assert (supplied.remaining_working_hours, supplied.respond_by) == (None, None)
    assert fact.due_on == date(2026, 3, 3)  # type: ignore[attr-defined]


def test_a_procedure_in_restart_mode_counts_its_whole_limit_anew() -> None:
    dossier = submitted("direct", pause_mode="restart")[0]

    supplied = give("supply", give("request-supplement", dossier, hanoi("2026-11-26 10:00")), hanoi("2026-11-30 10:00"))

    assert supplied.due_at == hanoi("2026-12-03 17:00")


def test_a_limit_in_calendar_days_pauses_in_days() -> None:
    dossier = submitted("direct", limit="30d")[0]
    assert dossier.due_on == date(2026, 12, 23)

    waiting = give("request-supplement", dossier, hanoi("2026-12-03 10:00"))
    assert (waiting.due_at, waiting.remaining_working_hours) == (None, None)

    assert give("supply", waiting, hanoi("2026-12-07 10:00")).due_on == date(2026, 12, 28)  # 27 is a Sunday


def test_a_pause_that_begins_after_the_due_instant_never_moves_the_date() -> None:
    dossier = submitted("direct")[0]

    waiting = give("request-supplement", dossier, hanoi("2026-12-01 10:00"))
    assert (waiting.due_at, waiting.remaining_working_hours) == (dossier.due_at, None)

    supplied = give("supply", waiting, hanoi("2026-12-02 10:00"))
    assert (supplied.due_at, supplied.promised_on) == (dossier.due_at, date(2026, 11, 27))


def test_papers_asked_for_before_acceptance_bring_it_back_to_submitted_with_a_new_answer_limit() -> None:
    waiting = give("request-supplement", submitted("online")[0], hanoi("2026-11-23 10:00"))
    assert waiting.answer_due_at is None

    supplied, fact = told("supply", waiting, hanoi("2026-11-30 07:00"))

    assert supplied.state is State.SUBMITTED
    assert supplied.answer_due_at == hanoi("2026-11-30 17:00")
    assert fact.answer_due_at == supplied.answer_due_at  # type: ignore[attr-defined]
    assert fact.due_at is None  # type: ignore[attr-defined]


def test_the_applicant_has_thirty_days_unless_the_request_names_a_day() -> None:
    asked, _ = told("request-supplement", in_state(State.ACCEPTED))
    named = give("request-supplement", in_state(State.ACCEPTED), respond_by=date(2026, 12, 1))

    assert (asked.respond_by, named.respond_by) == (date(2026, 12, 23), date(2026, 12, 1))


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 23)])
def test_the_day_to_answer_by_lies_after_today(day: date) -> None:
    with pytest.raises(domain.DateTooEarly):
        give("request-supplement", in_state(State.ACCEPTED), respond_by=day)


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_papers_are_asked_for_only_as_often_as_the_procedure_allows(allowed: int) -> None:
    dossier = in_state(State.ACCEPTED, max_supplements=allowed)
    for _ in range(allowed):
        dossier = give("supply", give("request-supplement", dossier))

    with pytest.raises(domain.TooManySupplements) as refused:
        give("request-supplement", dossier)

    assert refused.value.facts == {"allowed": allowed}


def test_giving_it_to_the_same_officer_again_is_a_new_fact() -> None:
    once, first = told("assign", in_state(State.ACCEPTED))
    twice, second = told("assign", once)

    assert first == second
    assert (once.handler, twice.handler, twice.version) == ("cb-1", "cb-1", once.version + 1)


@pytest.mark.parametrize(("day", "timing"), [("2026-11-26", "before"), ("2026-11-27", "on"), ("2026-11-28", "over")])
def test_in_time_is_judged_by_the_date_alone(day: str, timing: str) -> None:
    _, fact = told("settle", in_state(State.ACCEPTED), hanoi(f"{day} 23:30"))

    assert fact.timing == timing  # type: ignore[attr-defined]
    assert fact.settled_on == date.fromisoformat(day)  # type: ignore[attr-defined]
    assert domain.timing(date(2026, 1, 1), None) == "unknown"


@pytest.mark.parametrize("state", [State.SUBMITTED, State.ACCEPTED, State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT])
@pytest.mark.parametrize("command", ["withdraw", "stop"])
def test_taking_it_back_or_stopping_ends_whatever_limit_runs(command: str, state: State) -> None:
    if state not in ARROWS[command]:
        state = State.IN_PROGRESS
    ended = give(command, in_state(state), AT + timedelta(hours=3))

    for term in (ended.answer, ended.settlement):
        assert term is None or term.ended
    assert ended.closed_at == AT + timedelta(hours=3)
    assert (ended.answer_due_at, ended.respond_by, ended.remaining_working_hours) == (None, None, None)


def test_a_slip_needs_a_date_of_return() -> None:
    assert domain.check_slip(in_state(State.SETTLED)) == hanoi("2026-11-27 17:00")
    with pytest.raises(domain.NotYetAccepted):
        domain.check_slip(in_state(State.SUBMITTED))
    standing = {
        State.AWAITING_SUPPLEMENT: domain.AwaitingSupplement,
        State.AWAITING_PAYMENT: domain.AwaitingPayment,
        State.PAUSED: domain.Paused,
    }
    for state, refusal in standing.items():
        with pytest.raises(refusal):
            domain.check_slip(in_state(state))
    for command, state, ended in (
        ("settle", State.PAUSED, domain.AlreadySettled),
        ("stop", State.AWAITING_PAYMENT, domain.AlreadyClosed),
        ("withdraw", State.AWAITING_SUPPLEMENT, domain.AlreadyClosed),
    ):
        with pytest.raises(ended):
            domain.check_slip(give(command, in_state(state), AT + timedelta(hours=2)))


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
