"""Ways reporting says no."""

from __future__ import annotations

from typing import Any, ClassVar

from shared.kernel import Invalid, NotFound, Refused


class NotYetVisible(Refused):
    """The version you wait for has not reached the read model; ask again in a second."""

    status: ClassVar[int] = 503
    headers: ClassVar[dict[str, str]] = {"retry-after": "1"}


class BadQuestion(Invalid):
    """A part of the question cannot be understood; `facts["field"]` names it."""


class UnknownProjection(NotFound):
    """There is no read model of this name."""


class RebuildRunning(Refused):
    """A rebuild of this read model is running already."""


class DifferentReadModel(Refused):
    """The rebuilt read model differs from the live one, so the live one stays; `facts` hold the difference."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail, **facts)
