"""People as they are written on a form: cleaned where people differ, refused where nothing can be meant."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shared.store.vault import Details
from shared.web.people import LookupBody, PersonBody


def person(**changes: Any) -> PersonBody:
    return PersonBody.model_validate({"name": "Nguyễn Văn An", **changes})


def test_numbers_are_kept_without_what_people_put_between_them() -> None:
    made = person(
        name="  An ", identity_no="044.085 001-234", phone="(0912) 345.678", email="an@example.vn", address="x"
    )
    assert made.details() == Details("An", "044085001234", "+84912345678", "an@example.vn", "x")
    assert {person(phone=typed).phone for typed in ("+84912345678", "84912345678", "0912345678")} == {"+84912345678"}
    assert person().details() == Details("Nguyễn Văn An", None, None, None, None)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("identity_no", "12", "identity-number"), ("identity_no", "04408500123x", "identity-number"), ("phone", "12", "phone-number"),
        ("phone", "+1 202 555 0100", "phone-number"), ("email", "an", "string_pattern_mismatch"), ("email", "a b@c.vn", "string_pattern_mismatch"),
        ("name", "A" * 201, "string_too_long"), ("name", " ", "string_too_short"), ("name", "a\0b", "nul-character"), ("nickname", "x", "extra_forbidden"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_field(field: str, value: str, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        person(**{field: value})
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == ((field,), kind)


def test_code_and_secret_are_short_and_nothing_else_is_taken() -> None:
    assert LookupBody.model_validate({"code": " DT.1 ", "secret": "x"}).code == "DT.1"
    for wrong in (
        {"code": "x" * 61, "secret": "x"},
        {"code": "x", "secret": "x" * 21},
        {"code": "x", "secret": "x", "more": 1},
    ):
        with pytest.raises(ValidationError):
            LookupBody.model_validate(wrong)
