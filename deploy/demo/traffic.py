"""Steady traffic on a running installation: dossiers and letters of invented people, at so many requests a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from deploy.demo.acts import CASES, FILED, LETTERS, Act
from deploy.demo.door import Door
from deploy.demo.dossiers import Filing, seed
from deploy.demo.people import citizen, handler, officer, person
from deploy.demo.player import Player, Tokens
from shared.moments import system_clock, uuid7

UNITS: Final = ("19360", "19333", "19432", "19702")
AT_ONCE: Final = 8
"""Dossiers and letters that are worked on side by side."""
FIRST: Final = 3000
_LIVES: Final[Sequence[tuple[str, str, Sequence[str]]]] = (
    ("2.000815", "direct", ("settle", "return-result")),
    ("1.004873", "online", ("accept", "assign", "settle", "return-result")),
    ("1.004194", "direct", ("assign",)),
    ("1.004859", "direct", ("assign", "request-supplement")),
    ("1.014027", "online", ("accept", "request-supplement", "supply", "settle")),
    ("1.004884", "direct", ("assign", "settle", "return-result")),
    ("1.004873", "online", ("withdraw",)),
)
"""Procedure, channel, and what is done with the dossier."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it."""

    dossiers: int
    cases: int
    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    again: int
    """How often a door said to come again."""

    def shown(self) -> dict[str, Any]:
        """As a program reads it."""
        return {**asdict(self), "per_second": round(self.requests / self.seconds, 1)}

    def sentence(self) -> str:
        """As a person reads it."""
        return (
            f"{self.dossiers} dossiers and {self.cases} letters, {self.requests} requests in {self.seconds:.1f} s; "
            f"answered in {self.p50_ms:.0f} ms (p50), {self.p95_ms:.0f} ms (p95)"
        )


@dataclass(slots=True)
class _Pace:
    """Lets one through every so often."""

    seconds: float
    next_at: float = field(default_factory=time.monotonic)

    async def turn(self) -> None:
        mine = max(self.next_at, time.monotonic())
        self.next_at = mine + self.seconds
        await asyncio.sleep(mine - time.monotonic())


async def play(
    url: str, tokens: Tokens, *, dossiers: int, cases: int, rate: float, show: Callable[[int, int], None]
) -> Told:
    """Play them; `Unplayable` when a door refuses, `Unreached` when nobody answers."""
    lives = list(_mixed(lives_of(dossiers, cases, tag=uuid7().hex)))
    total, spent = sum(map(len, lives)), list[float]()
    player, pace, began = Player(Door(url), tokens), _Pace(1 / rate), time.monotonic()
    waiting = iter(lives)

    async def work() -> None:
        for life in waiting:
            for act in life:
                await pace.turn()
                asked = time.monotonic()
                await player.do(act)
                spent.append(time.monotonic() - asked)
                show(player.done, total)

    try:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    finally:
        player.door.close()
    ordered = [1000 * seconds for seconds in sorted(spent)] or [0.0]
    return Told(
        dossiers, cases, player.done, time.monotonic() - began, ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], player.again
    )  # fmt: skip


def lives_of(dossiers: int, cases: int, *, tag: str) -> tuple[list[list[Act]], list[list[Act]]]:
    """The acts of each dossier and of each letter; `tag` tells one run from another."""
    return [_dossier(n, tag) for n in range(dossiers)], [_letter(n, tag) for n in range(cases)]


def _mixed(lives: tuple[list[list[Act]], list[list[Act]]]) -> Iterator[list[Act]]:
    """Letters spread evenly among dossiers."""
    placed = [((n + 0.5) / len(kind), life) for kind in lives for n, life in enumerate(kind)]
    return (life for _, life in sorted(placed, key=lambda each: each[0]))


def _dossier(n: int, tag: str) -> list[Act]:
    procedure, channel, commands = _LIVES[n % len(_LIVES)]
    filing = Filing(f"{tag}-d{n}", FIRST + n, UNITS[n % len(UNITS)], seed(procedure), channel)
    at = system_clock()
    return [filing.act(command, at) for command in (FILED, *commands)]


def _letter(n: int, tag: str) -> list[Act]:
    """Feedback: handed in, read, given to somebody, answered, and every other time rated."""
    number, unit, name, at = FIRST + n, UNITS[n % len(UNITS)], f"{tag}-l{n}", system_clock()
    words = f"Phản ánh số {n + 1} của lượt chạy mẫu: đường ngập sau mưa."
    letter = {"channel": "online", "unit": unit, "text": words, "parties": [person(number).body()]}
    parts = {"parts": [{"kind": "feedback", "summary": words, "unit": unit}]}
    answer = {"outcome": "fixed", "text": "Đã kiểm tra và khắc phục."}
    acts = [
        Act(at, name, LETTERS, FILED, citizen(number), letter),
        Act(at, name, LETTERS, "split", officer("screener", unit), parts),
        Act(at, f"{name}.1", CASES, "assign", officer("head", unit), {"officer": handler(unit, number)}),
        Act(at, f"{name}.1", CASES, "answer", officer("handler", unit, number), answer),
        Act(at, f"{name}.1", CASES, "rate", citizen(number), {"score": 4}),
    ]
    return acts if n % 2 else acts[:-1]
