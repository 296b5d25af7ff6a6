"""The catalogue: versions put one behind the other, published in time, read as of any day."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from services.intake import data, domain, store
from services.intake.domain import Outcome, ProcedureVersion
from services.intake.handlers.describing import describe
from services.intake.handlers.desk import Desk, schedule, today_of
from services.intake.store import catalogue
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact, derived_id
from shared.kernel import Caller, NotFound, Stale
from shared.law import CalendarNotPublished, Law
from shared.law.zone import moment
from shared.store.db import Connection
from shared.store.deadlines import Stage
from shared.store.halving import broken_by
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)


def version_of(seed: data.ProcedureSeed) -> ProcedureVersion:
    """A version as the seeds tell it."""
    from_seed = {
        name: getattr(seed, name) for name in ("code", "version", "name", "limit", "pause_mode", "max_supplements")
    }
    return ProcedureVersion(
        **from_seed, sector=seed.field, sector_name=seed.field_name, levels=seed.levels, online=seed.online,
        components=tuple({"name": c.name, "kind": c.kind, "required": c.required, "count": c.count} for c in seed.components),
        fees=tuple({"label": f.label, "amount": f.amount, "per": f.per} for f in seed.fees), fee_policy=seed.fee_policy, basis=seed.basis,
        valid_from=seed.valid_from, unverified=tuple(sorted(seed.unverified)), decided_by=seed.decided_by,
        form_schema=data.form_schema(seed.code, seed.version),
    )  # fmt: skip


async def current_procedures(connection: Connection, desk: Desk) -> Sequence[Fact]:
    """The current record of every procedure."""
    known = await catalogue.all_versions(connection)
    at = desk.works.clock()
    found = [domain.described_procedure(versions, at=at, today=today_of(desk)) for versions in known.values()]
    return [fact for fact in found if fact is not None]


async def put_procedure(desk: Desk, who: Caller, new: ProcedureVersion, seen: int) -> ProcedureVersion:
    """A new version of a procedure; `seen` is the newest version the caller read, 0 where there was none."""
    async with desk.works.begin(who) as work:
        version, _ = await keep_version(desk, work, new, seen)
    return version


async def keep_version(
    desk: Desk, work: Work, new: ProcedureVersion, seen: int | None = None
) -> tuple[ProcedureVersion, Outcome]:
    """Put a version behind those there, start the limit of its publication, and publish what counts now."""
    await store.reference_lock(work)
    known = await catalogue.versions(work.db, new.code)
    if seen is not None and seen != (newest := known[-1].version if known else 0):
        raise Stale(seen=seen, version=newest)
    placed = domain.place_version(known, new, today=today_of(desk))
    if placed.outcome != "same":
        await catalogue.add_versions(work, [placed.version])
        if placed.shortened is not None:
            await catalogue.move_version(work, placed.shortened)
        _keep_publicity(work, placed.version, desk.standing.law)
        await _describe(desk, work, new.code)
    return placed.version, placed.outcome


async def publish_procedure(desk: Desk, who: Caller, code: str, version: int) -> ProcedureVersion:
    """The version stands where citizens read it; the limit of its publication ends."""
    async with desk.works.begin(who) as work:
        await store.reference_lock(work)
        published = domain.publish(await _one(work.db, code, version), at=work.now)
        await catalogue.move_version(work, published)
        _keep_publicity(work, published, desk.standing.law)
        await _describe(desk, work, code)
        work.answers({"code": code, "version": version})
    return published


async def count_publicity_again(work: Work, law: Law) -> int:
    """The law's data changed: the limits to publish what was signed, by the law as it stands; how many of them break and stay."""
    failed = 0
    for versions in (await catalogue.all_versions(work.db)).values():
        for version in versions:
            if version.published_at is None:
                failed += not _counts_publicity(work, version, law)
    return failed


def _counts_publicity(work: Work, version: ProcedureVersion, law: Law) -> bool:
    """Nothing is stated of one that breaks, and the others have their turn."""
    error = broken_by(partial(_keep_publicity, work, version, law))
    if error is None or isinstance(error, CalendarNotPublished):
        return True
    log.warning(
        "the limit to publish %s/%d was not counted again: %s", version.code, version.version, type(error).__name__
    )
    return False


def _keep_publicity(work: Work, version: ProcedureVersion, law: Law) -> None:
    if version.signed_on is None:
        return
    term = domain.publicity(version, law.office_at(moment(version.signed_on)))
    aggregate = derived_id(facts.PROCEDURES, version.code)
    work.deadline(schedule(aggregate, f"{domain.PUBLICITY}{version.version}", term))


async def announce_publicity(desk: Desk, work: Work, stages: Sequence[Stage]) -> None:
    """A version is to be published soon, or was not in time: kept as a fact, and shown in the procedure's record."""
    if not stages:
        return
    await store.reference_lock(work)
    by_id = {
        derived_id(facts.PROCEDURES, code): known for code, known in (await catalogue.all_versions(work.db)).items()
    }
    for stage in stages:
        number = int(stage.kind.removeprefix(domain.PUBLICITY))
        version = next(each for each in by_id[stage.aggregate] if each.version == number)
        announced = facts.PublicityAnnounced(
            occurred_at=stage.stage_at, procedure=version.code, procedure_version=number, stage=stage.stage, revision=stage.revision, due_on=stage.due_on
        )  # fmt: skip
        work.record(announced, id=stage.id, published=False)
        if version.published_at is None:
            await catalogue.move_version(
                work, replace(version, publicity="late" if stage.stage == "breach" else "near")
            )
    await describe(work, facts.PROCEDURES, await current_procedures(work.db, desk))


async def _describe(desk: Desk, work: Work, code: str) -> None:
    versions = await catalogue.versions(work.db, code)
    fact = domain.described_procedure(versions, at=work.now, today=today_of(desk))
    await describe(work, facts.PROCEDURES, [] if fact is None else [fact])


async def _one(connection: Connection, code: str, version: int) -> ProcedureVersion:
    found = next((each for each in await catalogue.versions(connection, code) if each.version == version), None)
    if found is None:
        raise NotFound
    return found


async def read_procedures(desk: Desk, on: date | None = None) -> Sequence[ProcedureVersion]:
    """The version of every procedure that is in force on a day, today unless said otherwise."""
    async with desk.works.reading() as connection:
        known = await catalogue.all_versions(connection)
    day = on or today_of(desk)
    return [version for versions in known.values() if (version := domain.in_force(versions, day)) is not None]


async def read_procedure(desk: Desk, code: str, on: date | None = None) -> ProcedureVersion:
    """The version of one procedure that is in force on a day."""
    found = domain.in_force(await read_versions(desk, code), on or today_of(desk))
    if found is None:
        raise NotFound
    return found


async def read_versions(desk: Desk, code: str) -> Sequence[ProcedureVersion]:
    """Every version of a procedure, in order."""
    async with desk.works.reading() as connection:
        found = await catalogue.versions(connection, code)
    if not found:
        raise NotFound
    return found
