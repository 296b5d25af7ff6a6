"""Instants with an offset and text that is clean Unicode."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.web.fields import Day, Instant, text

Submit = Callable[..., Any]


class Row(BaseModel):
    at: Instant


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-23T08:15:00+07:00", "2026-11-23T08:15:00+07:00"),
        ("2026-11-23T01:15:00Z", "2026-11-23T08:15:00+07:00"),
        ("2026-11-22T20:15:00.5-05:00", "2026-11-23T08:15:00.500000+07:00"),
        ("2026-11-23 08:15+07:00", "2026-11-23T08:15:00+07:00"),
    ],
)
def test_an_instant_is_written_on_vietnams_clock(written: str, read: str) -> None:
    assert json.loads(Row.model_validate({"at": written}).model_dump_json()) == {"at": read}


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("2026-11-23T08:15:00", "instant-without-offset"),
        ("2026-11-23", "bad-instant"),
        ("1700000000", "bad-instant"),
        (1700000000, "bad-instant"),
        (1.5, "bad-instant"),
        (None, "bad-instant"),
        ("tomorrow", "bad-instant"),
        ("2026-13-45T08:15:00Z", "datetime_from_date_parsing"),
        ("0001-01-01T00:00:00+14:00", "instant-out-of-range"),
        ("9999-12-31T23:59:59-14:00", "instant-out-of-range"),
    ],
)
def test_what_is_no_instant_with_an_offset_is_refused(written: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Row.model_validate({"at": written})
    assert [error["type"] for error in caught.value.errors()] == [kind]


async def test_the_refusal_of_an_instant_shows_the_right_form(submit: Submit) -> None:
    answer = await submit({"summary": "a", "received_at": "2026-11-23T08:15:00"})
    assert answer.status_code == 422
    assert "+07:00" in answer.json()["errors"][0]["detail"]


async def test_letters_typed_apart_are_put_together(submit: Submit) -> None:
    apart = unicodedata.normalize("NFD", "Đường Trần Hưng Đạo")
    assert len(apart) > 20
    answer = await submit({"summary": apart, "received_at": "2026-11-23T08:15:00+07:00"})
    assert answer.status_code == 201
    assert answer.json()["summary"] == "Đường Trần Hưng Đạo"


async def test_emoji_and_other_scripts_pass(submit: Submit) -> None:
    answer = await submit({"summary": "👨‍👩‍👧 北京 \U0001f600", "received_at": "2026-11-23T08:15:00+07:00"})
    assert answer.json()["summary"] == "👨‍👩‍👧 北京 \U0001f600"


async def test_a_nul_character_is_refused_by_name(submit: Submit) -> None:
    answer = await submit({"summary": "a\0b", "received_at": "2026-11-23T08:15:00+07:00"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "in": "body",
        "pointer": "/summary",
        "detail": "Có ký tự rỗng (NUL); hãy bỏ đi.",
        "code": "nul-character",
    }


@pytest.mark.parametrize("field", ["notes", "parts"])
async def test_a_nul_in_a_plain_string_of_a_command_is_refused_as_well(
    submit: Submit, body: dict[str, Any], field: str
) -> None:
    answer = await submit({**body, field: "a\0" if field == "notes" else ["x", "a\0"]})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/notes" if field == "notes" else "/parts/1", "nul-character")
    ]


async def test_the_six_letters_that_spell_the_escape_are_text(submit: Submit, body: dict[str, Any]) -> None:
    assert (await submit({**body, "notes": "\\u0000"})).status_code == 201


async def test_half_a_surrogate_is_refused(submit: Submit) -> None:
    answer = await submit(b'{"summary": "\\ud800", "received_at": "2026-11-23T08:15:00+07:00"}')
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "bad-text"


@pytest.mark.parametrize(("given", "kept"), [("  a b  ", "a b"), ("a\nb", "a\nb")])
def test_text_is_trimmed(given: str, kept: str) -> None:
    assert TypeAdapter(Annotated[str, text(max_length=5)]).validate_python(given) == kept


@pytest.mark.parametrize("given", ["", "   ", "abcdef", 5, None])
def test_text_of_the_wrong_length_or_kind_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Annotated[str, text(max_length=5)]).validate_python(given)


def test_the_schema_tells_the_lengths() -> None:
    assert TypeAdapter(Annotated[str, text(max_length=5, pattern="^a")]).json_schema() == {
        "maxLength": 5,
        "minLength": 1,
        "pattern": "^a",
        "type": "string",
    }
    assert TypeAdapter(Instant).json_schema()["format"] == "date-time"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("0001-01-01", "instant-out-of-range"), ("1899-12-31", "instant-out-of-range"), ("2201-01-01", "instant-out-of-range"),
        ("2026-02-30", "date_from_datetime_parsing"), ("soon", "bad-date"),
        ("0.0", "bad-date"), (0, "bad-date"), ("1700000000", "bad-date"), ("2026-11-23T00:00:00Z", "bad-date"),
    ],
)  # fmt: skip
def test_a_day_nobody_could_mean_is_refused(written: object, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Day).validate_python(written)
    assert [error["type"] for error in refused.value.errors()] == [kind]


def test_a_day_is_a_day() -> None:
    assert TypeAdapter(Day).validate_python("2026-11-23").isoformat() == "2026-11-23"
