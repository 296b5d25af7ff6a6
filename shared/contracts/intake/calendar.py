"""Facts of the law's data that an office changes: years, office hours, rules."""

from __future__ import annotations

from dataclasses import field
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Fact, fact

CALENDAR = "intake.calendar"


@fact(CALENDAR, "key")
class CalendarChanged(Fact):
    """A whole year as it stands now: `off` days `{on, vi, en}`, `makeup` days `{on, instead_of?, basis}`; replaces the one known before."""

    key: str
    year: int
    status: str
    basis: str
    act: UUID
    off: list[dict[str, str]] = field(default_factory=list)
    makeup: list[dict[str, str]] = field(default_factory=list)


@fact(CALENDAR, "key")
class OfficeHoursChanged(Fact):
    """All office hours of a unit (`province`: of whoever has none), the newest first; they stand before those shipped."""

    key: str
    unit: str
    act: UUID
    profiles: list[dict[str, Any]] = field(default_factory=list)


@fact(CALENDAR, "key")
class RuleChanged(Fact):
    """All versions of a rule of law that were added to those shipped: rows as in the rule book, each with its citation."""

    key: str
    rule: str
    act: UUID
    versions: list[dict[str, Any]] = field(default_factory=list)


@fact(CALENDAR, "act")
class LawActProposed(Fact):
    """Somebody proposed a change of the law's data; it counts when another person confirms it. Never published."""

    act: UUID
    kind: str
    key: str
