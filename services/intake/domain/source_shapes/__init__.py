"""The shapes of source events: which fields each type has, which are wrong, and what may not stand in clear. Pure.

Read `codes`, `reading` and `shapes`; `form` and `people` judge an event by them.
"""

from __future__ import annotations

from services.intake.domain.source_shapes.codes import (
    CODE,
    EVENT_ID,
    JSON,
    LETTER,
    is_code,
    is_event_id,
    is_key,
    is_letter_code,
)
from services.intake.domain.source_shapes.form import identifies, wrong
from services.intake.domain.source_shapes.people import personal
from services.intake.domain.source_shapes.reading import (
    Count,
    Read,
    Text,
    instant,
    local_day,
    read_code,
    read_day,
    read_flag,
    read_instant,
    read_letter_code,
    read_sealed,
    read_status,
)
from services.intake.domain.source_shapes.shapes import (
    LETTER_PROGRESSED,
    LETTER_UPSERTED,
    PREFIX,
    PROGRESSED,
    SHAPES,
    UPSERTED,
    VISITS_COUNTED,
    Shape,
)

__all__ = [
    "CODE",
    "EVENT_ID",
    "JSON",
    "LETTER",
    "LETTER_PROGRESSED",
    "LETTER_UPSERTED",
    "PREFIX",
    "PROGRESSED",
    "SHAPES",
    "UPSERTED",
    "VISITS_COUNTED",
    "Count",
    "Read",
    "Shape",
    "Text",
    "identifies",
    "instant",
    "is_code",
    "is_event_id",
    "is_key",
    "is_letter_code",
    "local_day",
    "personal",
    "read_code",
    "read_day",
    "read_flag",
    "read_instant",
    "read_letter_code",
    "read_sealed",
    "read_status",
    "wrong",
]
