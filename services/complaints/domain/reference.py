"""What complaints knows of a unit: a copy of what intake publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that receives letters and settles cases; `remote`: far away, so the law gives more time."""

    code: str
    name: str
    level: str
    remote: bool
    parent: str | None


def chain(units: Mapping[str, Unit], code: str) -> list[Unit]:
    """A unit and those above it, the nearest first."""
    found: list[Unit] = []
    while code in units and units[code] not in found:
        found.append(units[code])
        code = units[code].parent or ""
    return found


def superior(units: Mapping[str, Unit], code: str) -> Unit | None:
    """The unit above this one; None above the province."""
    above = chain(units, code)[1:]
    return above[0] if above else None


def common_superior(units: Mapping[str, Unit], one: str, other: str) -> Unit | None:
    """The nearest unit that stands above both, or is one of them and stands above the other."""
    above = {unit.code for unit in chain(units, other)}
    return next((unit for unit in chain(units, one) if unit.code in above), None)
