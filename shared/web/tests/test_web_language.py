"""Vietnamese unless English is preferred."""

from __future__ import annotations

import pytest

from shared.web.language import preferred


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "vi"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("vi,en;q=0.8", "vi"),
        ("en;q=0.8,vi", "vi"),
        ("en,vi", "en"),
        ("fr", "vi"),
        ("fr,en;q=0.5", "en"),
        ("*", "vi"),
        ("en;q=0", "vi"),
        ("en;q=nonsense", "vi"),
        (",,;;q=", "vi"),
        ("EN-gb", "en"),
    ],
)
def test_the_preferred_language_is(header: str, expected: str) -> None:
    assert preferred(header) == expected


def test_an_endless_header_is_read_in_part_only() -> None:
    assert preferred("fr," * 1000 + "en") == "vi"
