"""What a vendor is told to change: every sentence names the field, what it must be and what it was, in one language."""

from __future__ import annotations

import re
from typing import Any

import pytest

from deploy.cli.conformance_report import event_finding
from services.intake.domain import source_shapes
from services.intake.domain.source_shapes import SHAPES

SOURCE, AT = "tan-thanh", "2026-11-23T08:15:00+07:00"
DOSSIER = {
    "code": "H50.44.12-261123-0001", "procedure": "1.004873", "unit": "19360", "channel": "direct", "submitted_at": AT, "status": 2,
}  # fmt: skip
LETTER = {
    "code": "DTTT-261123-0001", "unit": "19360", "kind": "petition", "channel": "direct", "received_at": AT, "state": "received",
}  # fmt: skip
VISITS = {"unit": "19360", "day": "2026-11-23", "window": "1", "visits": 10, "served": 3, "at": AT}


def event(kind: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    about = data.get("code") or data.get("unit")
    return {
        "specversion": "1.0", "id": "one", "source": f"/sources/{SOURCE}", "type": f"vn.gandan.source.{kind}.v1", "subject": about, "data": data, **changes,
    }  # fmt: skip


def dossier(**changes: Any) -> dict[str, Any]:
    return event("dossier-upserted", DOSSIER | changes)


def letter(**changes: Any) -> dict[str, Any]:
    return event("submission-upserted", LETTER | changes)


def visits(**changes: Any) -> dict[str, Any]:
    return event("visit-counted", VISITS | changes)


def advised(told: Any, lang: str, *fields: str, reason: str = "schema") -> str:
    """What to change in an event; its wrong fields are those of the rule book, or these."""
    if not fields and isinstance(told, dict):
        fields = tuple(source_shapes.wrong(told, SHAPES.get(str(told.get("type")))))
    outcome = {"status": "rejected", "reason": reason, "fields": fields, "waits_for": None}
    change = event_finding(SOURCE, 1, told, outcome).change
    assert change is not None
    return change[lang]


@pytest.mark.parametrize(
    ("told", "vi", "en"),
    [
        (visits(served=12), "/data/served cần không lớn hơn visits; đã gửi 12.", "/data/served must be no more than visits; it was 12."),
        (visits(day="23/11/2026"), '/data/day cần ngày, như 2026-11-23; đã gửi "23/11/2026".', '/data/day must be a day, such as 2026-11-23; it was "23/11/2026".'),
        (letter(kind="complaint", anonymous=True), "/data/anonymous cần false: khiếu nại không thể ẩn danh; đã gửi true.", "/data/anonymous must be false: a complaint is never anonymous; it was true."),
        (letter(anonymous=True, contact_sealed="A" * 100), "/data/contact_sealed cần bỏ trống khi đơn ẩn danh;", "/data/contact_sealed must be left out of an anonymous letter;"),
        (event("visit-counted", VISITS, subject="19333"), '/subject cần giống data.unit; đã gửi "19333".', '/subject must be the same as data.unit; it was "19333".'),
        (event("dossier-upserted", DOSSIER, specversion="0.3"), '/specversion cần 1.0; đã gửi "0.3".', '/specversion must be 1.0; it was "0.3".'),
        (dossier(correction=True), "/data/reason_class cần typing-error | misread", "/data/reason_class must be typing-error | misread"),
    ],
)  # fmt: skip
def test_a_wrong_event_is_told_field_by_field(told: dict[str, Any], vi: str, en: str) -> None:
    assert vi in advised(told, "vi")
    assert en in advised(told, "en")


def test_a_letter_is_told_the_words_of_its_own_state_and_kind() -> None:
    answered, refused = letter(state="answered"), letter(kind="complaint", state="refused", note_code="other")
    unknown = advised(letter(state="resolved"), "en", "/data/state", reason="impossible-status")

    assert "/data/outcome must be cannot-fix | explained | fixed | not-our-remit | planned; it was null." in advised(answered, "en", "/data/outcome")  # fmt: skip
    assert "/data/note_code must be after-discontinuance | already-settled-twice | " in advised(refused, "en", "/data/note_code")  # fmt: skip
    assert "/data/state must be received | filed | guided | transferred | withdrawn | opened | assigned | " in unknown
    assert "/data/state" not in advised(letter(state="opened"), "en", "/data/state", reason="impossible-status")


def test_a_value_that_is_right_by_itself_is_not_said_to_be_of_the_wrong_form() -> None:
    told = advised(dossier(), "en", "/data/unit")

    assert "/data/unit must be in agreement with the other fields, and with what was sent before; it was " in told


def test_the_source_of_somebody_else_is_told_its_own() -> None:
    told = event("dossier-upserted", DOSSIER, source="tan-thanh")

    assert '/source must be /sources/tan-thanh; it was "tan-thanh".' in advised(told, "en", "/source", reason="source-mismatch")  # fmt: skip


def test_a_code_that_looks_like_a_number_of_a_person_is_told_the_form_of_a_code_and_not_repeated() -> None:
    told = advised(dossier(code="0912345678"), "en", "/data/code", reason="clear-personal-data")

    assert "/data/code must be a text of the form " in told
    assert "0912345678" not in told


def test_what_is_no_event_at_all_is_told_so() -> None:
    assert advised(42, "en").endswith("Each event is a JSON object.")
    nothing = advised({}, "en")
    for sentence in ("/specversion must be 1.0;", "/id must be a text", "/source must be /sources/tan-thanh;", "/data must be a JSON object;"):  # fmt: skip
        assert sentence in nothing


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.kind)
def test_every_field_that_is_missing_is_told_in_vietnamese_what_it_must_be(shape: source_shapes.Shape) -> None:
    told = advised(event(shape.kind, {}), "vi")

    assert all(f"/data/{name} cần " in told for name in shape.required)
    assert not re.search(r"cần ;|\b(the|must|and|of)\b", told)
