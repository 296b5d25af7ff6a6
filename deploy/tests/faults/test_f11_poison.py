"""F11: garbage, bad headers, nulls, wrong schemas and a handler's bug under load: only the guilty key stands still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.load import Load
from deploy.tests.faults.operator import CONSUMERS, discard_guilty, kept, retry
from deploy.tests.province import Province
from shared.contracts.intake import DOSSIERS
from shared.testing.clients import PatientClient
from shared.testing.kafka import send
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

Headers = Sequence[tuple[str, bytes]]

BUG = "staff-13"
"""An officer's id this campaign's bug cannot bear."""


async def _begun(province: Province, load: Load, client: PatientClient, number: int) -> list[UUID]:
    """Dossiers that are filed, projected and told, and wait for their next step."""
    papers = (await client.get("/intake/v1/procedures/1.004873")).json()["components"]
    names = [paper["name"] for paper in papers if paper["required"]]
    made = [await load.live(client, "direct", (), names) for _ in range(number)]
    for service, table, column in (
        ("reporting", "dossier_line_1", "id"),
        ("notifications", "notification", "aggregate"),
    ):
        async with province.database(service) as db:
            there = f"SELECT count(DISTINCT {column}) = $2 FROM {table} WHERE {column} = ANY($1)"
            await wait_until(partial(db.fetchval, there, made, number), what=f"dossiers in {service}")
    return made


def _envelope(key: UUID, **changes: Any) -> bytes:
    made = {
        "specversion": "1.0", "id": "a-poison", "source": "/gandan/intake/19360", "type": "vn.gandan.dossier-settled.v1", "subject": str(key),
        "time": "2026-11-23T01:15:00Z", "sequence": 3, "data": {"dossier": str(key)},
    }  # fmt: skip
    return msgspec.json.encode(made | changes)


def _poison(keys: Sequence[UUID]) -> Mapping[str, tuple[UUID, bytes | None, Headers]]:
    """What is sent under each of these keys, by the reason it must be kept with."""
    binary = (("ce_specversion", b"1.0"), ("ce_id", b"\xff\xfe"), ("ce_type", b"\xc3\x28"), ("ce_time", b"now"))
    return {
        "garbage": (keys[0], b"\xff\x00 no json \xfe", ()),
        "headers": (keys[1], b"{}", binary),
        "null": (keys[2], None, ()),
        "schema": (keys[3], _envelope(keys[3], data={"dossier": "nobody", "outcome": 7}), ()),
        "subject": (keys[4], _envelope(keys[0]), ()),
    }


async def _reasons(province: Province, service: str, keys: Sequence[UUID]) -> list[list[str]]:
    found = await kept(province, service)
    return [[reason for key, _, reason in found if key == mine] for mine in keys]


async def test_poison_stops_only_its_own_key_and_a_discard_heals_it_in_order(province: Province) -> None:
    crew = await Crew(province).begin()
    async with crew.under_load() as load:
        await load.reach(10)
        client = load.clients[0]
        victims = await _begun(province, load, client, 5)
        topic = province.prefix + DOSSIERS
        sent = [(topic, str(k).encode(), value, headers) for k, value, headers in _poison(victims).values()]
        await send(province.bootstrap, [*sent, (topic, None, b"no key, no sense", ())])
        for service in CONSUMERS:
            await wait_until(partial(_all_kept, province, service, 6), what=f"six guilty records in {service}")
        for victim in victims:
            await load.resume(client, victim, ("assign", "settle"))
        for service in CONSUMERS:
            await wait_until(partial(_all_kept, province, service, 16), what=f"ten facts behind them in {service}")
        before = load.promised.total
        await load.reach(60)
        await _others_flow(province, load, victims, before)
    for service in CONSUMERS:
        wanted = [["not-an-envelope"], ["not-an-envelope"], ["null-value"], ["schema"], ["wrong-subject"]]
        assert [[r for r in mine if r != "behind"] for mine in await _reasons(province, service, victims)] == wanted
        assert [one for one in await kept(province, service) if one[0] is None] == [(None, None, "no-key")]
        await discard_guilty(province, service)
    await census.agree(province, load.promised, ours=False)


async def _all_kept(province: Province, service: str, number: int) -> bool:
    return len(await kept(province, service)) >= number


async def _others_flow(province: Province, load: Load, victims: Sequence[UUID], facts: int) -> None:
    """Whatever belongs to other dossiers is applied although the victims stand still."""

    async def applied() -> bool:
        async with province.database("reporting") as db:
            others = "SELECT count(*) FROM timeline_1 WHERE dossier <> ALL($1)"
            return bool(
                await db.fetchval(others, list(victims)) >= facts - sum(len(load.promised.facts[v]) for v in victims)
            )

    await wait_until(applied, what="the facts of all other dossiers")
    async with province.database("reporting") as db:
        assert await db.fetchval("SELECT max(version) FROM dossier_line_1 WHERE id = ANY($1)", list(victims)) == 2


async def test_a_handlers_bug_parks_its_key_and_a_retry_after_the_repair_applies_it_in_order(
    province: Province,
) -> None:
    crew = await Crew(province).begin()
    async with province.database("reporting") as db:
        await db.execute(f"ALTER TABLE dossier_line_1 ADD CONSTRAINT bug CHECK (officer <> '{BUG}')")
        async with crew.under_load() as load:
            await load.reach(10)
            client = load.clients[0]
            victims = await _begun(province, load, client, 2)
            for victim in victims:
                await load.resume(client, victim, ("assign", "settle", "return-result"), assign={"officer": BUG})
            await wait_until(lambda: _all_kept(province, "reporting", 6), what="two guilty facts, four behind them")
            before = load.promised.total
            await load.reach(40)
            await _others_flow(province, load, victims, before)
        assert await _reasons(province, "reporting", victims) == [["handler", "behind", "behind"]] * 2
        assert await kept(province, "notifications") == []
        await db.execute("ALTER TABLE dossier_line_1 DROP CONSTRAINT bug")
    for victim in victims:
        done = await retry(province, "reporting", victim)
        assert (done.applied, done.dropped, done.left, done.stopped) == (3, 0, 0, "")
    await census.agree(province, load.promised)
