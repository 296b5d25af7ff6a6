"""The rule book of source events, rule by rule where a whole door is not needed: mandates, units, first statuses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import State, mirror
from services.intake.domain.portal_status import Standing, state_of, way
from services.intake.domain.source_shapes import instant
from services.intake.domain.sources import Event, Mandate, Reason, Rejected, Source, read
from services.intake.domain.states import ARROWS
from services.intake.tests.given import OTHER_UNIT, UNIT, a_procedure
from services.intake.tests.vendor import CODE, delivered, entry, progressed, upserted
from shared.law import shipped
from shared.testing.clock import MONDAY_MORNING

UNITS: dict[str, Any] = {UNIT: None, OTHER_UNIT: None}
"""The units of the province."""
LEFT = (Mandate(UNIT, date(2026, 1, 1), date(2026, 11, 22)), Mandate(OTHER_UNIT, date(2026, 11, 23)))


def judged(told: Any, source: Source | None = None) -> Event | Rejected:
    """What the rule book says of an event on Monday morning."""
    _, found = read(delivered(told, MONDAY_MORNING), source or entry(), MONDAY_MORNING, UNITS)
    return found


def word(found: Event | Rejected) -> tuple[str, ...]:
    return ("taken",) if isinstance(found, Event) else (found.reason.value, *found.fields)


@pytest.mark.parametrize(
    ("unit", "received_at", "said"),
    [
        (UNIT, "2026-11-22T23:59:00+07:00", ("taken",)), (UNIT, "2026-11-23T00:00:00+07:00", ("foreign-unit", "/data/unit")),
        (UNIT, "2025-12-31T23:59:00+07:00", ("foreign-unit", "/data/unit")), (OTHER_UNIT, "2026-11-23T00:00:00+07:00", ("taken",)),
        (OTHER_UNIT, "2026-11-22T16:59:00Z", ("foreign-unit", "/data/unit")), (OTHER_UNIT, "2026-11-22T17:00:00Z", ("taken",)),
    ],
)  # fmt: skip
def test_a_source_speaks_for_a_unit_from_its_first_day_to_its_last_in_vietnam(
    unit: str, received_at: str, said: tuple[str, ...]
) -> None:
    told = upserted({"unit": unit, "submitted_at": received_at, "received_at": received_at})

    assert word(judged(told, entry(units=LEFT))) == said


@pytest.mark.parametrize(
    ("unit", "said"),
    [(UNIT, ("taken",)), (OTHER_UNIT, ("foreign-unit", "/data/by_unit")), ("00001", ("unknown-unit", "/data/by_unit"))],
)
def test_the_unit_that_worked_on_it_is_one_of_its_own_too(unit: str, said: tuple[str, ...]) -> None:
    assert word(judged(progressed(4, data={"by_unit": unit}))) == said


@pytest.mark.parametrize(
    "ahead", [("2026-11-23T08:20:00+07:00", "taken"), ("2026-11-23T08:20:01+07:00", "future-time")]
)
def test_a_clock_may_be_ahead_by_five_minutes(ahead: tuple[str, str]) -> None:
    time, said = ahead

    for told in (upserted(time=time), progressed(4, time), progressed(9, data={"finished_at": time})):
        assert word(judged(told))[0] == said


@pytest.mark.parametrize("written", ["2026-11-23T08:00:00Z", "2026-11-23t08:00:00z", "2026-11-23T08:00:00.5-00:30"])
def test_an_instant_is_read_as_rfc_3339_writes_it_small_letters_too(written: str) -> None:
    assert instant(written) is not None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(place=st.sampled_from(sorted(upserted())), inside=st.sampled_from(sorted(upserted()["data"])), said=ANYTHING)
def test_whatever_stands_in_a_place_of_an_event_the_rule_book_has_an_answer(place: str, inside: str, said: Any) -> None:
    for told in (upserted() | {place: said}, upserted({inside: said})):
        assert isinstance(judged(told), Event | Rejected)


def test_the_list_of_reasons_is_the_one_of_the_interface() -> None:
    assert {each.value for each in Reason} == {
        "schema", "too-large", "too-fast", "foreign-unit", "unknown-unit", "unknown-procedure", "future-time", "backward-status", "impossible-status",
        "id-reused", "clear-personal-data", "waited-too-long", "source-mismatch",
    }  # fmt: skip


@pytest.mark.parametrize("status", range(1, 11))
@pytest.mark.parametrize("finished", [False, True])
def test_a_dossier_may_be_heard_of_first_in_any_status_and_the_skipped_ones_are_inferred(
    status: int, *, finished: bool
) -> None:
    at = datetime.fromisoformat("2026-11-23T08:10:00+07:00")
    ended = {"finished_at": at.isoformat()} if finished else {}
    told = judged(upserted({"status": status, "channel": "online", "at": at.isoformat(), **ended}))
    assert isinstance(told, Event)

    followed = mirror.begin(
        told, a_procedure(), id=UUID(int=1), recipient=UUID(int=2), verifier="", source="tan-thanh", tells_citizens=False,
        office=shipped().office_at(at, UNIT), now=MONDAY_MORNING,
    )  # fmt: skip

    steps = way(Standing(State.SUBMITTED, accepted=False), state_of(status, finished=finished))
    assert followed.dossier.state is state_of(status, finished=finished)
    assert list(followed.inferred) == [step.status for step in steps[:-1]]
    said: list[Any] = list(followed.facts)
    assert [fact.inferred for fact in said] == [False, *([True] * (len(steps) - 1)), *([False] if steps else [])]
    here = State.SUBMITTED
    for step in steps:
        assert here in ARROWS[step.command]
        here = step.to.state
    assert followed.dossier.code == CODE
