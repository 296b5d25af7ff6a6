"""The explanations of real situations, word for word, as read and agreed by people."""

import json
import re
import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.law import answer, explain, office_hours, official_calendar, plain
from shared.law.words import ENGLISH, VIETNAMESE

GOLDEN = json.loads((Path(__file__).parent / "explanations.json").read_text("utf-8"))
SITUATIONS = json.loads((Path(__file__).parent / "situations.json").read_text("utf-8"))
"""Situations of citizens, named in their words, each read aloud before it was kept."""
LONGEST_SENTENCE = 34
"""Words a citizen can take in at once; the line that cites the law may be longer."""


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["situation"])
def test_the_situation_is_explained_word_for_word(golden: dict[str, Any], lang: str) -> None:
    assert answer(golden["ask"] | {"lang": lang})["steps"] == golden[lang]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation["situation"])
def test_a_citizen_is_told_word_for_word(situation: dict[str, Any]) -> None:
    assert answer(situation["ask"])["steps"] == situation["vi"]


def test_thirty_situations_are_explained_and_each_sentence_is_short_enough_to_take_in() -> None:
    assert len({situation["situation"] for situation in SITUATIONS}) == len(SITUATIONS) >= 30
    for situation in SITUATIONS:
        law, *counted = situation["vi"]
        assert "Căn cứ: " in law
        for sentence in counted:
            assert len(sentence.split()) <= LONGEST_SENTENCE, sentence
            assert sentence[0].isupper(), sentence
            assert sentence.endswith("."), sentence


def test_every_sentence_of_a_one_stop_dossier_is_met_in_a_situation() -> None:
    """What no citizen was imagined to read is read by nobody; the rest is of limits that no rule here has."""
    told = " ".join(line for each in SITUATIONS + GOLDEN for line in each["vi"])
    unmet = {name for name, text in VIETNAMESE.sentences.items() if not re.search(_pattern(text), told, re.IGNORECASE)}

    assert unmet == {"back-day", "counted-makeup", "suspended"}


def _pattern(text: str) -> str:
    return re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))


def test_vietnamese_is_spoken_unless_another_language_is_asked_for() -> None:
    assert answer(GOLDEN[0]["ask"])["steps"] == GOLDEN[0]["vi"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["situation"])
def test_an_explanation_ends_with_the_date_that_was_answered(golden: dict[str, Any]) -> None:
    given = answer(golden["ask"])
    when = given.get("latest") or given["due"]
    if when is not None:
        day = f"{date.fromisoformat(when[:10]):%d/%m/%Y}"
        assert any(day in step for step in golden["vi"] if step.startswith(("Hạn", "Chậm nhất")))


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    assert _values(VIETNAMESE.sentences) == _values(ENGLISH.sentences)


def test_a_makeup_day_without_a_swapped_weekday_is_explained_too() -> None:
    calendar = official_calendar().with_makeup_day(date(2026, 6, 6))
    steps = explain(plain("3wd", date(2026, 6, 4)), calendar, office_hours(date(2026, 6, 4)), "en")
    assert "Working day 2: Saturday 6 Jun 2026 (make-up day)." in steps


def _values(sentences: Any) -> dict[str, set[str]]:
    parse = string.Formatter().parse
    return {name: {field for _, field, _, _ in parse(text) if field} for name, text in sentences.items()}
