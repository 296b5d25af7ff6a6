"""The statutory clock: a value that remembers what happened, and folds it into a due date whenever asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.law.calendar import Calendar
from shared.law.due import Due, conclude
from shared.law.fold import Fold, Gap, fold
from shared.law.hours import OfficeHours
from shared.law.limits import Limit, parse_limit
from shared.law.refusals import AlreadyPaused, BadTime, ClockCompleted, NotPausable, NotPaused, TooManyExtensions
from shared.law.rules import PauseMode, Rule, RuleBook, read_rule, rulebook, write_rule
from shared.law.zone import as_instant, parse_instant

Instant = date | datetime
"""A day alone means its first moment in Vietnam."""


class EventKind(StrEnum):
    """What can happen to a clock."""

    START = "start"
    PAUSE = "pause"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESTART = "restart"
    EXTEND = "extend"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Event:
    """One dated fact; `days` is the amount of an extension, in the unit of the rule's extension."""

    kind: EventKind
    at: datetime
    days: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit, the rule version it was pinned to (none for a plain limit), and what happened since, in order."""

    limit: Limit
    events: tuple[Event, ...]
    rule: Rule | None = None
    mode: PauseMode = PauseMode.PAUSE
    backward: bool = False

    @property
    def started_at(self) -> datetime:
        """The instant the clock was started with: the receipt, or for backward limits the event."""
        return self.events[0].at

    @property
    def completed_at(self) -> datetime | None:
        """When the matter was settled."""
        last = self.events[-1]
        return last.at if last.kind is EventKind.COMPLETE else None

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        gaps = self.gaps()
        return bool(gaps) and gaps[-1].resumed_at is None

    @property
    def added(self) -> Limit | None:
        """All extensions together."""
        days = sum(event.days for event in self.events)
        if not days or self.rule is None or self.rule.extension is None:
            return None
        return Limit(days, self.rule.extension.unit)

    def pause(self, at: Instant) -> Clock:
        """Stand still: papers or money are awaited."""
        return self._stop(EventKind.PAUSE, at)

    def suspend(self, at: Instant) -> Clock:
        """Stand still by a decision of suspension."""
        return self._stop(EventKind.SUSPEND, at)

    def resume(self, at: Instant) -> Clock:
        """Go on after a pause or a suspension, as the clock's pause mode says."""
        if not self.paused:
            raise NotPaused
        return self._and(EventKind.RESUME, at)

    def restart(self, at: Instant) -> Clock:
        """Count the whole limit anew from here, whatever the pause mode."""
        return self._and(EventKind.RESTART, at)

    def extend(self, days: int | None = None, *, at: Instant | None = None) -> Clock:
        """Lengthen from the original start, by one whole step of the rule unless `days` says less."""
        if self.rule is None or self.rule.extension is None:
            raise TooManyExtensions("no rule here allows an extension")
        step, most = self.rule.extension.amount, self.rule.extensions
        more, already = step if days is None else days, self.added.amount if self.added is not None else 0
        if not 0 < more <= step or already + more > step * most:
            raise TooManyExtensions(f"{self.rule.id} allows {most} x {self.rule.extension}", rule=self.rule.id)
        return self._and(EventKind.EXTEND, self.events[-1].at if at is None else at, more)

    def under(self, rule: Rule) -> Clock:
        """The same matter under another version of its rule; what happened stays."""
        if self.rule is None or self.rule == rule:
            return self
        return replace(self, rule=rule, limit=rule.takes_over(self.limit, self.rule))

    def complete(self, at: Instant) -> Clock:
        """Stop for good: the matter is settled; an open pause ends here."""
        return self._and(EventKind.COMPLETE, at)

    def gaps(self) -> tuple[Gap, ...]:
        """The stretches in which the clock stood still, in order; the last may be open."""
        gaps: list[Gap] = []
        for event in self.events:
            still = gaps[-1] if gaps and gaps[-1].resumed_at is None else None
            if event.kind in {EventKind.PAUSE, EventKind.SUSPEND}:
                suspended = event.kind is EventKind.SUSPEND
                gaps.append(Gap(event.at, None, anew=self.mode is PauseMode.RESTART, suspended=suspended))
            elif event.kind is EventKind.RESTART:
                began = gaps.pop().stopped_at if still else event.at
                gaps.append(Gap(began, event.at, anew=True, forced=True))
            elif still and event.kind in {EventKind.RESUME, EventKind.COMPLETE}:
                gaps[-1] = replace(still, resumed_at=event.at)
        return tuple(gaps)

    def fold(self, calendar: Calendar, hours: OfficeHours) -> Fold:
        """Every intermediate result: what the explanation is written from."""
        rolls = self.rule is None or self.rule.rolls
        return fold(
            self.limit, self.added, self.started_at, self.gaps(), calendar, hours, rolls=rolls, backward=self.backward
        )

    def due(self, calendar: Calendar, hours: OfficeHours) -> Due:
        """The due date after all that happened; `CalendarNotPublished` when a year is unknown."""
        folded = self.fold(calendar, hours)
        return conclude(folded, self.limit, self.rule, calendar, hours, completed=self.completed_at is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; a deadline row keeps them. A rule that was not shipped goes with its clock."""
        return _pinned(self.rule) | {
            "limit": str(self.limit),
            "mode": self.mode.value,
            "backward": self.backward,
            "events": [
                [event.kind.value, event.at.isoformat(), *([event.days] if event.days else [])] for event in self.events
            ],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any], book: RuleBook | None = None) -> Clock:
        """Read back what `to_dict` wrote; a shipped rule version is looked up in the book."""
        if "law" in kept:
            rule: Rule | None = read_rule(kept["law"])
        else:
            rule = (book or rulebook()).version(kept["rule"], kept["version"]) if "rule" in kept else None
        events = tuple(Event(EventKind(kind), parse_instant(at), *days) for kind, at, *days in kept["events"])
        return cls(parse_limit(kept["limit"]), events, rule, PauseMode(kept["mode"]), kept["backward"])

    def _stop(self, kind: EventKind, at: Instant) -> Clock:
        if self.paused:
            raise AlreadyPaused
        return self._and(kind, at)

    def _and(self, kind: EventKind, at: Instant, days: int = 0) -> Clock:
        instant = as_instant(at)
        if self.completed_at is not None:
            raise ClockCompleted
        if self.backward and kind is not EventKind.COMPLETE:
            raise NotPausable
        if instant < self._earliest(kind):
            raise BadTime(f"{kind} at {instant.isoformat()} is earlier than {self.events[-1].at.isoformat()}")
        return replace(self, events=(*self.events, Event(kind, instant, days)))

    def _earliest(self, kind: EventKind) -> datetime:
        """Nothing happens before what happened last; a date that only names the day of receipt is not before it."""
        if self.backward and kind is EventKind.COMPLETE:
            return datetime.min.replace(tzinfo=self.started_at.tzinfo)
        last = self.events[-1].at
        return last.replace(hour=0, minute=0, second=0, microsecond=0) if len(self.events) == 1 else last


def _pinned(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    shipped = rule in rulebook().rules.get(rule.id, ())
    return {"rule": rule.id, "version": rule.version} | ({} if shipped else {"law": write_rule(rule)})


def start(
    rule: Rule,
    at: Instant,
    *,
    limit: str | None = None,
    mode: PauseMode | str | None = None,
    complex: bool = False,
    remote: bool = False,
    several_places: bool = False,
) -> Clock:
    """Start a rule's clock at the receipt (backward rules: at the event); `limit` where the rule takes one."""
    chosen = rule.limit_for(limit, complex=complex, remote=remote, several_places=several_places)
    began = Event(EventKind.START, as_instant(at))
    return Clock(chosen, (began,), rule, rule.pause if mode is None else PauseMode(mode), rule.backward)


def plain(limit: str, at: Instant, *, mode: PauseMode | str = PauseMode.PAUSE, backward: bool = False) -> Clock:
    """A clock of a bare limit that no rule stands behind."""
    return Clock(parse_limit(limit), (Event(EventKind.START, as_instant(at)),), None, PauseMode(mode), backward)


def with_pauses(clock: Clock, stretches: Iterable[tuple[Instant, Instant | None]], *, suspended: bool = False) -> Clock:
    """The clock after these pauses, given in any order; where they overlap they count once; None = still paused."""
    for began, ended in _merged(stretches):
        clock = clock.suspend(began) if suspended else clock.pause(began)
        if ended is not None:
            clock = clock.resume(ended)
    return clock


def _merged(stretches: Iterable[tuple[Instant, Instant | None]]) -> list[tuple[datetime, datetime | None]]:
    merged: list[tuple[datetime, datetime | None]] = []
    for began, ended in sorted(map(_stretch, stretches), key=lambda stretch: stretch[0]):
        last_end = merged[-1][1] if merged else began - timedelta.resolution
        if last_end is not None and began > last_end:
            merged.append((began, ended))
        elif last_end is not None:
            merged[-1] = (merged[-1][0], None if ended is None else max(ended, last_end))
    return merged


def _stretch(stretch: tuple[Instant, Instant | None]) -> tuple[datetime, datetime | None]:
    began, ended = as_instant(stretch[0]), None if stretch[1] is None else as_instant(stretch[1])
    if ended is not None and ended < began:
        raise BadTime(f"a pause ends at {ended.isoformat()}, before it begins at {began.isoformat()}")
    return began, ended
