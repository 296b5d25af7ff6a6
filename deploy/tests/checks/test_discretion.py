"""Spans of requests keep the shape of an address, not what somebody typed into it."""

from __future__ import annotations

import pytest

from shared.runtime.discretion import discreet_path, discreet_query


@pytest.mark.parametrize(
    "path",
    [
        "/intake/v1/dossiers/01a2146a-481d-70b6-96fe-b283af7d8af2/return-result",
        "/intake/v1/procedures/1.004873",
        "/reporting/v1/units/19360",
        "/",
    ],
)
def test_ids_codes_and_words_of_a_path_stay(path: str) -> None:
    assert discreet_path(path) == path


@pytest.mark.parametrize("typed", ["044190123987", "0905 817 263", "Hồ Thị Quỳnh", "a@b.example", "0905817263"])
def test_what_may_be_a_person_in_a_path_is_cut(typed: str) -> None:
    assert discreet_path(f"/intake/v1/units/{typed}/days") == "/intake/v1/units/[…]/days"


def test_a_query_keeps_its_names_only() -> None:
    assert discreet_query("unit=044190123987&handler=H%E1%BB%93&limit=20") == "unit=&handler=&limit="


def test_a_person_in_place_of_a_querys_name_is_cut() -> None:
    assert discreet_query("044190123987=1&H%E1%BB%93=&open=true") == "[…]=&[…]=&open="
