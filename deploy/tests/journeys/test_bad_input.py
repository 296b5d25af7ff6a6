"""Bad input from end to end: each gets a clear problem, or a record an operator sees; nothing is dropped, nothing breaks."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from deploy.tests.faults.load import filing
from deploy.tests.journeys.capital import Capital
from shared.contracts import intake
from shared.testing.clients import local_client
from shared.testing.kafka import send
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

PATH = "/intake/v1/dossiers"
PAPERS = ["Tờ khai cấp Giấy xác nhận tình trạng hôn nhân"]
JSON = {"content-type": "application/json"}
direct = partial(filing, "direct", PAPERS)
online = partial(filing, "online", ())


@dataclass(frozen=True)
class Wrong:
    """A request and the answer it must get; `path` may name the known dossier."""

    status: int
    code: str
    body: Any = None
    pointer: str | None = None
    path: str = PATH
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    token: Callable[[Capital], str | None] = Capital.officer


def _citizen(capital: Capital) -> str:
    return capital.token("citizen", person="044190009911")


ASSIGN = PATH + "/{known}/assign"
WRONG = {
    "an unknown procedure": Wrong(422, "unknown-procedure", direct(procedure="9.999999"), "/procedure"),
    "an unknown unit": Wrong(422, "unknown-unit", direct(unit="00000"), "/unit"),
    "a unit of somebody else": Wrong(403, "forbidden", direct(unit="19363")),
    "a missing component": Wrong(422, "missing-component", filing("direct", []), "/components"),
    "an impossible date": Wrong(422, "invalid", direct(received_at="2026-02-30T08:00:00+07:00"), "/received_at"),
    "a year no calendar knows": Wrong(422, "invalid", direct(received_at="9999-12-31T08:00:00+07:00"), "/received_at"),
    "an instant without its zone": Wrong(422, "invalid", direct(received_at="2026-11-20T08:00:00"), "/received_at"),
    "a date long gone": Wrong(422, "too-long-ago", direct(received_at="1971-11-20T08:00:00+07:00"), "/received_at"),
    "a date to come": Wrong(422, "in-the-future", direct(received_at="2027-01-20T08:00:00+07:00"), "/received_at"),
    "a field nobody knows": Wrong(422, "invalid", direct(extra=1), "/extra"),
    "a phone that is none": Wrong(422, "invalid", direct(submitter={"name": "A", "phone": "12"}), "/submitter/phone"),
    "a count beyond all numbers": Wrong(
        422, "invalid", direct(components=[{"name": "a", "count": 10**300}]), "/components/0/count"
    ),
    "a summary of 1 MB": Wrong(422, "invalid", direct(summary="x" * 1_000_000), "/summary"),
    "a NUL in a text": Wrong(422, "invalid", online(summary="a\0b"), "/summary"),
    "half an emoji": Wrong(
        422, "invalid", pointer="/summary", content=b'{"summary": "\\ud83d"}', headers=JSON, path=PATH
    ),
    "a body that is no JSON": Wrong(422, "invalid", content=b"{no", headers=JSON),
    "a body that is no UTF-8": Wrong(400, "unreadable-body", content=b'{"summary": "\xff"}', headers=JSON),
    "a body nested too deep": Wrong(400, "unreadable-body", content=b"[" * 50_000, headers=JSON),
    "a list in place of a dossier": Wrong(422, "invalid", []),
    "no token": Wrong(401, "token-missing", direct(), token=lambda _: None),
    "a token nobody signed": Wrong(401, "token-invalid", direct(), token=lambda _: "abc.def.ghi"),
    "a role that may not": Wrong(403, "role-not-allowed", {"officer": "a"}, path=ASSIGN, token=_citizen),
    "a citizen at somebody's dossier": Wrong(404, "not-found", path=PATH + "/{known}", method="GET", token=_citizen),
    "a stale ETag": Wrong(412, "stale", {"officer": "a"}, path=ASSIGN, headers={"if-match": '"9"'}),
    "no If-Match": Wrong(428, "precondition-required", {"officer": "a"}, path=ASSIGN),
    "an If-Match that is none": Wrong(
        400, "if-match-malformed", {"officer": "a"}, path=ASSIGN, headers={"if-match": "x"}
    ),
    "a step the state forbids": Wrong(
        409, "already-accepted", path=PATH + "/{known}/accept", headers={"if-match": '"1"'}
    ),
    "a name where an id belongs": Wrong(
        422, "invalid", {"officer": "Bà Tám"}, "/officer", ASSIGN, headers={"if-match": '"1"'}
    ),
    "an id that is none": Wrong(422, "invalid", path=PATH + "/nope", method="GET", pointer="/id"),
    "a dossier that is not there": Wrong(
        404, "not-found", path=PATH + "/01a21469-0cfa-78bd-9034-a420881c87b2", method="GET"
    ),
    "a cursor somebody made up": Wrong(400, "bad-cursor", path=PATH + "?cursor=garbage", method="GET"),
    "a page without end": Wrong(422, "invalid", path=PATH + "?limit=100000", method="GET", pointer="/limit"),
    "a NUL in a path": Wrong(422, "nul-character", path="/intake/v1/procedures/a%00b", method="GET"),
    "a page of the inbox below nothing": Wrong(
        422, "invalid", path="/notifications/v1/me/inbox?limit=-1", method="GET", pointer="/limit", token=_citizen
    ),
    "a line that is none": Wrong(422, "invalid", path="/reporting/v1/dossiers/nope", method="GET", pointer="/id"),
    "a path nobody serves": Wrong(404, "no-such-path", path="/intake/v1/nothing", method="GET"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def known(capital: Capital) -> str:
    """A dossier at its first version."""
    made = await capital.call("POST", PATH, capital.officer(), json=direct())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.mark.parametrize("what", WRONG)
async def test_a_clear_problem_is_the_answer_to(capital: Capital, known: str, what: str) -> None:
    wrong = WRONG[what]
    sent = (
        {"content": wrong.content}
        if wrong.content is not None
        else {"json": wrong.body}
        if wrong.method == "POST"
        else {}
    )
    path = wrong.path.format(known=known)
    answer = await capital.call(wrong.method, path, wrong.token(capital), headers=wrong.headers, **sent)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (wrong.status, wrong.code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["title"]
    assert problem["detail"]
    if wrong.pointer is not None:
        assert wrong.pointer in {error["pointer"] for error in problem["errors"]}


async def test_a_body_over_the_limit_is_refused_before_it_has_come(capital: Capital) -> None:
    host, port = capital.api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {capital.officer()}\r\n"
    more = "content-type: application/json\r\nidempotency-key: k\r\ncontent-length: 3000000\r\n\r\n{"
    writer.write((head + more).encode())
    async with asyncio.timeout(60):
        answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"code":"body-too-large"' in answer


async def test_nothing_of_these_requests_was_kept(capital: Capital, known: str) -> None:
    async with capital.database("intake") as db:
        before = await db.fetchrow("SELECT (SELECT count(*) FROM fact) AS facts, (SELECT count(*) FROM dossier) AS n")
        for what in WRONG:
            await test_a_clear_problem_is_the_answer_to(capital, known, what)
        after = await db.fetchrow("SELECT (SELECT count(*) FROM fact) AS facts, (SELECT count(*) FROM dossier) AS n")
    assert before == after


async def test_a_key_used_again_repeats_its_answer_and_refuses_another_body(capital: Capital) -> None:
    call = partial(capital.call, "POST", PATH, capital.officer(), key="the-same-key")
    first, again = await call(json=direct()), await call(json=direct())
    other = await call(json=direct(summary="something else"))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")


TEXTS = (
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 cả nhà \U0001f3e1",
    unicodedata.normalize("NFD", "Giấy khai sinh của trẻ"),
    "\u200f\u05e9\u05dc\u05d5\u05dd\u200f \ufdfd",
)
"""A family of emoji, decomposed Vietnamese, text from right to left."""


@pytest.mark.parametrize("text", TEXTS)
async def test_any_letters_of_the_world_are_accepted(capital: Capital, text: str) -> None:
    body = online(summary=text, submitter={"name": text, "address": text}, components=[{"name": text}])
    answer = await capital.call("POST", PATH, capital.officer(), json=body)
    assert answer.status_code == 201, answer.text


async def test_a_decomposed_component_is_the_component_the_law_asks_for(capital: Capital) -> None:
    papers = [unicodedata.normalize("NFD", name) for name in PAPERS]
    answer = await capital.call("POST", PATH, capital.officer(), json=filing("direct", papers))
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")


GARBAGE = b"\x00\xff not an envelope, sent by nobody"
STRANGE = {
    intake.DOSSIERS: (None, "no-key", ("notifications.dossiers", "reporting.live")),
    intake.UNITS: (b"\xff\xfe", "not-an-envelope", ("reporting.live",)),
    intake.PROCEDURES: (b"\xff\xfe", "not-an-envelope", ("reporting.live",)),
    intake.CONTACTS: (b"\xff\xfe", "not-an-envelope", ("notifications.contacts",)),
}
"""The key garbage is sent under (a compacted topic takes none without), the reason it is kept with, who listens."""


@pytest.mark.parametrize("topic", STRANGE)
async def test_garbage_on_a_topic_becomes_a_visible_record_of_each_listener(capital: Capital, topic: str) -> None:
    key, reason, consumers = STRANGE[topic]
    await send(capital.bootstrap, [(topic, key, GARBAGE, [("x-strange", b"\xfe\x00")])])
    for consumer in consumers:
        service = consumer.partition(".")[0]
        kept = "SELECT reason FROM parked WHERE consumer = $1 AND topic = $2 AND value = $3"
        async with capital.database(service) as db:
            found = await wait_until(
                partial(db.fetchval, kept, consumer, topic, GARBAGE), what=f"a record of {consumer}"
            )
        assert found == reason
        await wait_until(partial(_shown, capital, service, consumer, reason), what=f"{consumer}'s metric")


async def _shown(capital: Capital, service: str, consumer: str, reason: str) -> bool:
    """Whether an operator sees it: in the counters of readiness and in the metric an alert reads."""
    child = {"notifications": capital.notifications, "reporting": capital.reporting}[service]
    counted = (await child.readyz())["checks"][service]["consumers"][consumer].get("parked", 0)
    async with local_client() as client:
        metrics = (await client.get(f"{child.url}/metrics")).text
    return counted > 0 and f'gandan_parked_records{{consumer="{consumer}",reason="{reason}"}}' in metrics


async def test_a_dossier_is_read_in_its_new_state_at_once_after_each_command(capital: Capital) -> None:
    officer = capital.officer()
    filed = (await capital.call("POST", PATH, officer, json=online())).json()
    path = f"{PATH}/{filed['id']}"
    read = await capital.call("GET", path, officer)
    assert (read.json()["state"], read.headers["etag"]) == ("submitted", '"1"')
    await capital.call("POST", f"{path}/accept", officer, headers={"if-match": read.headers["etag"]})
    read = await capital.call("GET", path, officer)
    assert (read.json()["state"], read.headers["etag"]) == ("accepted", '"2"')


async def test_after_all_this_a_dossier_still_arrives(capital: Capital) -> None:
    filed = (await capital.call("POST", PATH, capital.officer(), json=direct())).json()
    path = f"/reporting/v1/dossiers/{filed['id']}?min_version=2"

    async def there() -> bool:
        return (await capital.call("GET", path, capital.officer())).status_code == 200

    await wait_until(there, what="the line in reporting")
