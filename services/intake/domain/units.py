"""Units over time: names that change, areas that count as remote for a while, units that follow each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.intake.domain import refusals
from services.intake.domain.catalogue import Outcome
from services.intake.domain.dossier import Dossier, Unit, no_offer
from services.intake.domain.states import CLOSED
from shared.contracts import intake as facts
from shared.law import Office


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit, column by column; `former`: what it was called until a day, in order."""

    code: str
    name: str
    level: str
    kind: str
    agency: str | None
    parent: str | None
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    remote_from: date | None = None
    remote_to: date | None = None
    unverified: tuple[str, ...] = ()
    version: int = 1
    former: tuple[tuple[date, str], ...] = ()

    def counts_on(self, day: date) -> bool:
        """Whether it exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def name_on(self, day: date) -> str:
        """What it is called on this day."""
        return next((name for until, name in self.former if day <= until), self.name)

    def remote_on(self, day: date) -> bool:
        """Whether it counts as a remote area on this day."""
        began = self.remote_from or self.valid_from
        return self.remote and began <= day and (self.remote_to is None or day <= self.remote_to)

    def unit(self, day: date) -> Unit:
        """As dossiers are received there."""
        return Unit(
            self.code, self.name_on(day), self.level, self.kind, self.agency or "", self.parent, self.valid_from, self.valid_to, self.former
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Succession:
    """`new` follows `old` from a day on; `sectors`: whose dossiers it takes, those nobody else takes when empty."""

    old: str
    new: str
    valid_from: date
    basis: str
    share: float = 1.0
    sectors: tuple[str, ...] = ()
    valid_to: date | None = None


_FIXED = ("level", "kind", "agency", "valid_from")


def put_unit(known: Mapping[str, UnitRecord], new: UnitRecord, *, renamed_on: date) -> tuple[UnitRecord, Outcome]:
    """A unit as it is from now on; a new name counts from `renamed_on`, papers of before keep the old one."""
    _check_unit(known, new)
    old = known.get(new.code)
    if old is None:
        return replace(new, version=1, former=()), "created"
    for field in _FIXED:
        if getattr(old, field) != getattr(new, field):
            raise refusals.FixedForGood(field=f"/{field}")
    former = old.former
    if old.name != new.name:
        until = renamed_on - timedelta(days=1)
        former = (*(each for each in former if each[0] < until), (until, old.name))
    made = replace(new, version=old.version, former=former)
    return (old, "same") if made == old else (replace(made, version=old.version + 1), "changed")


def _check_unit(known: Mapping[str, UnitRecord], new: UnitRecord) -> None:
    for first, last in (("valid_from", "valid_to"), ("remote_from", "remote_to")):
        begins, ends = getattr(new, first), getattr(new, last)
        if begins is not None and ends is not None and ends < begins:
            raise refusals.EndsBeforeItBegins(field=f"/{last}")
    if new.parent is not None and new.parent not in known:
        raise refusals.UnknownUnit(field="/parent", unit=new.parent)
    if new.parent == new.code:
        raise refusals.NotItsOwn(field="/parent")
    taken = next((each for each in known.values() if each.agency == new.agency and each.code != new.code), None)
    if new.agency is not None and taken is not None:
        raise refusals.AgencyTaken(field="/agency", agency=new.agency, unit=taken.code)


def succeed(
    known: Mapping[str, UnitRecord], there: Sequence[Succession], new: Succession
) -> tuple[UnitRecord, Outcome]:
    """A unit follows another; the old one ends the day before. The old unit as it is then, and what became of the row."""
    for field in ("old", "new"):
        if (code := getattr(new, field)) not in known:
            raise refusals.UnknownUnit(field=f"/{field}", unit=code)
    if new.old == new.new:
        raise refusals.NotItsOwn(field="/new")
    old, last = known[new.old], new.valid_from - timedelta(days=1)
    if new in there:
        return old, "same"
    if any(each.old == new.old and each.new == new.new for each in there):
        raise refusals.OverlappingValidity(field="/valid_from", version=new.new, until=last.isoformat())
    _check_successor(known[new.new], new)
    if old.valid_to is not None and old.valid_to != last:
        raise refusals.UnitNoLongerThere(field="/old", unit=old.code, until=old.valid_to.isoformat())
    if last < old.valid_from:
        raise refusals.UnitNotYetThere(field="/old", unit=old.code, since=old.valid_from.isoformat())
    return (old if old.valid_to == last else replace(old, valid_to=last, version=old.version + 1)), "created"


def _check_successor(successor: UnitRecord, new: Succession) -> None:
    if new.valid_from < successor.valid_from:
        raise refusals.UnitNotYetThere(field="/new", unit=successor.code, since=successor.valid_from.isoformat())
    if not successor.counts_on(new.valid_from):
        until = (successor.valid_to or successor.valid_from).isoformat()
        raise refusals.UnitNoLongerThere(field="/new", unit=successor.code, until=until)


def successor(successions: Iterable[Succession], sector: str) -> str | None:
    """Who takes the dossiers of a sector: who was named for it, else who takes the largest share."""
    ordered = sorted(
        successions, key=lambda each: (sector not in each.sectors, bool(each.sectors), -each.share, each.new)
    )
    fit = [each for each in ordered if sector in each.sectors or not each.sectors]
    return fit[0].new if fit else (ordered[0].new if ordered else None)


def hand_over(dossier: Dossier, *, to: str, at: datetime, office: Office) -> tuple[Dossier, facts.DossierSucceeded]:
    """The successor settles it: nobody handles it yet there, nobody else is asked to take it, and no date moves."""
    if dossier.state in CLOSED:
        raise refusals.AlreadyClosed(state=dossier.state.value, command="hand-over")
    handed = dossier.next(unit=to, handler=None, **no_offer(dossier, at, office))
    return handed, facts.DossierSucceeded(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=to, from_unit=dossier.unit, recipient=dossier.recipient,
    )  # fmt: skip


def described(unit: UnitRecord, *, at: datetime, today: date) -> facts.UnitDescribed:
    """The current record of a unit."""
    return facts.UnitDescribed(
        occurred_at=at, unit=unit.code, name=unit.name_on(today), level=unit.level, kind=unit.kind, agency=unit.agency or "",
        valid_from=unit.valid_from, valid_to=unit.valid_to, remote=unit.remote_on(today), parent=unit.parent, remote_from=unit.remote_from,
        remote_to=unit.remote_to,
    )  # fmt: skip
