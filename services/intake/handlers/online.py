"""The form of an online dossier: checked by its procedure's schema, kept sealed with the person, opened for who may read the dossier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from services.intake import domain
from services.intake.adapters.form_schema import Finding, compiled
from services.intake.domain import Procedure
from services.intake.handlers.desk import Desk
from services.intake.handlers.reading import readable
from services.intake.store import files as file_store
from shared.contracts import intake as facts
from shared.kernel import Caller, Invalid, NotFound, Principal
from shared.store import vault
from shared.store.unit_of_work import Work
from shared.store.vault import PersonRow

Form = Mapping[str, Any]

MOST_BYTES = 100_000
"""Of a form; what is longer is a document, and handed in as a file."""
_PLACE = "form|sealed"


class FormWrong(Invalid):
    """Some fields of the form are not right."""


class FormNotTaken(Invalid):
    """This procedure has no form to be filled in online."""


class FormTooDeep(Invalid):
    """The form is nested too deeply, or its schema is."""


class FormTooLarge(Invalid):
    """The form is too long; hand long texts in as files."""


@lru_cache(maxsize=256)
def _check_of(schema: bytes) -> Callable[[Any], list[Finding]]:
    """Compiled once for each schema."""
    return compiled(msgspec.json.decode(schema))


def check_form(procedure: Procedure, form: Form, at: Sequence[str | int] = ()) -> None:
    """Raise what is wrong with a form, every place of it; `at`: where in the body the form stands."""
    place = "".join(f"/{part}" for part in (*at, "form"))
    if procedure.form_schema is None:
        raise FormNotTaken(field=place, procedure=procedure.code)
    try:
        if len(msgspec.json.encode(form)) > MOST_BYTES:
            raise FormTooLarge(field=place, most=MOST_BYTES)
        found = _check_of(msgspec.json.encode(procedure.form_schema))(form)
    except RecursionError:
        raise FormTooDeep(field=place) from None
    if found:
        raise FormWrong(findings=[{**each, "loc": ("body", *at, *each["loc"][1:])} for each in found])


def keep_form(work: Work, dossier: UUID, person: PersonRow, form: Form) -> None:
    """Seal it under the person's own key: who is forgotten takes the form along."""
    sealed = vault.enclose_beside(work.works.keys, person.data_key, _PLACE, dossier, form)
    file_store.create_form(work, dossier, person.id, sealed)


async def read_form(desk: Desk, who: Principal, id: UUID) -> Form:
    """The form as it was handed in; opening it is a fact, unpublished. None handed in looks like a dossier one may not see."""
    async with desk.works.begin(Caller(who)) as work:
        dossier = await readable(work.db, who, id)
        row = await file_store.form(work.db, id)
        if row is None:
            raise NotFound
        opened = facts.IdentityRead(occurred_at=work.now, dossier=id, unit=dossier.unit, purpose="form")
        work.record(opened, published=False)
    try:
        form: Form = vault.disclose_beside(desk.works.keys, row["data_key"], _PLACE, id, row["sealed"])
    except vault.Forgotten:
        raise domain.PersonForgotten from None
    return form
