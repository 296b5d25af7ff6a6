"""Pydantic's findings as sentences: what may stand in a field is listed as it is written, in no language."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from shared.web.validation import findings


class _Kind(Enum):
    COPY = "copy"
    ORIGINAL = "original or so"


class _Cat(BaseModel):
    kind: Literal["cat"]


class _Dog(BaseModel):
    kind: Literal["dog"]


_TAGGED = Annotated[_Cat | _Dog, Field(discriminator="kind")]


@pytest.mark.parametrize(
    ("wanted", "given", "choices"),
    [
        (_Kind, "x", "copy, original or so"),
        (Literal["a", "b", "c"], "x", "a, b, c"),
        (Literal[1, 2], 3, "1, 2"),
        (Literal["only"], "x", "only"),
        (_TAGGED, {"kind": "x"}, "cat, dog"),
    ],
)
def test_what_may_stand_there_is_listed(wanted: Any, given: Any, choices: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(wanted).validate_python(given)
    (vietnamese,) = findings(caught.value.errors(), "vi")
    (english,) = findings(caught.value.errors(), "en")
    assert vietnamese["detail"] == f"Phải là một trong các giá trị: {choices}."
    assert english["detail"] == f"This must be one of: {choices}."
