"""Missing papers by example: the clock stands still, and for how long."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake import domain
from services.intake.domain import State
from services.intake.tests.given import (
    hanoi,
)
from services.intake.tests.lives import give, in_state, submitted, told


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
