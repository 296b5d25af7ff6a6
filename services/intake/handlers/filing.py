"""The hand-in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk, Filing, acting, office_at, state
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Alike:
    """The code of a dossier of the same person and procedure that has no result yet."""

    code: str
    name: str = "same-procedure-open"


async def submit_dossier(desk: Desk, who: Caller, filing: Filing) -> Dossier:
    """File a dossier."""
    return (await file_dossier(desk, who, filing))[0]


async def file_dossier(desk: Desk, who: Caller, filing: Filing) -> tuple[Dossier, tuple[Alike, ...]]:
    """File a dossier, and hear of those like it: row, code, facts, deadlines, people and the idempotent answer in one transaction."""
    asked, keys = filing.submission, desk.works.keys
    unit, procedure = desk.shelf.unit(asked.unit), desk.shelf.procedure(asked.procedure)
    role = domain.filing_capacity(who.principal, unit.code)

    async def file(work: Work) -> tuple[Dossier, tuple[Alike, ...]]:
        domain.check_submission(asked, procedure, unit, at=work.now, counter=role == "clerk")
        id_, recipient = work.new_id(), _recipient(work, filing.submitter)
        person, owner = _keep_people(work, recipient, filing)
        alike = await _alike(work, recipient, procedure.code) if filing.submitter.identity_no else ()
        code = await store.next_code(work, unit.agency, work.now.astimezone(ZONE).date())
        dossier, stated = domain.submit(
            asked, procedure, id=id_, code=code, recipient=recipient, verifier=lookup_verifier(keys, code, lookup_secret(keys, id_, 0)), at=work.now,
            office=office_at(asked.received_at or work.now),
        )  # fmt: skip
        store.create(work, dossier, person=person, owner=owner, summary=filing.summary, components=asked.components)
        state(work, None, dossier, *stated)
        if alike:
            work.answers({**domain.snapshot(dossier, work.who), "hints": alike})
        return dossier, alike

    return await desk.together.do(acting(who, role), file)


async def find_alike(desk: Desk, who: Principal, filing: Filing) -> tuple[Alike, ...]:
    """The dossiers like one that is about to be filed, as far as its clerk may see them."""
    number = filing.submitter.identity_no
    if number is None:
        return ()
    async with desk.works.begin(Caller(who)) as work:
        recipient = vault.recipient_of(desk.works.keys.people, number)
        return await _alike(work, recipient, filing.submission.procedure)


async def _alike(work: Work, recipient: UUID, procedure: str) -> tuple[Alike, ...]:
    """A clerk hears of their own units' dossiers, a person of all their own."""
    own = work.who.recipient == recipient
    found = await store.open_alike(work, recipient, procedure)
    return tuple(Alike(code) for code, unit in found if own or work.who.may_act_for(unit))


def _recipient(work: Work, submitter: vault.Details) -> UUID:
    """The inbox of the person the dossier is for; people without a number get a random one."""
    who: Principal = work.who
    if who.acting == "citizen" and who.recipient is not None:
        return who.recipient
    return vault.recipient_of(work.works.keys.people, submitter.identity_no) if submitter.identity_no else work.new_id()


def _keep_people(work: Work, recipient: UUID, filing: Filing) -> tuple[UUID, UUID | None]:
    """Put submitter and owner into the vault, before the counter is locked: encryption takes its time."""
    person = work.new_id()
    work.keep(vault.enclose(work.works.keys, person, recipient, filing.submitter))
    if filing.owner is None:
        return person, None
    owner = work.new_id()
    work.keep(vault.enclose(work.works.keys, owner, work.new_id(), filing.owner), contact=False)
    return person, owner
