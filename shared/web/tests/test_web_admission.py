"""Whoever is too many hears so before any work is done for them; whoever was let in is served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from shared.telemetry.setup import Telemetry
from shared.testing.waiting import wait_until
from shared.web.admission import Admission, Bounds, Gate
from shared.web.app import Probes, Readiness, root_app


@dataclass
class Slow:
    """A service that answers when it is told to, and remembers whom it began to serve."""

    began: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.began.append(scope["path"])
        await self.go.wait()
        await PlainTextResponse("done")(scope, receive, send)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@asynccontextmanager
async def door(app: Any, telemetry: Telemetry, *, requests: int = 2, streams: int = 1) -> AsyncIterator[Any]:
    async def ready(_service: str | None) -> Readiness:
        return Readiness("ready")

    bounds = Bounds(requests, streams, telemetry.metrics.admission.refused)
    root = root_app({"intake": app}, probes=Probes(ready, telemetry.metrics_text), pages=app, bounds=bounds)
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test") as http,
        asyncio.TaskGroup() as asking,
    ):
        yield http, lambda path: asking.create_task(http.get(path))


async def test_beyond_the_places_and_the_queue_the_oldest_who_waits_hears_429(slow: Slow, telemetry: Telemetry) -> None:
    async with door(slow, telemetry) as (_, ask):
        asked = [ask(f"/intake/v1/dossiers/{n}") for n in range(2 + 4 + 1)]
        refused = await asked[2]
        slow.go.set()
        answers = [await one for one in asked]
    assert [answer.status_code for answer in answers] == [200, 200, 429, *[200] * 4]
    assert slow.began[:2] == ["/intake/v1/dossiers/0", "/intake/v1/dossiers/1"]
    assert refused.json()["code"] == "too-busy"
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 3
    assert f"{refused.headers['retry-after']} giây" in refused.json()["detail"]


@pytest.mark.parametrize(("calm", "order"), [(3600.0, [0, 1, 2, 3]), (0.0, [3, 2, 1, 0])])
async def test_places_are_given_in_turn_until_the_first_has_waited_too_long_then_the_newest_goes_first(
    calm: float, order: list[int]
) -> None:
    gate, served = Gate(0, 4, patience=3600, calm=calm), list[int]()

    async def one(number: int) -> None:
        assert await gate.enter()
        served.append(number)
        gate.leave()

    async with asyncio.TaskGroup() as asking:
        for number in range(4):
            asking.create_task(one(number))
        await wait_until(lambda: len(gate.waiting) == 4, what="four who wait")
        gate.leave()
    assert served == order


async def test_a_script_of_an_allowed_origin_may_read_a_refusal(telemetry: Telemetry) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError("work was done for a request that is refused")

    bounds = Bounds(0, 0, telemetry.metrics.admission.refused, ["https://app.example"])
    gate = Admission(never, "intake", bounds)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://test") as http:
        answer = await http.get("/intake/v1/dossiers", headers={"origin": "https://app.example"})
    assert answer.status_code == 429
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


async def test_a_refusal_reads_no_body_and_starts_no_work(telemetry: Telemetry) -> None:
    sent: list[Message] = []

    async def never(*_: Any) -> Any:
        raise AssertionError("work was done for a request that is refused")

    async def send(message: Message) -> None:
        sent.append(message)

    gate = Admission(never, "intake", Bounds(1, 1, telemetry.metrics.admission.refused))
    gate._requests = Gate(0)
    scope = {"type": "http", "method": "POST", "path": "/intake/v1/dossiers", "query_string": b"", "headers": []}
    await gate(scope, never, send)
    assert sent[0]["status"] == 429


async def test_probes_answer_while_a_service_is_full(slow: Slow, telemetry: Telemetry) -> None:
    async with door(slow, telemetry) as (http, ask):
        asked = [ask("/intake/v1/dossiers") for _ in range(2 + 4 + 1)]
        await asked[2]
        probes = [await http.get(path) for path in ("/healthz", "/readyz", "/metrics", "/intake/readyz")]
        slow.go.set()
    assert [answer.status_code for answer in probes] == [200] * 4


async def test_refusals_are_counted_by_service_and_reason(slow: Slow, telemetry: Telemetry) -> None:
    async with door(slow, telemetry) as (http, ask):
        before = await refused(http)
        asked = [ask("/intake/v1/me/inbox/stream") for _ in range(2)]
        assert (await asked[1]).status_code == 429
        assert await refused(http) == before + 1
        slow.go.set()


async def refused(http: httpx.AsyncClient) -> float:
    """The streams of intake that were refused, by every test of this process."""
    text = (await http.get("/metrics")).text
    found = re.search(
        r'^gandan_admission_refused_total\{reason="streams",service="intake"\} ([0-9.]+)$', text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


async def test_open_streams_take_no_place_of_a_request(slow: Slow, telemetry: Telemetry) -> None:
    async with door(slow, telemetry, requests=1, streams=3) as (_, ask):
        for _ in range(3):
            ask("/intake/v1/me/inbox/stream")
        asked = ask("/intake/v1/dossiers")
        await wait_until(lambda: "/intake/v1/dossiers" in slow.began, what="the request at work beside three streams")
        slow.go.set()
        assert (await asked).status_code == 200


async def test_pages_have_places_of_their_own(slow: Slow, telemetry: Telemetry) -> None:
    async with door(slow, telemetry, requests=1) as (_, ask):
        asked = [ask(path) for path in ("/intake/v1/dossiers", "/tra-cuu")]
        await wait_until(lambda: len(slow.began) == 2, what="both at work")
        slow.go.set()
        assert [(await one).status_code for one in asked] == [200, 200]


async def test_a_place_comes_free_when_the_work_breaks(telemetry: Telemetry) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("broken")

    gate = Admission(broken, "intake", Bounds(1, 1, telemetry.metrics.admission.refused))
    for _ in range(3):
        with pytest.raises(RuntimeError, match="broken"):
            await gate({"type": "http", "path": "/intake/v1/dossiers"}, *_wires())
    assert gate._requests.free == 1


def _wires(*messages: Message) -> tuple[Receive, Send]:
    left = list(messages)

    async def receive() -> Message:
        return left.pop(0)

    async def send(_message: Message) -> None:
        return

    return receive, send


async def test_a_client_that_sends_its_body_slowly_holds_no_place(telemetry: Telemetry) -> None:
    arrives: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    free: list[int] = []

    async def reads(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        free.append(gate._requests.free)

    async def trickle() -> Message:
        return await arrives

    gate = Admission(reads, "intake", Bounds(1, 1, telemetry.metrics.admission.refused))
    post = {"type": "http", "path": "/intake/v1/dossiers"}
    slow = asyncio.create_task(gate(post, trickle, _wires()[1]))
    await wait_until(lambda: gate._requests.free == 1, what="the place of whoever sends slowly")
    whole = {"type": "http.request", "body": b"{}", "more_body": False}
    await gate(post, *_wires(whole))
    arrives.set_result(whole)
    await slow
    assert free == [0, 0], "while the work goes on, the place is held"
    assert gate._requests.free == 1


async def test_nobody_waits_for_ever() -> None:
    gate = Gate(0, most=2, patience=0.01)
    assert await asyncio.wait_for(gate.enter(), 60) is False
    assert gate.waiting == []


async def test_a_place_given_to_somebody_who_left_goes_to_the_next() -> None:
    gate = Gate(0, most=3)
    first, second = (asyncio.create_task(gate.enter()) for _ in range(2))
    await wait_until(lambda: len(gate.waiting) == 2, what="two who wait")
    gate.leave()  # the second has it, but is cancelled before it hears so
    second.cancel()
    assert await asyncio.wait_for(first, 60) is True
    assert second.cancelled() or second.exception() is None


async def test_whoever_was_cancelled_while_waiting_is_passed_over() -> None:
    gate = Gate(0, most=1)
    waiting = asyncio.create_task(gate.enter())
    await wait_until(lambda: len(gate.waiting) == 1, what="one who waits")
    waiting.cancel()
    other = asyncio.create_task(gate.enter())  # finds the queue full of somebody already cancelled
    await wait_until(lambda: waiting.done() and len(gate.waiting) == 1, what="the other in the queue")
    gate.leave()
    assert await asyncio.wait_for(other, 60) is True
    assert gate.free == 0
