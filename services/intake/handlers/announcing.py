"""What the clock does: announce that a deadline is near or past."""

from __future__ import annotations

from typing import Any

from services.intake import store
from services.intake.domain import PUBLICITY
from services.intake.handlers.catalogue import announce_publicity
from services.intake.handlers.desk import Desk
from services.intake.store import sources as source_store
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.store import deadlines

SWEEP = 500


async def announce_stages(desk: Desk, batch: int = SWEEP) -> bool:
    """Announce the warnings and breaches that have come, oldest first, each once; False when there was none.

    After one that was, more may wait: beyond this batch, or the breach behind a warning that came late.
    """
    async with desk.works.begin(system("intake.deadlines")) as work:
        stages = await deadlines.take(work, batch)
        if not stages:
            return False
        dossiers = [stage for stage in stages if not stage.kind.startswith(PUBLICITY)]
        about = await store.many(work, [stage.aggregate for stage in dossiers])
        for stage in dossiers:
            work.record(_announcement(stage, about[stage.aggregate]), id=stage.id)
        await announce_publicity(desk, work, [stage for stage in stages if stage.kind.startswith(PUBLICITY)])
        await deadlines.advance(work, stages)
        source_store.feed(
            work, [_told(stage, about[stage.aggregate]) for stage in dossiers if about[stage.aggregate]["source"]]
        )
    return True


def _told(stage: deadlines.Stage, row: Any) -> source_store.Entry:
    """The system that owns a dossier hears that its date is near or past."""
    kind = "deadline-warned" if stage.stage == "warn" else "deadline-breached"
    return source_store.Entry(
        row["source"], kind, stage.stage_at, row["code"], {"kind": stage.kind, "due_on": stage.due_on.isoformat()}
    )


def _announcement(stage: deadlines.Stage, row: Any) -> Fact:
    common: dict[str, Any] = {
        "dossier": row["id"], "code": row["code"], "unit": row["unit"], "kind": stage.kind, "revision": stage.revision,
        "due_at": stage.due_at, "due_on": stage.due_on, "officer": row["handler"],
    }  # fmt: skip
    if stage.stage == "warn":
        return facts.DeadlineWarned(occurred_at=stage.stage_at, **common)
    return facts.DeadlineBreached(occurred_at=stage.stage_at, recipient=row["recipient"], **common)
