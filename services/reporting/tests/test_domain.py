"""The fold of a dossier's facts to its line, and how they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.reporting.domain import FIGURES, FOLDS, PHASES, WORDS, Filter, Told, fold, moment, month_of, sentence
from services.reporting.domain.fold import timing_of
from services.reporting.tests.facts import (
    FRIDAY,
    MONDAY,
    OTHER_UNIT,
    SATURDAY,
    THURSDAY,
    TRACE,
    UNIT,
    Dossier,
    folded,
    told,
)
from shared.contracts.envelope import Fact
from shared.contracts.intake import DOSSIER_FACTS


def test_every_fact_of_a_dossier_has_a_fold_and_a_word() -> None:
    assert set(FOLDS) == set(DOSSIER_FACTS)


D = Dossier()
BEGUN: list[Fact] = [D.submitted(), D.accepted()]
TABLE: list[tuple[str, list[Fact], dict[str, Any]]] = [
    (
        "submitted at the counter",
        [D.submitted()],
        {"state": "submitted", "phase": "received", "open": True, "received_on": date(2026, 11, 23), "unit": D.unit, "recipient": D.recipient},
    ),
    (
        "submitted online",
        [D.submitted(channel="online")],
        {"channel": "online", "answer_due_at": MONDAY + timedelta(hours=8), "due_on": None},
    ),
    (
        "accepted",
        BEGUN,
        {"state": "accepted", "phase": "being-resolved", "due_on": FRIDAY, "promised_on": FRIDAY, "first_promised_on": FRIDAY, "rule_version": 3},
    ),
    ("refused", [D.submitted(channel="online"), D.refused()], {"state": "refused", "phase": "closed", "open": False, "refused_on": date(2026, 11, 23), "answer_due_at": None}),
    ("assigned", [*BEGUN, D.assigned("officer-9")], {"state": "in-progress", "officer": "officer-9", "due_on": FRIDAY}),
    (
        "supplement requested",
        [*BEGUN, D.supplement_requested()],
        {"state": "awaiting-supplement", "phase": "waiting-for-you", "open": True, "due_at": None, "due_on": None, "promised_on": FRIDAY, "remaining_working_hours": 20.5, "paused_at": MONDAY, "paused_times": 1},
    ),
    (
        "supplement supplied",
        [*BEGUN, D.supplement_requested(), D.supplied(date(2026, 12, 1))],
        {"state": "in-progress", "due_on": date(2026, 12, 1), "promised_on": date(2026, 12, 1), "first_promised_on": FRIDAY, "paused_at": None, "remaining_working_hours": None},
    ),
    (
        "supplement supplied before acceptance",
        [D.submitted(channel="online"), D.supplement_requested(), D.supplied(None)],
        {"state": "submitted", "due_on": None, "paused_at": None},
    ),
    (
        "payment required",
        [*BEGUN, D.payment_required()],
        {"state": "awaiting-payment", "phase": "waiting-for-you", "open": True, "due_on": None, "promised_on": FRIDAY, "remaining_working_hours": 20.5, "paused_at": MONDAY, "paused_times": 1, "respond_by": date(2026, 12, 23), "stops": [MONDAY]},
    ),
    ("payment required without a day", [*BEGUN, D.payment_required(respond_by=None)], {"state": "awaiting-payment", "respond_by": None}),
    (
        "payment confirmed",
        [*BEGUN, D.payment_required(), D.payment_confirmed()],
        {"state": "in-progress", "due_on": date(2026, 12, 1), "promised_on": date(2026, 12, 1), "first_promised_on": FRIDAY, "paused_at": None, "respond_by": None, "promises": [FRIDAY, date(2026, 12, 1)]},
    ),
    (
        "paused",
        [*BEGUN, D.assigned(), D.paused()],
        {"state": "paused", "phase": "being-resolved", "open": True, "due_at": None, "due_on": None, "paused_at": MONDAY, "remaining_working_hours": 20.5, "respond_by": None},
    ),
    (
        "resumed",
        [*BEGUN, D.assigned(), D.paused(), D.resumed()],
        {"state": "in-progress", "due_on": date(2026, 12, 1), "lawful_due_on": date(2026, 12, 1), "first_promised_on": FRIDAY, "paused_at": None, "remaining_working_hours": None, "stops": [MONDAY, MONDAY]},
    ),
    (
        "appointment moved",
        [*BEGUN, D.moved()],
        {"state": "accepted", "due_on": date(2026, 12, 2), "promised_on": date(2026, 12, 2), "lawful_due_on": FRIDAY, "first_promised_on": FRIDAY, "promises": [date(2026, 12, 2)]},
    ),
    ("settled on the moved day", [*BEGUN, D.moved(), D.settled(date(2026, 12, 2))], {"timing": "on", "promised_on": date(2026, 12, 2)}),
    ("stopped", [*BEGUN, D.stopped()], {"state": "stopped", "phase": "closed", "open": False, "withdrawn_on": date(2026, 11, 23), "reason_class": "own-wish", "due_on": None}),
    ("corrected", [*BEGUN, D.corrected()], {"state": "accepted", "due_on": FRIDAY}),
    (
        "a settlement that was none",
        [*BEGUN, D.assigned(), D.settled(THURSDAY), D.taken_back("in-progress")],
        {"state": "in-progress", "phase": "being-resolved", "open": True, "settled_on": None, "timing": None, "outcome": None, "due_on": FRIDAY, "promised_on": FRIDAY},
    ),
    ("a return that was none", [*D.life(), D.taken_back("settled")], {"state": "settled", "open": False, "timing": "on", "returned_at": None, "return_method": None}),
    ("an acceptance that was none", [*BEGUN, D.taken_back("submitted", None)], {"state": "submitted", "open": True, "accepted_at": None, "due_on": None, "stops": [], "promises": []}),
    ("a refusal that was none", [D.submitted(channel="online"), D.refused(), D.taken_back("submitted", None)], {"state": "submitted", "open": True, "refused_on": None, "reason_class": None}),
    (
        "papers still awaited after all",
        [*BEGUN, D.supplement_requested(), D.supplied(), D.taken_back("awaiting-supplement", None)],
        {"state": "awaiting-supplement", "paused_at": MONDAY, "paused_times": 2, "due_on": None, "stops": [MONDAY] * 3},
    ),
    (
        "a pause that was none",
        [*BEGUN, D.assigned(), D.paused(), D.taken_back("in-progress", date(2026, 12, 1))],
        {"state": "in-progress", "paused_at": None, "due_on": date(2026, 12, 1), "stops": [MONDAY] * 2, "promises": [FRIDAY, date(2026, 12, 1)]},
    ),
    ("settled, its settlement not heard of", [*BEGUN, D.taken_back("settled")], {"state": "settled", "open": False, "timing": "before"}),
    ("rated", [*D.life(), D.rated()], {"state": "returned", "timing": "on"}),
    ("another unit is asked", [*BEGUN, D.assigned(), D.transferred()], {"unit": UNIT, "officer": "officer-7", "state": "in-progress", "due_on": FRIDAY}),
    ("its unit ended and another follows it", [*BEGUN, D.assigned(), D.succeeded()], {"unit": OTHER_UNIT, "officer": None, "state": "in-progress", "due_on": FRIDAY, "promised_on": FRIDAY}),
    ("its unit ended when it was settled", [*BEGUN, D.settled(FRIDAY), D.succeeded()], {"unit": OTHER_UNIT, "state": "settled", "timing": "on"}),
    ("another unit took it", [*BEGUN, D.assigned(), D.transferred(), D.transfer_accepted()], {"unit": OTHER_UNIT, "officer": None, "state": "in-progress", "due_on": FRIDAY, "promised_on": FRIDAY}),
    ("it came back", [*BEGUN, D.assigned(), D.transferred(), D.transfer_rejected()], {"unit": UNIT, "officer": "officer-7", "due_on": FRIDAY}),
    ("it went up", [*BEGUN, D.transferred(), D.transfer_rejected(2), D.escalated()], {"unit": "44", "state": "accepted", "officer": None, "due_on": FRIDAY}),
    ("the unit asked is late", [*BEGUN, D.transferred(), D.breached("transfer")], {"breached": False, "answer_late": False, "unit": UNIT}),
    ("settled before its day", [*BEGUN, D.settled(THURSDAY)], {"state": "settled", "phase": "answered", "open": False, "timing": "before", "settled_on": THURSDAY, "due_on": None}),
    ("settled on its day", [*BEGUN, D.settled(FRIDAY)], {"timing": "on", "outcome": "granted"}),
    ("settled over its day", [*BEGUN, D.settled(SATURDAY)], {"timing": "over"}),
    ("returned", D.life(), {"state": "returned", "phase": "closed", "return_method": "counter", "timing": "on"}),
    ("withdrawn", [*BEGUN, D.withdrawn()], {"state": "withdrawn", "open": False, "withdrawn_on": date(2026, 11, 23), "settled_on": None, "due_on": None}),
    ("warned", [*BEGUN, D.warned()], {"warned": True, "breached": False, "state": "accepted"}),
    ("breached", [*BEGUN, D.breached()], {"breached": True, "answer_late": False, "open": True}),
    (
        "the calendar moved the lawful day behind the promise",
        [*BEGUN, D.warned(), D.breached(), D.recounted()],
        {"due_on": date(2026, 11, 30), "lawful_due_on": date(2026, 11, 30), "promised_on": FRIDAY, "warned": False, "breached": False},
    ),
    ("settled on the day the calendar moved it to", [*BEGUN, D.recounted(), D.settled(date(2026, 11, 30))], {"timing": "on", "promised_on": FRIDAY}),
    (
        "the calendar moved the limit to answer",
        [D.submitted(channel="online"), D.recounted(kind="answer")],
        {"answer_due_at": datetime(2026, 11, 30, 10, tzinfo=UTC), "due_on": None},
    ),
    ("the calendar changed while the clock stood still", [*BEGUN, D.paused(), D.recounted()], {"due_on": None, "lawful_due_on": date(2026, 11, 30)}),
    ("the answer to an online submission is late", [D.submitted(channel="online"), D.breached("online-answer")], {"breached": False, "answer_late": True}),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_fact_changes_the_line_as_the_register_expects(facts: list[Fact], expected: dict[str, Any]) -> None:
    line = folded(facts)
    assert {name: getattr(line, name) for name in expected} == expected
    assert line.version == len(facts)
    assert line.last_at == MONDAY + timedelta(minutes=len(facts))


def test_the_table_holds_every_fact() -> None:
    assert {type(fact) for _, facts, _ in TABLE for fact in facts} == set(DOSSIER_FACTS)


@pytest.mark.parametrize(("settled_on", "timing"), [(THURSDAY, "before"), (FRIDAY, "on"), (SATURDAY, "over")])
def test_timing_is_judged_by_date_alone(settled_on: date, timing: str) -> None:
    assert timing_of(settled_on, FRIDAY) == timing


def test_without_a_promise_the_timing_is_unknown() -> None:
    assert folded([D.submitted(), D.settled()]).timing == "unknown"


def test_a_dossier_received_late_in_the_evening_is_counted_on_the_local_day() -> None:
    evening = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # 00:30 of the 24th in Quảng Trị
    assert folded([Dossier().submitted(at=evening)]).received_on == date(2026, 11, 24)


def test_a_request_after_the_due_instant_does_not_hide_that_the_dossier_is_late() -> None:
    late = datetime(2026, 11, 30, 2, tzinfo=UTC)
    line = folded([*BEGUN, D.supplement_requested(at=late)])
    assert line.due_on == FRIDAY
    assert line.state == "awaiting-supplement"


def test_a_pause_after_the_lawful_instant_does_not_hide_the_moved_day() -> None:
    before, after = (
        folded([*BEGUN, D.moved(), D.paused(at=datetime(2026, 11, day, 2, tzinfo=UTC), remaining=None)])
        for day in (27, 30)
    )
    assert (before.due_on, after.due_on) == (None, date(2026, 12, 2))


def test_a_dossier_whose_beginning_is_unknown_gets_a_placeholder() -> None:
    line = fold(None, Told(D.assigned(), 4, MONDAY))
    assert (line.procedure, line.channel, line.unit, line.version) == ("unknown", "unknown", D.unit, 4)


def test_what_comes_after_the_end_changes_nothing_but_the_version() -> None:
    ended = folded([*BEGUN, D.settled()])
    after = fold(ended, Told(D.assigned("somebody"), 4, MONDAY + timedelta(hours=1)))
    assert after == ended._replace(version=4, last_at=MONDAY + timedelta(hours=1))


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("facts", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_fact_is_told_in_a_whole_sentence(facts: list[Fact], language: str) -> None:
    for each in told(facts):
        made = moment(D.id, each)
        text = sentence(made.word, f"{made.day:%d/%m/%Y}" if made.day else "", language)
        assert text.endswith((".", ")."))
        assert "{" not in text
        assert ("{day}" in WORDS[made.word][0]) <= (made.day is not None), made.word
        assert made.trace == TRACE


def test_an_outcome_nobody_knows_is_told_plainly() -> None:
    assert moment(D.id, Told(D.settled(outcome="partly"), 1, MONDAY)).word == "settled"


def test_vietnamese_and_english_speak_of_the_same_day() -> None:
    assert all(("{day}" in vi) == ("{day}" in en) for vi, en in WORDS.values())


def test_a_filter_is_written_as_the_query_that_asks_it() -> None:
    asked = Filter(unit="19360", open=True, timing=("before", "on"), settled_to=FRIDAY)
    assert asked.pairs() == [("unit", "19360"), ("open", "true"), ("timing", "before"), ("timing", "on"), ("settled_to", "2026-11-27")]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "last"),
    [(date(2026, 2, 10), 28), (date(2028, 2, 29), 29), (date(2026, 12, 31), 31), (date(2026, 11, 1), 30)],
)
def test_a_month_ends_on_its_last_day(day: date, last: int) -> None:
    assert month_of(day) == (day.replace(day=1), day.replace(day=last))


def test_every_figure_has_a_title_in_both_languages() -> None:
    assert all(figure.vi and figure.en and figure.name == name for name, figure in FIGURES.items())


def test_all_states_have_a_phase() -> None:
    assert {folded(facts).state for _, facts, _ in TABLE} <= PHASES.keys()
