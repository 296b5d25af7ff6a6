"""Yardstick of `relay`: the same records, already in memory, sent by the same producer settings as fast as the loop goes.

Asked `{rows}` it answers the seconds from the first send to the last acknowledgement, and its CPU-seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from deploy.bench.answering import answering
from deploy.bench.lives import PER_LIFE, fact_rows
from deploy.bench.loop import run
from shared.bus.broker import make_producer, stop_producer
from shared.contracts.envelope import MEDIA_TYPE
from shared.settings import Settings

BATCH = 500


def records(home: str, prefix: str, number: int) -> list[tuple[str, bytes, bytes, Sequence[tuple[str, bytes]]]]:
    """(topic, key, value, headers) of so many facts."""
    keys = Settings(home=Path(home)).load_keys()
    rows = (row for life in fact_rows(keys, number // PER_LIFE) for row in life)
    return [_record(row, prefix) for row in rows]


def _record(row: tuple[Any, ...], prefix: str) -> tuple[str, bytes, bytes, Sequence[tuple[str, bytes]]]:
    id_, _, _, type_, topic, key, source, _, _, _, traceparent, envelope, *_ = row
    headers = [
        ("ce_id", str(id_).encode()), ("ce_type", type_.encode()), ("ce_source", source.encode()), ("content-type", MEDIA_TYPE.encode()),
        ("traceparent", traceparent.encode()),
    ]  # fmt: skip
    return prefix + topic, key.encode(), envelope, headers


async def send(producer: AIOKafkaProducer, made: Sequence[Any]) -> None:
    """Send all in order; acknowledgements are awaited a batch behind, so that the producer never runs dry."""
    before: list[Any] = []
    for first in range(0, len(made), BATCH):
        waits = [
            await producer.send(topic, value=value, key=key, headers=headers)
            for topic, key, value, headers in made[first : first + BATCH]
        ]
        await asyncio.gather(*before)
        before = waits
    await asyncio.gather(*before)


async def main() -> None:
    """Answer with seconds."""
    bootstrap, home, prefix = sys.argv[1:]
    kept: dict[int, list[Any]] = {}

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        made = kept.setdefault(asked["rows"], []) or records(home, prefix, asked["rows"])
        kept[asked["rows"]] = made
        producer = await make_producer(bootstrap, "bench-sender")
        began, spent = time.perf_counter(), time.process_time()
        await send(producer, made)
        taken, spent = time.perf_counter() - began, time.process_time() - spent
        await stop_producer(producer, 5)
        return {"seconds": taken, "rows": len(made), "cpu": spent}

    await answering(answer)


if __name__ == "__main__":
    run(main())
