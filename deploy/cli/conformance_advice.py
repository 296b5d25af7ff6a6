"""What a vendor is told to change in an event of their own: the rule book's sentence, then field by field what it must be and what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deploy.cli import source_schemas
from services.intake import data
from services.intake.domain import letters, source_shapes
from services.intake.domain.source_shapes import Shape
from services.intake.domain.sources import Reason
from shared.contracts.letters import ARROWS

Texts = Mapping[str, str]
LANGUAGES: Final = ("vi", "en")
_SAFE = re.compile(r"\S{1,60}|[0-9TZ:.,+\-/ ]{1,60}")
"""A value that a report may show: nobody's name."""
_NO_OBJECT: Final[Texts] = {"vi": "Mỗi sự kiện là một đối tượng JSON.", "en": "Each event is a JSON object."}
_WANTED: Final[Texts] = {"vi": "{field} cần {form}; đã gửi {value}", "en": "{field} must be {form}; it was {value}"}
_UNKNOWN: Final[Texts] = {"vi": "{field}: không có trường này", "en": "{field}: there is no such field"}
_PATTERN: Final[Texts] = {"vi": "chữ theo mẫu {pattern}", "en": "a text of the form {pattern}"}
_SAME: Final[Texts] = {"vi": "giống data.{about}", "en": "the same as data.{about}"}
_FORMS: Final[Mapping[str, Texts]] = {
    "date-time": {"vi": "thời điểm có múi giờ, như 2026-11-23T08:15:00+07:00", "en": "an instant with its zone, such as 2026-11-23T08:15:00+07:00"},
    "date": {"vi": "ngày, như 2026-11-23", "en": "a day, such as 2026-11-23"},
    "base64": {"vi": "hộp niêm phong cho khóa hiện hành, viết bằng base64", "en": "a box sealed for the present key, in base64"},
    "integer": {"vi": "số nguyên từ {minimum} đến {maximum}", "en": "a whole number from {minimum} to {maximum}"},
    "boolean": {"vi": "true hoặc false", "en": "true or false"},
    "object": {"vi": "một đối tượng JSON", "en": "a JSON object"},
}  # fmt: skip
_TOGETHER: Final[Mapping[str, Texts]] = {
    "anonymous": {"vi": "false: khiếu nại không thể ẩn danh", "en": "false: a complaint is never anonymous"},
    "contact_sealed": {"vi": "bỏ trống khi đơn ẩn danh", "en": "left out of an anonymous letter"},
    "served": {"vi": "không lớn hơn visits", "en": "no more than visits"},
}
"""What a field must be beside others, where it is right by itself."""
_ELSE: Final[Texts] = {
    "vi": "hợp với các trường khác và với lần gửi trước",
    "en": "in agreement with the other fields, and with what was sent before",
}
_NAMES_FIELDS: Final = frozenset(
    {Reason.SCHEMA, Reason.CLEAR_PERSONAL_DATA, Reason.SOURCE_MISMATCH, Reason.IMPOSSIBLE_STATUS}
)
"""Reasons for which a field's form may be what is wrong."""


def advice(source: str, event: Any, word: str, fields: Sequence[str]) -> Texts:
    """The sentence of a reason, with what each field must be and what it was."""
    sentences = data.source_reasons()[word]
    if not isinstance(event, dict):
        return {lang: f"{sentences[lang]} {_NO_OBJECT[lang]}" for lang in LANGUAGES}
    told = _Told(source, event, source_shapes.SHAPES.get(str(event.get("type"))), word == Reason.CLEAR_PERSONAL_DATA)
    wanted = [field for field in fields if word in _NAMES_FIELDS and (word == Reason.SCHEMA or told.wants(field))]
    return {
        lang: " ".join([sentences[lang], *(f"{told.sentence(field, lang)}." for field in wanted)]) for lang in LANGUAGES
    }


class _Told:
    """An event of somebody's own, and the shape it should have."""

    def __init__(self, source: str, event: Mapping[str, Any], shape: Shape | None, hide: bool) -> None:  # noqa: FBT001 - what it is
        self.source, self.event, self.shape, self.hide = source, event, shape, hide
        self.data = event["data"] if isinstance(event.get("data"), dict) else {}
        self.schema = source_schemas.schema_of(shape or source_shapes.UPSERTED)

    def wants(self, pointer: str) -> bool:
        """Whether a field that was not refused for its form has something to be told of it all the same."""
        if pointer == "/source":
            return True
        if pointer == "/data/state" and self.data.get("kind") in ARROWS:
            return self.data.get("state") not in ARROWS[self.data["kind"]]
        name = pointer.removeprefix("/data/")
        return self.shape is not None and name in self.shape.fields and not self._is_right(name)

    def sentence(self, pointer: str, lang: str) -> str:
        """What one field must be, and what it was."""
        schema = _below(self.schema, pointer)
        if schema is None:
            return _UNKNOWN[lang].format(field=pointer)
        form = self._said(pointer, lang) or _form(schema, lang)
        value = "..." if self.hide else _value(self.event, pointer)
        return _WANTED[lang].format(field=pointer, form=form, value=value)

    def _said(self, pointer: str, lang: str) -> str:
        """What its schema cannot say: the words this event may use, or how the field goes with others; empty: nothing."""
        kind, state = self.data.get("kind"), self.data.get("state")
        if pointer == "/type":
            return ", ".join(source_shapes.SHAPES)
        if pointer == "/source":
            return f"/sources/{self.source}"
        if pointer == "/subject" and self.shape is not None:
            return _SAME[lang].format(about=self.shape.about)
        words = {"/data/state": ARROWS, "/data/outcome": letters.OUTCOMES, "/data/note_code": letters.GROUNDS}.get(
            pointer, {}
        )
        if found := words.get(str(kind if pointer == "/data/state" else state)):
            return " | ".join(sorted(found) if isinstance(found, frozenset) else found)
        return self._beside(pointer, lang)

    def _beside(self, pointer: str, lang: str) -> str:
        name = pointer.removeprefix("/data/")
        if not self._is_right(name) or self.data.get(name) is None:
            return ""
        if name == "contact_sealed" and not self.data.get("anonymous"):
            return ""  # sealed for another key
        return _TOGETHER.get(name, _ELSE)[lang]

    def _is_right(self, name: str) -> bool:
        """Whether a field is there, and right by itself."""
        return self.shape is not None and name not in {*self.shape.wrong(self.data)}


def _below(schema: Mapping[str, Any], pointer: str) -> Mapping[str, Any] | None:
    """The schema of one field."""
    found: Any = schema
    for name in pointer.strip("/").split("/"):
        found = found.get("properties", {}).get(name)
        if found is None:
            return None
    first: Mapping[str, Any] = found["anyOf"][0] if "anyOf" in found else found
    return first


def _form(schema: Mapping[str, Any], lang: str) -> str:
    """What a field must be, in a few words."""
    marks = (str(schema.get(word)) for word in ("format", "contentEncoding", "type"))
    by_mark = next((_FORMS[mark][lang] for mark in marks if mark in _FORMS), "")
    if "const" in schema or "enum" in schema:
        return " | ".join(schema.get("enum", [schema.get("const")]))
    if "pattern" in schema and not by_mark:
        return _PATTERN[lang].format(**schema)
    return by_mark.format(**schema)


def _value(event: Any, pointer: str) -> str:
    """What stood there, where it can be nobody's name."""
    found = event
    for name in pointer.strip("/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str) and not _SAFE.fullmatch(found):
        return f'"..." ({len(found)})'
    return json.dumps(found, ensure_ascii=False) if not isinstance(found, dict | list) else "..."
