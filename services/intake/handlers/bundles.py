"""Linked procedures: one filing, a dossier for each, one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from services.intake import domain, store
from services.intake.data.linked import linked_services
from services.intake.domain import Dossier, Procedure, bundles
from services.intake.handlers.desk import Desk, Filing, acting
from services.intake.handlers.files import check_once, component_files
from services.intake.handlers.filing import Alike, Hand, alike_of, enter, keep_people, recipient_of, version_of
from services.intake.handlers.online import check_form
from shared.kernel import Caller, Invalid, NotFound, Principal
from shared.store.unit_of_work import Work

Filed: TypeAlias = tuple[Dossier, tuple[Alike, ...]]
"""A dossier, and those like it that are open."""
_OF_EACH = frozenset({"/procedure", "/components"})
"""Fields each part has for itself."""


async def submit_bundle(desk: Desk, who: Caller, service: str, filings: Sequence[Filing]) -> tuple[UUID, list[Filed]]:
    """File the procedures of a service together; `filings` are of one unit, channel, person and moment."""
    linked = bundles.service_of(linked_services(), service)
    bundles.check_parts(linked, [filing.submission.procedure for filing in filings])
    unit = desk.shelf.unit(filings[0].submission.unit)
    procedures = [bundles.part_of(linked, version_of(desk, each.submission)) for each in filings]
    _check_forms(procedures, filings)
    check_once([component_files(each.submission.components, f"/parts/{n}") for n, each in enumerate(filings)])
    role = domain.filing_capacity(who.principal, unit.code)

    async def file(work: Work) -> tuple[UUID, list[Filed]]:
        id_ = work.new_id()
        asked = [replace(each.submission, bundle=id_) for each in filings]
        for n, (submission, procedure) in enumerate(zip(asked, procedures, strict=True)):
            with _of_part(n):
                domain.check_submission(submission, procedure, unit, at=work.now, counter=role == "clerk")
        recipient = recipient_of(work, filings[0].submitter)
        hand = Hand(recipient, *keep_people(work, recipient, filings[0]))
        alike = [await alike_of(work, recipient, each) for each in filings]
        made = [
            await enter(work, desk, replace(filing, submission=submission), procedure, unit, hand, at=f"/parts/{n}")
            for n, (filing, submission, procedure) in enumerate(zip(filings, asked, procedures, strict=True))
        ]
        shown = [
            {**domain.snapshot(dossier, work.who), "hints": hints} for dossier, hints in zip(made, alike, strict=True)
        ]
        work.answers({"id": id_, "service": service, "dossiers": shown})
        return id_, list(zip(made, alike, strict=True))

    return await desk.together.do(acting(who, role), file)


def _check_forms(procedures: Sequence[Procedure], filings: Sequence[Filing]) -> None:
    for n, (procedure, filing) in enumerate(zip(procedures, filings, strict=True)):
        if filing.form is not None:
            check_form(procedure, filing.form, ("parts", n))


@contextmanager
def _of_part(number: int) -> Iterator[None]:
    """What is wrong with one part is told at its place; what all parts share stands at the top of the body."""
    try:
        yield
    except Invalid as refused:
        if refused.facts.get("field") in _OF_EACH:
            refused.facts["field"] = f"/parts/{number}{refused.facts['field']}"
        raise


async def read_bundle(desk: Desk, who: Principal, id: UUID) -> Sequence[Dossier]:
    """The dossiers of a bundle this principal may read; not found where there is none."""
    async with desk.works.reading() as connection:
        found = await store.of_bundle(connection, id)
    readable = [dossier for dossier in found if domain.is_readable_by(dossier, who)]
    if not readable:
        raise NotFound
    return readable
