"""Acts that change the law's data: a year's publication, a day, office hours, a version of a rule; what each makes of the record it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.kernel import Invalid, Refused
from shared.law import Calendar, CalendarNotPublished, Law, Record, Rule, YearStatus, read_rule, write_rule, year_record

DAY, YEAR, HOURS, RULE = "day", "year", "hours", "rule"
"""Kinds of acts."""
Content = Mapping[str, Any]


class SecondPersonNeeded(Refused):
    """Whoever proposed an act cannot confirm it: another person has to."""


class ActClosed(Refused):
    """This act was confirmed or withdrawn already."""


class NothingChanges(Refused):
    """The calendar says so already."""


class YearAlreadyPublished(Refused):
    """This year was published; a single day is changed by an act of two people."""


class DayOutsideYear(Invalid):
    """A day of another year."""


class RuleUncited(Invalid):
    """A rule row without its citation is not taken in, nor one that takes running cases over without saying why."""


class BadRule(Invalid):
    """This is no row of a rule."""


class VersionKnown(Refused):
    """This version of the rule is known, and says something else; a change is a new version."""


class ActState(StrEnum):
    """Where an act stands; it counts when confirmed."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Act:
    """A change of the record `key`; people by their ids at the issuer, `number` and `basis` as the signed paper has them."""

    id: UUID
    kind: str
    key: str
    content: Content
    number: str
    basis: str
    proposed_by: str
    proposed_at: datetime
    state: ActState = ActState.PROPOSED
    version: int = 1
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def citation(self) -> str:
        """Number and basis in one line."""
        return f"{self.number}: {self.basis}" if self.basis else self.number


def key_of(kind: str, content: Content) -> str:
    """The record an act changes: `year/2027`, `hours/19360`, `rule/complaint.acceptance`."""
    if kind == DAY:
        return f"year/{date.fromisoformat(content['on']).year}"
    return f"{kind}/{content[{YEAR: 'year', HOURS: 'unit', RULE: 'rule'}[kind]]}"


def confirm(act: Act, by: str, at: datetime) -> Act:
    """In force from now on, by a second person."""
    _check_open(act)
    if by == act.proposed_by:
        raise SecondPersonNeeded(act=str(act.id))
    return replace(act, state=ActState.CONFIRMED, version=act.version + 1, confirmed_by=by, confirmed_at=at)


def withdraw(act: Act) -> Act:
    """Will not be in force."""
    _check_open(act)
    return replace(act, state=ActState.WITHDRAWN, version=act.version + 1)


def _check_open(act: Act) -> None:
    if act.state is not ActState.PROPOSED:
        raise ActClosed(state=act.state.value)


def record_after(act: Act, law: Law, before: Record | None) -> dict[str, Any]:
    """The whole record as this act leaves it."""
    if act.kind == YEAR:
        return _year(act, law)
    if act.kind == DAY:
        on = date.fromisoformat(act.content["on"])
        return year_record(calendar_after(law.calendar, act), on.year, act.citation)
    if act.kind == HOURS:
        earlier = before["profiles"] if before else []
        return {"unit": act.content["unit"], "profiles": [act.content["profile"], *earlier]}
    versions = [
        row for row in (before["versions"] if before else []) if row["version"] != act.content["row"]["version"]
    ]
    return {"rule": act.content["rule"], "versions": [*versions, act.content["row"]]}


def _year(act: Act, law: Law) -> dict[str, Any]:
    year, content = act.content["year"], act.content
    if law.calendar.status(year) is YearStatus.PUBLISHED:
        raise YearAlreadyPublished(year=year)
    for day in (*content["off"], *content["makeup"]):
        if date.fromisoformat(day["on"]).year != year:
            raise DayOutsideYear(field="/off", on=day["on"], year=year)
    return {
        "year": year, "status": YearStatus.PUBLISHED.value, "basis": act.citation, "off": content["off"],
        "makeup": [{"basis": act.number, **day} for day in content["makeup"]],
    }  # fmt: skip


def calendar_after(calendar: Calendar, act: Act) -> Calendar:
    """The calendar with the day of an act; `CalendarNotPublished`, `NothingChanges`."""
    content, on = act.content, date.fromisoformat(act.content["on"])
    if calendar.status(on.year) is YearStatus.UNKNOWN:
        raise CalendarNotPublished(on.year)
    if calendar.is_working_day(on) == content["worked"] and (content["worked"] or calendar.day_off(on) is not None):
        raise NothingChanges(on=on.isoformat())
    if not content["worked"]:
        return calendar.with_day_off(on, content["vi"], content["en"])
    plain = calendar.without(on)
    if plain.is_working_day(on):
        return plain
    instead_of = content.get("instead_of")
    return calendar.with_makeup_day(on, date.fromisoformat(instead_of) if instead_of else None, act.number)


def span(act: Act) -> tuple[date, date]:
    """The first and the last day whose meaning an act changes."""
    if act.kind == DAY:
        on = date.fromisoformat(act.content["on"])
        return on, on
    if act.kind == YEAR:
        return date(act.content["year"], 1, 1), date(act.content["year"], 12, 31)
    if act.kind == HOURS:
        profile = act.content["profile"]
        until = profile.get("valid_to")
        return date.fromisoformat(profile["valid_from"]), date.fromisoformat(until) if until else date.max
    return date.min, date.max


def checked_rule(row: Mapping[str, Any], law: Law) -> Rule | None:
    """The version a row describes; None where it is known and says the same. `BadRule`, `RuleUncited`, `VersionKnown`."""
    if not str(row.get("legal_basis") or "").strip():
        raise RuleUncited(field="/legal_basis")
    try:
        rule = read_rule(row)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadRule(f"this is no row of a rule: {error}") from error
    if (rule.transition.value == "running-cases-move") != bool(rule.transition_basis.strip()):
        raise RuleUncited(field="/transition_basis")
    known = {version.version: version for version in law.rules.rules.get(rule.id, ())}
    if rule.version not in known:
        return rule
    if write_rule(known[rule.version]) != write_rule(rule):
        raise VersionKnown(rule=rule.id, version=rule.version)
    return None
