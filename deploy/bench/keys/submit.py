"""`submit`: POST a dossier, durable, beside a bare endpoint (a) and the same rows written naively (b)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from deploy.bench import children, dossiers, peers
from deploy.bench.bench import Bench
from deploy.bench.children import Child
from deploy.bench.cpu import Meter
from deploy.bench.result import Result, paired

GOAL = "≥ 0.7 of (a), ≥ 1.3 of (b)"
PRODUCT, BARE, NAIVE, ORM = "product", "(a) bare", "(b) naive", "peer: SQLModel sessions"


@dataclass(slots=True)
class Variant:
    """One server under load, and what each round gave."""

    path: str
    port: int
    pid: int
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def rates(self) -> list[float]:
        """Requests a second, round by round."""
        return [each["per_second"] for each in self.rounds]

    def told(self) -> dict[str, Any]:
        """Medians for `bench.json`."""
        names = ("per_second", "p50", "p99", "cpu_us", "server_cpu_us", "postgres_cpu_us")
        return {name: round(median(each[name] for each in self.rounds), 1) for name in names}


async def measure(bench: Bench) -> Result:
    """Interleaved rounds: product, (a), (b), peer, product, ..."""
    async with servers(bench) as variants, bench.child("load") as generator:
        citizens = [bench.token("citizen", person=dossiers.person(n)) for n in range(dossiers.CITIZENS)]
        for turn in range(bench.scale.rounds):
            for name, variant in variants.items():
                bench.tell(f"submit: round {turn + 1} of {bench.scale.rounds}, {name}")
                await _round(bench, generator, variant, citizens, name == ORM)
    return _result(variants)


@asynccontextmanager
async def servers(bench: Bench) -> AsyncIterator[dict[str, Variant]]:
    """All of them at once, each with a database of its own; only one is under load at a time."""
    async with AsyncExitStack() as leaving:
        prefix = await leaving.enter_async_context(bench.topics())
        databases = await leaving.enter_async_context(bench.databases("intake"))
        product = await leaving.enter_async_context(bench.product(["intake"], databases, parts="api", prefix=prefix))
        variants = {PRODUCT: Variant("/intake/v1/dossiers", product.port, product.pid)}
        limits = {BARE: "limits.bare", NAIVE: "limits.naive"} | ({ORM: peers.ORM} if peers.ready(peers.ORM) else {})
        for name, module in limits.items():
            own, port = await leaving.enter_async_context(bench.databases("intake")), children.free_port()
            arguments = (str(port), own.url("intake"), str(bench.product_home))
            child = await leaving.enter_async_context(bench.child(module, *arguments))
            variants[name] = Variant("/dossiers", port, child.pid)
        yield variants


async def _round(bench: Bench, generator: Child, variant: Variant, citizens: list[str], peer: bool) -> None:  # noqa: FBT001 - told at its only call
    seconds = bench.scale.submit_peer_seconds if peer else bench.scale.seconds
    meter = Meter({"server": variant.pid, "postgres": bench.servers()["postgres"]})
    meter.start()
    seen = await generator.ask({
        "script": "submit", "port": variant.port, "path": variant.path, "connections": 32, "warm": bench.scale.warm, "seconds": seconds,
        "citizens": citizens,
    })  # fmt: skip
    assert not seen["wrong"], seen["wrong"]
    variant.rounds.append({**seen, **_per_request(meter.stop(), seen)})


def _per_request(spent: Mapping[str, float], seen: Mapping[str, Any]) -> dict[str, float]:
    """CPU in us per request; warming up is in both the numerator and the denominator."""
    number = max(1, seen["answered"])
    each = {f"{name}_cpu_us": value / number * 1e6 for name, value in spent.items()}
    return {**each, "cpu_us": sum(each.values())}


def _result(variants: Mapping[str, Variant]) -> Result:
    product = variants[PRODUCT].rates()
    ratios = {name: paired(product, variant.rates()) for name, variant in variants.items() if name != PRODUCT}
    told = {name: variant.told() for name, variant in variants.items()}
    mine = told[PRODUCT]
    notes = [
        f"{ratios[NAIVE]:.2f} of (b) {told[NAIVE]['per_second']:.0f}/s; p50 {mine['p50']:.0f} ms, p99 {mine['p99']:.0f} ms at 32 connections",
        f"CPU per request: product {mine['cpu_us']:.0f} us, (a) {told[BARE]['cpu_us']:.0f}, (b) {told[NAIVE]['cpu_us']:.0f}",
        f"{ratios[ORM]:.1f} x {ORM} ({told[ORM]['per_second']:.0f}/s)" if ORM in ratios else peers.missing(peers.ORM),
    ]
    return Result(
        "submit", mine["per_second"], "requests/s", GOAL, ok=ratios[BARE] >= 0.7 and ratios[NAIVE] >= 1.3, limit=told[BARE]["per_second"],
        ratio=ratios[BARE], notes=notes, details={"ratios": ratios, "variants": told},
    )  # fmt: skip
