"""Floor of `ingest`: the same records read by a bare client, and the very rows the product made of them written by COPY.

Nothing is judged, hashed, encrypted or looked up: the rows are read from the product's database before the clock runs.
Asked `{of, into, topics, postgres, rows}` it answers seconds and CPU-seconds; a batch = a transaction, as large as the product's.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer

from deploy.bench.answering import answering
from deploy.bench.cpu import Meter
from deploy.bench.loop import run
from shared.bus.broker import guarded
from shared.bus.consumer import BATCH_RECORDS

TABLES = ("person", "contact", "dossier", "stream", "fact", "outbox", "deadline", "source_event", "source_feed")
"""What the door writes, but for its own counters."""


_COLUMNS = """SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_name = $1 AND is_generated = 'NEVER'"""


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands in a table, as COPY has it."""

    columns: Sequence[str]
    lines: Sequence[bytes]

    def part(self, first: int, behind: int, of: int) -> BytesIO:
        """The share that goes with these of so many records."""
        number = len(self.lines)
        return BytesIO(b"".join(self.lines[number * first // of : number * behind // of]))


async def written(url: str) -> dict[str, Rows]:
    """The rows of each table, in the order they were written."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for table in TABLES:
            out, columns = BytesIO(), await connection.fetchval(_COLUMNS, table)
            quoted = ", ".join(f'"{column}"' for column in columns)
            await connection.copy_from_query(f"SELECT {quoted} FROM {table} ORDER BY ctid", output=out)
            found[table] = Rows(columns, out.getvalue().splitlines(keepends=True))
        return found
    finally:
        await connection.close()


async def batches(bootstrap: str, topics: Sequence[str], number: int) -> AsyncIterator[int]:
    """The sizes of batches, each record decoded."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    decode, seen = msgspec.json.Decoder().decode, 0
    try:
        while seen < number:
            found = await consumer.getmany(timeout_ms=500, max_records=BATCH_RECORDS)
            records = [decode(record.value) for part in found.values() for record in part]
            seen += len(records)
            if records:
                yield len(records)
    finally:
        await guarded(consumer.stop(), 5)


async def ingest(bootstrap: str, asked: dict[str, Any], rows: dict[str, Rows]) -> dict[str, float]:
    """Read all and write all; measured from the first batch to the last commit, without the first batch's records."""
    connection = await asyncpg.connect(asked["into"])
    number, seen, first, began = asked["rows"], 0, 0, 0.0
    meter = Meter({"us": os.getpid(), "postgres": asked["postgres"]})
    try:
        async for size in batches(bootstrap, asked["topics"], number):
            async with connection.transaction():
                for table, each in rows.items():
                    part = each.part(seen, seen + size, number)
                    await connection.copy_to_table(table, source=part, columns=each.columns, format="text")
            seen += size
            if not first:
                first, began = size, time.perf_counter()
                meter.start()
        return {"seconds": time.perf_counter() - began, "rows": seen - first, "cpu": sum(meter.stop().values())}
    finally:
        await connection.close()


async def main() -> None:
    """Answer with seconds."""
    (bootstrap,) = sys.argv[1:]

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        return await ingest(bootstrap, asked, await written(asked["of"]))

    await answering(answer)


if __name__ == "__main__":
    run(main())
