"""Letters in the load: officers who take letters, split them and work on the cases, and who know what must have come of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from deploy.tests.province import UNIT
from shared.testing.clients import PatientClient

PACE_SECONDS = 0.02
SUBJECT = "staff-9"
"""Who takes, screens, is assigned and answers."""

BASE = "/complaints/v1"

_ACTS: Mapping[str, tuple[dict[str, Any] | None, str]] = {
    "assign": ({"officer": SUBJECT}, "case-assigned"),
    "answer": ({"outcome": "fixed", "text": "Đã khơi thông cống."}, "answer-sent"),
    "publish": ({"text": "Đã khơi thông cống."}, "outcome-published"),
    "accept": ({"contents": ["Diện tích", "Giá đất"]}, "case-accepted"),
    "refuse": ({"ground": "unsigned", "reason": "Đơn không có chữ ký."}, "case-refused"),
}
_LIVES: Sequence[Sequence[tuple[str, Sequence[str]]]] = (
    (("feedback", ("assign", "answer", "publish")),),
    (("complaint", ("accept", "assign")), ("feedback", ("assign", "answer"))),
    (("petition", ("assign", "answer")), ("complaint", ("refuse",))),
    (),
)
"""The parts of a letter with what is done about each; a letter without parts is kept and not settled."""


class Letters:
    """What officers do with letters; `promised` is told every fact as soon as its command was answered."""

    def __init__(self, promised: Callable[[UUID, str], None], client: PatientClient, dice: random.Random) -> None:
        self.promised, self.client, self.dice = promised, client, dice

    async def live(self) -> None:
        """Take one letter through a life."""
        number = self.dice.randrange(10**8)
        body = {
            "channel": "direct", "unit": UNIT, "text": "Đường thôn ngập sau mưa.",
            "parties": [{"name": "Trần Thị Đơn", "identity_no": f"0442{number:08d}"}],
        }  # fmt: skip
        letter = await self.client.command(f"{BASE}/submissions", body)
        id_ = UUID(letter["id"])
        self.promised(id_, "submission-registered")
        parts = self.dice.choice(_LIVES)
        await asyncio.sleep(PACE_SECONDS)
        if not parts:
            await self._do(letter, "file", {"reason_class": "blank", "reason": "Đơn trống."})
            self.promised(id_, "submission-filed")
            return
        wanted = [{"kind": kind, "summary": "Đường thôn ngập", "unit": UNIT} for kind, _ in parts]
        split = await self._do(letter, "split", {"parts": wanted})
        self.promised(id_, "submission-split")
        for case in split["opened"]:
            self.promised(UUID(case["id"]), "case-opened")
        for case, (_, acts) in zip(split["opened"], parts, strict=True):
            await self._work(case, acts)

    async def _work(self, case: Mapping[str, Any], acts: Sequence[str]) -> None:
        version = 1
        for act in acts:
            await asyncio.sleep(PACE_SECONDS)
            body, fact = _ACTS[act]
            answer = await self.client.command(f"{BASE}/cases/{case['id']}/{act}", body, if_match=f'"{version}"')
            version = answer["version"]
            self.promised(UUID(case["id"]), fact)

    async def _do(self, letter: Mapping[str, Any], command: str, body: Mapping[str, Any]) -> Any:
        path = f"{BASE}/submissions/{letter['id']}/{command}"
        return await self.client.command(path, body, if_match=f'"{letter["version"]}"')
