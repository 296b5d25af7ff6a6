"""The rules of payments, pauses, moved appointments, corrections and ratings by example."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.intake import domain
from services.intake.domain import Dossier, State
from services.intake.tests.given import hanoi
from services.intake.tests.lives import AT, give, in_state, submitted, told
from shared.contracts.envelope import Fact
from shared.law import CalendarNotPublished

MONDAY = date(2026, 11, 30)
"""The working day after the one promised, Friday the 27th."""


def moved(
    dossier: Dossier | None = None, at: str = "2026-11-25 10:00", to: date = date(2026, 12, 2)
) -> tuple[Dossier, Any]:
    return told("move-appointment", dossier or in_state(State.ACCEPTED), hanoi(at), new_due_on=to)


def test_the_second_appointment_is_the_whole_limit_from_the_proof_of_payment() -> None:
    waiting, asked = told("require-payment", in_state(State.ACCEPTED), hanoi("2026-11-26 10:00"))
    assert (waiting.due_at, waiting.remaining_working_hours, waiting.promised_on) == (None, 13.0, date(2026, 11, 27))
    assert (waiting.respond_by, waiting.phase) == (date(2026, 12, 28), "waiting-for-you")  # the 26th is a Saturday
    said: Any = asked
    assert (said.amount, said.notice_no, said.respond_by) == (20000, "12/TB", waiting.respond_by)

    paid, fact = told("confirm-payment", waiting, hanoi("2026-12-07 09:00"))

    assert paid.due_at == hanoi("2026-12-10 17:00")
    assert (paid.promised_on, paid.lawful_due_on, paid.first_promised_on) == (
        date(2026, 12, 10),
        date(2026, 12, 10),
        date(2026, 11, 27),
    )
    assert (paid.respond_by, paid.remaining_working_hours) == (None, None)
    assert fact.due_on == date(2026, 12, 10)  # type: ignore[attr-defined]


def test_a_payment_asked_for_when_it_was_late_already_still_starts_a_second_appointment() -> None:
    waiting = give("require-payment", in_state(State.ACCEPTED), hanoi("2026-12-01 10:00"))
    assert waiting.due_at == hanoi("2026-11-27 17:00")

    assert give("confirm-payment", waiting, hanoi("2026-12-07 09:00")).due_at == hanoi("2026-12-10 17:00")


def test_a_proof_of_payment_does_not_come_from_the_future() -> None:
    with pytest.raises(domain.InTheFuture) as refused:
        give("confirm-payment", in_state(State.AWAITING_PAYMENT), paid_at=AT + timedelta(days=2))

    assert refused.value.facts["field"] == "/paid_at"


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 23)])
def test_the_day_to_pay_by_lies_after_today(day: date) -> None:
    with pytest.raises(domain.DateTooEarly):
        give("require-payment", in_state(State.ACCEPTED), respond_by=day)


def test_a_pause_moves_the_date_by_what_was_left() -> None:
    paused, why = told("pause", in_state(State.IN_PROGRESS), hanoi("2026-11-26 10:00"))
    assert (paused.due_at, paused.remaining_working_hours, paused.phase) == (None, 13.0, "being-resolved")
    assert why.remaining_working_hours == 13.0  # type: ignore[attr-defined]
    assert paused.respond_by is None

    resumed, fact = told("resume", paused, hanoi("2026-12-03 10:00"))

    assert resumed.due_at == hanoi("2026-12-04 17:00")
    assert (resumed.state, resumed.remaining_working_hours) == (State.IN_PROGRESS, None)
    assert (resumed.promised_on, resumed.first_promised_on) == (date(2026, 12, 4), date(2026, 11, 27))
    assert fact.promised_on == date(2026, 12, 4)  # type: ignore[attr-defined]


def test_a_pause_in_restart_mode_counts_the_whole_limit_anew() -> None:
    paused = give("pause", in_state(State.IN_PROGRESS, pause_mode="restart"), hanoi("2026-11-26 10:00"))

    assert give("resume", paused, hanoi("2026-12-03 10:00")).due_at == hanoi("2026-12-08 17:00")


def test_a_paused_dossier_is_settled_without_going_on() -> None:
    settled = give("settle", in_state(State.PAUSED), AT + timedelta(hours=4))

    assert (settled.state, settled.remaining_working_hours) == (State.SETTLED, None)
    assert settled.settling.ended


def test_an_apology_moves_the_slip_s_date_and_leaves_the_lawful_one() -> None:
    dossier, fact = moved()

    assert dossier.due_at == hanoi("2026-12-02 17:00")
    assert (dossier.due_on, dossier.promised_on) == (date(2026, 12, 2), date(2026, 12, 2))
    assert dossier.lawful_due_on == dossier.first_promised_on == date(2026, 11, 27)
    assert (fact.old_promised_on, fact.promised_on, fact.lawful_due_on) == (
        date(2026, 11, 27),
        date(2026, 12, 2),
        date(2026, 11, 27),
    )
    assert (fact.signer, fact.reason_class, fact.due_at) == ("ld-1", "overload", dossier.due_at)
    promise = dossier.settling.promise
    assert promise is not None
    assert promise.warn_at == hanoi("2026-12-01 07:00")


def test_a_moved_appointment_is_judged_by_its_new_day() -> None:
    on, over = (told("settle", moved()[0], hanoi(f"{day} 16:00"))[1] for day in ("2026-12-02", "2026-12-03"))

    assert [fact.timing for fact in (on, over)] == ["on", "over"]  # type: ignore[attr-defined]
    assert on.lawful_due_on == date(2026, 11, 27)  # type: ignore[attr-defined]


def test_an_appointment_is_moved_only_once() -> None:
    with pytest.raises(domain.AlreadyMoved):
        moved(moved()[0], to=date(2026, 12, 9))


@pytest.mark.parametrize("at", ["2026-11-26 23:59", "2026-11-25 09:00", "2026-11-24 09:00"])
def test_an_appointment_is_moved_up_to_the_end_of_the_working_day_before(at: str) -> None:
    assert moved(at=at, to=MONDAY)[0].promised_on == MONDAY


@pytest.mark.parametrize("at", ["2026-11-27 00:00", "2026-11-27 16:00", "2026-12-01 09:00"])
def test_on_the_day_itself_it_is_too_late_to_move_it(at: str) -> None:
    with pytest.raises(domain.TooLateToMove) as refused:
        moved(at=at)

    assert refused.value.facts == {"promised_on": "2026-11-27"}


def test_what_is_due_the_same_day_is_not_moved() -> None:
    with pytest.raises(domain.TooLateToMove):
        moved(in_state(State.ACCEPTED, limit="same-day"), at="2026-11-23 09:00")


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 27)])
def test_the_new_day_lies_after_the_one_promised(day: date) -> None:
    with pytest.raises(domain.NotLater) as refused:
        moved(to=day)

    assert refused.value.facts == {"field": "/new_due_on", "promised_on": "2026-11-27"}


@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2027, 1, 1)])
def test_the_new_day_is_a_working_day(day: date) -> None:
    with pytest.raises(domain.NotAWorkingDay):
        moved(to=day)


def test_a_new_day_in_a_year_nobody_knows_is_refused_and_in_a_provisional_one_says_so() -> None:
    with pytest.raises(CalendarNotPublished):
        moved(to=date(2099, 1, 5))

    assert moved(to=date(2027, 1, 5))[0].provisional


def test_after_a_pause_the_slip_s_date_stays_as_far_behind_the_lawful_one() -> None:
    dossier = give("assign", moved()[0], hanoi("2026-11-25 10:00"))  # three working days behind

    resumed = give("resume", give("pause", dossier, hanoi("2026-11-26 10:00")), hanoi("2026-12-03 10:00"))

    assert (resumed.lawful_due_on, resumed.promised_on) == (date(2026, 12, 4), date(2026, 12, 9))


def test_a_second_appointment_is_not_moved_yet_and_may_not_be_either() -> None:
    waiting = give("require-payment", moved()[0], hanoi("2026-11-26 10:00"))

    paid = give("confirm-payment", waiting, hanoi("2026-12-07 09:00"))

    assert paid.promised_on == paid.lawful_due_on == date(2026, 12, 10)
    with pytest.raises(domain.AlreadyMoved):
        give("move-appointment", paid, hanoi("2026-12-07 10:00"))


def test_a_limit_in_calendar_days_is_moved_to_the_end_of_a_working_day() -> None:
    dossier, _ = moved(in_state(State.ACCEPTED, limit="30d"), to=date(2026, 12, 28))

    assert (dossier.due_on, dossier.lawful_due_on) == (date(2026, 12, 28), date(2026, 12, 23))


def test_a_correction_changes_nothing_but_the_version() -> None:
    before = in_state(State.IN_PROGRESS)

    after, fact = told("correct", before)

    assert after == before.next()
    assert (fact.field, fact.reason_class) == ("summary", "typing-error")  # type: ignore[attr-defined]


def test_the_number_of_a_result_is_corrected_once_there_is_one() -> None:
    with pytest.raises(domain.NotYetSettled):
        give("correct", in_state(State.IN_PROGRESS), field="result-number")

    assert give("correct", in_state(State.SETTLED), field="result-number").state is State.SETTLED


def test_a_citizen_rates_once() -> None:
    rated, fact = told("rate", in_state(State.RETURNED), score=4)
    assert (rated.rating, rated.state) == (4, State.RETURNED)
    said: Fact = fact
    assert (type(said).__name__, fact.score) == ("DossierRated", 4)  # type: ignore[attr-defined]

    with pytest.raises(domain.AlreadyRated):
        give("rate", rated)


def test_a_date_counted_anew_does_not_depend_on_how_long_the_payment_took() -> None:
    dossier, _ = submitted("direct", limit="7wd")
    soon, late = (
        give("confirm-payment", give("require-payment", dossier, hanoi(day)), hanoi("2026-12-07 09:00"))
        for day in ("2026-11-23 09:00", "2026-12-01 09:00")
    )

    assert soon.due_at == late.due_at == hanoi("2026-12-16 17:00")
