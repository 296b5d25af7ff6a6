"""Copies of what intake publishes about units, procedures and the law."""

from __future__ import annotations

from collections.abc import Sequence

from services.complaints.store import reference
from shared.contracts.envelope import Fact
from shared.contracts.intake import ProcedureDescribed, UnitDescribed
from shared.store import law
from shared.store.unit_of_work import Work


async def copy_units(work: Work, described: Sequence[UnitDescribed], withdrawn: Sequence[str]) -> None:
    """Keep these units as intake describes them; drop those it no longer has."""
    await reference.keep_units(work, described)
    await reference.forget_units(work, withdrawn)


async def copy_procedures(work: Work, described: Sequence[ProcedureDescribed], withdrawn: Sequence[str]) -> None:
    """Keep these procedures as intake describes them; drop those it no longer has."""
    await reference.keep_procedures(work, described)
    await reference.forget_procedures(work, withdrawn)


async def copy_law(work: Work, changed: Sequence[Fact]) -> None:
    """Keep what acts changed of the law; the desk reads it again soon after."""
    await law.keep_facts(work.db, changed)
