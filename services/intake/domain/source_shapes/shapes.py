"""The types of event a source may send, each with its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.intake.domain.source_shapes.codes import UNIT_CODE, WORD
from services.intake.domain.source_shapes.reading import (
    Count,
    Read,
    one_of,
    read_code,
    read_day,
    read_flag,
    read_instant,
    read_letter_code,
    read_sealed,
    read_status,
    text,
)
from shared.contracts.letters import SUBJECTS

PREFIX: Final = "vn.gandan.source."


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a type of event: each read by its own function; `required` must be there, `past` cannot lie ahead."""

    kind: str
    fields: Mapping[str, Read]
    required: frozenset[str]
    past: tuple[str, ...]
    about: str = "code"
    """The field that is also the `subject`."""

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return f"{PREFIX}{self.kind}.v1"

    def wrong(self, data: Mapping[str, Any]) -> Iterator[str]:
        """The names of fields that are missing, unknown or of the wrong form, in order."""
        yield from (name for name in sorted(self.required) if data.get(name) is None)
        for name in data:
            if name not in self.fields:
                yield name if WORD.fullmatch(name) else "?"
            elif data[name] is not None and not _reads(self.fields[name], data[name]):
                yield name

    def read(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of a right event."""
        return {name: self.fields[name](value) for name, value in data.items() if value is not None}


def _reads(read: Read, value: Any) -> bool:
    try:
        read(value)
    except (ValueError, TypeError):
        return False
    return True


_UNIT = text(UNIT_CODE)


_NOTE = text(r"[a-z0-9][a-z0-9-]{0,39}")


_REASONS = one_of("typing-error", "misread", "wrong-dossier", "system-error", "other")

UPSERTED = Shape(
    "dossier-upserted",
    {
        "code": read_code, "procedure": text(r"[0-9]\.[0-9]{6}"), "unit": _UNIT, "channel": one_of("direct", "online", "postal"),
        "subject_kind": one_of("citizen", "business", "state-body", "organisation"), "submitted_at": read_instant, "received_at": read_instant,
        "appointment_at": read_instant, "status": read_status, "at": read_instant, "finished_at": read_instant, "returned_at": read_instant,
        "outcome": one_of("granted", "rejected"), "note_code": _NOTE, "contact_sealed": read_sealed, "backfill": read_flag,
        "correction": read_flag, "reason_class": _REASONS,
    },
    frozenset({"code", "procedure", "unit", "channel", "submitted_at", "status"}),
    ("submitted_at", "received_at", "at", "finished_at", "returned_at"),
)  # fmt: skip


PROGRESSED = Shape(
    "dossier-progressed",
    {
        "code": read_code, "status": read_status, "at": read_instant, "by_unit": _UNIT, "note_code": _NOTE, "appointment_at": read_instant,
        "finished_at": read_instant, "returned_at": read_instant, "outcome": one_of("granted", "rejected"), "backfill": read_flag,
        "correction": read_flag, "reason_class": _REASONS,
    },
    frozenset({"code", "status", "at"}),
    ("at", "finished_at", "returned_at"),
)  # fmt: skip


_OF_LETTERS: Mapping[str, Read] = {
    "code": read_letter_code, "state": _NOTE, "at": read_instant, "appointment_at": read_instant, "complex": read_flag,
    "outcome": one_of("upheld", "partly-upheld", "dismissed", "fixed", "explained", "planned", "not-our-remit", "cannot-fix"),
    "note_code": _NOTE, "backfill": read_flag, "correction": read_flag, "reason_class": _REASONS,
}  # fmt: skip


LETTER_UPSERTED = Shape(
    "submission-upserted",
    {
        **_OF_LETTERS, "unit": _UNIT, "kind": one_of("complaint", "denunciation", "petition", "feedback"),
        "channel": one_of("direct", "online", "postal"), "subject_class": one_of(*SUBJECTS), "received_at": read_instant, "anonymous": read_flag,
        "contact_sealed": read_sealed,
    },
    frozenset({"code", "unit", "kind", "channel", "received_at", "state"}),
    ("received_at", "at"),
)  # fmt: skip


LETTER_PROGRESSED = Shape(
    "submission-progressed", {**_OF_LETTERS, "by_unit": _UNIT}, frozenset({"code", "state", "at"}), ("at",)
)


VISITS_COUNTED = Shape(
    "visit-counted",
    {
        "unit": _UNIT, "day": read_day, "window": text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}"), "visits": Count(100_000), "served": Count(100_000),
        "mean_wait_minutes": Count(1440), "at": read_instant, "backfill": read_flag,
    },
    frozenset({"unit", "day", "window", "visits", "served", "at"}),
    ("at",),
    about="unit",
)  # fmt: skip


SHAPES: Final[Mapping[str, Shape]] = {
    shape.type: shape for shape in (UPSERTED, PROGRESSED, LETTER_UPSERTED, LETTER_PROGRESSED, VISITS_COUNTED)
}
"""Every type a source may send, by its CloudEvents type."""
