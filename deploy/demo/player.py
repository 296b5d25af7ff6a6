"""Does acts at the public doors: HTTP with tokens of the dev issuer, keys against doing twice, versions as they were read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.demo.acts import FILED, Act
from deploy.demo.door import Answer, Door
from deploy.demo.people import NOBODY, Who

Tokens = Callable[[Who], str]
"""Makes a bearer token."""

COMES_AGAIN: Final = frozenset({429, 502, 503, 504})
TIMES: Final = 20
AGAIN_SECONDS: Final = 1.0
REFUSED: Final = 400


class Unplayable(Exception):  # noqa: N818 - reads as the sentence that is shown
    """A door did not take an act; the message names both."""


class Unreached(Unplayable):
    """Nobody answers."""


@dataclass(slots=True)
class Matter:
    """A dossier, letter or case that is known by now, and its version."""

    id: str
    version: int
    lookup: dict[str, str] | None = None


@dataclass(slots=True)
class Player:
    """Somebody who acts for everybody in the sample."""

    door: Door
    mint: Tokens
    known: dict[str, Matter] = field(default_factory=dict)
    done: int = 0
    again: int = 0
    """How often a door said to come again."""
    _tokens: dict[Who, str] = field(default_factory=dict)

    async def do(self, act: Act) -> None:
        """Do it, and remember what it is about; `Unplayable` when it is refused, `Unreached` when nobody answers."""
        headers = {"idempotency-key": act.key}
        if act.who != NOBODY:
            headers["authorization"] = f"Bearer {self._token(act.who)}"
        path = act.door
        if act.command != FILED:
            matter = self.known[act.matter]
            path, headers["if-match"] = f"{act.door}/{matter.id}/{act.command}", f'"{matter.version}"'
        self._remember(act, (await self._answer(act, path, headers)).json())
        self.done += 1

    async def _answer(self, act: Act, path: str, headers: dict[str, str]) -> Answer:
        for _ in range(TIMES):
            answer = await self._ask(path, act.body, headers)
            if answer.status not in COMES_AGAIN:
                break
            self.again += 1
            await asyncio.sleep(AGAIN_SECONDS)
        if answer.status >= REFUSED:
            raise Unplayable(f"{act.command} of {act.matter} at {path}: {answer.status} {answer.body.decode()[:300]}")
        return answer

    async def _ask(self, path: str, body: Any, headers: dict[str, str]) -> Answer:
        try:
            return await self.door.post(path, body, headers)
        except (OSError, EOFError) as error:
            raise Unreached(f"{self.door.url} does not answer: {type(error).__name__}") from error

    def _token(self, who: Who) -> str:
        if who not in self._tokens:
            self._tokens[who] = self.mint(who)
        return self._tokens[who]

    def _remember(self, act: Act, answer: dict[str, Any]) -> None:
        lookup = answer.get("lookup") or (self.known[act.matter].lookup if act.matter in self.known else None)
        self.known[act.matter] = Matter(answer["id"], answer["version"], lookup)
        for number, case in enumerate(answer.get("opened", ()), 1):
            self.known[f"{act.matter}.{number}"] = Matter(case["id"], 1)


async def together(player: Player, acts: Iterable[Act]) -> None:
    """Do what happens at the same moment; the first failure is raised."""
    await asyncio.gather(*(player.do(act) for act in acts))
