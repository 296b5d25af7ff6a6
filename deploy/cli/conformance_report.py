"""What `gandan conformance` finds, each with what was sent, what came back and what to change, in Vietnamese and English."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from deploy.cli import source_schemas
from deploy.cli.conformance_door import Answer
from deploy.cli.conformance_set import ACCEPTED, REPEATED, WAITING, Message
from services.intake import data
from services.intake.domain import source_shapes

Texts = Mapping[str, str]
_LANGUAGES: Final = ("vi", "en")
_SAFE = re.compile(r"\S{1,60}|[0-9TZ:.,+\-/ ]{1,60}")
"""A value that a report may show: nobody's name."""
_SILENCE: Final[Texts] = {
    "vi": "Không có phản hồi trong 30 giây. Hãy kiểm tra quyền ghi vào chủ đề (topic) của nguồn, khóa của bản ghi và trạng thái của nguồn trong sổ đăng ký.",
    "en": "No reply within 30 seconds. See that your account may write the source's topic, and that the source is active in the registry.",
}
_FAULT: Final[Texts] = {
    "vi": "Kết quả phải là {expected}. Đây là lỗi của hệ thống nhận: hãy báo cho đơn vị vận hành.",
    "en": "It should have been {expected}. This is a fault of the installation: tell its operator.",
}
_AGAIN: Final[Texts] = {
    "vi": "Hệ thống nhận gặp lỗi. Hãy gửi lại cùng mã sự kiện.",
    "en": "The installation failed. Send the same event again.",
}
_HEAD: Final[Texts] = {
    "vi": "{source}: {right} đúng, {wrong} cần sửa",
    "en": "{source}: {right} right, {wrong} to change",
}
_SENT: Final[Texts] = {"vi": "đã gửi", "en": "sent"}
_CAME: Final[Texts] = {"vi": "kết quả", "en": "came back"}
_CHANGE: Final[Texts] = {"vi": "cần sửa", "en": "to change"}
_NOTE: Final[Texts] = {"vi": "lưu ý", "en": "note"}
_WANTED: Final[Texts] = {"vi": "{field} cần {form}; đã gửi {value}", "en": "{field} must be {form}; it was {value}"}
_UNKNOWN: Final[Texts] = {"vi": "{field}: không có trường này", "en": "{field}: there is no such field"}
_PATTERN: Final[Texts] = {"vi": "chữ theo mẫu {pattern}", "en": "a text of the form {pattern}"}
_FORMS: Final[Mapping[str, Texts]] = {
    "date-time": {"vi": "thời điểm có múi giờ, như 2026-11-23T08:15:00+07:00", "en": "an instant with its zone, such as 2026-11-23T08:15:00+07:00"},
    "base64": {"vi": "hộp niêm phong cho khóa hiện hành, viết bằng base64", "en": "a box sealed for the present key, in base64"},
    "integer": {"vi": "số nguyên từ {minimum} đến {maximum}", "en": "a whole number from {minimum} to {maximum}"},
    "boolean": {"vi": "true hoặc false", "en": "true or false"},
    "object": {"vi": "một đối tượng JSON", "en": "a JSON object"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One message or event: whether all is well, and if not (or not quite), what to change."""

    name: str
    ok: bool
    sent: Texts
    expected: str | None
    status: str | None
    reason: str | None
    fields: tuple[str, ...]
    change: Texts | None

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def door_finding(message: Message, answer: Answer | None) -> Finding:
    """A message of ours beside what came back for it."""
    ok = answer is not None and (answer.reason or answer.status) == message.expected
    sent = {"vi": message.vi, "en": message.en}
    if answer is None:
        return Finding(message.name, False, sent, message.expected, None, None, (), _SILENCE)
    change = None if ok else _unexpected(message.expected, answer)
    return Finding(message.name, ok, sent, message.expected, answer.status, answer.reason, answer.fields, change)


def _unexpected(expected: str, answer: Answer) -> Texts:
    """Where it should have been taken, the rule book says what is amiss in the registry; else we are at fault."""
    if answer.reason is not None and expected in {ACCEPTED, WAITING, REPEATED}:
        return data.source_reasons()[answer.reason]
    return {lang: text.format(expected=expected) for lang, text in _FAULT.items()}


def event_finding(line: int, event: Any, outcome: Mapping[str, Any]) -> Finding:
    """An event of the vendor's own beside what the rule book says of it. One that waits is well, with a note."""
    status, reason, fields = outcome["status"], outcome["reason"], tuple(outcome["fields"])
    waits = outcome["waits_for"]
    about = f"{_said(event, 'type').removeprefix(source_shapes.PREFIX)} {_said(event, 'id')}"
    change: Texts | None = None
    if status == "failed":
        change = _AGAIN
    elif reason is not None or waits is not None:
        change = _advice(event, reason or f"waits-for-{waits}", fields)
    ok = status in {ACCEPTED, WAITING}
    return Finding(str(line), ok, dict.fromkeys(_LANGUAGES, about), None, status, reason, fields, change)


def _advice(event: Any, word: str, fields: Sequence[str]) -> Texts:
    """The rule book's sentence; for a wrong form also what each field must be and what it was."""
    sentences = data.source_reasons()[word]
    if word != "schema":
        return sentences
    return {
        lang: " ".join([sentences[lang], *(f"{each}." for each in _wanted(event, fields, lang))]) for lang in _LANGUAGES
    }


def _wanted(event: Any, fields: Sequence[str], lang: str) -> list[str]:
    shape = source_shapes.SHAPES.get(_said(event, "type"))
    schema = source_schemas.schema_of(shape) if shape is not None else None
    return [_sentence(event, schema, field, lang) for field in fields if field]


def _sentence(event: Any, schema: Mapping[str, Any] | None, field: str, lang: str) -> str:
    if schema is None:
        kinds = ", ".join(source_shapes.SHAPES)
        return (
            _WANTED[lang].format(field=field, form=kinds, value=_value(event, "/type")) if field == "/type" else field
        )
    wanted = _below(schema, field)
    if wanted is None:
        return _UNKNOWN[lang].format(field=field)
    return _WANTED[lang].format(field=field, form=_form(wanted, lang), value=_value(event, field))


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
    return by_mark.format(**schema) or str(schema.get("description", ""))


def _value(event: Any, pointer: str) -> str:
    """What stood there, where it can be nobody's name."""
    found = event
    for name in pointer.strip("/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str) and not _SAFE.fullmatch(found):
        return f'"..." ({len(found)})'
    return json.dumps(found, ensure_ascii=False) if not isinstance(found, dict | list) else "..."


def _said(event: Any, name: str) -> str:
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, str) and source_shapes.EVENT_ID.fullmatch(found) else "-"


def told(source: str, findings: Sequence[Finding], lang: str) -> str:
    """For people: the count, then everything that needs a look."""
    wrong = sum(not finding.ok for finding in findings)
    lines = [_HEAD[lang].format(source=source, right=len(findings) - wrong, wrong=wrong)]
    for finding in findings:
        lines += _lines(finding, lang)
    return "\n".join(lines)


def _lines(finding: Finding, lang: str) -> list[str]:
    came = " ".join(filter(None, [finding.status or "-", finding.reason, *finding.fields]))
    if finding.ok and finding.change is None:
        return [f"  ok   {finding.name}: {finding.sent[lang]} -> {came}"] if finding.expected is not None else []
    mark, label = ("note", _NOTE[lang]) if finding.ok else ("FAIL", _CHANGE[lang])
    expected = f" ({finding.expected})" if finding.expected is not None else ""
    return [
        f"  {mark} {finding.name}",
        f"       {_SENT[lang]}: {finding.sent[lang]}",
        f"       {_CAME[lang]}: {came}{expected}",
        f"       {label}: {(finding.change or {}).get(lang, '')}",
    ]
