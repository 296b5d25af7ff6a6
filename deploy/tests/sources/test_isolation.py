"""One source does everything wrong at once: each thing is stopped where it should be, and the others hardly notice."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from confluent_kafka import Producer

from deploy.bench.result import percentile
from deploy.tests.faults.ledger import Json
from deploy.tests.faults.sources import Campaign, desk_of, register
from deploy.tests.faults.vendors import FAR, Vendor
from deploy.tests.province import Province
from deploy.tests.sources.villain import FOREIGN_UNIT
from services.intake import data
from services.intake.domain.sources import Quota
from shared.contracts.sources import source_topic
from shared.settings import Keys
from shared.testing.clients import local_client

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.full, pytest.mark.timeout(600)]

SECONDS, TURNS = 3, 6
"""Alone and beside the villain in turns, since the machine has its own ups and downs."""
EVERY = 0.1
A_THOUSAND = 1000
ORDINARY = 50
"""Milliseconds nobody notices: what the HTTP door promises at a hundred events a second."""
DOOR = "/intake/v1/source-events"
_THERE = """SELECT u.source, u.id FROM unnest($1::text[], $2::text[]) AS u(source, id) CROSS JOIN LATERAL
(SELECT status FROM source_event WHERE source = u.source AND id = u.id AND status <> 'rejected' LIMIT 1) AS e WHERE e.status = 'accepted'"""


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
    """Sources that do nothing wrong: ten dossiers a second each that are not due yet, half of them by Kafka."""

    told: Campaign
    producer: Producer
    sent: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each event went to Kafka that was not accepted yet."""

    async def work(self, seconds: float, seen: Seen) -> None:
        """For so long; returns when all was accepted. What is sent is made beforehand."""
        made = {each.id: [each.dossier(FAR) for _ in range(round(seconds / EVERY))] for each in self.told.vendors}
        async with local_client() as client, asyncio.TaskGroup() as group:
            told = [
                group.create_task(
                    self._http(client, each, seen, made[each.id])
                    if each.number % 2
                    else self._kafka(each, made[each.id])
                )
                for each in self.told.vendors
            ]
            group.create_task(self._accepted(seen, told))

    async def _http(self, client: httpx.AsyncClient, vendor: Vendor, seen: Seen, events: Sequence[Json]) -> None:
        headers = headers_of(self.told.province, vendor)
        await self._in_its_place(vendor)
        for event in events:
            began = time.perf_counter()
            answer = await client.post(self.told.office.url + DOOR, content=json.dumps(event), headers=headers)
            assert answer.json()["items"][0]["status"] == "accepted", answer.text
            taken = time.perf_counter() - began
            seen.http.append(taken * 1000)
            await asyncio.sleep(max(0.0, EVERY - taken))

    async def _kafka(self, vendor: Vendor, events: Sequence[Json]) -> None:
        topic = self.told.province.prefix + source_topic(vendor.id)
        await self._in_its_place(vendor)
        for event in events:
            self.producer.produce(topic, json.dumps(event), key=event["subject"])
            self.producer.poll(0)
            self.sent[vendor.id, event["id"]] = time.perf_counter()
            await asyncio.sleep(EVERY)

    async def _in_its_place(self, vendor: Vendor) -> None:
        """They do not all speak at the same instant."""
        await asyncio.sleep(EVERY * vendor.number / len(self.told.vendors))

    async def _accepted(self, seen: Seen, told: Sequence[asyncio.Task[None]]) -> None:
        """Look for them in the list, fifty times a second, until all was told and is there."""
        async with self.told.province.database("intake") as db:
            while self.sent or not all(each.done() for each in told):
                names = list(self.sent)
                for row in await db.fetch(_THERE, [source for source, _ in names], [id_ for _, id_ in names]):
                    seen.kafka.append((time.perf_counter() - self.sent.pop((row["source"], row["id"]))) * 1000)
                await asyncio.sleep(0.02)


@dataclass
class Heard:
    """What the villain heard: statuses, what became of its events, and how often the broker refused ten megabytes."""

    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    refused_by_broker: int = 0


@dataclass
class Hand:
    """On the villain: it begins and ends when told."""

    process: Process
    heard: Heard = field(default_factory=Heard)

    async def tell(self, word: str) -> None:
        """`on` or `off`; returns when it is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n".encode())
        assert (await self.process.stdout.readline()).decode().strip() in {"ready", word}


@asynccontextmanager
async def villain_in(province: Province, vendor: Vendor, url: str) -> AsyncIterator[Hand]:
    """A process that waits to be told; after the block it is known what it heard."""
    settings = {
        "id": vendor.id, "number": vendor.number, "units": list(vendor.units), "key": base64.b64encode(vendor.contact_key).decode(), "url": url + DOOR,
        "bootstrap": province.bootstrap, "topic": province.prefix + source_topic(vendor.id), "headers": headers_of(province, vendor),
        "seconds": 3 * SECONDS * TURNS,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.tests.sources.villain", stdin=PIPE, stdout=PIPE
    )
    hand = Hand(process)
    await hand.tell(json.dumps(settings))
    try:
        yield hand
    finally:
        told, _ = await process.communicate(b"")
    hand.heard.sent, answers, outcomes, hand.heard.refused_by_broker = json.loads(told)
    hand.heard.answers.update(answers)
    hand.heard.outcomes.update(outcomes)


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
    await others.work(3, Seen())

    quiet, noisy = Seen(), Seen()
    async with villain_in(province, vendors[-1], told.office.url) as villain:
        for _ in range(TURNS):
            await others.work(SECONDS, quiet)
            await villain.tell("on")
            await others.work(SECONDS, noisy)
            await villain.tell("off")
    heard = villain.heard

    said = [
        f"acceptance by {door}, p95: {alone:.0f} ms alone, {beside:.0f} ms beside the villain"
        for door, alone, beside in zip(("HTTP", "Kafka"), quiet.p95(), noisy.p95(), strict=True)
    ]
    said.append(
        f"the villain sent {heard.sent / SECONDS / TURNS:.0f} events/s and heard {dict(heard.answers)}, {dict(heard.outcomes)}, {heard.refused_by_broker} x too large"
    )
    with capsys.disabled():
        print("", *said, sep="\n")  # noqa: T201 - the numbers are the point
    await _stopped(province, vendors[-1], heard)
    for alone, beside in zip(quiet.p95(), noisy.p95(), strict=True):
        assert beside <= max(2 * alone, ORDINARY)


async def _stopped(province: Province, villain: Vendor, heard: Heard) -> None:
    """Ten megabytes at the edge and at the broker; the rest by its reason, and no name is kept anywhere."""
    assert heard.sent / SECONDS / TURNS > A_THOUSAND * 0.9
    assert heard.answers["413"] > 0
    assert heard.answers["429"] > 0
    assert heard.refused_by_broker > 0
    async with province.database("intake") as db:
        rows = await db.fetch(
            "SELECT door, coalesce(reason, status) AS ending, count(*) FROM source_event WHERE source = $1 GROUP BY 1, 2",
            villain.id,
        )
        kept = await db.fetchval("SELECT count(*) FROM source_event e WHERE e::text LIKE '%Rõ%'")
        units = {
            row["unit"] for row in await db.fetch("SELECT DISTINCT unit FROM dossier WHERE source = $1", villain.id)
        }
    endings = {(row["door"], row["ending"]) for row in rows}
    assert {ending for _, ending in endings} == {"accepted", "too-fast", "clear-personal-data", "foreign-unit"}
    assert {door for door, ending in endings if ending == "too-fast"} == {"http", "kafka"}
    assert kept == 0
    assert units == set(villain.units)
