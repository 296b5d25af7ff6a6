import tomllib
from importlib.resources import files
from typing import Any

import pytest

from deploy.cli.calendar_seed import names_of, seed

SHIPPED: dict[int, dict[str, Any]] = {
    row["year"]: row for row in tomllib.loads((files("shared.law.data") / "calendar.toml").read_text("utf-8"))["year"]
}


def seeded(year: int) -> dict[str, Any]:
    (row,) = tomllib.loads(seed(year))["year"]
    return dict(row)


@pytest.mark.parametrize("year", [2027, 2028])
def test_a_provisional_year_is_exactly_what_the_seed_gives(year: int) -> None:
    assert SHIPPED[year]["off"] == seeded(year)["off"]
    assert SHIPPED[year].get("makeup") == seeded(year).get("makeup")
    assert SHIPPED[year]["status"] == seeded(year)["status"] == "provisional"


@pytest.mark.parametrize("year", range(2021, 2027))
def test_a_published_year_differs_from_the_seed_only_by_the_swap_of_january_2026(year: int) -> None:
    missing = [off["on"].isoformat() for off in SHIPPED[year]["off"] if off not in seeded(year)["off"]]
    assert missing == (["2026-01-02"] if year == 2026 else [])
    assert all(off in SHIPPED[year]["off"] for off in seeded(year)["off"])


def test_a_swapped_day_is_seeded_with_its_saturday() -> None:
    (makeup,) = seeded(2025)["makeup"]
    assert (makeup["on"].isoformat(), makeup["instead_of"].isoformat()) == ("2025-04-26", "2025-05-02")


def test_a_holiday_we_have_no_words_for_is_refused() -> None:
    with pytest.raises(ValueError, match="Moon Day"):
        names_of("Moon Day")
