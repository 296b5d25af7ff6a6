"""The live stream: what is sent first, what then, resuming without loss, who is closed, tickets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.notifications import handlers
from services.notifications.api import live, tickets
from services.notifications.api.live import Hub, Stream
from services.notifications.api.stream import Reader, place_of
from services.notifications.domain import Mark, Standing
from services.notifications.tests import samples
from services.notifications.tests.conftest import Client, records
from services.notifications.tests.test_notices_handlers import by
from shared.store.unit_of_work import Works
from shared.testing.listening import Listening, listening
from shared.testing.records import Fed, Log
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres
STREAM = "/v1/me/inbox/stream"


def numbers(client: Listening) -> list[int]:
    """Of the items it has read, in order."""
    return [frame["data"]["seq"] for frame in client.frames if frame["event"] == "item"]


@pytest_asyncio.fixture
async def hub(web: FastAPI) -> AsyncIterator[Hub]:
    """The service's hub, asking."""
    made: Hub = web.state.hub
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.usefixtures("hub")
async def test_a_stream_begins_with_a_snapshot_and_sends_what_arrives(
    web: FastAPI, me: Client, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    first, *later = records(log, samples.life(citizen))
    await dossiers.give(first)
    async with listening(web, STREAM, authorization=f"Bearer {me.token}") as client:
        await client.until(lambda: client.events() == ["snapshot"], "the snapshot")
        assert (client.status, client.headers["content-type"].split(";")[0], client.headers["cache-control"]) == (
            200, "text/event-stream", "no-store",
        )  # fmt: skip
        await dossiers.give(*later)
        await client.until(lambda: client.events()[-1] == "count", "the count")
    snapshot, *items, count = client.frames
    assert (snapshot["data"], snapshot["id"], snapshot["retry"]) == (
        {"unread": 1, "capped": 1, "version": 1, "last_seq": 1}, "1", "3000",
    )  # fmt: skip
    assert [(frame["event"], frame["id"]) for frame in items] == [("item", str(seq)) for seq in (2, 3, 4, 5, 6)]
    assert (count["data"], "id" in count) == ({"unread": 6, "capped": 6, "version": 2}, False)
    assert items[0]["data"]["title"] == f"Đã tiếp nhận hồ sơ {samples.code()}"


@pytest.mark.usefixtures("hub")
async def test_a_client_that_comes_back_gets_all_it_missed_and_nothing_twice(
    web: FastAPI, me: Client, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    lives = [record for number in range(1, 41) for record in records(log, samples.life(citizen, number))]
    seen: list[int] = []
    last_id = "0"
    for cut in range(0, len(lives), 80):
        await dossiers.give(*lives[cut : cut + 40])
        async with listening(web, STREAM, authorization=f"Bearer {me.token}", last_event_id=last_id) as client:
            await dossiers.give(*lives[cut + 40 : cut + 80])
            await client.until(lambda client=client: len(numbers(client)) > 20, "some")  # type: ignore[misc] # bound per turn
        seen += numbers(client)
        last_id = [frame["id"] for frame in client.frames if "id" in frame][-1]
    async with listening(web, STREAM, authorization=f"Bearer {me.token}", last_event_id=last_id) as client:
        await client.until(lambda: len(seen) + len(numbers(client)) >= 240, "the rest")
    assert seen + numbers(client) == list(range(1, 241))


async def test_a_stream_cut_right_after_its_snapshot_loses_nothing(
    web: FastAPI, me: Client, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))
    async with listening(web, STREAM, authorization=f"Bearer {me.token}", last_event_id="2") as client:
        await client.until(lambda: numbers(client) == [3, 4, 5, 6], "what was missed")
    assert client.frames[0]["id"] == "2"
    assert client.frames[0]["data"]["last_seq"] == 6


@pytest.mark.usefixtures("hub")
async def test_a_mark_made_elsewhere_moves_the_count(
    web: FastAPI, me: Client, works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))
    async with listening(web, STREAM, authorization=f"Bearer {me.token}") as client:
        await client.until(lambda: client.events() == ["snapshot"], "the snapshot")
        await handlers.mark(works, by(citizen), 1, Mark.READ)
        await client.until(lambda: client.events() == ["snapshot", "count"], "the count")
    assert client.frames[-1]["data"]["unread"] == 5


@pytest.mark.usefixtures("hub")
async def test_a_neighbours_notice_is_not_sent(
    web: FastAPI, me: Client, dossiers: Fed, log: Log, citizen: UUID, neighbour: UUID
) -> None:
    async with listening(web, STREAM, authorization=f"Bearer {me.token}") as client:
        await client.until(lambda: client.events() == ["snapshot"], "the snapshot")
        await dossiers.give(log.fact(samples.accepted(neighbour, 2), 1))
        await dossiers.give(log.fact(samples.accepted(citizen, 1), 1))
        await client.until(lambda: client.events()[-1] == "count", "my own")
    assert [frame["data"].get("aggregate") for frame in client.frames if frame["event"] == "item"] == [
        str(samples.dossier(1))
    ]


async def test_a_fourth_stream_closes_the_oldest(web: FastAPI, hub: Hub, me: Client, citizen: UUID) -> None:
    def open_one() -> Any:
        return listening(web, STREAM, authorization=f"Bearer {me.token}")

    async with open_one() as first, open_one() as second, open_one() as third:
        for client in (first, second, third):
            await client.until(lambda client=client: client.events() == ["snapshot"], "a snapshot")
        async with open_one() as fourth:
            await first.until(lambda: first.closed, "its end")
            await fourth.until(lambda: fourth.events() == ["snapshot"], "a snapshot")
            assert first.frames[-1] == {"event": "bye", "data": {"reason": "replaced"}}
            assert len(hub.streams[citizen]) == live.MOST
            assert [client.closed for client in (second, third, fourth)] == [False] * 3
    await wait_until(lambda: not hub.streams, what="every stream forgotten")


async def test_when_the_process_ends_every_stream_says_goodbye(web: FastAPI, me: Client) -> None:
    hub: Hub = web.state.hub
    task = asyncio.create_task(hub.run())
    async with listening(web, STREAM, authorization=f"Bearer {me.token}") as client:
        await client.until(lambda: client.events() == ["snapshot"], "the snapshot")
        task.cancel()
        await client.until(lambda: client.closed, "the end")
    assert client.frames[-1] == {"event": "bye", "data": {"reason": "closing"}}


async def test_a_ticket_opens_the_stream_where_no_header_can_be_sent(
    web: FastAPI, me: Client, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))
    made = (await me.http.post("/v1/me/stream-tickets", headers=me.headers)).json()
    for _reconnect in range(2):
        async with listening(web, STREAM, f"ticket={made['ticket']}") as client:
            await client.until(lambda client=client: client.events() == ["snapshot"], "the snapshot")  # type: ignore[misc] # bound per turn
        assert client.frames[0]["data"]["last_seq"] == 6


@pytest.mark.parametrize("damage", ["", "A", "!!!", "changed", "ended", "other-key"])
async def test_a_ticket_that_cannot_be_trusted_opens_nothing(web: FastAPI, citizen: UUID, damage: str) -> None:
    key, until = web.state.door.keys.cursor, int(time.time()) + 60
    good = tickets.issue(key, citizen, until)
    bad = {
        "changed": ("B" if good[0] == "A" else "A") + good[1:], "ended": tickets.issue(key, citizen, until - 120),
        "other-key": tickets.issue(b"another", citizen, until),
    }.get(damage, damage)  # fmt: skip
    async with listening(web, STREAM, f"ticket={bad}") as client:
        await client.until(lambda: client.closed, "the refusal")
    assert (client.status, orjson.loads(client.raw)["code"]) == (401, "ticket-invalid")


async def test_a_ticket_ends_with_the_token_it_was_made_with(web: FastAPI, me: Client, citizen: UUID) -> None:
    made = (await me.http.post("/v1/me/stream-tickets", headers=me.headers)).json()
    recipient, until = tickets.check(web.state.door.keys.cursor, made["ticket"], time.time())
    assert recipient == citizen
    assert 3500 < until - time.time() <= 3600
    assert datetime.fromisoformat(made["expires_at"]).timestamp() == until


async def test_the_hub_asks_again_after_the_database_was_away(citizen: UUID) -> None:
    answers = iter([asyncpg.ConnectionDoesNotExistError("gone"), None])

    async def standings(recipients: Sequence[UUID]) -> dict[UUID, Standing]:
        if (error := next(answers)) is not None:
            raise error
        return dict.fromkeys(recipients, Standing(1, 1, 1))

    hub = Hub(standings, asyncio.Event())
    with hub.stream(citizen) as stream:
        heard = []
        for _ in range(2):
            await hub.look()
            heard.append(stream.standing)
    assert (heard, hub.streams) == ([None, Standing(1, 1, 1)], {})


async def test_nothing_is_asked_while_no_stream_is_open(citizen: UUID) -> None:
    asked: list[tuple[UUID, ...]] = []

    async def standings(recipients: Sequence[UUID]) -> dict[UUID, Standing]:
        asked.append(tuple(recipients))
        return {}

    hub = Hub(standings, asyncio.Event(), every=0.002, least=0.001)
    task = asyncio.create_task(hub.run())
    with hub.stream(citizen):
        await wait_until(lambda: len(asked) > 2, what="questions")
    await wait_until(lambda: not hub.opened.is_set(), what="rest")
    before = len(asked)
    with hub.stream(UUID(int=1)):
        await wait_until(lambda: len(asked) > before, what="questions again")
    assert set(asked[:before]) == {(citizen,)}
    task.cancel()
    await asyncio.wait([task])


async def test_a_commit_hurries_one_question_also_where_no_relay_runs(citizen: UUID) -> None:
    committed, told = asyncio.Event(), list[bool]()

    async def standings(_recipients: Sequence[UUID]) -> dict[UUID, Standing]:
        told.append(committed.is_set())
        return {}

    hub = Hub(standings, committed, every=0.002, least=0.001)
    committed.set()
    task = asyncio.create_task(hub.run())
    with hub.stream(citizen):
        await wait_until(lambda: len(told) > 1, what="questions")
    assert told[:2] == [False, False]
    task.cancel()
    await asyncio.wait([task])


async def test_what_the_hub_heard_before_the_snapshot_makes_nothing_come_twice(citizen: UUID) -> None:
    asked: list[int] = []

    async def standing() -> Standing:
        return Standing(5, 5, 5)

    async def since(seq: int) -> list[Any]:
        asked.append(seq)
        return []

    stream = Stream(citizen)
    stream.tell(Standing(3, 3, 3))
    frames = Reader(standing, since, life=10, ping=0.001).frames(stream, None)
    assert [(await anext(frames)).decode().split("\n")[0] for _ in range(2)] == ["event: snapshot", "event: ping"]
    stream.tell(Standing(6, 6, 6))
    await wait_until(lambda: anext(frames), what="the count")
    await frames.aclose()  # type: ignore[attr-defined] # a generator
    assert asked == [5]


async def test_an_idle_stream_is_pinged_and_ends_with_its_time(citizen: UUID) -> None:
    async def standing() -> Standing:
        return Standing(4, 1, 9)

    async def since(_seq: int) -> list[Any]:
        return []

    reader = Reader(standing, since, life=0.05, ping=0.01)
    events = [frame.decode().split("\n")[0] async for frame in reader.frames(Stream(citizen), None)]
    assert events[0] == "event: snapshot"
    assert set(events[1:-1]) == {"event: ping"}
    assert events[-1] == "event: bye"


@pytest.mark.parametrize(
    ("said", "place"),
    [(None, None), ("", None), ("x", None), ("-1", None), ("1.5", None), ("٣", None), ("0", 0), ("41", 41), ("9" * 10, 2**31 - 1), ("9" * 99, None)],
)  # fmt: skip
def test_a_place_that_is_no_number_means_a_new_client(said: str | None, place: int | None) -> None:
    assert place_of(said) == place
