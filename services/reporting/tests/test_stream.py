"""The live counters: what is sent first and what then, resuming without a snapshot, one question for all, who is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.reporting.api import live
from services.reporting.api.live import Hub
from services.reporting.api.stream import Teller
from services.reporting.domain import CASE_TITLES, FIGURES
from services.reporting.handlers import Counters
from services.reporting.tests.conftest import describe_units, tell_letters
from services.reporting.tests.facts import MONDAY, UNIT, Dossier, raw
from services.reporting.tests.test_consumers import Feed
from services.reporting.tests.test_letters_store import letters_and_cases
from shared.contracts.envelope import Fact
from shared.runtime import Service
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.waiting import wait_until

OTHER = "18880"


@dataclass(slots=True)
class Listening:
    """A client of the stream: status and headers, and the events it has read so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    closed: bool = False

    @property
    def frames(self) -> list[dict[str, Any]]:
        """Whole events, with their data decoded."""
        found = []
        for text in self.raw.decode().split("\n\n")[:-1]:
            frame: dict[str, Any] = dict(line.split(": ", 1) for line in text.split("\n") if not line.startswith(":"))
            if "event" in frame:
                found.append({**frame, "data": orjson.loads(frame["data"])})
        return found

    def events(self) -> list[str]:
        return [frame["event"] for frame in self.frames]

    async def until(self, *events: str) -> dict[str, Any]:
        """Wait until exactly these events have come; the last of them."""
        await wait_until(lambda: tuple(self.events()) == events, what=f"{events}; read so far: {self.raw.decode()}")
        return self.frames[-1]


@asynccontextmanager
async def listening(api: FastAPI, **headers: str) -> AsyncIterator[Listening]:
    """A stream read in the background; leaving the block is a disconnect."""
    client, gone = Listening(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            client.status = message["status"]
            client.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            client.raw += message.get("body", b"")
            client.closed = not message.get("more_body", False)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/v1/stream", "raw_path": b"/v1/stream", "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()], "server": ("test", 80), "state": {},
    }  # fmt: skip
    task = asyncio.create_task(api(scope, receive, send))
    try:
        yield client
    finally:
        gone.set()
        await asyncio.wait_for(task, 60)


@pytest_asyncio.fixture
async def hub(service: Service) -> AsyncIterator[Hub]:
    """The service's hub, asking."""
    made: Hub = service.api.state.hub
    made.every = 0.02
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def feed(works: Works) -> Feed:
    return Feed(works)


async def told(feed: Feed, *facts: Fact) -> None:
    await feed([raw(fact, n, offset=0) for n, fact in enumerate(facts, 1)])


@pytest.mark.postgres
@pytest.mark.usefixtures("hub")
async def test_a_stream_begins_with_every_unit_and_then_sends_those_that_change(
    service: Service, works: Works, feed: Feed
) -> None:
    first, second = Dossier(), Dossier(unit=OTHER)
    await told(feed, first.submitted(), first.accepted())
    await tell_letters(works, letters_and_cases()[:6])
    await describe_units(works, (UNIT, "Phường Quảng Trị"), (OTHER, "Phường Đồng Hới"))
    async with listening(service.api) as client:
        snapshot = await client.until("snapshot")
        await told(feed, second.submitted())
        figures = await client.until("snapshot", "figures")
    assert (client.status, client.headers["content-type"].split(";")[0], client.headers["cache-control"]) == (200, "text/event-stream", "no-store")  # fmt: skip
    assert client.headers["x-accel-buffering"] == "no"
    assert snapshot["data"]["units"].keys() == {UNIT}
    assert snapshot["data"]["whole"].keys() == FIGURES.keys() | CASE_TITLES.keys()
    assert (snapshot["data"]["units"][UNIT]["open"], snapshot["data"]["units"][UNIT]["cases_overdue"]) == (1, 1)
    assert (snapshot["data"]["today"], snapshot["data"]["now"]) == ("2026-11-23", "2026-11-23T08:15:00+07:00")
    assert figures["data"]["units"].keys() == {OTHER}
    assert figures["data"]["whole"]["open"] == 2
    assert figures["data"]["as_of"] == "2026-11-23T08:17:00+07:00"
    assert figures["id"] != snapshot["id"]


@pytest.mark.postgres
@pytest.mark.usefixtures("hub")
async def test_whoever_comes_back_is_sent_what_changed_meanwhile_and_nothing_if_nothing_did(
    service: Service, feed: Feed
) -> None:
    first, second = Dossier(), Dossier(unit=OTHER)
    await told(feed, first.submitted())
    async with listening(service.api) as client:
        seen = (await client.until("snapshot"))["id"]
    async with listening(service.api, last_event_id=seen) as again:
        await wait_until(lambda: again.raw, what="the beginning")
        await told(feed, second.submitted())
        missed = await again.until("figures")
    async with listening(service.api, last_event_id=seen) as late:
        assert (await late.until("figures"))["data"] == missed["data"]
    async with listening(service.api, last_event_id="another-life") as stranger:
        assert (await stranger.until("snapshot"))["data"]["units"].keys() == {UNIT, OTHER}


@pytest.mark.postgres
async def test_a_place_is_the_same_in_every_process_so_that_a_restart_sends_nothing_twice(
    service: Service, feed: Feed
) -> None:
    await told(feed, Dossier().submitted())
    seen = await service.api.state.hub.ask(None)
    other = Hub(service.api.state.hub.ask)
    with other.watching() as watcher:
        await other.look()
        frames = Teller(other, lambda: MONDAY, life=0.1, ping=0.02).frames(watcher, seen.place)
        assert {_event(frame) async for frame in frames} == {": counters by unit", "ping", "bye"}


@pytest.mark.postgres
@pytest.mark.usefixtures("hub")
async def test_a_new_day_is_told_although_nothing_happened(service: Service, feed: Feed, clock: StandingClock) -> None:
    await told(feed, (dossier := Dossier()).submitted(), dossier.accepted(date(2026, 11, 23)))
    async with listening(service.api) as client:
        assert (await client.until("snapshot"))["data"]["whole"]["due_today"] == 1
        clock.at("2026-11-24T00:00:00+07:00")
        after = (await client.until("snapshot", "figures"))["data"]
    assert (after["today"], after["whole"]["due_today"], after["whole"]["overdue"]) == ("2026-11-24", 0, 1)
    assert after["units"][UNIT]["overdue"] == 1


@pytest.mark.postgres
async def test_when_the_process_ends_every_stream_says_goodbye(service: Service) -> None:
    task = asyncio.create_task(service.api.state.hub.run())
    async with listening(service.api) as client:
        await client.until("snapshot")
        task.cancel()
        assert (await client.until("snapshot", "bye"))["data"] == {"reason": "closing"}
    async with listening(service.api) as late:
        assert (await late.until("bye"))["data"] == {"reason": "closing"}


def _counters(number: int, **units: int) -> Counters:
    return Counters(f"place-{number}", date(2026, 11, 23), None, {"open": sum(units.values())}, {u: {"open": n} for u, n in units.items()})  # fmt: skip


def _event(frame: bytes) -> str:
    return frame.decode().split("\n")[0].removeprefix("event: ")


def _asking(answers: list[Any]) -> Callable[[str | None], Any]:
    async def ask(known: str | None) -> Counters | None:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return None if found.place == known else found

    return ask


async def test_an_idle_stream_is_pinged_and_ends_with_its_time() -> None:
    hub = Hub(_asking([_counters(1, a=1)]))
    with hub.watching() as watcher:
        await hub.look()
        frames = [frame async for frame in Teller(hub, lambda: MONDAY, life=0.05, ping=0.01).frames(watcher, None)]
    events = [_event(frame) for frame in frames]
    assert events[1] == "snapshot"
    assert set(events[2:-1]) == {"ping"}
    assert events[-1] == "bye"
    assert b'"reason":"age"' in frames[-1]
    assert b"retry: 3000" in frames[0]


async def test_a_unit_with_nothing_left_is_told_as_empty_and_one_that_stands_still_not_at_all() -> None:
    hub = Hub(_asking([_counters(1, a=1, b=2), _counters(2, b=2)]))
    with hub.watching() as watcher:
        await hub.look()
        frames = Teller(hub, lambda: MONDAY).frames(watcher, None)
        assert [_event(await anext(frames)) for _ in range(2)] == [": counters by unit", "snapshot"]
        await hub.look()
        changed = (await anext(frames)).decode()
        await frames.aclose()  # type: ignore[attr-defined] # a generator
    assert _event(changed.encode()) == "figures"
    assert '"units":{"a":{}}' in changed


async def test_a_newcomer_is_told_nothing_older_than_the_page_it_has_just_been_shown() -> None:
    hub = Hub(_asking([_counters(1, a=1), _counters(2, a=2)]))
    await hub.look()
    with hub.watching() as watcher:
        frames = Teller(hub, lambda: MONDAY, ping=0.01).frames(watcher, None)
        assert [_event(await anext(frames)) for _ in range(3)] == [": counters by unit", "ping", "ping"]
        await hub.look()
        assert b'"whole":{"open":2}' in await anext(frames)
        await frames.aclose()  # type: ignore[attr-defined] # a generator


async def test_the_hub_asks_again_after_the_database_was_away() -> None:
    hub = Hub(_asking([asyncpg.ConnectionDoesNotExistError("gone"), _counters(1, a=1)]))
    with hub.watching() as watcher:
        assert [await hub.look() for _ in range(3)] == [False, True, False]
        assert watcher.changed.is_set()
    assert hub.watchers == set()


async def test_nothing_is_asked_while_nobody_watches() -> None:
    asked: list[str | None] = []

    async def ask(known: str | None) -> None:
        asked.append(known)

    hub = Hub(ask, every=0.002)
    task = asyncio.create_task(hub.run())
    with hub.watching():
        await wait_until(lambda: len(asked) > 2, what="questions")
    await wait_until(lambda: not hub.opened.is_set(), what="rest")
    before = len(asked)
    with hub.watching():
        await wait_until(lambda: len(asked) > before, what="questions again")
    task.cancel()
    await asyncio.wait([task])


async def test_only_so_many_moments_are_remembered() -> None:
    hub = Hub(_asking([_counters(n, a=n) for n in range(live.KEPT + 10)]))
    for _ in range(live.KEPT + 10):
        await hub.look()
    assert len(hub.moments) == live.KEPT
    assert next(iter(hub.moments)) == "place-10"
