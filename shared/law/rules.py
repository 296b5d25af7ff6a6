"""The rule book: dated rows of statutory limits, read once from `data/rules.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from shared.law.limits import Limit, parse_limit
from shared.law.refusals import MissingField, UnknownLimit, UnknownRule
from shared.law.zone import as_date


class PauseMode(StrEnum):
    """What a resumption does: go on with the time that was left, or count the whole limit anew."""

    PAUSE = "pause"
    RESTART = "restart"


class Given(StrEnum):
    """Whether the limit comes from outside the rule: a procedure, a command."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    NEVER = "never"


class Warn(StrEnum):
    """When the near end of a limit is announced."""

    WORKING_DAY_BEFORE = "working-day-before"
    NONE = "none"


class Transition(StrEnum):
    """What a new version does to matters that run already: leave them to the old one, or take them over on its first day."""

    OLD_RULE_FINISHES = "old-rule-finishes"
    RUNNING_CASES_MOVE = "running-cases-move"


@dataclass(frozen=True, slots=True)
class Amounts:
    """The limit in the normal case and where the law gives more time."""

    normal: Limit | None = None
    complex: Limit | None = None
    remote: Limit | None = None
    both: Limit | None = None
    several_places: Limit | None = None

    def choose(self, *, complex: bool, remote: bool, several_places: bool) -> Limit | None:
        """The amount for these circumstances; a circumstance the rule does not name changes nothing."""
        if complex and remote and self.both:
            return self.both
        return (
            (self.several_places if several_places else None)
            or (self.complex if complex else None)
            or (self.remote if remote else None)
            or self.normal
        )

    def like(self, old: Amounts, limit: Limit) -> Limit | None:
        """The amount in the circumstances in which `old` gave this limit; the normal one where it gave none."""
        for circumstance in ("normal", "complex", "remote", "both", "several_places"):
            if getattr(old, circumstance) == limit:
                return getattr(self, circumstance) or self.normal
        return self.normal


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. `valid_to` is its last day; `warn_from` the fewest working days that are warned of;
    `extensions` how many of `extension` the law allows; `alerts` days after the start that are announced too;
    `reschedules` how often a promised date may be moved; `transition` what becomes of matters that run when it comes,
    with its own citation.
    """

    id: str
    version: int
    valid_from: date
    legal_basis: str
    verified: bool
    kinds: tuple[str, ...]
    vi: str
    en: str
    amounts: Amounts
    valid_to: date | None = None
    given: Given = Given.NEVER
    pause: PauseMode = PauseMode.PAUSE
    rolls: bool = True
    backward: bool = False
    extension: Limit | None = None
    extensions: int = 0
    warn: Warn = Warn.WORKING_DAY_BEFORE
    warn_from: int = 3
    apology: bool = False
    alerts: tuple[int, ...] = ()
    reschedules: int | None = None
    transition: Transition = Transition.OLD_RULE_FINISHES
    transition_basis: str = ""
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether this version rules what is received on this day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def takes_over(self, limit: Limit, old: Rule) -> Limit:
        """The limit of a matter that comes under this version from another one; one given from outside stays."""
        if self.given is not Given.NEVER:
            return limit
        return self.amounts.like(old.amounts, limit) or limit

    def limit_for(
        self,
        given: str | None = None,
        *,
        complex: bool = False,
        remote: bool = False,
        several_places: bool = False,
    ) -> Limit:
        """The limit of this rule in these circumstances, or the one given where the rule takes one."""
        if given is not None and self.given is not Given.NEVER:
            return parse_limit(given)
        if given is not None:
            raise UnknownLimit(f"{self.id} has its own limit; {given!r} cannot replace it", rule=self.id)
        limit = self.amounts.choose(complex=complex, remote=remote, several_places=several_places)
        if limit is None:
            raise MissingField(f"{self.id} needs a limit, such as 7wd", field="limit")
        return limit


@dataclass(frozen=True)
class RuleBook:
    """All versions of all rules, by id, oldest first."""

    rules: Mapping[str, tuple[Rule, ...]]

    def rule(self, rule_id: str, on: date) -> Rule:
        """The version in force on the local day of receipt, else `UnknownRule`."""
        for rule in reversed(self.versions(rule_id)):
            if rule.in_force(on):
                return rule
        raise UnknownRule(f"no version of {rule_id} is in force on {on.isoformat()}", rule=rule_id)

    def ruling(self, pinned: Rule, received_on: date, on: date) -> Rule:
        """What rules, on day `on`, a matter that was pinned to a version: a later one that was in force at its receipt, since it
        became known after that, or one that running cases moved to; else the one it was pinned to.
        """
        later = [
            rule for rule in self.versions(pinned.id)
            if pinned.valid_from < rule.valid_from <= on and (rule.in_force(received_on) or rule.transition is Transition.RUNNING_CASES_MOVE)
        ]  # fmt: skip
        return later[-1] if later else pinned

    def with_version(self, rule: Rule) -> RuleBook:
        """A book that also knows this version, from whose first day on no earlier one counts."""
        others = [known for known in self.rules.get(rule.id, ()) if known.version != rule.version]
        versions = tuple(sorted((*others, rule), key=lambda known: known.valid_from))
        return RuleBook({**self.rules, rule.id: versions})

    def version(self, rule_id: str, version: int) -> Rule:
        """The version a clock was pinned to."""
        for rule in self.versions(rule_id):
            if rule.version == version:
                return rule
        raise UnknownRule(f"{rule_id} has no version {version}", rule=rule_id)

    def versions(self, rule_id: str) -> tuple[Rule, ...]:
        """All versions of one rule, oldest first."""
        try:
            return self.rules[rule_id]
        except KeyError:
            raise UnknownRule(f"unknown rule {rule_id!r}", rule=rule_id) from None


@cache
def rulebook() -> RuleBook:
    """The rule book shipped with the system, read once."""
    rows = tomllib.loads((files("shared.law.data") / "rules.toml").read_text("utf-8"))["rule"]
    return read_rules(rows)


def read_rules(rows: list[dict[str, Any]]) -> RuleBook:
    """Build a rule book from rows as in `data/rules.toml`."""
    book: dict[str, tuple[Rule, ...]] = {}
    for row in rows:
        rule = read_rule(row)
        book[rule.id] = tuple(sorted((*book.get(rule.id, ()), rule), key=lambda known: known.valid_from))
    return RuleBook(book)


def read_rule(row: Mapping[str, Any]) -> Rule:
    """One version from a row as in `data/rules.toml`, or from the same in JSON values."""
    read: dict[str, Callable[[Any], Any]] = {
        "kinds": tuple, "alerts": tuple, "amounts": _amounts, "extension": parse_limit, "given": Given, "pause": PauseMode, "warn": Warn,
        "transition": Transition, "valid_from": as_date, "valid_to": as_date,
    }  # fmt: skip
    return Rule(**{name: read[name](value) if name in read else value for name, value in row.items()})


def write_rule(rule: Rule) -> dict[str, Any]:
    """The row of a version in JSON values; what is as usual is left out."""
    return {
        f.name: _plain(getattr(rule, f.name)) for f in fields(Rule)
        if f.default is MISSING or getattr(rule, f.name) != f.default
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Amounts):
        return {f.name: str(limit) for f in fields(Amounts) if (limit := getattr(value, f.name)) is not None}
    if isinstance(value, date | Limit):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _amounts(row: Mapping[str, str]) -> Amounts:
    return Amounts(**{circumstance: parse_limit(limit) for circumstance, limit in row.items()})
