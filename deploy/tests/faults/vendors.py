"""Source systems of a campaign: what each tells, right and wrong, and the doors they tell it at."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
from confluent_kafka import Producer
from nacl.public import PublicKey, SealedBox

from deploy.tests.faults.ledger import KNOWN_PROCEDURE, Json, Ledger
from shared.testing.clients import PASSES
from shared.testing.clock import MONDAY_MORNING

VIETNAM = timezone(timedelta(hours=7))
BATCH = 60
_MONDAY = datetime(2026, 11, 9, 8, 0, tzinfo=VIETNAM)
SLIP, FAR = "2026-11-16T17:00:00+07:00", "2026-12-21T17:00:00+07:00"
_DAYS = (4, 7, 9)
"""Days after receipt on which a result comes: before the slip's day, on it, after it."""
_KINDS = (
    "plain",
    "plain",
    "open",
    "late",
    "skips",
    "disorder",
    "overtaken",
    "refused",
    "orphan",
    "unheard",
    "reopened",
)
_BROKEN = ("no-json", "no-status", "named", "foreign", "nowhere", "masked", "future", "reused", "huge")


@dataclass
class Vendor:
    """One system: its units, whether it tells its citizens itself, and everything it sends, in order."""

    id: str
    number: int
    units: Sequence[str]
    contact_key: bytes
    tells_citizens: bool = False
    offline: bool = False
    """Its line is down for the first day."""
    ahead: timedelta | None = None
    """By how much its clock is ahead of ours; None: its events say no time."""
    begun: datetime = MONDAY_MORNING
    """When it makes its events, by our clock."""
    random: random.Random = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    spent: dict[str, str] = field(default_factory=dict)
    """The id of an event, and what it is about."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)  # noqa: S311 - the same campaign every time

    def events(self, number: int) -> list[bytes]:
        """So many events: lives of dossiers shuffled into each other, one in twelve broken, one in ten sent again."""
        lives: list[list[Json | bytes]] = []
        while sum(map(len, lives)) < number * 0.9:
            lives.append(self._life(self.random.choice(_KINDS)) if self.random.random() < 0.8 else [self._broken()])
        told, open_ = [], lives[:40]
        waiting = iter(lives[40:])
        while open_:
            life = self.random.choice(open_)
            told.append(life.pop(0))
            if not life:
                open_.remove(life)
                open_ += [each for each in [next(waiting, None)] if each]
        sent = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in told]
        again = self.random.sample([body for body in sent if b'"good-' in body], k=max(0, number - len(sent)))
        for body in again:
            sent.insert(self.random.randint(sent.index(body) + 1, len(sent)), body)
        return sent

    def dossier(self, slip: str = SLIP) -> Json:
        """A right event about a dossier nobody has heard of."""
        return self._first(self._code(), slip, KNOWN_PROCEDURE)

    def _code(self) -> str:
        return f"H50.{self.number:02d}.12-261109-{next(self.numbers):06d}"

    def _life(self, kind: str) -> list[Json | bytes]:
        """The events of one dossier, in the order in which they are sent."""
        code = self._code()
        far = kind in {"open", "reopened"}
        first = self._first(code, FAR if far else SLIP, "9.999999" if kind == "unheard" else KNOWN_PROCEDURE)
        step = [self._step(code, status, days) for status, days in ((4, 1), (9, self.random.choice(_DAYS)), (10, 10))]
        lives: dict[str, list[Json | bytes]] = {
            "plain": [first, *step], "open": [first, step[0]], "late": [first, step[0]], "skips": [first, step[2]],
            "disorder": [step[0], first, *step[1:]], "overtaken": [first, step[1], step[0], step[2]],
            "refused": [first, step[0], self._step(code, 3, 2)], "orphan": [step[0]], "unheard": [first, step[0]],
            "reopened": [first, step[1], self._step(code, 4, 10, correction=True, reason_class="misread")],
        }  # fmt: skip
        return lives[kind]

    def _first(self, code: str, slip: str, procedure: str) -> Json:
        person = {"name": f"Lê Văn {code[-6:]}", "identity_no": f"0{self.number:03d}00{code[-6:]}"}
        box = SealedBox(PublicKey(self.contact_key)).encrypt(json.dumps(person).encode())
        at = _MONDAY.isoformat()
        return self._event("upserted", {
            "code": code, "procedure": procedure, "unit": self.random.choice(self.units), "channel": "direct", "submitted_at": at, "received_at": at,
            "appointment_at": slip, "status": 2, "contact_sealed": base64.b64encode(box).decode(),
        })  # fmt: skip

    def _step(self, code: str, status: int, days: int, **more: Any) -> Json:
        at = (_MONDAY + timedelta(days=days)).isoformat()
        return self._event("progressed", {"code": code, "status": status, "at": at, **more})

    def _event(self, kind: str, data: Json) -> Json:
        id_ = f"good-{next(self.ids)}"
        self.spent = self.spent or {"id": id_, "subject": data["code"]}
        said_at = {} if self.ahead is None else {"time": (self.begun + self.ahead).isoformat()}
        return {
            "specversion": "1.0", "id": id_, "source": f"/sources/{self.id}", "type": f"vn.gandan.source.dossier-{kind}.v1",
            "subject": data["code"], **said_at, "data": data,
        }  # fmt: skip

    def _broken(self) -> Json | bytes:
        """An event with one mistake in it."""
        kind = self.random.choice(_BROKEN)
        event = self.dossier()
        event["id"] = f"bad-{next(self.ids)}"
        if kind == "reused" and self.spent:
            event |= self.spent  # about the same dossier: events about different ones have no order among them
            event["data"] = {**event["data"], "code": event["subject"]}
        if kind == "no-json":
            return json.dumps(event).encode()[:-1]
        if kind == "masked":
            event["source"] = "/sources/somebody-else"
        changes: dict[str, Json] = {
            "no-status": {"status": None}, "named": {"name": "Lê Văn An"}, "foreign": {"unit": "19333"}, "nowhere": {"unit": "00001"},
            "future": {"at": "2027-11-09T08:00:00+07:00"}, "huge": {"note_code": "x" * 70_000},
        }  # fmt: skip
        event["data"] |= changes.get(kind, {})
        event["data"] = {name: value for name, value in event["data"].items() if value is not None}
        return event


def model_of(vendor: Vendor, province: frozenset[str], told: Sequence[bytes]) -> Ledger:
    """What must become of what it sends."""
    ledger = Ledger(vendor.id, frozenset(vendor.units), province, datetime(2026, 11, 23, tzinfo=UTC))
    for body in told:
        ledger.take(body)
    return ledger


def tell_kafka(bootstrap: str, topic: str, told: Sequence[bytes]) -> None:
    """A plain producer of another library, with no setting of ours: the code is the key, what is no JSON goes under none."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all", "log_level": 0})
    for body in told:
        try:
            key = json.loads(body)["subject"]
        except ValueError:
            key = None
        producer.produce(topic, body, key=key)
        producer.poll(0)
    assert producer.flush(60) == 0


async def tell_http(client: httpx.AsyncClient, base: Callable[[], str], token: str, told: Sequence[bytes]) -> None:
    """One request after the other; one that nobody answered, or that was refused for now, is sent again as it is."""
    for kind, body in _requests(told):
        headers = {"authorization": f"Bearer {token}", "content-type": kind}
        while True:
            try:
                answer = await client.post(f"{base()}/intake/v1/source-events", content=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code not in PASSES:
                break
            await asyncio.sleep(0.05)
        assert answer.status_code == httpx.codes.OK, answer.text[:500]
        assert not [item for item in answer.json()["items"] if item["status"] == "failed"]


def _requests(told: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Batches; what is no JSON goes alone, as it would spoil its batch."""
    batch: list[bytes] = []
    for body in told:
        whole = body.endswith(b"}}")
        if whole:
            batch.append(body)
        if batch and (len(batch) == BATCH or not whole):
            yield "application/cloudevents-batch+json", b"[" + b",".join(batch) + b"]"
            batch = []
        if not whole:
            yield "application/cloudevents+json", body
    if batch:
        yield "application/cloudevents-batch+json", b"[" + b",".join(batch) + b"]"
