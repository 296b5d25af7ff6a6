"""Compacted topics: the current record of everything, published again only where it differs from what was said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256

from services.intake.store import catalogue as store
from shared.contracts.envelope import Fact, encode
from shared.store.db import Connection
from shared.store.unit_of_work import Work


def _digest(fact: Fact) -> bytes:
    return sha256(encode({name: value for name, value in asdict(fact).items() if name != "occurred_at"})).digest()


async def news(connection: Connection, topic: str, current: Sequence[Fact]) -> Mapping[str, Fact]:
    """Those of these records that differ from what was published last, by key."""
    said = await store.said(connection, topic)
    return {fact.subject: fact for fact in current if said.get(fact.subject) != _digest(fact)}


async def describe(work: Work, topic: str, current: Sequence[Fact]) -> None:
    """Publish what differs; the caller holds the lock on reference data."""
    changed = await news(work.db, topic, current)
    if not changed:
        return
    for fact in changed.values():
        work.record(fact)
    await store.say(work, topic, {key: _digest(fact) for key, fact in changed.items()})
