"""The values: a dossier, what is handed in, the procedure and the unit; and what a principal sees and may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from services.intake.domain import refusals
from services.intake.domain.clocks import Term, transfer_term
from services.intake.domain.states import (
    ANSWER,
    ARROWS,
    NEEDS,
    OF_THE_CITIZEN,
    PHASE,
    SETTLEMENT,
    TRANSFER,
    WHILE_OFFERED,
    State,
    check,
    roles_of,
)
from shared.kernel import Principal
from shared.law import Office

_READERS = ("clerk", "handler", "head", "inspector", "admin")
_ANSWERS = frozenset({"accept-transfer", "reject-transfer"})


@dataclass(frozen=True, slots=True)
class Component:
    """A paper handed in: as original, certified, copy or electronic, so many times.

    `digitised`: scanned and checked at the counter; `reused`: taken from data or papers that were there already.
    """

    name: str
    kind: str
    count: int = 1
    digitised: bool = False
    reused: bool = False
    file: UUID | None = None


def _counts(valid_from: date | None, valid_to: date | None, day: date) -> bool:
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A version of a procedure, in force for a time."""

    code: str
    version: int
    name: str
    sector: str
    levels: tuple[str, ...]
    limit: str
    pause_mode: str
    max_supplements: int
    required: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    form_schema: Mapping[str, Any] | None = field(default=None, compare=False)
    """JSON Schema of the form to be filled in online; None: it has none."""

    def counts_on(self, day: date) -> bool:
        """Whether this version is in force on this day."""
        return _counts(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit that receives dossiers; `agency` begins its dossier codes."""

    code: str
    name: str
    level: str
    kind: str
    agency: str
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    former: tuple[tuple[date, str], ...] = ()
    """What it was called until a day, in order."""

    def as_of(self, day: date) -> Unit:
        """Under the name it had on this day."""
        return replace(self, name=next((name for until, name in self.former if day <= until), self.name))

    def offers(self, procedure: Procedure) -> bool:
        """Its own level's procedures; the province's service centres receive any dossier (Decree 118/2025, Art. 14)."""
        return bool(self.agency) and (self.level in procedure.levels or self.kind == "service-center")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person or a clerk hands in; people stand apart, in the vault. `resubmits`: what was filed before and not settled."""

    procedure: str
    unit: str
    channel: str
    components: tuple[Component, ...]
    subject_kind: str = "citizen"
    received_at: datetime | None = None
    resubmits: UUID | None = None
    bundle: UUID | None = None
    late_entry_reason: str | None = None
    """Why a clerk enters on a later day what came before; stays in intake."""


class Dossier(Struct, frozen=True):
    """One dossier; every change makes a new value with the next version.

    `unit` is accountable; `receiving_unit` took it over the counter and stays what it was. `to_unit` is asked to take it since
    `offered_at`; units asked said no so many times (`rejections`). `resubmits`: the dossier filed before and not settled;
    `bundle`: what was filed with it by one hand (NĐ 63/2024/NĐ-CP).
    A struct: a new value of 49 fields is made in 1 us, of a frozen dataclass in 20.
    """

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
    receiving_unit: str = ""
    to_unit: str | None = None
    offered_at: datetime | None = None
    rejections: int = 0
    resubmits: UUID | None = None
    bundle: UUID | None = None
    source: str | None = None
    """The system that owns it; None: it is ours."""
    appointment_at: datetime | None = None
    """What that system's slip promises."""
    backfilled_at: datetime | None = None
    """When it came as history: what was past then is announced to nobody."""
    sets: int = 1
    """Of its papers, as form 01 counts them."""
    answer: Term | None = None
    settlement: Term | None = None
    transfer: Term | None = None
    """Only where a command moves it: it is what `offered_at` says."""

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
        return max([*moved, self.offered_at] if self.offered_at else moved, default=self.submitted_at)

    def having(self, **changes: Any) -> Dossier:
        """The same version, with these changes."""
        return structs.replace(self, **changes)

    def next(self, **changes: Any) -> Dossier:
        """The next version, with these changes."""
        return structs.replace(self, version=self.version + 1, **changes)


SNAPSHOT = tuple(name for name in Dossier.__struct_fields__ if name not in {ANSWER, SETTLEMENT, TRANSFER})
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


def permit(command: str, dossier: Dossier) -> None:
    """Refuse a command by the name of what stands against it."""
    check(command, dossier.state)
    if command in _ANSWERS and dossier.to_unit is None:
        raise refusals.NotInTransfer(state=dossier.state.value, command=command)
    if dossier.to_unit is not None and command not in WHILE_OFFERED:
        raise refusals.InTransfer(state=dossier.state.value, command=command)


def no_offer(dossier: Dossier, at: datetime, office: Office) -> dict[str, Any]:
    """What changes when nobody is asked any more to take the dossier; nothing where nobody was."""
    if dossier.offered_at is None:
        return {}
    ended = transfer_term(dossier.offered_at, office).end(at, office)
    return {"to_unit": None, "offered_at": None, "transfer": ended}


def snapshot(dossier: Dossier, who: Principal) -> dict[str, Any]:
    """What this principal is shown of a dossier: plain values, no clocks, nothing personal."""
    shown = dict(zip(SNAPSHOT, values(dossier), strict=True))
    shown["phase"], shown["actions"] = dossier.phase, actions(dossier, who)
    return shown


_FROM: Mapping[State, Sequence[str]] = {
    state: [name for name, states in ARROWS.items() if state in states] for state in State
}
"""The commands an arrow is drawn for, by the state it begins at."""


def actions(dossier: Dossier, who: Principal) -> list[dict[str, Any]]:
    """The commands this principal may give now, with the fields each needs."""
    return [
        {"name": command, "needs": list(NEEDS[command])}
        for command in _FROM[dossier.state]
        if not _barred(command, dossier) and _may(command, dossier, who)
    ]


def _may(command: str, dossier: Dossier, who: Principal) -> bool:
    role = capacity(command, dossier, who)
    return role is not None and (dossier.source is None or (role == "citizen" and command in OF_THE_CITIZEN))


def check_owner(command: str, dossier: Dossier, role: str) -> None:
    """What another system owns is worked on there; only acts of its citizen are taken here, and told there."""
    if dossier.source is not None and not (role == "citizen" and command in OF_THE_CITIZEN):
        raise refusals.OwnedBySource(source=dossier.source, command=command)


def _barred(command: str, dossier: Dossier) -> bool:
    """Whether something stands against a command although an arrow is drawn for it: an offer, none, or that it was given."""
    if command in _ANSWERS:
        return dossier.to_unit is None
    if dossier.to_unit is not None and command not in WHILE_OFFERED:
        return True
    if command == "request-supplement":
        return dossier.supplements >= dossier.max_supplements
    return (command == "move-appointment" and dossier.apologies > 0) or (
        command == "rate" and dossier.rating is not None
    )


def capacity(command: str, dossier: Dossier, who: Principal) -> str | None:
    """In which of their roles somebody may give this command: the dossier's citizen, or an officer of its unit.

    An offer is answered by the unit asked.
    """
    unit = (dossier.to_unit if command in _ANSWERS else None) or dossier.unit
    for role in roles_of(command):
        fits = is_own(dossier, who) if role == "citizen" else who.may_act_for(unit)
        if fits and role in who.roles:
            return role
    return None


def is_own(dossier: Dossier, who: Principal) -> bool:
    """Whether this person filed it."""
    return who.recipient is not None and who.recipient == dossier.recipient


def is_readable_by(dossier: Dossier, who: Principal) -> bool:
    """Whether it is one's own, or of one's unit: the one accountable, the one asked to take it, the one that received it."""
    units = (dossier.unit, dossier.receiving_unit, dossier.to_unit)
    return is_own(dossier, who) or (who.has(*_READERS) and any(who.may_act_for(unit) for unit in units if unit))
