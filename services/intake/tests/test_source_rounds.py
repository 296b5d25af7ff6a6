"""Several sources in one transaction: asked and written together, each with its own book, and one list of dossiers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from services.intake import handlers
from services.intake.consumers import Sources
from services.intake.domain import Dossier, mirror
from services.intake.domain.sources import Event
from services.intake.handlers import Desk
from services.intake.store import sources as store
from services.intake.tests.test_source_letters import counted, written
from services.intake.tests.vendor import (
    Json,
    delivered,
    progressed,
    registered,
    sealed,
    send,
    statuses,
    the_dossier,
    upserted,
)
from shared.bus.arrival import Raw
from shared.kernel import system
from shared.settings import Keys
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres

NAMES = ("hai-lang", "tan-thanh")


def records(source: str, *events: Json) -> list[Raw]:
    """As they stand in the topic of a source."""
    return [Raw(f"sources.{source}", 0, 0, b"k", msgspec.json.encode(each), (), 0) for each in events]


async def take(desk: Desk, batch: Sequence[Raw]) -> list[str]:
    """Take it as the Kafka door does; what the database was told meanwhile."""
    told: list[str] = []
    async with desk.works.begin(system("test")) as work:
        with work.db.query_logger(lambda record: told.append(record.query)):
            await Sources(desk, "", "", 1).take(work, batch, ())
            await work.flush()
    return told


def of_every_kind(source: str, number: int, public_key: bytes) -> list[Raw]:
    """Progress of what comes next, a new dossier, one that is known, one that is not, a letter, visits, and no event."""
    known, new, unknown = (code_of(10 * number + n) for n in range(3))
    contact = {"contact_sealed": sealed(public_key)}
    return records(
        source,
        progressed(4, data={"code": new}, source=source),
        upserted({"code": new, **contact}, source=source),
        upserted({"code": known, "status": 4, **contact}, source=source),
        progressed(2, data={"code": unknown}, source=source),
        written({"code": f"DTTT-261123-{number:04}"}, source=source),
        counted(source=source),
        {},
    )


def code_of(number: int) -> str:
    return f"H50.44.12-261123-{number:04}"


async def test_a_batch_of_six_sources_takes_as_many_statements_as_a_batch_of_one(desk: Desk, keys: Keys) -> None:
    names = [f"xa-{n}" for n in range(8)]
    for n, name in enumerate(names):
        await registered(desk, name)
        await send(desk, upserted({"code": code_of(10 * n)}, source=name), source=name)
    first, one, *six = (of_every_kind(name, n, keys.contact_public) for n, name in enumerate(names))
    await take(desk, first)  # asyncpg asks for types it has not met

    of_one, of_six = await take(desk, one), await take(desk, [raw for batch in six for raw in batch])

    assert of_six == of_one
    async with desk.works.reading() as db:
        ends = await db.fetch("""SELECT array_agg(coalesce(reason, status) ORDER BY seq) AS of_each FROM source_event
            WHERE door = 'kafka' GROUP BY source""")
        told = await db.fetch("SELECT what, count(*), sum(number)::int8 FROM source_tally GROUP BY 1 ORDER BY 1")
        heard = await db.fetch("SELECT events FROM source_hour")
    assert [row["of_each"] for row in ends] == [
        ["accepted", "accepted", "accepted", "waiting", "accepted", "accepted", "schema"]
    ] * 8
    assert [tuple(row) for row in told] == [("accepted", 8, 48), ("schema", 8, 8), ("waiting", 8, 16)]
    assert [row["events"] for row in heard] == [8] * 8


async def test_of_two_sources_that_name_one_new_dossier_in_a_batch_the_first_has_it(desk: Desk) -> None:
    for name in NAMES:
        await registered(desk, name)

    await take(desk, [raw for name in reversed(NAMES) for raw in records(name, upserted(source=name), written(source=name))])  # fmt: skip

    async with desk.works.reading() as db:
        keeper = await db.fetchval("SELECT source FROM source_letter")
    assert await statuses(desk) == [("accepted", None)] * 2 + [("rejected", "source-mismatch")] * 2
    assert ((await the_dossier(desk)).source, keeper) == ("hai-lang", "hai-lang")


async def test_each_source_of_a_batch_has_its_own_ids_and_what_it_may_send(desk: Desk) -> None:
    for name in NAMES:
        await registered(desk, name)
    first, second = (upserted({"code": code_of(n)}, id="e-same", source=name) for n, name in enumerate(NAMES))

    await take(desk, [*records(NAMES[0], first, first, first), *records(NAMES[1], second, second)])

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT source, what, number FROM source_tally ORDER BY 1, 2")
        spent = await db.fetch("SELECT burst - level AS spent FROM source ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("hai-lang", "accepted", 1), ("hai-lang", "duplicate", 2), ("tan-thanh", "accepted", 1), ("tan-thanh", "duplicate", 1),
    ]  # fmt: skip
    assert [row["spent"] for row in spent] == [3, 2]


async def test_an_event_that_waited_and_breaks_waits_on_alone_whoever_else_is_in_the_batch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, follow = {name: code_of(n) for n, name in enumerate(NAMES)}, mirror.follow
    for name, code in codes.items():
        await registered(desk, name)
        await send(desk, progressed(4, data={"code": code}, id="e-waiting", source=name), source=name)

    def broken(dossier: Dossier, event: Event, *rest: Any) -> mirror.Followed:
        if (dossier.source, event.id) == (NAMES[0], "e-waiting"):
            raise ZeroDivisionError
        return follow(dossier, event, *rest)

    monkeypatch.setattr(mirror, "follow", broken)
    await take(desk, [raw for name, code in codes.items() for raw in records(name, upserted({"code": code}, source=name))])  # fmt: skip

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT source, id = 'e-waiting', status FROM source_event ORDER BY 1, 2")
        spent = await db.fetch("SELECT burst - level AS spent FROM source")
    assert [tuple(row) for row in rows] == [
        ("hai-lang", False, "accepted"), ("hai-lang", True, "waiting"),
        ("tan-thanh", False, "accepted"), ("tan-thanh", True, "accepted"),
    ]  # fmt: skip
    assert [row["spent"] for row in spent] == [2, 2]


async def test_a_few_events_of_several_sources_share_a_transaction_over_http_and_each_is_its_own(desk: Desk) -> None:
    names = [f"xa-{n}" for n in range(6)]
    for name in names:
        await registered(desk, name)

    sent = [send(desk, upserted({"code": code_of(n)}, source=name), source=name) for n, name in enumerate(names)]
    answers = [outcome for (outcome,) in await asyncio.gather(*sent)]

    async with desk.works.reading() as db:
        owners = await db.fetch("SELECT source, code FROM dossier ORDER BY code")
        shared = await db.fetchval("SELECT count(DISTINCT transaction) FROM source_feed")
        works = await db.fetchval("SELECT count(DISTINCT convert_from(envelope, 'UTF8')::jsonb ->> 'correlationid') FROM fact WHERE type LIKE '%source-event%'")  # fmt: skip
    assert [each.status for each in answers] == ["accepted"] * 6
    assert [tuple(row) for row in owners] == [(name, code_of(n)) for n, name in enumerate(names)]
    assert shared < 6
    assert works == 6


async def test_two_requests_of_one_source_at_once_are_taken_one_after_the_other(desk: Desk) -> None:
    await registered(desk)
    events = [upserted({"code": code_of(n % 4)}, id=f"e-{n % 4}") for n in range(8)]

    answers = [outcome for (outcome,) in await asyncio.gather(*(send(desk, event) for event in events))]

    async with desk.works.reading() as db:
        spent = await db.fetchval("SELECT burst - level FROM source")
        tally = await db.fetch("SELECT what, number FROM source_tally ORDER BY what")
    assert [each.status for each in answers] == ["accepted"] * 8
    assert sum(each.duplicate for each in answers) == 4
    assert [tuple(row) for row in tally] == [("accepted", 4), ("duplicate", 4)]
    assert spent == 8


async def test_a_source_that_another_transaction_serves_holds_up_no_other_over_http(desk: Desk) -> None:
    for name in NAMES:
        await registered(desk, name)
    async with desk.works.begin(system("another door")) as work:
        await store.speaker(work, ("id", NAMES[0]))
        waiting = asyncio.create_task(send(desk, upserted({"code": code_of(0)}, source=NAMES[0]), source=NAMES[0]))
        (other,) = await send(desk, upserted({"code": code_of(1)}, source=NAMES[1]), source=NAMES[1])
        done = waiting.done()

    assert (other.status, done, [each.status for each in await waiting]) == ("accepted", False, ["accepted"])


async def test_a_source_that_was_served_elsewhere_when_another_told_of_its_dossier_hears_whose_it_is(
    desk: Desk,
) -> None:
    await registered(desk)
    await registered(desk, "hai-lang")

    async with asyncio.TaskGroup() as group, desk.works.begin(system("one door")) as first:
        await handlers.take(desk, first, ("id", "tan-thanh"), "http", [delivered(upserted(), first.now)])
        await first.flush()
        async with desk.works.begin(system("another door")) as elsewhere:
            assert await store.speaker(elsewhere, ("id", "hai-lang")) is not None
            second = group.create_task(send(desk, upserted(source="hai-lang"), source="hai-lang"))
            await wait_until(lambda: _somebody_waits(desk), seconds=30)
        await wait_until(lambda: _somebody_waits(desk), seconds=30)

    (outcome,) = second.result()
    assert (outcome.status, outcome.reason) == ("rejected", "source-mismatch")


async def _somebody_waits(desk: Desk) -> bool:
    async with desk.works.reading() as db:
        waiting = await db.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return bool(waiting)
