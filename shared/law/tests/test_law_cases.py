import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.law import answer, office_hours, official_calendar

WORKED = json.loads((Path(__file__).parent / "deadline_cases.json").read_text("utf-8"))


@pytest.mark.parametrize("case", WORKED["cases"], ids=lambda case: case["id"])
def test_the_worked_case_comes_out_as_counted_by_hand(case: dict[str, Any]) -> None:
    for step in case["steps"]:
        given = answer(step["ask"])
        assert {field: given.get(field) for field in step["expect"]} == step["expect"], case["why"]


def test_all_worked_cases_are_here() -> None:
    assert len(WORKED["cases"]) == 24


def test_the_weekdays_off_of_the_published_years_are_exactly_the_announced_ones() -> None:
    off = [off.on for off in official_calendar().days_off if off.on.weekday() < 5 and off.on.year <= 2026]
    assert [day.isoformat() for day in sorted(off)] == WORKED["weekday_holidays"]


def test_the_makeup_days_are_exactly_the_announced_ones() -> None:
    assert [makeup.on.isoformat() for makeup in official_calendar().makeup_days] == WORKED["makeup_days"]


def test_the_office_hours_are_those_of_the_worked_cases() -> None:
    hours = office_hours(date(2026, 6, 1))
    assert [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in hours.periods] == WORKED["office_hours"]
    assert f"{hours.same_day_until:%H:%M}" == WORKED["same_day_cutoff"]
