"""`inbox`: a citizen's page and unread count over HTTP, on a million items written by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from deploy.bench import dossiers, seeding
from deploy.bench.bench import Bench, Databases
from deploy.bench.children import Child
from deploy.bench.result import Result
from shared.moments import system_clock, uuid7
from shared.store.vault import recipient_of

GOAL = "p99 ≤ 5 ms"
RATE = 100
PAGE, COUNT = "/notifications/v1/me/inbox", "/notifications/v1/me/inbox/count"
_READ_SHARE = 5
"""Every fifth item is unread."""


async def measure(bench: Bench) -> Result:
    """100 reads a second over 8 connections by 400 citizens: first pages, then counts."""
    items, citizens = bench.scale.inbox_items, bench.scale.inbox_citizens
    async with bench.topics() as prefix, bench.databases("notifications") as databases:
        bench.tell(f"inbox: {items:,} items by COPY")
        await _seed(bench, databases, items, citizens)
        async with (
            bench.product(["notifications"], databases, parts="api", prefix=prefix) as product,
            bench.child("load") as generator,
        ):
            tokens = [bench.token("citizen", person=dossiers.person(n)) for n in range(dossiers.CITIZENS)]
            seen = {}
            for path in (PAGE, COUNT):
                bench.tell(f"inbox: {path}")
                await _read(bench, generator, product.port, path, tokens)  # every token is verified once
                seen[path] = await _read(bench, generator, product.port, path, tokens)
    return _result(seen, items, citizens)


async def _read(bench: Bench, generator: Child, port: int, path: str, tokens: list[str]) -> dict[str, Any]:
    plan = {
        "script": "get", "port": port, "paths": [path], "citizens": tokens, "connections": 8, "rate": RATE, "warm": 0.2,
        "seconds": max(bench.scale.seconds * 2, len(tokens) / RATE),
    }  # fmt: skip
    seen: dict[str, Any] = await generator.ask(plan)
    assert not seen["wrong"], seen["wrong"]
    return seen


async def _seed(bench: Bench, databases: Databases, items: int, citizens: int) -> None:
    people = bench.settings.load_keys().people
    recipients = [recipient_of(people, dossiers.person(n)) for n in range(citizens)]
    per = items // citizens
    connection = await asyncpg.connect(databases.url("notifications"))
    try:
        unread = len(range(0, per, _READ_SHARE))
        await seeding.copy(
            connection, "recipient", ("ref", "seq", "unread", "version"), ((ref, per, unread, per) for ref in recipients)
        )  # fmt: skip
        columns = (
            "recipient", "seq", "notification", "code", "aggregate", "title", "body", "action_url", "severity", "read_at", "created_at",
        )  # fmt: skip
        await seeding.copy(connection, "inbox_item", columns, _items(recipients, per))
        await connection.execute("VACUUM ANALYZE recipient, inbox_item")
    finally:
        await connection.close()


def _items(recipients: list[UUID], per: int) -> Iterator[tuple[Any, ...]]:
    """In the order of time: everybody's first item, everybody's second, ... so that no inbox lies in one place."""
    now = system_clock() - timedelta(days=per)
    title = "Hồ sơ đã được tiếp nhận"
    body = "Hồ sơ của Ông/Bà đã được tiếp nhận, hẹn trả kết quả ngày 27/11/2026. Ông/Bà không cần làm gì thêm."
    for number in range(per):
        at = now + timedelta(days=number)
        read = None if number % _READ_SHARE == 0 else at
        for recipient in recipients:
            yield (recipient, number + 1, uuid7(), "HS-01", uuid7(), title, body, "/ho-so", "info", read, at)


def _result(seen: dict[str, dict[str, Any]], items: int, citizens: int) -> Result:
    page, count = seen[PAGE], seen[COUNT]
    worst = max(page["p99"], count["p99"])
    notes = [
        f"page p50 {page['p50']:.1f} ms, p99 {page['p99']:.1f} ms; count p50 {count['p50']:.1f} ms, p99 {count['p99']:.1f} ms",
        f"{items:,} items of {citizens:,} citizens, {RATE} reads a second over HTTP",
    ]
    return Result("inbox", worst, "ms", GOAL, ok=worst <= 5, notes=notes, details={"page": page, "count": count})
