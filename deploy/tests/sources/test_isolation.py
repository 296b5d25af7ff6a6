"""One source does everything wrong at once: each thing is stopped where it should be, and the others hardly notice."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer

from deploy.bench.result import percentile
from deploy.tests.faults.sources import Campaign, desk_of, register
from deploy.tests.faults.vendors import Vendor
from deploy.tests.province import Province
from services.intake import data
from services.intake.domain.sources import Quota
from shared.contracts.sources import source_topic
from shared.settings import Keys
from shared.testing.clients import local_client

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.full, pytest.mark.timeout(600)]

SECONDS = 12
EVERY = 0.1
ORDINARY = 50
"""Milliseconds nobody notices: what the HTTP door promises at a hundred events a second."""
FOREIGN_UNIT = "19333"
TEN_MB = 10 << 20
_THERE = """SELECT e.source, e.id FROM source_event e JOIN unnest($1::text[], $2::text[]) AS u(source, id) USING (source, id)
WHERE e.status = 'accepted'"""


@dataclass
class Seen:
    """Milliseconds from sending to acceptance, by door."""

    http: list[float] = field(default_factory=list)
    kafka: list[float] = field(default_factory=list)

    def p95(self) -> tuple[float, float]:
        """Of each door."""
        return percentile(self.http, 0.95), percentile(self.kafka, 0.95)


@dataclass
class Others:
    """Sources that do nothing wrong: ten events a second each, half of them by Kafka."""

    told: Campaign
    producer: Producer
    sent: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each event went to Kafka that was not accepted yet."""

    async def work(self, seconds: float) -> Seen:
        """For so long; returns when all was accepted."""
        seen, until = Seen(), time.monotonic() + seconds
        async with local_client() as client, asyncio.TaskGroup() as group:
            for each in self.told.vendors:
                group.create_task(
                    self._http(client, each, seen, until) if each.number % 2 else self._kafka(each, until)
                )
            group.create_task(self._accepted(seen, until))
        return seen

    async def _http(self, client: httpx.AsyncClient, vendor: Vendor, seen: Seen, until: float) -> None:
        headers = headers_of(self.told.province, vendor)
        while time.monotonic() < until:
            began = time.perf_counter()
            answer = await client.post(
                f"{self.told.office.url}/intake/v1/source-events", content=json.dumps(vendor.dossier()), headers=headers
            )
            assert answer.json()["items"][0]["status"] == "accepted", answer.text
            taken = time.perf_counter() - began
            seen.http.append(taken * 1000)
            await asyncio.sleep(max(0.0, EVERY - taken))

    async def _kafka(self, vendor: Vendor, until: float) -> None:
        topic = self.told.province.prefix + source_topic(vendor.id)
        while time.monotonic() < until:
            event = vendor.dossier()
            self.producer.produce(topic, json.dumps(event), key=event["subject"])
            self.producer.poll(0)
            self.sent[vendor.id, event["id"]] = time.perf_counter()
            await asyncio.sleep(EVERY)

    async def _accepted(self, seen: Seen, until: float) -> None:
        """Look for them in the list, fifty times a second."""
        async with self.told.province.database("intake") as db:
            while time.monotonic() < until or self.sent:
                names = list(self.sent)
                for row in await db.fetch(_THERE, [source for source, _ in names], [id_ for _, id_ in names]):
                    seen.kafka.append((time.perf_counter() - self.sent.pop((row["source"], row["id"]))) * 1000)
                await asyncio.sleep(0.02)


@dataclass
class Villain:
    """A source that sends ten megabytes at once, a thousand events a second, names in clear, and what is another's."""

    vendor: Vendor
    province: Province
    url: str
    answers: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    refused_by_broker: int = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """As long as the block runs."""
        tasks = [asyncio.create_task(each) for each in (self._flood_http(), self._flood_kafka(), self._ten_megabytes())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, asyncio.CancelledError), ended

    def _wrong(self) -> list[dict[str, Any]]:
        """One right event, one with a name, one for another's unit."""
        right, named, foreign = (self.vendor.dossier() for _ in range(3))
        named["data"]["name"] = "Nguyễn Văn Rõ"
        foreign["data"]["unit"] = FOREIGN_UNIT
        return [right, named, foreign]

    async def _flood_http(self) -> None:
        """Five hundred events a second, in batches."""
        headers = headers_of(self.province, self.vendor) | {"content-type": "application/cloudevents-batch+json"}
        async with local_client() as client:
            while True:
                batch = [event for _ in range(33) for event in self._wrong()]
                answer = await client.post(
                    f"{self.url}/intake/v1/source-events", content=json.dumps(batch), headers=headers
                )
                self.answers[answer.status_code] += 1
                if answer.status_code == httpx.codes.OK:
                    self.outcomes.update(item["reason"] or item["status"] for item in answer.json()["items"])
                await asyncio.sleep(0.2)

    async def _flood_kafka(self) -> None:
        """Five hundred more."""
        producer = Producer({"bootstrap.servers": self.province.bootstrap, "log_level": 0})
        topic = self.province.prefix + source_topic(self.vendor.id)
        while True:
            for event in self._wrong() * 8:
                producer.produce(topic, json.dumps(event), key=event["subject"])
            producer.poll(0)
            await asyncio.sleep(0.05)

    async def _ten_megabytes(self) -> None:
        """Through each door, again and again."""
        body = json.dumps(self.vendor.dossier()).encode() + b" " * TEN_MB
        headers, topic = headers_of(self.province, self.vendor), self.province.prefix + source_topic(self.vendor.id)
        producer = Producer(
            {"bootstrap.servers": self.province.bootstrap, "message.max.bytes": 2 * TEN_MB, "log_level": 0}
        )

        def heard(error: Any, _message: Any) -> None:
            self.refused_by_broker += error is not None and error.name() == "MSG_SIZE_TOO_LARGE"

        async with local_client() as client:
            while True:
                self.answers[await self._posted(client, body, headers)] += 1
                producer.produce(topic, body, on_delivery=heard)
                await asyncio.to_thread(producer.flush, 5)
                await asyncio.sleep(0.3)

    async def _posted(self, client: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> int:
        """What was answered; 413 too where the server had said so and hung up before it was read."""
        try:
            answer = await client.post(f"{self.url}/intake/v1/source-events", content=body, headers=headers)
        except (httpx.ReadError, httpx.WriteError):
            return 413
        return answer.status_code


def headers_of(province: Province, vendor: Vendor) -> dict[str, str]:
    """What a source shows."""
    token = province.token("publisher", units=(), subject=vendor.id)
    return {"authorization": f"Bearer {token}", "content-type": "application/cloudevents+json"}


async def test_a_source_that_does_everything_wrong_is_stopped_and_the_others_hardly_notice(
    province: Province, capsys: pytest.CaptureFixture[str]
) -> None:
    communes = [unit.code for unit in data.units() if unit.level == "commune" and unit.code != FOREIGN_UNIT]
    key = Keys.load_or_make(province.home / "keys.json").contact_public
    vendors = [Vendor(f"xa-{n:02d}", n, communes[n : n + 1], key) for n in range(9)]
    told = Campaign(province, vendors[:-1], {}, {})
    async with desk_of(province) as desk:
        await register(province, desk, vendors[:-1])
        await register(province, desk, vendors[-1:], Quota(events_per_second=50, burst=200))
    told.start_office()
    await told.office.ready()
    others = Others(told, Producer({"bootstrap.servers": province.bootstrap, "linger.ms": 0, "log_level": 0}))
    villain = Villain(vendors[-1], province, told.office.url)
    await others.work(3)

    quiet = (await others.work(SECONDS)).p95()
    async with villain.at_work():
        noisy = (await others.work(SECONDS)).p95()

    said = [
        f"acceptance by {door}, p95: {alone:.0f} ms alone, {beside:.0f} ms beside the villain"
        for door, alone, beside in zip(("HTTP", "Kafka"), quiet, noisy, strict=True)
    ]
    said.append(
        f"the villain heard {dict(villain.answers)}, {dict(villain.outcomes)}, {villain.refused_by_broker} x too large"
    )
    with capsys.disabled():
        print("", *said, sep="\n")  # noqa: T201 - the numbers are the point
    await _stopped(villain)
    for alone, beside in zip(quiet, noisy, strict=True):
        assert beside <= max(2 * alone, ORDINARY)


async def _stopped(villain: Villain) -> None:
    """Ten megabytes at the edge and at the broker; the rest by its reason, and no name is kept anywhere."""
    assert villain.answers[413] > 0
    assert villain.refused_by_broker > 0
    async with villain.province.database("intake") as db:
        rows = await db.fetch(
            "SELECT door, coalesce(reason, status) AS ending, count(*) FROM source_event WHERE source = $1 GROUP BY 1, 2",
            villain.vendor.id,
        )
        kept = await db.fetchval("SELECT count(*) FROM source_event e WHERE e::text LIKE '%Rõ%'")
        units = {
            row["unit"]
            for row in await db.fetch("SELECT DISTINCT unit FROM dossier WHERE source = $1", villain.vendor.id)
        }
    endings = {(row["door"], row["ending"]) for row in rows}
    assert {ending for _, ending in endings} == {"accepted", "too-fast", "clear-personal-data", "foreign-unit"}
    assert {door for door, ending in endings if ending == "too-fast"} == {"http", "kafka"}
    assert kept == 0
    assert units == set(villain.vendor.units)
