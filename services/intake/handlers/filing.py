"""The hand-in."""

from __future__ import annotations

from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk, Filing, acting, office_at, state
from services.intake.handlers.files import attach, component_files
from services.intake.handlers.online import check_form, keep_form
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work
from shared.store.vault import PersonRow


async def submit_dossier(desk: Desk, who: Caller, filing: Filing) -> Dossier:
    """File a dossier: row, code, facts, deadlines, people and the idempotent answer in one transaction."""
    asked, keys = filing.submission, desk.works.keys
    unit, procedure = desk.shelf.unit(asked.unit), desk.shelf.procedure(asked.procedure)
    role = domain.filing_capacity(who.principal, unit.code)
    if filing.form is not None:
        check_form(procedure, filing.form)

    async def file(work: Work) -> Dossier:
        domain.check_submission(asked, procedure, unit, at=work.now, counter=role == "clerk")
        id_, recipient = work.new_id(), _recipient(work, filing.submitter)
        person, owner = _keep_people(work, recipient, filing)
        if filing.form is not None:
            keep_form(work, id_, person, filing.form)
        await attach(work, id_, component_files(asked.components), domain.COMPONENT)
        code = await store.next_code(work, unit.agency, work.now.astimezone(ZONE).date())
        dossier, stated = domain.submit(
            asked, procedure, id=id_, code=code, recipient=recipient, verifier=lookup_verifier(keys, code, lookup_secret(keys, id_, 0)), at=work.now,
            office=office_at(asked.received_at or work.now),
        )  # fmt: skip
        store.create(work, dossier, person=person.id, owner=owner, summary=filing.summary, components=asked.components)
        state(work, None, dossier, *stated)
        return dossier

    return await desk.together.do(acting(who, role), file)


def _recipient(work: Work, submitter: vault.Details) -> UUID:
    """The inbox of the person the dossier is for; people without a number get a random one."""
    who: Principal = work.who
    if who.acting == "citizen" and who.recipient is not None:
        return who.recipient
    return vault.recipient_of(work.works.keys.people, submitter.identity_no) if submitter.identity_no else work.new_id()


def _keep_people(work: Work, recipient: UUID, filing: Filing) -> tuple[PersonRow, UUID | None]:
    """Put submitter and owner into the vault, before the counter is locked: encryption takes its time."""
    person = vault.enclose(work.works.keys, work.new_id(), recipient, filing.submitter)
    work.keep(person)
    if filing.owner is None:
        return person, None
    owner = work.new_id()
    work.keep(vault.enclose(work.works.keys, owner, work.new_id(), filing.owner), contact=False)
    return person, owner
