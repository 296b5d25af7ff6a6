"""How well a source system tells: how late, by which clock, how silent it is for its habits, what is missing. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from services.intake.domain.sources import SKEW, Source
from shared.law import Office, office_time_between
from shared.law.zone import local, moment

AHEAD, PROMPT, SLOW, LATE, STALE = "ahead", "prompt", "slow", "late", "stale"
LAGS: Final = (AHEAD, PROMPT, SLOW, LATE, STALE)
"""Ahead of our clock by a minute; within 5 minutes; within the hour; within a day; later."""
_BOUNDS: Final = (
    (AHEAD, timedelta(minutes=-1)), (PROMPT, timedelta(minutes=5)), (SLOW, timedelta(hours=1)), (LATE, timedelta(days=1)),
)  # fmt: skip
SLOWEST_CLOCK: Final = timedelta(minutes=15)
"""Even its quickest event came so late: its clock is behind, or it always sends late."""
HABIT_DAYS: Final = 28
"""So many days show what is usual: the last ones in which it was heard."""
_FEWEST_PAUSES: Final = 8
"""Less than that is no habit yet."""
_LEAST_LIMIT: Final = timedelta(hours=2)
LONGEST_UNKNOWN: Final = timedelta(hours=40)
"""A week of office time: whoever has no habit yet is not waited for longer."""
NEVER, LEARNING, REGULAR, SILENT = "never", "learning", "regular", "silent"
"""Never heard; heard, and nothing known of its habits; heard as usual; silent for longer than usual, or than its limit."""


@dataclass(frozen=True, slots=True)
class Lags:
    """How long after its own time each event came: so many of each kind, and the quickest in seconds (below 0: its clock is ahead)."""

    events: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    least: float | None = None

    @property
    def late(self) -> int:
        """More than an hour."""
        return self.counts.get(LATE, 0) + self.counts.get(STALE, 0)

    @property
    def timed(self) -> int:
        """Those that said when it was."""
        return sum(self.counts.values())


def lag_of(delay: timedelta) -> str:
    """Which kind a delay is."""
    return next((kind for kind, bound in _BOUNDS if delay <= bound), STALE)


def lags_of(events: Iterable[tuple[datetime | None, datetime]]) -> Lags:
    """Of events by their own time (None: not said, or history) and when they came."""
    number, counts, least = 0, dict.fromkeys(LAGS, 0), None
    for time_, came in events:
        number += 1
        if time_ is None:
            continue
        delay = came - time_
        counts[lag_of(delay)] += 1
        least = delay.total_seconds() if least is None else min(least, delay.total_seconds())
    return Lags(number, counts, least)


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing was heard, in office time, and from when on that is more than usual; None: not known.

    Of one never heard with a configured limit: since it could have spoken.
    """

    state: str
    heard_at: datetime | None = None
    lasts: timedelta | None = None
    limit: timedelta | None = None
    configured: bool = False


def silence(source: Source, heard_at: datetime | None, limit: timedelta | None, office: Office, now: datetime) -> Silence:  # fmt: skip
    """Whether a source has been silent for too long; its configured limit goes before its habit, and holds for one never heard, too."""
    configured, reach = source.silence_hours is not None, timedelta(days=HABIT_DAYS)
    if source.silence_hours is not None:
        limit = timedelta(hours=source.silence_hours)
        reach = max(reach, 6 * limit)  # more than a sixth of all time is office time
    since = heard_at or (source.ready_at if configured else None)
    if since is None:
        return Silence(NEVER, None, None, limit, configured)
    begin = max(since, now - reach)
    lasts = office_time_between(office.calendar, office.hours, begin, max(begin, now))
    if limit is None and lasts <= LONGEST_UNKNOWN:
        return Silence(LEARNING, heard_at, lasts)
    limit = limit or LONGEST_UNKNOWN
    quiet = REGULAR if heard_at else NEVER
    return Silence(SILENT if lasts > limit else quiet, heard_at, lasts, limit, configured)


def habit(active: Sequence[datetime], office: Office, heard_at: datetime | None) -> timedelta | None:
    """From which silence on is unusual: twice the longest pause between hours it was heard in, the rarest twentieth left out.

    `active`: the hours of `HABIT_DAYS` until it was heard last; silence itself does not make a habit forgotten.
    """
    if heard_at is None:
        return None
    slots = _slots(office, heard_at)
    places = sorted({bisect_right(slots, hour) for hour in active})
    pauses = sorted(after - before for before, after in pairwise(places))
    if len(pauses) < _FEWEST_PAUSES:
        return None
    usual = pauses[int(0.95 * (len(pauses) - 1))]
    return max(_LEAST_LIMIT, timedelta(hours=2 * usual))


def _slots(office: Office, until: datetime) -> Sequence[datetime]:
    """The hours an office was open in on the days before."""
    last = local(until).date()
    days = [last - timedelta(days=back) for back in range(HABIT_DAYS, -1, -1)]
    return [
        moment(day, time(hour)).astimezone(UTC)
        for day in days
        for opens, closes in office.hours.periods_of(office.calendar, day)
        for hour in range(opens.hour, closes.hour + bool(closes.minute))
    ]


@dataclass(frozen=True, slots=True)
class Day:
    """What came of a source's events on a day; of those that wait still, when they came."""

    day: date
    accepted: int = 0
    waiting: int = 0
    rejected: int = 0
    duplicates: int = 0

    @property
    def sent(self) -> int:
        """All of them; what came again is not counted again."""
        return self.accepted + self.waiting + self.rejected


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers of a series of codes that were never heard of, from one to another."""

    series: str
    first: int
    last: int

    @property
    def number(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Quality:
    """The report of one source over some days."""

    source: Source
    at: datetime
    silence: Silence
    days: Sequence[Day]
    reasons: Mapping[str, int]
    lags: Lags
    skew: float | None
    """Seconds its clock is ahead of ours (below 0: behind, or it always sends late), by what came last."""
    missing: Sequence[Missing] = ()
    missing_number: int = 0
    waits_for: Mapping[str, int] = field(default_factory=dict)
    oldest_waiting_at: datetime | None = None
    unknown_fields: int = 0

    @property
    def total(self) -> Day:
        """All days together."""
        sums = {
            name: sum(getattr(day, name) for day in self.days)
            for name in ("accepted", "waiting", "rejected", "duplicates")
        }
        return Day(self.days[0].day, **sums)

    @property
    def clock(self) -> str | None:
        """`right`, `ahead`, `behind`; None: it never said a time."""
        return clock_of(self.skew)


def clock_of(skew: float | None) -> str | None:
    """What a skew means."""
    if skew is None:
        return None
    if skew > SKEW.total_seconds() / 5:
        return "ahead"
    return "behind" if skew < -SLOWEST_CLOCK.total_seconds() else "right"
