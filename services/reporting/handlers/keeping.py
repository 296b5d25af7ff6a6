"""How the projection stands, and what goes when its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.reporting import domain
from services.reporting.store import projections, reads
from shared.kernel import system
from shared.store.unit_of_work import Works

KEEP_OLD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProjectionState:
    """How the projection stands: version, rows per table, records set aside, places by partition."""

    active: projections.Active
    rows: Mapping[str, int]
    held: int
    places: Mapping[tuple[str, int], int]
    as_of: datetime | None
    mismatches: int


async def projection_state(works: Works) -> ProjectionState:
    """Everything an operator asks of the read models, at one moment."""
    async with reads.looking(works) as reader:
        db = reader.db
        stored = await projections.offsets(db, domain.LIVE)
        return ProjectionState(
            await projections.active(db),
            await projections.sizes(db, reader.version),
            await projections.held(db, domain.LIVE),
            {(row["topic"], row["partition"]): row["next"] for row in stored},
            await reads.newest_at(reader),
            await reads.mismatches(reader),
        )


async def mismatches(works: Works) -> int:
    """Places where lines and counters disagree; must be 0."""
    async with reads.looking(works) as reader:
        return await reads.mismatches(reader)


async def drop_old_versions(works: Works) -> list[int]:
    """Remove versions that were replaced a day ago, and half-built ones nobody is building; returns them."""
    async with works.begin(system("reporting.old-versions")) as work:
        now, found = await projections.active(work.db), await projections.versions(work.db)
        if await projections.rebuild_runs(work.db):
            return []
        old = [v for v in found if v > now.version or (v < now.version and work.now - now.switched_at > KEEP_OLD)]
        for version in old:
            await projections.drop(work.db, version)
        if any(version > now.version for version in old):
            await projections.forget_consumer(work.db, domain.REBUILD)
    return old
