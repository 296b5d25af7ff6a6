"""The history of a dossier or a case as it is answered: fact by fact, and of who acted no name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel

from shared.web.fields import Instant


class FactView(BaseModel):
    """One fact of a history; `actor` is role and unit only."""

    sequence: int
    type: str
    occurred_at: Instant
    recorded_at: Instant
    actor: str
    data: dict[str, Any]


def fact_view(row: Mapping[str, Any], hidden: Collection[str] = ()) -> FactView:
    """A kept fact without its `hidden` fields."""
    role, unit, _subject = row["actor"].split("|")
    data = msgspec.json.decode(row["envelope"])["data"]
    return FactView(
        sequence=row["sequence"], type=row["type"], occurred_at=row["occurred_at"], recorded_at=row["recorded_at"], actor=f"{role} {unit}".strip(),
        data={name: value for name, value in data.items() if name not in hidden},
    )  # fmt: skip
