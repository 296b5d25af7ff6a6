"""A campaign of source systems: their processes killed in between, and what every list, reply, form and notice says in the end."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from openpyxl import load_workbook

from deploy.tests.faults.census import short
from deploy.tests.faults.ledger import Form, Ledger
from deploy.tests.faults.vendors import Vendor, model_of, tell_http, tell_kafka
from deploy.tests.province import Province
from services.intake import consumers, handlers
from services.intake.domain.sources import Mandate, Quota, Source
from services.intake.handlers import Desk
from shared.contracts.sources import reply_topic, source_topic
from shared.kernel import Caller, Principal
from shared.testing.clients import local_client
from shared.testing.kafka import read_all
from shared.testing.processes import Child
from shared.testing.waiting import wait_until

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
FAST = Quota(events_per_second=100_000, burst=1_000_000)
READING = ("reporting.live", "notifications.dossiers")
_ADMIN = Caller(Principal("admin", frozenset({"admin"}), acting="admin"))
_ENDS = "SELECT source, id, coalesce(reason, status) AS ending, body_hash FROM source_event"
_TWICE = "SELECT source, number FROM source_tally WHERE what = 'duplicate'"
_STATED = "SELECT count(*) FROM fact WHERE topic = 'intake.dossiers'"
_APPLIED = "SELECT coalesce(sum(sequence), 0) FROM applied WHERE consumer = ANY($1) AND topic LIKE '%intake.dossiers'"
_LATE = "SELECT d.code FROM fact f JOIN dossier d ON d.id = f.aggregate WHERE f.type = 'vn.gandan.deadline-breached.v1'"
_TOLD = "SELECT n.code, n.aggregate FROM notification n"
_SENT_OUT = "SELECT DISTINCT n.aggregate FROM delivery d JOIN notification n ON n.id = d.notification WHERE d.state <> 'cancelled'"


@asynccontextmanager
async def desk_of(province: Province) -> AsyncIterator[Desk]:
    """Intake's desk in this process, as an operator's command has it; the catalogue is there."""
    async with province.works("intake") as works:
        desk = Desk(works)
        await handlers.seed(desk)
        yield desk


async def register(province: Province, desk: Desk, vendors: Sequence[Vendor], quota: Quota = FAST) -> None:
    """Put them into the registry, and make their topics."""
    for each in vendors:
        units = tuple(Mandate(unit, date(2026, 1, 1)) for unit in each.units)
        source = Source(each.id, each.id, each.id, units, quota, tells_citizens=each.tells_citizens)
        await handlers.put_source(desk, _ADMIN, source, None)
    await consumers.Sources(desk, province.bootstrap, province.prefix, 1).make_topics()


@dataclass
class Campaign:
    """Who tells what, and which processes hear it; even ones speak by Kafka, odd ones over HTTP."""

    province: Province
    vendors: Sequence[Vendor]
    told: Mapping[str, Sequence[bytes]]
    models: Mapping[str, Ledger]
    office: Child = field(init=False)
    """Intake: API, relay, door and timers."""

    def start_office(self, failpoint: str = "") -> None:
        """A new one."""
        self.office = self.province.start("intake", parts="api,relay,consumers,timers", failpoint=failpoint)

    @asynccontextmanager
    async def telling(self, *, offline: bool) -> AsyncIterator[None]:
        """Those whose line is up (or those that come back) send all they have, while the block runs and until they are done."""
        async with local_client() as client, asyncio.TaskGroup() as group:
            for each in self.vendors:
                if each.offline == offline:
                    group.create_task(self._tell(client, each))
            yield

    async def _tell(self, client: Any, vendor: Vendor) -> None:
        told = self.told[vendor.id]
        if vendor.number % 2:
            token = self.province.token("publisher", units=(), subject=vendor.id)
            await tell_http(client, lambda: self.office.url, token, told)
        else:
            topic = self.province.prefix + source_topic(vendor.id)
            await asyncio.to_thread(tell_kafka, self.province.bootstrap, topic, told)

    async def heard(self, *vendors: Vendor) -> None:
        """Wait until every event of these stands in the list, however it ended."""
        wanted = {each.id: _ended(self.models[each.id]) for each in vendors}

        async def all_there() -> bool:
            found = await endings(self.province)
            return all(found.get(id_, Counter()).total() >= number for id_, number in wanted.items())

        await wait_until(all_there, seconds=300, every=0.1, what=f"the events of {', '.join(wanted)}")

    async def drained(self) -> None:
        """Wait until whatever intake stated of dossiers was relayed and applied by both readers."""

        async def quiet() -> bool:
            async with self.province.database("intake") as db:
                stated, left = await db.fetchval(_STATED), await db.fetchval("SELECT count(*) FROM outbox")
                late = {row["code"] for row in await db.fetch(_LATE)}
            applied = [await self._applied(service) for service in ("reporting", "notifications")]
            return left == 0 and applied == [stated, stated] and late >= self._overdue()

        await wait_until(quiet, seconds=300, every=0.1, what="everything relayed and applied")

    async def _applied(self, service: str) -> int:
        async with self.province.database(service) as db:
            return int(await db.fetchval(_APPLIED, list(READING)))

    def _overdue(self) -> set[str]:
        papers = [pair for model in self.models.values() for pair in model.dossiers.items()]
        return {code for code, paper in papers if paper.settled is None and paper.promised < LAST}

    async def agree(self) -> None:
        """Assert that lists, replies, register, Form 06 and notices say what the models counted."""
        found = await endings(self.province)
        async with self.province.database("intake") as db:
            twice = {row["source"]: row["number"] for row in await db.fetch(_TWICE)}
            rows = Counter(row["source"] for row in await db.fetch("SELECT source FROM source_event"))
        for each in self.vendors:
            model = self.models[each.id]
            assert model.total() == model.sent
            _same(
                found[each.id],
                model.endings() + Counter({("", reason): n for reason, n in model.nameless.items()}),
                each.id,
            )
            if each.number % 2:  # its requests may have come twice
                assert twice.get(each.id, 0) >= model.duplicates
                assert rows[each.id] + twice.get(each.id, 0) >= model.sent
            else:
                assert twice.get(each.id, 0) == model.duplicates
                assert rows[each.id] + model.duplicates == model.sent, "accepted + waiting + rejected = sent"
            await self._replied(each, model)
        await self._listed()
        await self._clocks_seen()
        await self._formed()
        await self._nobody_told_twice()

    async def _replied(self, vendor: Vendor, model: Ledger) -> None:
        """Every rejection with its reason, and every acceptance, on the topic of replies."""
        envelopes = [
            msgspec.json.decode(r.value)
            for r in await read_all(self.province.bootstrap, self.province.prefix + reply_topic(vendor.id))
        ]
        replies = [(short(each["type"]), each["data"]) for each in {each["id"]: each for each in envelopes}.values()]
        rejected = {(data["event"], data["reason_class"]) for kind, data in replies if kind == "source-event-rejected"}
        accepted = {data["event"] for kind, data in replies if kind == "source-event-accepted"}
        assert rejected == {(id_, reason) for id_, reason, _ in model.refused} | {
            ("", reason) for reason in model.nameless
        }
        assert accepted == {id_ for id_, (_, status) in model.seen.items() if status == "accepted"}

    async def _listed(self) -> None:
        """The list that a source reads over HTTP names every rejection with its reason."""
        for each in self.vendors:
            token = self.province.token("publisher", units=(), subject=each.id)
            path, found = f"/intake/v1/sources/{each.id}/events?status=rejected&limit=200", set()
            while path:
                page = (await self._got(path, token)).json()
                found |= {(item["id"], item["reason"]) for item in page["items"]}
                path = page["next"]
            model = self.models[each.id]
            assert found == {(id_, reason) for id_, reason, _ in model.refused} | {
                ("", reason) for reason in model.nameless
            }

    async def _clocks_seen(self) -> None:
        """The report says whose clock is ahead, and who told a day late; of no other."""
        for each in self.vendors:
            token = self.province.token("publisher", units=(), subject=each.id)
            said = (await self._got(f"/intake/v1/sources/{each.id}/quality", token)).json()["clock"]["state"]
            if each.ahead is None:
                assert said is None
            else:
                assert said == ("behind" if each.offline else "ahead" if each.ahead else "right"), each.id

    async def _formed(self) -> None:
        """Register and Form 06 of each unit."""
        period = f"from={FIRST}&to={LAST}"
        for each in self.vendors:
            officer = self.province.token("clerk", "head", units=each.units)
            for unit in each.units:
                papers = {code: p for code, p in self.models[each.id].dossiers.items() if p.unit == unit}
                sheet = await self._got(f"/intake/v1/registers/07.xlsx?unit={unit}&{period}", officer)
                assert sorted(_codes(sheet.content)) == sorted(papers)
                counted = Form()
                for paper in papers.values():
                    counted.count(paper, LAST)
                shown = (await self._got(f"/reporting/v1/forms/06?unit={unit}&{period}", officer)).json()["total"]
                assert {name: shown[name] for name in Form.__dataclass_fields__} == vars(counted), unit

    async def _nobody_told_twice(self) -> None:
        async with self.province.database("intake") as db:
            codes = {row["id"]: row["code"] for row in await db.fetch("SELECT id, code FROM dossier")}
        async with self.province.database("notifications") as db:
            told = Counter((row["code"], codes[row["aggregate"]]) for row in await db.fetch(_TOLD))
            inbox = await db.fetchval("SELECT count(*) FROM inbox_item")
            sent_out = {codes[row["aggregate"]] for row in await db.fetch(_SENT_OUT)}
        papers = {code: paper for model in self.models.values() for code, paper in model.dossiers.items()}
        owed = Counter({("HS-01", code): 1 for code in papers})
        owed += Counter({("HS-07", code): paper.settlements for code, paper in papers.items()})
        owed += Counter({("HS-08", code): int(paper.returned) for code, paper in papers.items()})
        _same(
            Counter({place: n for place, n in told.items() if place[0] in {"HS-01", "HS-07", "HS-08"}}), owed, "notices"
        )
        assert max((n for (code, _), n in told.items() if code == "HS-06a"), default=0) <= 1
        assert inbox == told.total()
        silent = {code for each in self.vendors if each.tells_citizens for code in self.models[each.id].dossiers}
        assert sent_out == papers.keys() - silent

    async def _got(self, path: str, token: str) -> Any:
        async with local_client(60) as client:
            answer = await client.get(self._url(path) + path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text[:500]
        return answer

    def _url(self, path: str) -> str:
        return self.readers.url if path.startswith("/reporting") else self.office.url

    readers: Child = field(init=False)

    async def start_readers(self) -> None:
        """Notifications and reporting."""
        self.readers = self.province.start("notifications", "reporting", parts="api,relay,consumers")


def campaign(province: Province, vendors: Sequence[Vendor], units: frozenset[str], each: int) -> Campaign:
    """So many events of each."""
    told = {vendor.id: vendor.events(each) for vendor in vendors}
    models = {vendor.id: model_of(vendor, units, told[vendor.id]) for vendor in vendors}
    return Campaign(province, vendors, told, models)


async def endings(province: Province) -> dict[str, Counter[tuple[str, str]]]:
    """How events ended, by source: each content once under its id."""
    async with province.database("intake") as db:
        rows = {tuple(row) for row in await db.fetch(_ENDS)}
    found: dict[str, Counter[tuple[str, str]]] = {}
    for source, id_, ending, _hash in rows:
        found.setdefault(source, Counter())[id_, ending] += 1
    return found


def _ended(model: Ledger) -> int:
    return model.endings().total() + model.nameless.total()


def _codes(sheet: bytes) -> list[str]:
    active = load_workbook(io.BytesIO(sheet)).active
    assert active is not None
    return [str(row[1]) for row in active.iter_rows(min_row=9, values_only=True) if row[1]]


def _same(found: Counter[Any], wanted: Counter[Any], what: str) -> None:
    assert found == wanted, (
        f"{what}: too much {list((found - wanted).items())[:5]}, missing {list((wanted - found).items())[:5]}"
    )
