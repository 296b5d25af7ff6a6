"""What a slip is answered."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from shared.web.fields import Instant


class LookupView(BaseModel):
    """What a citizen with the slip is told; never a name."""

    code: str
    state: str
    phase: str
    status: str
    procedure: str
    unit: str
    due_at: Instant | None
    due_on: date | None
    respond_by: date | None
    provisional: bool
    explanation: list[str]
