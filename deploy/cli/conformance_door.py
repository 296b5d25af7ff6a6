"""The doors as `gandan conformance` uses them: what our messages stand on, sending them, and what came back."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx
from aiokafka import TopicPartition
from nacl.public import PrivateKey

from deploy.cli.conformance_set import REPEATED, Ground, Message
from deploy.cli.kafka import reader
from shared.bus.broker import make_producer, stop_producer
from shared.contracts.sources import reply_topic, source_topic
from shared.law import ZONE
from shared.store.vault import Details, seal_contact

PATIENCE = 30.0
"""Seconds within which a reply must have come."""
TOO_FAST, TRIES = "too-fast", 10
Show = Callable[[float, float], None]


class NoGround(Exception):  # noqa: N818 - a sentence
    """The registry's entry has nothing that a message could stand on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one message."""

    status: str
    reason: str | None = None
    fields: tuple[str, ...] = ()
    waits_for: str | None = None


def entry_of(http: httpx.Client, source: str) -> Mapping[str, Any]:
    """The registry's entry, as the source itself may read it."""
    found: Mapping[str, Any] = http.get(f"/intake/v1/sources/{source}").raise_for_status().json()
    return found


def ground_of(http: httpx.Client, entry: Mapping[str, Any], now: datetime, procedure: str | None) -> Ground:
    """Names that the installation has; `NoGround` when the source speaks for no unit today."""
    today = now.astimezone(ZONE).date().isoformat()
    own = [u["unit"] for u in entry["units"] if u["valid_from"] <= today <= (u["valid_to"] or today)]
    if not own:
        raise NoGround(f"{entry['id']} speaks for no unit today: have one registered")
    units = [each["code"] for each in _items(http, "units")]
    key = http.get("/notifications/v1/keys/contact").raise_for_status().json()["public_key"]
    return Ground(
        entry["id"], own[0], next((unit for unit in units if unit not in own), None), procedure or _items(http, "procedures")[0]["code"],
        entry["quota"]["max_bytes"], now.astimezone(ZONE), _sealed(base64.b64decode(key)), _sealed(bytes(PrivateKey.generate().public_key)),
    )  # fmt: skip


def _items(http: httpx.Client, what: str) -> list[Any]:
    found: list[Any] = http.get(f"/intake/v1/{what}").raise_for_status().json()["items"]
    return found


def _sealed(key: bytes) -> str:
    return base64.b64encode(seal_contact(key, Details("Nguyễn Văn An", phone="0912345678"))).decode()


def by_http(http: httpx.Client, messages: Sequence[Message], show: Show) -> dict[str, Answer | None]:
    """Each message by itself, one after the other."""
    found: dict[str, Answer | None] = {}
    for message in messages:
        found[message.name] = _posted(http, message)
        show(len(found), len(messages))
    return found


def _posted(http: httpx.Client, message: Message) -> Answer:
    """What became of it; sent again where the source's quota had no room yet."""
    kind = {"content-type": "application/cloudevents+json"}
    for _ in range(TRIES):
        answer = http.post("/intake/v1/source-events", content=message.body, headers=kind)
        if message.expected == TOO_FAST or not _too_fast(answer):
            break
        time.sleep(float(answer.headers.get("retry-after", 1)))
    (item,) = answer.raise_for_status().json()["items"]
    return Answer(
        REPEATED if item["duplicate"] else item["status"], item["reason"], tuple(item["fields"]), item["waits_for"]
    )


def _too_fast(answer: httpx.Response) -> bool:
    """Whether it is to be sent again: the request as a whole, or its event."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return True
    return answer.is_success and answer.json()["items"][0]["reason"] == TOO_FAST


async def by_kafka(
    bootstrap: str, prefix: str, source: str, messages: Sequence[Message], show: Show
) -> dict[str, Answer | None]:
    """All on the source's topic, and the replies from its topic of replies; None for what was not answered in time."""
    place = TopicPartition(prefix + reply_topic(source), 0)
    async with reader(bootstrap) as client:
        client.assign([place])
        await client.seek_to_end(place)
        await client.position(place)  # the end as it is before anything is sent
        await _send(bootstrap, prefix + source_topic(source), messages)
        wanted = sum(message.expected != REPEATED for message in messages)
        replies = await _replies(client, place, {_mark(m.id, m.body) for m in messages}, wanted, show)
    return paired(messages, replies)


async def _send(bootstrap: str, topic: str, messages: Iterable[Message]) -> None:
    producer = await make_producer(bootstrap, "conformance")
    headers = [("content-type", b"application/cloudevents+json")]
    try:
        sent = [await producer.send(topic, m.body, key=m.key.encode(), headers=headers) for m in messages]
        await asyncio.gather(*sent)
    finally:
        await stop_producer(producer, 5)


async def _replies(
    client: Any, place: TopicPartition, marks: set[str], wanted: int, show: Show
) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < wanted and time.monotonic() < deadline:
        for record in (await client.getmany(place, timeout_ms=300)).get(place, []):
            envelope = json.loads(record.value)
            if marks & {envelope["data"].get("event"), envelope["data"].get("body_hash")}:
                found.append(envelope)
        show(len(found), wanted)
    return found


def _mark(id_: str | None, body: bytes) -> str:
    """By what a reply is known: the event's id, or the hash of what could not be read."""
    return id_ if id_ is not None else sha256(body).hexdigest()


def paired(messages: Sequence[Message], replies: Iterable[Mapping[str, Any]]) -> dict[str, Answer | None]:
    """Each message with its reply, those of one id in their order; a repeated one has none, and is answered twice where one is left over."""
    waiting: defaultdict[str, deque[Answer]] = defaultdict(deque)
    for envelope in replies:
        data = envelope["data"]
        waiting[data["event"] or data["body_hash"]].append(_answer(envelope["type"], data))
    found: dict[str, Answer | None] = {}
    for message in sorted(messages, key=lambda each: each.expected == REPEATED):
        left = waiting[_mark(message.id, message.body)]
        answer = left.popleft() if left else None
        found[message.name] = Answer(REPEATED) if message.expected == REPEATED and answer is None else answer
    return found


def _answer(kind: str, data: Mapping[str, Any]) -> Answer:
    status = kind.removeprefix("vn.gandan.source-event-").partition(".")[0]
    return Answer(status, data.get("reason_class"), tuple(data.get("fields", ())), data.get("waits_for"))


def words(answer: httpx.Response) -> str:
    """A refusal of the whole request in a sentence, with what to look at."""
    try:
        said = answer.json()
        text = f"{answer.status_code} {said.get('code', '')}: {said.get('detail') or said.get('title', '')}"
    except (ValueError, AttributeError):
        text = f"{answer.status_code}: {answer.text[:300]}"
    if answer.status_code in {401, 403, 404}:
        text += " (the token's subject must be the principal of this source in the registry, the source active, and the role publisher)"
    return text
