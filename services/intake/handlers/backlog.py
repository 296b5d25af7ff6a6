"""The backlog: lines of a paper register become dossiers with their history, in batches; nobody is told of what is past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from services.intake import domain, store
from services.intake.domain import Past
from services.intake.handlers.codes import is_dossier_code
from services.intake.handlers.desk import Desk, schedules
from services.intake.handlers.filing import version_of
from services.intake.store import Backlog
from shared.contracts.intake import DeadlineBreached
from shared.kernel import Refused
from shared.law import ZONE
from shared.settings import Keys
from shared.store import deadlines, vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work

Outcome: TypeAlias = Literal["created", "same"] | Refused
"""What became of a line; refused, it left nothing behind."""


@dataclass(frozen=True, slots=True, repr=False)
class PastLine:
    """A line of a paper register: the dossier, its people and its texts."""

    past: Past
    submitter: vault.Details
    owner: vault.Details | None = None
    summary: str | None = None
    reason: str | None = None

    def digest(self, keys: Keys) -> bytes:
        """16 bytes that tell this line from one that says something else, under our key."""
        said = msgspec.json.encode([self.past, self.submitter, self.owner, self.summary, self.reason]).decode()
        return vault.blind_index(keys, "backlog", said) or b""


async def enter_backlog(desk: Desk, work: Work, lines: Sequence[PastLine]) -> Sequence[Outcome]:
    """Load lines in one transaction, each once for its code; a bad line is refused alone. Callers bound the batch."""
    await store.backlog_lock(work)
    known = dict(await store.known_codes(work, [line.past.code for line in lines]))
    outcomes: list[Outcome] = []
    rows: list[Backlog] = []
    for line in lines:
        try:
            row = _enter(desk, work, line, known)
        except Refused as refusal:
            outcomes.append(refusal)
            continue
        outcomes.append("created" if row else "same")
        if row:
            rows.append(row)
    await store.create_many(work, rows)
    await work.flush()
    await deadlines.pass_over(work, [row.dossier.id for row in rows])
    return outcomes


def _enter(desk: Desk, work: Work, line: PastLine, known: dict[str, bytes | None]) -> Backlog | None:
    """One line: None where it is there already; everything that may be refused comes before anything is stated."""
    past, digest, keys = line.past, line.digest(desk.works.keys), desk.works.keys
    if past.code in known:
        if known[past.code] == digest:
            return None
        raise domain.CodeTaken(field="/code")
    unit, procedure = desk.shelf.unit(past.submission.unit), version_of(desk, past.submission)
    _check_code(desk, work, past.code)
    domain.check_past(past, procedure, unit, at=work.now)
    id_, person = work.new_id(), work.new_id()
    who = line.submitter.identity_no
    recipient = vault.recipient_of(keys.people, who) if who else work.new_id()
    recorded = domain.remember(
        past, procedure, id=id_, recipient=recipient, verifier=lookup_verifier(keys, past.code, lookup_secret(keys, id_, 0)), at=work.now,
        office=desk.office_at(past.received_at, unit.code),
    )  # fmt: skip
    dossier = recorded.dossier
    work.keep(vault.enclose(keys, person, recipient, line.submitter), contact=dossier.closed_at is None)
    owner = work.new_id() if line.owner else None
    if owner is not None and line.owner is not None:
        work.keep(vault.enclose(keys, owner, work.new_id(), line.owner), contact=False)
    _state(work, recorded)
    known[past.code] = digest
    return Backlog(dossier, person, owner, digest, line.summary, line.reason, past.missing, past.amount)


def _check_code(desk: Desk, work: Work, code: str) -> None:
    """A lawful shape, and none that our own counter may still give."""
    if not is_dossier_code(code):
        raise domain.CodeMalformed(field="/code")
    agency, _, rest = code.partition("-")
    today = f"{work.now.astimezone(ZONE):%y%m%d}"
    if rest.partition("-")[0] >= today and agency in {unit.agency for unit in desk.shelf.units.values()}:
        raise domain.CodeReserved(field="/code")


def _state(work: Work, recorded: domain.Recorded) -> None:
    """Facts and deadlines; a breach has the id the sweeper would have given it."""
    work.starts(recorded.dossier.id)
    for fact in recorded.stated:
        work.record(fact, id=_breach_id(fact) if isinstance(fact, DeadlineBreached) else None)
    for schedule in schedules(recorded.dossier):
        work.deadline(schedule)


def _breach_id(fact: DeadlineBreached) -> UUID:
    stage = deadlines.Stage(
        fact.dossier, fact.kind, "breach", fact.revision, fact.occurred_at, fact.due_at, fact.due_on
    )
    return stage.id
