"""What the clock does: announce that a deadline is near or past."""

from __future__ import annotations

from typing import Any

from services.complaints.domain import SCREENING
from services.complaints.handlers.desk import Desk
from services.complaints.store import cases, submissions
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.store import deadlines

SWEEP = 500


async def announce_stages(desk: Desk, batch: int = SWEEP) -> bool:
    """Announce the warnings and breaches that have come, oldest first, each once; True when more wait."""
    async with desk.works.begin(system("complaints.deadlines")) as work:
        stages = await deadlines.take(work, batch)
        if not stages:
            return False
        letters = await submissions.many(work, [s.aggregate for s in stages if s.kind == SCREENING])
        about = await cases.many(work, [s.aggregate for s in stages if s.kind != SCREENING])
        for stage in stages:
            if stage.kind == SCREENING:
                work.record(_about_letter(stage, letters[stage.aggregate]), id=stage.id)
            else:
                work.record(_about_case(stage, about[stage.aggregate]), id=stage.id)
        await deadlines.advance(work, stages)
    return len(stages) == batch


def _common(stage: deadlines.Stage, row: Any) -> dict[str, Any]:
    return {
        "occurred_at": stage.stage_at, "code": row["code"], "unit": row["unit"], "kind": stage.kind, "revision": stage.revision,
        "due_at": stage.due_at, "due_on": stage.due_on, "source": row["source"], "tells_citizens": row["tells_citizens"],
    }  # fmt: skip


def _about_case(stage: deadlines.Stage, row: Any) -> Fact:
    common = _common(stage, row)
    if stage.stage == "warn":
        return facts.DeadlineWarned(case=row["id"], officer=row["handler"], **common)
    return facts.DeadlineBreached(case=row["id"], officer=row["handler"], recipient=row["recipient"], **common)


def _about_letter(stage: deadlines.Stage, row: Any) -> Fact:
    common = _common(stage, row)
    if stage.stage == "warn":
        return facts.SubmissionDeadlineWarned(submission=row["id"], **common)
    return facts.SubmissionDeadlineBreached(submission=row["id"], recipient=row["recipient"], **common)
