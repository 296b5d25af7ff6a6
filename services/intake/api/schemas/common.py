"""What every body shares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a mistyped name is noticed."""

    model_config = ConfigDict(extra="forbid")
