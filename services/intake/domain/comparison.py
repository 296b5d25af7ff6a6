"""A source's promised dates beside the lawful ones, dossier by dossier and in sum. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.intake.domain.dossier import Dossier
from services.intake.domain.states import State
from shared.law.zone import local

LATER, EARLIER, SAME = "later", "earlier", "same"
UNPROMISED, STANDING, UNCOUNTED = "unpromised", "standing", "uncounted"
"""The source named no day; the clock stands still, so no day is lawful now; no clock runs yet, or none ever did."""
KINDS: Final = (LATER, SAME, EARLIER, UNPROMISED, STANDING, UNCOUNTED)
STANDS: Final = frozenset({State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.PAUSED})
_FAR = 100_000
SPANS: Final[Mapping[str, tuple[int, int]]] = {
    "m11": (-_FAR, -11), "m6": (-10, -6), "m3": (-5, -3), "m2": (-2, -2), "m1": (-1, -1), "0": (0, 0),
    "p1": (1, 1), "p2": (2, 2), "p3": (3, 5), "p6": (6, 10), "p11": (11, _FAR),
}  # fmt: skip
"""Days by which the promise lies behind the lawful date (m: before it), from and to, in the order of the chart."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One dossier: both dates, their difference in days, when it was done, and whether that is late by either."""

    dossier: Dossier
    kind: str
    promised_on: date | None
    lawful_on: date | None
    days: int | None
    done_on: date | None
    late_by_slip: bool
    late_by_law: bool


def compare(dossier: Dossier, today: date) -> Compared:
    """The dates of a dossier beside each other."""
    promised = _day(dossier.appointment_at)
    lawful, done = dossier.lawful_due_on, _day(dossier.settled_at or dossier.closed_at)
    kind, until = kind_of(dossier, promised), done or today
    counts = kind not in {STANDING, UNCOUNTED}
    days = (promised - lawful).days if promised is not None and lawful is not None and counts else None
    return Compared(
        dossier, kind, promised, lawful, days, done, late_by_slip=counts and promised is not None and until > promised,
        late_by_law=counts and lawful is not None and until > lawful,
    )  # fmt: skip


def kind_of(dossier: Dossier, promised: date | None) -> str:
    """How the promise stands to the law."""
    if (lawful := dossier.lawful_due_on) is None:
        return UNCOUNTED
    if dossier.due_at is None and dossier.state in STANDS:
        return STANDING
    if promised is None:
        return UNPROMISED
    return SAME if promised == lawful else LATER if promised > lawful else EARLIER


def _day(at: datetime | None) -> date | None:
    return None if at is None else local(at).date()


@dataclass(frozen=True, slots=True)
class Group:
    """So many dossiers of a procedure that are alike here."""

    procedure: str
    kind: str
    days: int | None
    late_by_slip: bool
    late_by_law: bool
    number: int


@dataclass(frozen=True, slots=True)
class OfProcedure:
    """The dossiers of one procedure by kind, and the difference most of them have."""

    procedure: str
    counts: Mapping[str, int]
    usual_days: int | None

    @property
    def differing(self) -> int:
        """Those promised for another day than the lawful one."""
        return self.counts[LATER] + self.counts[EARLIER]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All dossiers of a source."""

    groups: Sequence[Group]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(group.number for group in self.groups)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of each kind."""
        return _counts(self.groups)

    @property
    def spans(self) -> Mapping[str, int]:
        """How many by difference: the bars of the chart."""
        found = dict.fromkeys(SPANS, 0)
        for group in self.groups:
            if group.days is not None:
                found[span_of(group.days)] += group.number
        return found

    @property
    def late_by_slip(self) -> int:
        """Done, or still open, after the promised day."""
        return sum(group.number for group in self.groups if group.late_by_slip)

    @property
    def late_by_law(self) -> int:
        """Done, or still open, after the lawful day."""
        return sum(group.number for group in self.groups if group.late_by_law)

    @property
    def hidden(self) -> int:
        """Late by law, and on time by the slip or without one: what nobody sees who looks at slips alone."""
        return sum(group.number for group in self.groups if group.late_by_law and not group.late_by_slip)

    @property
    def procedures(self) -> Sequence[OfProcedure]:
        """By procedure, those with most differences first."""
        names = sorted({group.procedure for group in self.groups})
        found = [_of_procedure(name, [group for group in self.groups if group.procedure == name]) for name in names]
        return sorted(found, key=lambda each: -each.differing)


def span_of(days: int) -> str:
    """The bar a difference belongs to."""
    return next(name for name, (low, high) in SPANS.items() if low <= days <= high)


def _counts(groups: Sequence[Group]) -> Mapping[str, int]:
    return {kind: sum(group.number for group in groups if group.kind == kind) for kind in KINDS}


def _of_procedure(name: str, groups: Sequence[Group]) -> OfProcedure:
    days: dict[int, int] = {}
    for group in groups:
        if group.days is not None:
            days[group.days] = days.get(group.days, 0) + group.number
    return OfProcedure(name, _counts(groups), max(days, key=lambda each: (days[each], abs(each), each), default=None))
