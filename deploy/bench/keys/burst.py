"""`burst`: three times what the installation can do, and DIGIT's burst profile: who is let in is served well, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from deploy.bench import dossiers
from deploy.bench.bench import Bench, Product, installed, one
from deploy.bench.children import Child
from deploy.bench.keys.lifecycle import Store, quiet
from deploy.bench.result import Result, percentile
from deploy.bench.surge import REFUSED
from shared.settings import Settings

GOAL = "0 lost, only 429, p95 of admitted ≤ 3x idle, normal again < 10 s"
TIMES = 3
SLOWER = 3
BACK_SECONDS = 10
IDLE_SHARE = 0.2
"""Of what it can do: idle load."""

PROFILE = (1, 15, 1, 25, 2, 35, 10)
"""Lifecycles a second, step by step, of DIGIT's published burst test; its 25 is our capacity here, its 35 is beyond it."""
PROFILE_FULL = 25

BOUND = int(Settings.model_fields["max_in_flight"].default)
"""Of the product as it is installed."""

IDLE, FLOOD, AFTER = range(3)
FILED = 201
_COMMANDS = {"submit": 1, "lifecycle": 4}
_DONE = (200, FILED)
_DOSSIERS = "SELECT count(*) FROM dossier"
_STATED = "SELECT count(*) FROM fact WHERE topic = 'intake.dossiers'"
_APPLIED = "SELECT count(*) FROM timeline_1"


class Seen(NamedTuple):
    """One request: its phase, the second it was due, milliseconds until its answer, its status."""

    phase: int
    second: float
    ms: float
    status: int


@dataclass(frozen=True, slots=True)
class Surge:
    """What one surge gave."""

    seen: Sequence[Seen]
    begun: int
    finished: int
    cpu: float
    """CPU-seconds of the generator."""

    @property
    def statuses(self) -> Counter[int]:
        """How often it was answered how."""
        return Counter(each.status for each in self.seen)

    @property
    def wrong(self) -> int:
        """Answers that were neither a success nor a plain refusal."""
        return sum(number for status, number in self.statuses.items() if status not in {*_DONE, REFUSED})

    def p95(self, *phases: int) -> float:
        """Milliseconds, of those let in, in these phases."""
        return percentile([each.ms for each in self.seen if each.phase in phases and each.status in _DONE], 0.95)

    def back(self, phase: int, limit: float) -> float:
        """Seconds from the beginning of a phase to the end of its first second without refusals and with a p95 within the limit."""
        rest = [each for each in self.seen if each.phase == phase]
        began = min(each.second for each in rest)
        for second in range(int(max(each.second for each in rest) - began) + 1):
            now = [each for each in rest if second <= each.second - began < second + 1]
            if (
                now
                and all(each.status != REFUSED for each in now)
                and percentile([each.ms for each in now], 0.95) <= limit
            ):
                return second + 1.0
        return float("inf")


@dataclass(frozen=True, slots=True)
class Ground:
    """One running installation, and who puts load on it."""

    bench: Bench
    product: Product
    steady: Child
    bursting: Child
    citizens: Sequence[str]
    officer: str

    async def capacity(self, script: str) -> float:
        """Units of work a second with as many connections as are let in."""
        scale = self.bench.scale
        plan = {**self._plan(script), "connections": BOUND, "warm": scale.warm, "seconds": scale.seconds}
        seen = await self.steady.ask(plan)
        assert not seen["wrong"], seen["wrong"]
        return float(seen["per_second"]) / _COMMANDS[script]

    async def surge(self, script: str, phases: Sequence[tuple[float, float]], *, patient: bool) -> Surge:
        """Phases of (units of work a second, seconds)."""
        told = await self.bursting.ask({**self._plan(script), "phases": phases, "patient": patient})
        return Surge([Seen(*each) for each in told["seen"]], told["begun"], told["finished"], told["generator_cpu"])

    def _plan(self, script: str) -> dict[str, Any]:
        return {"script": script, "port": self.product.port, "citizens": self.citizens, "officer": self.officer}


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the answers promised and what the databases hold."""

    accepted: int
    filed: int
    stated: int
    applied: int

    @property
    def lost(self) -> int:
        """Filings and facts that are missing somewhere, or are there twice."""
        return abs(self.accepted - self.filed) + abs(self.stated - self.applied)


async def measure(bench: Bench) -> Result:
    """Capacity; idle load, three times the capacity, idle load again; then the profile, with clients that come back."""
    async with bench.topics() as prefix, bench.databases(*installed()) as databases:
        store = Store(databases, prefix)
        async with _ground(bench, store) as ground:
            bench.tell("burst: what it can do")
            filings, lives = await ground.capacity("submit"), await ground.capacity("lifecycle")
            before = await one(databases.url("intake"), _DOSSIERS)
            flood, profile = await _flood(ground, filings), await _profile(ground, lives)
            await quiet(ground.product, store)
        ledger = Ledger(
            flood.statuses[FILED] + profile.statuses[FILED],
            await one(databases.url("intake"), _DOSSIERS) - before,
            await one(databases.url("intake"), _STATED),
            await one(databases.url("reporting"), _APPLIED),
        )
    return _result((filings, lives), flood, profile, ledger)


@asynccontextmanager
async def _ground(bench: Bench, store: Store) -> AsyncIterator[Ground]:
    everything = "api,relay,consumers,timers"
    async with (
        bench.product(installed(), store.databases, parts=everything, prefix=store.prefix) as product,
        bench.child("load") as steady,
        bench.child("surge") as bursting,
    ):
        citizens = [bench.token("citizen", person=dossiers.person(n)) for n in range(dossiers.CITIZENS)]
        officer = bench.token("clerk", "handler", "head", units=dossiers.units())
        yield Ground(bench, product, steady, bursting, citizens, officer)


async def _flood(ground: Ground, filings: float) -> Surge:
    """Idle, far too much, idle; whoever is refused does not come back."""
    ground.bench.tell(f"burst: {TIMES} x {filings:.0f} filings a second")
    idle, seconds = max(1.0, filings * IDLE_SHARE), ground.bench.scale.seconds
    return await ground.surge(
        "submit", [(idle, seconds * 2), (filings * TIMES, seconds * 6), (idle, seconds * 2)], patient=False
    )


async def _profile(ground: Ground, lives: float) -> Surge:
    """Idle lives, DIGIT's steps, then its lowest again; whoever is refused comes back when told to."""
    ground.bench.tell(f"burst: DIGIT's profile, {PROFILE_FULL} = {lives:.1f} lifecycles a second")
    seconds = ground.bench.scale.seconds
    idle, *steps, last = (
        max(1.0, rate * lives / PROFILE_FULL) for rate in (IDLE_SHARE * PROFILE_FULL, *PROFILE, PROFILE[0])
    )
    phases = [(idle, seconds * 2), *((rate, seconds) for rate in steps), (last, seconds * 2)]
    return await ground.surge("lifecycle", phases, patient=True)


def _result(capacity: tuple[float, float], flood: Surge, profile: Surge, ledger: Ledger) -> Result:
    idle, busy = flood.p95(IDLE), flood.p95(FLOOD)
    calm, steps = profile.p95(IDLE), profile.p95(*range(1, 1 + len(PROFILE)))
    back = max(flood.back(AFTER, idle * SLOWER), profile.back(1 + len(PROFILE), calm * SLOWER))
    lost, wrong = ledger.lost + profile.begun - profile.finished, flood.wrong + profile.wrong
    refused, ratio = flood.statuses[REFUSED] / len(flood.seen), max(busy / idle, steps / calm)
    lives = (
        f"{profile.finished} of {profile.begun} lives finished, {profile.statuses[REFUSED]} times refused and repeated"
    )
    notes = [
        f"{TIMES} x {capacity[0]:.0f} filings/s: {refused:.0%} refused with 429, p95 of the others {busy:.0f} ms, idle {idle:.0f} ms",
        f"DIGIT's {'-'.join(map(str, PROFILE))} with {PROFILE_FULL} = {capacity[1]:.1f} lifecycles/s: {lives}, p95 {steps:.0f} ms, idle {calm:.0f} ms",
        f"lost {lost}, other answers {wrong}; normal again after {back:.0f} s; {BOUND} requests at work at once",
        f"{ledger.accepted} filings accepted, {ledger.filed} in the store; {ledger.stated} facts stated, {ledger.applied} applied",
    ]
    return Result(
        "burst", busy, "ms", GOAL, ok=lost == wrong == 0 and ratio <= SLOWER and back < BACK_SECONDS, limit=idle, ratio=ratio, notes=notes,
        details={
            "flood": dict(flood.statuses), "profile": dict(profile.statuses), "capacity": capacity, "back": back,
            "profile_p95": steps, "profile_idle_p95": calm, "generator_cpu": flood.cpu + profile.cpu,
        },
    )  # fmt: skip
