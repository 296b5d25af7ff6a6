"""A source that does everything wrong at once, in a process of its own and the last to get a processor: in life it has its own machine.

`python -m deploy.tests.sources.villain` reads one line of settings, makes what it will send, and says it is ready; each line `on` or `off` is done
and answered; when its standard input ends it writes what it heard.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import httpx
from confluent_kafka import Producer

from deploy.tests.faults.vendors import Vendor
from shared.testing.clients import local_client

FOREIGN_UNIT = "19333"
TEN_MB = 10 << 20
HTTP_BATCH, HTTP_EVERY = 33, 0.198
KAFKA_BATCH, KAFKA_EVERY = 8, 0.048
"""Threes of events, and seconds: five hundred events a second each."""


@dataclass
class Villain:
    """Sends ten megabytes at once, a thousand events a second, names in clear, and what is another's."""

    vendor: Vendor
    url: str
    bootstrap: str
    topic: str
    headers: Mapping[str, str]
    seconds: float
    """So long it will send."""
    batches: Iterator[bytes] = field(init=False)
    events: Iterator[Sequence[tuple[str, bytes]]] = field(init=False)
    sent: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    refused_by_broker: int = 0

    def __post_init__(self) -> None:
        """Make all of it beforehand: sealing boxes takes more of the machine than sending them."""
        batches = [json.dumps(self._wrong(HTTP_BATCH)).encode() for _ in range(ceil(self.seconds / HTTP_EVERY))]
        events = [self._wrong(KAFKA_BATCH) for _ in range(ceil(self.seconds / KAFKA_EVERY))]
        self.batches = iter(batches)
        self.events = iter([[(each["subject"], json.dumps(each).encode()) for each in some] for some in events])

    def _wrong(self, number: int) -> list[dict[str, Any]]:
        """So many times one right event, one with a name, one for another's unit."""
        events = [self.vendor.dossier() for _ in range(3 * number)]
        for named, foreign in zip(events[1::3], events[2::3], strict=True):
            named["data"]["name"] = "Nguyễn Văn Rõ"
            foreign["data"]["unit"] = FOREIGN_UNIT
        return events

    async def flood_http(self) -> None:
        """Five hundred events a second, in batches."""
        headers = {**self.headers, "content-type": "application/cloudevents-batch+json"}
        async with local_client() as client, asyncio.TaskGroup() as requests:
            async for _ in every(HTTP_EVERY):
                requests.create_task(self._batch(client, next(self.batches), headers))
                self.sent += 3 * HTTP_BATCH

    async def _batch(self, client: httpx.AsyncClient, batch: bytes, headers: Mapping[str, str]) -> None:
        answer = await client.post(self.url, content=batch, headers=headers)
        self.answers[answer.status_code] += 1
        if answer.status_code == httpx.codes.OK:
            self.outcomes.update(item["reason"] or item["status"] for item in answer.json()["items"])

    async def flood_kafka(self) -> None:
        """Five hundred more."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        async for _ in every(KAFKA_EVERY):
            for key, event in next(self.events):
                producer.produce(self.topic, event, key=key)
            producer.poll(0)
            self.sent += 3 * KAFKA_BATCH

    async def ten_megabytes(self) -> None:
        """Through each door, again and again."""
        body = json.dumps(self.vendor.dossier()).encode() + b" " * TEN_MB
        producer = Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 2 * TEN_MB, "log_level": 0})

        def heard(error: Any, _message: Any) -> None:
            self.refused_by_broker += error is not None and error.name() == "MSG_SIZE_TOO_LARGE"

        async with local_client() as client:
            while True:
                self.answers[await self._posted(client, body)] += 1
                producer.produce(self.topic, body, on_delivery=heard)
                await asyncio.to_thread(producer.flush, 5)
                await asyncio.sleep(0.3)

    async def _posted(self, client: httpx.AsyncClient, body: bytes) -> int:
        """What was answered; 413 too where the server had said so and hung up before it was read."""
        try:
            answer = await client.post(self.url, content=body, headers=self.headers)
        except (httpx.ReadError, httpx.WriteError):
            return 413
        return answer.status_code


async def every(seconds: float) -> AsyncIterator[None]:
    """Again and again, at this rate whatever each time takes."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due += seconds
        await asyncio.sleep(due - loop.time())


@asynccontextmanager
async def at_work(villain: Villain) -> AsyncIterator[None]:
    """All at once, as long as the block runs."""
    wrongs = [asyncio.create_task(each()) for each in (villain.flood_http, villain.flood_kafka, villain.ten_megabytes)]
    try:
        yield
    finally:
        for task in wrongs:
            task.cancel()
        for ended in await asyncio.gather(*wrongs, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended


async def work(settings: Mapping[str, Any]) -> Villain:
    """As told, until nothing more is told."""
    vendor = Vendor(settings["id"], settings["number"], settings["units"], base64.b64decode(settings["key"]))
    villain = Villain(vendor, *(settings[name] for name in ("url", "bootstrap", "topic", "headers", "seconds")))
    said = "ready"
    while True:
        print(said, flush=True)  # noqa: T201 - whoever started it waits for this
        async with at_work(villain) if said == "on" else nullcontext():
            said = (await asyncio.to_thread(sys.stdin.readline)).strip()
        if not said:
            return villain


if __name__ == "__main__":
    os.nice(19)
    villain = asyncio.run(work(json.loads(sys.stdin.readline())))
    json.dump([villain.sent, villain.answers, villain.outcomes, villain.refused_by_broker], sys.stdout)
