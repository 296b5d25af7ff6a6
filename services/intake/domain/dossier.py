"""The values: a dossier, what is handed in, the procedure and the unit; and what a principal sees and may do."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.intake.domain.clocks import Office, Term
from services.intake.domain.refusals import OwnedBySource
from services.intake.domain.states import ARROWS, NEEDS, OF_THE_CITIZEN, PHASE, State, roles_of
from shared.kernel import Principal

_READERS = ("clerk", "handler", "head", "inspector", "admin")


@dataclass(frozen=True, slots=True)
class Component:
    """A paper handed in: as original, certified, copy or electronic, so many times."""

    name: str
    kind: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Procedure:
    """The version of a procedure that is in force."""

    code: str
    version: int
    name: str
    sector: str
    levels: tuple[str, ...]
    limit: str
    pause_mode: str
    max_supplements: int
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit that receives dossiers; `agency` begins its dossier codes."""

    code: str
    name: str
    level: str
    kind: str
    agency: str

    def offers(self, procedure: Procedure) -> bool:
        """Its own level's procedures; the province's service centres receive any dossier (Decree 118/2025, Art. 14)."""
        return self.level in procedure.levels or self.kind == "service-center"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person or a clerk hands in; people stand apart, in the vault."""

    procedure: str
    unit: str
    channel: str
    components: tuple[Component, ...]
    subject_kind: str = "citizen"
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One dossier; every change makes a new value with the next version."""

    id: UUID
    code: str
    procedure: str
    procedure_version: int
    unit: str
    channel: str
    subject_kind: str
    state: State
    recipient: UUID
    submitted_at: datetime
    received_at: datetime
    limit: str
    pause_mode: str
    max_supplements: int
    version: int = 1
    lookup_number: int = 0
    accepted_at: datetime | None = None
    settled_at: datetime | None = None
    returned_at: datetime | None = None
    closed_at: datetime | None = None
    handler: str | None = None
    supplements: int = 0
    apologies: int = 0
    moved_by: int = 0
    rating: int | None = None
    respond_by: date | None = None
    answer_due_at: datetime | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    remaining_working_hours: float | None = None
    provisional: bool = False
    promised_on: date | None = None
    lawful_due_on: date | None = None
    first_promised_on: date | None = None
    outcome: str | None = None
    result_number: str | None = None
    source: str | None = None
    """The system that owns it; None: it is ours."""
    appointment_at: datetime | None = None
    """What that system's slip promises."""
    backfilled_at: datetime | None = None
    """When it came as history: what was past then is announced to nobody."""
    answer: Term | None = None
    settlement: Term | None = None

    @property
    def phase(self) -> str:
        """What it means for the citizen."""
        return PHASE[self.state]

    @property
    def settling(self) -> Term:
        """The settlement clock; whoever asks knows that the dossier was accepted."""
        if self.settlement is None:
            raise AssertionError("an accepted dossier has a settlement clock")
        return self.settlement

    @property
    def last_event_at(self) -> datetime:
        """When one of its clocks was last moved."""
        moved = [term.clock.events[-1].at for term in (self.answer, self.settlement) if term is not None]
        return max(moved, default=self.submitted_at)

    def next(self, **changes: Any) -> Dossier:
        """The next version, with these changes."""
        return replace(self, version=self.version + 1, **changes)


SNAPSHOT = tuple(f.name for f in fields(Dossier) if f.name not in {"answer", "settlement"})
"""What is kept in the dossier's row: everything but the clocks, which stand in the deadline rows."""

values = attrgetter(*SNAPSHOT)
"""A dossier's values in the order of `SNAPSHOT`."""


def reckoned(dossier: Dossier, term: Term) -> dict[str, Any]:
    """What the settlement clock says: the slip's date, which counts, and the lawful one; paused, the last of both stay."""
    if (due := term.due) is None or (promise := term.promise) is None:
        raise AssertionError("a clock is read when it is moved")
    paused = term.clock.paused and due.due_at is None
    return {
        "settlement": term, "due_at": promise.due_at, "due_on": promise.due_on, "provisional": promise.provisional, "moved_by": term.moved_by,
        "remaining_working_hours": due.remaining_working_hours if paused else None,
        "promised_on": promise.due_on or dossier.promised_on, "lawful_due_on": due.due_on or dossier.lawful_due_on,
        "first_promised_on": dossier.first_promised_on or promise.due_on,
    }  # fmt: skip


def standing_still(dossier: Dossier, at: datetime, office: Office) -> dict[str, Any]:
    """What changes when the settlement clock stops; nothing before acceptance."""
    return {} if dossier.settlement is None else reckoned(dossier, dossier.settlement.pause(at, office))


def dates(dossier: Dossier) -> dict[str, Any]:
    """The dates a fact tells when the settlement clock goes on."""
    return {name: getattr(dossier, name) for name in ("due_at", "due_on", "promised_on", "lawful_due_on")}


def snapshot(dossier: Dossier, who: Principal) -> dict[str, Any]:
    """What this principal is shown of a dossier: plain values, no clocks, nothing personal."""
    shown = dict(zip(SNAPSHOT, values(dossier), strict=True))
    shown["phase"], shown["actions"] = dossier.phase, actions(dossier, who)
    return shown


def actions(dossier: Dossier, who: Principal) -> list[dict[str, Any]]:
    """The commands this principal may give now, with the fields each needs."""
    return [
        {"name": command, "needs": list(NEEDS[command])}
        for command, states in ARROWS.items()
        if dossier.state in states and not _spent(command, dossier) and _may(command, dossier, who)
    ]


def _may(command: str, dossier: Dossier, who: Principal) -> bool:
    role = capacity(command, dossier, who)
    return role is not None and (dossier.source is None or (role == "citizen" and command in OF_THE_CITIZEN))


def check_owner(command: str, dossier: Dossier, role: str) -> None:
    """What another system owns is worked on there; only acts of its citizen are taken here, and told there."""
    if dossier.source is not None and not (role == "citizen" and command in OF_THE_CITIZEN):
        raise OwnedBySource(source=dossier.source, command=command)


def _spent(command: str, dossier: Dossier) -> bool:
    """Whether a command that may be given only so often was given as often."""
    if command == "request-supplement":
        return dossier.supplements >= dossier.max_supplements
    return (command == "move-appointment" and dossier.apologies > 0) or (
        command == "rate" and dossier.rating is not None
    )


def capacity(command: str, dossier: Dossier, who: Principal) -> str | None:
    """In which of their roles somebody may give this command: the dossier's citizen, or an officer of its unit."""
    for role in roles_of(command):
        fits = is_own(dossier, who) if role == "citizen" else who.may_act_for(dossier.unit)
        if fits and role in who.roles:
            return role
    return None


def is_own(dossier: Dossier, who: Principal) -> bool:
    """Whether this person filed it."""
    return who.recipient is not None and who.recipient == dossier.recipient


def is_readable_by(dossier: Dossier, who: Principal) -> bool:
    """Whether it is one's own, or of one's unit."""
    return is_own(dossier, who) or (who.has(*_READERS) and who.may_act_for(dossier.unit))
