"""The catalogue: versions of procedures, each in force for a time, none ever overwritten. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias

from services.intake.domain import refusals
from services.intake.domain.clocks import Term, publicity_term
from services.intake.domain.dossier import Procedure
from shared.contracts import intake as facts
from shared.law import Office

Outcome: TypeAlias = Literal["created", "changed", "same"]

PUBLICITY = "publicity-"
"""Begins the kind of deadline by which a version is published; its number follows."""


@dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """One version of a procedure, column by column; what it says never changes, only how long it counts and its publication."""

    code: str
    version: int
    name: str
    sector: str
    sector_name: str
    levels: tuple[str, ...]
    limit: str
    pause_mode: str
    max_supplements: int
    online: str
    components: tuple[Mapping[str, Any], ...]
    fees: tuple[Mapping[str, Any], ...]
    fee_policy: str
    basis: str
    valid_from: date
    unverified: tuple[str, ...] = ()
    decided_by: str = ""
    valid_to: date | None = None
    form_schema: Mapping[str, Any] | None = None
    signed_on: date | None = None
    published_at: datetime | None = None
    publicity: str | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it is in force on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def procedure(self) -> Procedure:
        """As a dossier is received under it."""
        required = tuple(component["name"] for component in self.components if component["required"])
        return Procedure(
            self.code, self.version, self.name, self.sector, self.levels, self.limit, self.pause_mode, self.max_supplements, required,
            self.valid_from, self.valid_to, self.form_schema,
        )  # fmt: skip


VERSION_COLUMNS = tuple(each.name for each in fields(ProcedureVersion))
_CONTENT = tuple(name for name in VERSION_COLUMNS if name not in {"version", "valid_to", "published_at", "publicity"})
"""What a version says."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a new version takes its place: what became of it, and the version before it, where that ends earlier now."""

    outcome: Outcome
    version: ProcedureVersion
    shortened: ProcedureVersion | None = None


def place_version(known: Sequence[ProcedureVersion], new: ProcedureVersion, *, today: date) -> Placed:
    """Put a version behind those there, in order; one that says what the last one says is the same."""
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise refusals.EndsBeforeItBegins(field="/valid_to")
    if new.signed_on is not None and new.signed_on > today:
        raise refusals.InTheFuture(field="/signed_on")
    if not known:
        return Placed("created", replace(new, version=1, publicity=_due(new)))
    last = known[-1]
    if _content(last) == _content(new) and new.valid_to in {None, last.valid_to}:
        return Placed("same", last)
    if new.valid_from <= last.valid_from or (last.valid_to is not None and new.valid_from <= last.valid_to):
        taken_until = last.valid_to or last.valid_from
        raise refusals.OverlappingValidity(field="/valid_from", version=last.version, until=taken_until.isoformat())
    shortened = replace(last, valid_to=new.valid_from - timedelta(days=1)) if last.valid_to is None else None
    return Placed("changed", replace(new, version=last.version + 1, publicity=_due(new)), shortened)


def _due(version: ProcedureVersion) -> str | None:
    return None if version.signed_on is None else "due"


def _content(version: ProcedureVersion) -> tuple[Any, ...]:
    return tuple(getattr(version, name) for name in _CONTENT)


def in_force(versions: Sequence[ProcedureVersion], day: date) -> ProcedureVersion | None:
    """The version, of these in order, that counts on this day."""
    return next((each for each in reversed(versions) if each.counts_on(day)), None)


def publicity(version: ProcedureVersion, office: Office) -> Term:
    """The limit to publish a version, counted from its signature, over once it was published; `NothingSigned`."""
    if version.signed_on is None:
        raise refusals.NothingSigned(procedure=version.code, version=version.version)
    term = publicity_term(version.signed_on, office)
    return term if version.published_at is None else term.end(version.published_at, office)


def publish(version: ProcedureVersion, *, at: datetime) -> ProcedureVersion:
    """The version stands where citizens can read it."""
    if version.signed_on is None:
        raise refusals.NothingSigned(procedure=version.code, version=version.version)
    if version.published_at is not None:
        raise refusals.AlreadyPublished(procedure=version.code, version=version.version)
    return replace(version, published_at=at, publicity="done")


def described(versions: Sequence[ProcedureVersion], *, at: datetime, today: date) -> facts.ProcedureDescribed | None:
    """The current record of a procedure; None before its first version counts."""
    begun = [each for each in versions if each.valid_from <= today]
    if not begun:
        return None
    current = begun[-1]
    return facts.ProcedureDescribed(
        occurred_at=at, procedure=current.code, name=current.name, sector=current.sector_name, level=", ".join(current.levels), limit=current.limit,
        procedure_version=current.version, online=current.online != "none", legal_basis=current.basis, verified="limit" not in current.unverified,
        components=[component["name"] for component in current.components], valid_from=current.valid_from, valid_to=current.valid_to,
        max_supplements=current.max_supplements, publicity=versions[-1].publicity,
    )  # fmt: skip
