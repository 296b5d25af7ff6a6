"""Peer of `relay`: faststream-outbox takes rows from its own table and publishes them to Kafka, tuned (8 workers, batches of 100)."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from faststream.kafka import KafkaBroker
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData, func, select
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.bench.answering import answering
from deploy.bench.lives import PER_LIFE, TOPIC, fact_rows
from deploy.bench.loop import run
from shared.settings import Settings

QUEUE = "facts"
ENVELOPE = 11
"""Place of this column in a fact's row."""


async def main() -> None:
    """Fill the table in one commit, start, and count until it is empty."""
    url, bootstrap, home, prefix = sys.argv[1:]
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="peer_outbox")
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=12)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    outbox, kafka = OutboxBroker(engine, outbox_table=table, logger=None), KafkaBroker(bootstrap, logger=None)

    @outbox.subscriber(
        QUEUE, max_workers=8, fetch_batch_size=100, terminal_flush_batch_size=100, min_fetch_interval=0.01
    )
    async def relay(body: dict[str, Any]) -> None:
        await kafka.publish(body, prefix + TOPIC, key=body["subject"].encode())

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        keys = Settings(home=Path(home)).load_keys()
        bodies = [
            msgspec.json.decode(row[ENVELOPE]) for life in fact_rows(keys, asked["rows"] // PER_LIFE) for row in life
        ]
        async with engine.begin() as connection:
            await outbox.publish_batch(*bodies, queue=QUEUE, session=connection)
        await kafka.connect()
        began = time.perf_counter()
        await outbox.start()
        await _empty(engine, table)
        return {"rows": len(bodies), "seconds": time.perf_counter() - began}

    await answering(answer)
    await outbox.stop()
    await kafka.stop()


async def _empty(engine: Any, table: Any) -> None:
    async with engine.connect() as connection:
        while await connection.scalar(select(func.count()).select_from(table)):
            await connection.rollback()
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    run(main())
