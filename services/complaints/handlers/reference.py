"""Copies of what intake publishes about units, procedures and the law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.complaints.domain.recounting import Change, change
from services.complaints.store import reference
from shared.contracts.intake import ProcedureDescribed, UnitDescribed
from shared.law import standing
from shared.law.zone import moment
from shared.store import law, recount
from shared.store.recount import Recount
from shared.store.unit_of_work import Work


async def copy_units(work: Work, described: Sequence[UnitDescribed], withdrawn: Sequence[str]) -> None:
    """Keep these units as intake describes them; drop those it no longer has."""
    await reference.keep_units(work, described)
    await reference.forget_units(work, withdrawn)


async def copy_procedures(work: Work, described: Sequence[ProcedureDescribed], withdrawn: Sequence[str]) -> None:
    """Keep these procedures as intake describes them; drop those it no longer has."""
    await reference.keep_procedures(work, described)
    await reference.forget_procedures(work, withdrawn)


async def copy_law(work: Work, changed: Sequence[Any]) -> None:
    """Keep what acts changed of the law, and have the limits counted again that it concerns; the desk reads it again soon after."""
    records = dict(await law.read(work.db))
    before = standing(records.values())
    for fact in changed:
        after = law.record_of(fact)
        if (found := change(before, records.get(fact.key), after)) is not None:
            await _order(work, found, fact)
    await law.keep_facts(work.db, changed)


async def _order(work: Work, found: Change, fact: Any) -> None:
    first, last = found.days
    await recount.order(
        work, Recount(work.new_id(), fact.act, found.reason_class, first, last, None, found.rule, moment(found.begins))
    )
