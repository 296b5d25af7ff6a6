"""The calendar desk in the tests: two people, a storm, and every open limit counted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.intake import handlers
from services.intake.domain import Dossier
from services.intake.handlers import Desk
from services.intake.tests.given import (
    facts_of,
    officer,
)
from shared.kernel import Caller

CLERK, HANDLER, HEAD = officer("clerk"), Caller(officer("handler")), Caller(officer("head"))


FIRST, SECOND = Caller(officer("admin", subject="ad-1")), Caller(officer("admin", subject="ad-2"))


STORM = {"on": "2026-11-26", "worked": False, "vi": "Nghỉ tránh bão", "en": "Closed for a storm"}


PAPER = {"number": "Công điện 12/CĐ-UBND", "basis": "Luật Phòng, chống thiên tai"}


async def change(desk: Desk, content: Mapping[str, Any] = STORM, kind: str = "day") -> None:
    """An act of two people, in force, and every limit counted again."""
    act = await handlers.propose(desk, FIRST, kind, content, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)
    await count(desk)


async def count(desk: Desk, batch: int = 500) -> int:
    """Count until nothing waits; how many batches."""
    batches = 0
    while await handlers.count_limits_again(desk, batch):
        batches += 1
    return batches


async def now(desk: Desk, dossier: Dossier) -> Dossier:
    return await handlers.read_dossier(desk, CLERK, dossier.id)


async def moves(desk: Desk, dossier: Dossier) -> list[dict[str, Any]]:
    return [fact for name, fact in await facts_of(desk.works, dossier.id) if name == "deadline-moved"]
