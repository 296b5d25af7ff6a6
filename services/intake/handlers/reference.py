"""Reference data: units and procedures, seeded once, published, and kept on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from services.intake import data, store
from services.intake.handlers.desk import Desk
from shared.contracts import intake as facts
from shared.kernel import NotFound, system
from shared.law import ZONE


async def seed(desk: Desk) -> None:
    """Bring in units and procedures that are not there yet, and publish them."""
    async with desk.works.begin(system("intake.seed")) as work:
        await store.seed_lock(work)
        known_units, known_procedures = await store.known_reference(work)
        units = [unit for unit in data.units() if unit.code not in known_units]
        procedures = [each for each in data.procedures() if (each.code, each.version) not in known_procedures]
        await store.add_units(work, units)
        await store.add_procedures(work, procedures)
        for unit in units:
            work.record(_described_unit(work.now, unit))
        for procedure in procedures:
            work.record(_described_procedure(work.now, procedure))
    await refresh(desk)


def _described_unit(at: datetime, unit: data.UnitSeed) -> facts.UnitDescribed:
    return facts.UnitDescribed(
        occurred_at=at, unit=unit.code, name=unit.name, level=unit.level, kind=unit.kind, agency=unit.agency, valid_from=unit.valid_from,
        remote=unit.remote, parent=unit.parent or None,
    )  # fmt: skip


def _described_procedure(at: datetime, seed: data.ProcedureSeed) -> facts.ProcedureDescribed:
    return facts.ProcedureDescribed(
        occurred_at=at, procedure=seed.code, name=seed.name, sector=seed.field_name, level=", ".join(seed.levels), limit=seed.limit,
        procedure_version=seed.version, online=seed.online != "none", legal_basis=seed.basis, verified="limit" not in seed.unverified,
        components=[component.name for component in seed.components],
    )  # fmt: skip


def _today(desk: Desk) -> date:
    return desk.works.clock().astimezone(ZONE).date()


async def refresh(desk: Desk) -> bool:
    """Read the reference data again, and the law's."""
    async with desk.works.reading() as connection:
        await desk.standing.refresh(connection)
        units = [store.unit_of(row) for row in await store.units(connection)]
        procedures = [store.procedure_of(row) for row in await store.procedures(connection, _today(desk))]
    desk.shelf.units = {unit.code: unit for unit in units}
    desk.shelf.procedures = {procedure.code: procedure for procedure in procedures}
    return False


async def read_units(desk: Desk) -> Sequence[Any]:
    """All units."""
    async with desk.works.reading() as connection:
        return await store.units(connection)


async def read_procedures(desk: Desk) -> Sequence[Any]:
    """The version in force of every procedure."""
    async with desk.works.reading() as connection:
        return await store.procedures(connection, _today(desk))


async def read_procedure(desk: Desk, code: str) -> Any:
    """The version in force of one procedure."""
    found = next((row for row in await read_procedures(desk) if row["code"] == code), None)
    if found is None:
        raise NotFound
    return found
