"""One case: its values, its limits, who sees it and who may do what. The commands stand in the modules beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct, field, structs

from services.complaints.domain import refusals
from services.complaints.domain.clocks import ACCEPTANCE, ANSWER, SHOWN_FIRST, Term, begin, due_of
from services.complaints.domain.reference import Unit
from services.complaints.domain.states import ARROWS, NEEDS, OF_THE_CITIZEN, PHASE, ROLES, Kind, State, follow
from services.complaints.domain.submission import Part, Submission, sees_province
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.kernel import Principal
from shared.law import Office

FIRST_LEVEL, SECOND_LEVEL = 1, 2
FIRST_LIMIT: Mapping[Kind, str] = {Kind.COMPLAINT: ACCEPTANCE, Kind.FEEDBACK: ANSWER, Kind.PETITION: ANSWER}
"""The limit that begins with the receipt of the letter."""

UNIT_READERS = ("head", "clerk", "inspector")


class Case(Struct, frozen=True):
    """One case; every change makes a new value with the next version. `came_from`: where a suspension goes back to.

    `parent`: the complaint a second one is about; `appealed_to`: the unit that settles the second one, and reads this.
    """

    id: UUID
    submission: UUID
    code: str
    kind: Kind
    level: int
    unit: str
    state: State
    recipient: UUID | None
    received_at: datetime
    opened_at: datetime
    remote: bool
    version: int = 1
    came_from: State | None = None
    handler: str | None = None
    deadline: str | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    remaining_days: int | None = None
    provisional: bool = False
    first_due_on: date | None = None
    about_dossier: UUID | None = None
    contents: int = 0
    complex: bool = False
    accepted_at: datetime | None = None
    ground: str | None = None
    dialogue_at: datetime | None = None
    dialogue_held_on: date | None = None
    dialogue_outcome: str | None = None
    decided_at: datetime | None = None
    decision_no: str | None = None
    outcome: str | None = None
    delivered_at: datetime | None = None
    appeal_until: date | None = None
    in_force_on: date | None = None
    answered_at: datetime | None = None
    answers: int = 0
    reopened: int = 0
    published_at: datetime | None = None
    score: int | None = None
    to_unit: str | None = None
    rejections: int = 0
    closed_at: datetime | None = None
    parent: UUID | None = None
    appealed_to: str | None = None
    source: str | None = None
    """The system that owns this case; it is worked on there."""
    tells_citizens: bool = True
    backfilled_at: datetime | None = None
    promised_on: date | None = None
    """What that system promised, beside the law's date."""
    terms: Mapping[str, Term] = field(default_factory=dict)
    parties: frozenset[UUID] = frozenset()

    @property
    def second(self) -> bool:
        """Whether it is a second complaint."""
        return self.level > FIRST_LEVEL

    @property
    def phase(self) -> str:
        """What it means for the citizen."""
        return PHASE[self.state]

    def having(self, **changes: Any) -> Case:
        """The same version, with these changes."""
        return structs.replace(self, **changes)

    def goes(self, command: str, **changes: Any) -> Case:
        """The next version, where this command leads, with these changes; refused by name where it leads nowhere."""
        return structs.replace(
            self, version=self.version + 1, state=follow(self.kind, self.state, command, self.came_from), **changes
        )

    def with_terms(self, office: Office, **terms: Term | None) -> Case:
        """The same version with these limits moved, and the dates the citizen sees after that."""
        kept = dict(self.terms) | {name: term for name, term in terms.items() if term is not None}
        case = self.having(terms=kept)
        return case.having(**_reckoned(case, office))

    def ended(self, at: datetime, office: Office, *names: str) -> Case:
        """The same version with these limits ended (all of them when none is named)."""
        running = {name: term for name, term in self.terms.items() if not names or name in names}
        return self.with_terms(office, **{name: term.end(at, office) for name, term in running.items()})

    def term(self, name: str) -> Term:
        """A limit that stands at this state."""
        return self.terms[name]

    @property
    def promise(self) -> tuple[datetime, date]:
        """The due instant and day the citizen sees while a limit runs."""
        if self.due_at is None or self.due_on is None:
            raise AssertionError("a limit runs in this state")
        return self.due_at, self.due_on


def _reckoned(case: Case, office: Office) -> dict[str, Any]:
    """What the first limit that runs says, or where all stand still the first of those; nothing where all have ended."""
    running = [
        (name, case.terms[name].read(office))
        for name in SHOWN_FIRST
        if name in case.terms and not case.terms[name].ended
    ]
    if not running:
        return {"deadline": None, "due_at": None, "due_on": None, "remaining_days": None, "provisional": False}
    name, due = next(((name, due) for name, due in running if due.due_at is not None), running[0])
    return {
        "deadline": name, "due_at": due.due_at, "due_on": due.due_on, "provisional": due.provisional,
        "remaining_days": due.remaining_days if due.due_at is None else None, "first_due_on": case.first_due_on or due.due_on,
    }  # fmt: skip


Decided: TypeAlias = tuple[Case, list[Fact]]
"""What a command makes of a case: its next version and what is stated."""

SNAPSHOT = tuple(name for name in Case.__struct_fields__ if name not in {"terms", "parties"})
"""What is kept in the case's row: everything but the clocks and the people."""

case_values = attrgetter(*SNAPSHOT)
"""A case's values in the order of `SNAPSHOT`."""


def open_case(
    submission: Submission, part: Part, unit: Unit, *, id: UUID, number: int, at: datetime, office: Office
) -> tuple[Case, facts.CaseOpened]:  # fmt: skip
    """Make a case of a part of a letter; its first limit runs from the receipt."""
    name = FIRST_LIMIT[part.kind]
    term = begin(name, submission.received_at, office, received_at=submission.received_at)
    due_at, due_on = due_of(term)
    case = Case(
        id=id, submission=submission.id, code=f"{submission.receipt_no}.{number}", kind=part.kind, level=FIRST_LEVEL, unit=unit.code,
        state=State.OPENED, recipient=submission.recipient, received_at=submission.received_at, opened_at=at, remote=unit.remote,
        about_dossier=submission.about_dossier, parties=submission.parties,
    ).with_terms(office, **{name: term})  # fmt: skip
    return case, facts.CaseOpened(
        occurred_at=at, case=id, submission=case.submission, code=case.code, kind=case.kind.value, level=case.level, unit=case.unit,
        recipient=case.recipient, received_at=case.received_at, deadline=name, due_at=due_at, due_on=due_on, about_dossier=case.about_dossier,
    )  # fmt: skip


def snapshot(case: Case, who: Principal) -> dict[str, Any]:
    """What this principal is shown of a case: plain values, no clocks, no people."""
    shown = dict(zip(SNAPSHOT, case_values(case), strict=True))
    shown["phase"], shown["actions"] = case.phase, actions(case, who)
    return shown


def brief(case: Case) -> dict[str, Any]:
    """What is said of a case beside its letter: where it is and where it stands, nothing of its content."""
    names = ("id", "code", "kind", "unit", "state", "phase", "due_on")
    return {name: getattr(case, name) for name in names}


LETTERS = frozenset({
    "accept", "refuse", "suspend", "resume", "extend", "schedule-dialogue", "record-dialogue", "decide", "answer", "publish", "withdraw",
    "reopen", "appeal", "rate",
})  # fmt: skip
"""Commands whose texts are written to or by the citizen; what units write to each other is not shown to them."""


def actions(case: Case, who: Principal) -> list[dict[str, Any]]:
    """The commands this principal may give now, with the fields each needs."""
    return [
        {"name": command, "needs": list(NEEDS[command])}
        for command in ARROWS[case.kind][case.state]
        if (role := capacity(command, case, who)) is not None and not _is_elsewhere(command, case, role)
    ]


def check_owner(command: str, case: Case, role: str) -> None:
    """What another system owns is worked on there; only acts of its citizen are taken here, and told there."""
    if _is_elsewhere(command, case, role):
        raise refusals.OwnedBySource(source=case.source, command=command)


def _is_elsewhere(command: str, case: Case, role: str) -> bool:
    return case.source is not None and not (role == "citizen" and command in OF_THE_CITIZEN)


def capacity(command: str, case: Case, who: Principal) -> str | None:
    """In which of their roles somebody may give this command."""
    unit = case.to_unit if command in {"accept-transfer", "reject-transfer"} else case.unit
    fits = {
        "citizen": is_party(case, who),
        "handler": is_handler(case, who),
        "head": unit is not None and who.may_act_for(unit),
        "clerk": unit is not None and who.may_act_for(unit),
    }
    return next((role for role in ROLES[command] if role in who.roles and fits[role]), None)


def is_party(case: Case, who: Principal) -> bool:
    """Whether this person is one of the case's people."""
    return who.recipient is not None and who.recipient in case.parties


def is_handler(case: Case, who: Principal) -> bool:
    """Whether the case is assigned to this officer, who still works for its unit."""
    return case.handler is not None and who.subject == case.handler and who.may_act_for(case.unit)


def is_readable_by(case: Case, who: Principal) -> bool:
    """Its people; the officer it is assigned to; head, clerks and inspectors of its unit, of the one asked to take it, or of
    the one that settles the second complaint about it; the province's inspectors.
    """
    if is_party(case, who) or sees_province(who) or (who.has("handler") and is_handler(case, who)):
        return True
    units = (case.unit, case.appealed_to, case.to_unit if case.state is State.TRANSFERRING else None)
    return who.has(*UNIT_READERS) and any(unit is not None and who.may_act_for(unit) for unit in units)


def may_open_people(case: Case, who: Principal) -> bool:
    """Only the head of the accountable unit opens the names of a case's people; each time is a fact."""
    return who.has("head") and who.may_act_for(case.unit)
