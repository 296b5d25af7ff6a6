"""The staff directory: who serves where, under whom, who stands in for whom and when; and the rights that follow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.catalogue import Outcome
from services.intake.domain.units import UnitRecord
from shared.contracts import intake as facts
from shared.kernel import Principal

OUTSIDE = frozenset({"citizen", "publisher"})
"""Roles the directory says nothing about: everybody's, and machines'."""


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer, column by column but for the person, who stands in the vault; `subject`: who they are at the issuer."""

    id: str
    subject: str
    unit: str
    position: str
    roles: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None
    superior: str | None = None
    deputy: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None
    version: int = 1

    def serves_on(self, day: date) -> bool:
        """Whether they are in office on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def is_stood_in_for_by(self, deputy: str, day: date) -> bool:
        """Whether somebody acts for them on this day."""
        began, ends = self.deputy_from, self.deputy_to
        return self.deputy == deputy and began is not None and began <= day and (ends is None or day <= ends)


def put_officer(known: Mapping[str, Officer], units: Mapping[str, UnitRecord], new: Officer) -> tuple[Officer, Outcome]:
    """An officer as they are from now on; the next version where something differs."""
    _check_dates(new)
    _check_place(known, units, new)
    _check_deputy(known, new)
    _check_chain(known, new)
    old = known.get(new.id)
    if old is None:
        return replace(new, version=1), "created"
    made = replace(new, version=old.version)
    return (old, "same") if made == old else (replace(made, version=old.version + 1), "changed")


def _check_dates(new: Officer) -> None:
    for first, last in (("valid_from", "valid_to"), ("deputy_from", "deputy_to")):
        begins, ends = getattr(new, first), getattr(new, last)
        if begins is not None and ends is not None and ends < begins:
            raise refusals.EndsBeforeItBegins(field=f"/{last}")


def _check_place(known: Mapping[str, Officer], units: Mapping[str, UnitRecord], new: Officer) -> None:
    if new.unit not in units:
        raise refusals.UnknownUnit(field="/unit", unit=new.unit)
    taken = next((each for each in known.values() if each.subject == new.subject and each.id != new.id), None)
    if taken is not None:
        raise refusals.SubjectTaken(field="/subject", officer=taken.id)


def _check_deputy(known: Mapping[str, Officer], new: Officer) -> None:
    if new.deputy is None:
        if new.deputy_from is not None or new.deputy_to is not None:
            raise refusals.UnknownOfficer(field="/deputy", officer="")
        return
    if new.deputy == new.id:
        raise refusals.DeputyOfOneself(field="/deputy", officer=new.id)
    if (deputy := known.get(new.deputy)) is None:
        raise refusals.UnknownOfficer(field="/deputy", officer=new.deputy)
    if deputy.unit != new.unit:
        raise refusals.DeputyElsewhere(field="/deputy", unit=deputy.unit)
    if new.deputy_from is None:
        raise refusals.DeputyWithoutDays(field="/deputy_from", officer=new.deputy)


def _check_chain(known: Mapping[str, Officer], new: Officer) -> None:
    """Going up from superior to superior ends somewhere."""
    above = new.superior
    while above is not None:
        if above == new.id:
            raise refusals.SuperiorCycle(field="/superior", officer=new.id)
        if above not in known:
            raise refusals.UnknownOfficer(field="/superior", officer=above)
        above = known[above].superior


def rights(officers: Iterable[Officer], who: Principal, day: date, *, ceiling: bool) -> Principal:
    """What the directory lets somebody do: their own office, and the offices of those they stand in for today.

    `ceiling`: the token's roles are the most they can have (the dev issuer, where a token is made by hand). Somebody the
    directory does not know keeps what the token says under the dev issuer, and under a real one only what is everybody's.
    """
    known = list(officers)
    me = next((each for each in known if each.subject == who.subject), None)
    if me is None:
        return who if ceiling or not known else replace(who, roles=who.roles & OUTSIDE, units=frozenset())
    offices = [each for each in known if each is me or each.is_stood_in_for_by(me.id, day)] if me.serves_on(day) else []
    given = frozenset(role for office in offices for role in office.roles)
    roles = (who.roles & given if ceiling else given) | (who.roles & OUTSIDE)
    return replace(who, roles=roles, units=frozenset(office.unit for office in offices))


def described(officer: Officer, *, at: datetime, mark: str) -> facts.StaffDescribed:
    """The current record of an officer, without a name; `mark` stands for the subject."""
    return facts.StaffDescribed(
        occurred_at=at, officer=officer.id, subject_mark=mark, unit=officer.unit, position=officer.position, roles=list(officer.roles),
        superior=officer.superior, deputy=officer.deputy, deputy_from=officer.deputy_from, deputy_to=officer.deputy_to,
        valid_from=officer.valid_from, valid_to=officer.valid_to,
    )  # fmt: skip
