"""What `gandan conformance` finds, each with what was sent, what came back and what to change, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from deploy.cli.conformance_advice import LANGUAGES, Texts, advice
from deploy.cli.conformance_door import Answer
from deploy.cli.conformance_set import ACCEPTED, REPEATED, WAITING, Message
from services.intake import data
from services.intake.domain import source_shapes

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
    if answer.waits_for is not None and expected == ACCEPTED:
        return data.source_reasons()[f"waits-for-{answer.waits_for}"]
    return {lang: text.format(expected=expected) for lang, text in _FAULT.items()}


def event_finding(source: str, line: int, event: Any, outcome: Mapping[str, Any]) -> Finding:
    """An event of the vendor's own beside what the rule book says of it. One that waits is well, with a note."""
    status, reason, fields = outcome["status"], outcome["reason"], tuple(outcome["fields"])
    waits = outcome["waits_for"]
    about = f"{_said(event, 'type').removeprefix(source_shapes.PREFIX)} {_said(event, 'id')}"
    change: Texts | None = None
    if status == "failed":
        change = _AGAIN
    elif reason is not None or waits is not None:
        change = advice(source, event, reason or f"waits-for-{waits}", fields)
    ok = status in {ACCEPTED, WAITING}
    return Finding(str(line), ok, dict.fromkeys(LANGUAGES, about), None, status, reason, fields, change)


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
