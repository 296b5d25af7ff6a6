"""The hand-in."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier, Procedure, Submission, Unit
from services.intake.handlers.desk import Desk, Filing, acting, state
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work


class Hand(NamedTuple):
    """Whose inbox hears of a dossier, and where submitter and owner stand in the vault."""

    recipient: UUID
    person: UUID
    owner: UUID | None


async def submit_dossier(desk: Desk, who: Caller, filing: Filing) -> Dossier:
    """File a dossier: row, code, facts, deadlines, people and the idempotent answer in one transaction."""
    asked = filing.submission
    unit, procedure = desk.shelf.unit(asked.unit), version_of(desk, asked)
    role = domain.filing_capacity(who.principal, unit.code)

    async def file(work: Work) -> Dossier:
        domain.check_submission(asked, procedure, unit, at=work.now, counter=role == "clerk")
        recipient = recipient_of(work, filing.submitter)
        await _check_before(work, asked, recipient)
        hand = Hand(recipient, *keep_people(work, recipient, filing))
        return await enter(work, desk, filing, procedure, unit, hand)

    return await desk.together.do(acting(who, role), file)


def version_of(desk: Desk, asked: Submission) -> Procedure:
    """The version of its procedure that a dossier keeps: the one in force on the day of its receipt."""
    received_on = (asked.received_at or desk.works.clock()).astimezone(ZONE).date()
    return desk.shelf.procedure(asked.procedure, received_on)


async def enter(work: Work, desk: Desk, filing: Filing, procedure: Procedure, unit: Unit, hand: Hand) -> Dossier:
    """Write a checked filing: its code, its row, its facts and deadlines, and what a repeat is answered."""
    asked, keys, id_ = filing.submission, desk.works.keys, work.new_id()
    code = await store.next_code(work, unit.agency, work.now.astimezone(ZONE).date())
    dossier, stated = domain.submit(
        asked, procedure, id=id_, code=code, recipient=hand.recipient, verifier=lookup_verifier(keys, code, lookup_secret(keys, id_, 0)),
        at=work.now, office=desk.office_at(asked.received_at or work.now, unit.code),
    )  # fmt: skip
    store.create(
        work,
        dossier,
        person=hand.person,
        owner=hand.owner,
        summary=filing.summary,
        components=asked.components,
        late_entry_reason=asked.late_entry_reason,
    )
    state(work, None, dossier, *stated)
    return dossier


async def _check_before(work: Work, asked: Submission, recipient: UUID) -> None:
    if asked.resubmits is None:
        return
    before, again = await store.resubmitted(work, asked.resubmits)
    domain.check_resubmission(before, again, procedure=asked.procedure, recipient=recipient)


def recipient_of(work: Work, submitter: vault.Details) -> UUID:
    """The inbox of the person the dossier is for; people without a number get a random one."""
    who: Principal = work.who
    if who.acting == "citizen" and who.recipient is not None:
        return who.recipient
    return vault.recipient_of(work.works.keys.people, submitter.identity_no) if submitter.identity_no else work.new_id()


def keep_people(work: Work, recipient: UUID, filing: Filing) -> tuple[UUID, UUID | None]:
    """Put submitter and owner into the vault, before the counter is locked: encryption takes its time."""
    person = work.new_id()
    work.keep(vault.enclose(work.works.keys, person, recipient, filing.submitter))
    if filing.owner is None:
        return person, None
    owner = work.new_id()
    work.keep(vault.enclose(work.works.keys, owner, work.new_id(), filing.owner), contact=False)
    return person, owner
