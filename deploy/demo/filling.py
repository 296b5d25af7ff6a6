"""What `gandan up` does on an empty store: live the sample before it says that it is ready."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from deploy.demo import sample
from deploy.demo.acts import Act, moments
from deploy.demo.days import Days
from deploy.demo.door import Door
from deploy.demo.people import Who
from deploy.demo.player import Player, Tokens, Unplayable, together
from deploy.demo.stage import Hands, Stage
from shared.law import ZONE, official_calendar
from shared.moments import MovableClock, system_clock
from shared.runtime.process import PARTS, Process, parts_of
from shared.settings import Settings, WrongSetting
from shared.web.devissuer import DevIssuer

SHOWN: Final = "day-55"
"""The dossier whose code is told: papers were asked for, its clock stood still, the date moved."""
_CHOICES: Final = {"": "yes", "yes": "yes", "day": "day", "no": "no"}
_TABLES: Final = {"intake": "dossier", "complaints": "submission"}

Show = Callable[[int, int], None]
"""Told how many acts are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Played:
    """What was done, how long it took, and the slip that opens one dossier."""

    acts: int
    seconds: float
    day: str
    code: str
    secret: str


@dataclass(frozen=True, slots=True)
class Filling:
    """A sample about to be lived; `settings` are those of the process, with the clock that is moved."""

    settings: Settings
    hands: Hands
    days: Days
    acts: Sequence[Act]

    @property
    def url(self) -> str:
        """Where the process answers."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def begin(self) -> None:
        """Make it the first morning, before anything is built."""
        self.hands.move_to(self.acts[0].at)

    async def live(self, process: Process, show: Show) -> Played:
        """Do every act at its moment; warnings and breaches come from the sweepers. Afterwards the clock is as it was."""
        began, stage = time.monotonic(), Stage(process, self.hands)
        player = Player(Door(self.url), tokens(self.settings))
        try:
            if process.kafka_error is not None:
                raise Unplayable(f"Kafka does not answer ({process.kafka_error})")
            await stage.calm()
            await self._live(player, stage, show)
        finally:
            self.hands.let_go()
            player.door.close()
        await stage.sweep()
        await stage.calm()
        slip = player.known[SHOWN].lookup or {}
        return Played(player.done, time.monotonic() - began, self.days.day.isoformat(), slip["code"], slip["secret"])

    async def _live(self, player: Player, stage: Stage, show: Show) -> None:
        today = None
        for acts in moments(self.acts):
            instant = acts[0].at
            if instant.date() != today:
                await stage.calm()
                self.hands.move_to(datetime.combine(instant.date(), datetime.min.time(), ZONE))
                await stage.sweep()
                today = instant.date()
            self.hands.move_to(instant)
            await together(player, acts)
            show(player.done, len(self.acts))
        await stage.calm()


def chosen(environ: Mapping[str, str] = os.environ) -> str:
    """`yes`, `day` (without the weeks before) or `no`, from GANDAN_SAMPLE or SAMPLE; `WrongSetting` for anything else."""
    name = "GANDAN_SAMPLE" if "GANDAN_SAMPLE" in environ else "SAMPLE"
    value = environ.get(name, "").strip().lower()
    if value not in _CHOICES:
        raise WrongSetting(f"{name}: {value!r} is not yes, day or no")
    return _CHOICES[value]


def fits(settings: Settings) -> bool:
    """Whether the sample may be played here: all parts in this process, invented tokens, and no way to people or portals outside."""
    outside = (settings.issuer, settings.smtp_url, settings.portal_url)
    return all(each is None for each in outside) and parts_of(settings) == PARTS


async def is_empty(urls: Mapping[str, str]) -> bool:
    """Whether nobody ever filed a dossier or a letter; a database that cannot be asked is not empty."""
    try:
        return not any([await _has_rows(urls[service], table) for service, table in _TABLES.items()])
    except (OSError, asyncpg.PostgresError):
        return False


async def _has_rows(url: str, table: str) -> bool:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        there = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table)
        return there and bool(await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"))
    finally:
        await connection.close()


def prepared(settings: Settings, *, weeks: bool) -> Filling:
    """The sample laid out so that it ends now, by the clock of these settings."""
    path, before = settings.clock or settings.home / "sample-clock", None
    if settings.clock is not None and path.exists():
        before = path.read_text()
    now = MovableClock(path)() if settings.clock is not None else system_clock()
    days = Days.ending(now, official_calendar())
    acts = sample.with_weeks_before(days) if weeks else sample.the_day(days)
    return Filling(settings.model_copy(update={"clock": path}), Hands(path, before), days, acts)


def tokens(settings: Settings, *, made: bool = True) -> Tokens:
    """Tokens of the dev issuer for people of the sample; `WrongSetting` with a real issuer, or (not `made`) where there is none yet."""
    if not made and settings.issuer is None and not (settings.home / "issuer.json").exists():
        raise WrongSetting(f"nothing was ever started in {settings.home}: `gandan up` makes it, or choose --home")
    issuer = DevIssuer.load_or_make(settings)

    def mint(who: Who) -> str:
        return issuer.token(who.role, units=[who.unit] if who.unit else [], subject=who.subject, person=who.person)

    return mint
