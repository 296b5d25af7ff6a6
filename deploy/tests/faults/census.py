"""The census: accepted commands = facts in topics = facts applied in reporting = notices owed. Nothing lost, doubled, turned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from deploy.tests.province import Province
from shared.store.facts import Damage, verify
from shared.testing.kafka import read_all
from shared.testing.waiting import wait_until

PREFIX, SUFFIX = "vn.gandan.", ".v1"
DRAIN_SECONDS = 90

OWED = {
    "dossier-accepted": "HS-01",
    "supplement-requested": "HS-02",
    "dossier-refused": "HS-03",
    "dossier-settled": "HS-07",
    "result-returned": "HS-08",
    "dossier-withdrawn": "HS-09a",
    "deadline-breached": "HS-06a",
    "submission-registered": "DT-01a",
    "case-accepted": "KN-01a",
    "case-refused": "KN-01b",
    "answer-sent": "PA-01",
}
"""Which fact owes which notice, as the catalogue of notices says; HS-00 is owed for what an officer has still to accept."""

COUNTED = {
    "dossier-submitted": "received",
    "dossier-accepted": "accepted",
    "dossier-withdrawn": "withdrawn",
    "result-returned": "returned",
    "supplement-requested": "paused",
}
"""Which fact raises which counter of `unit_day`; a supplement before acceptance pauses too."""

_PARKED = "SELECT consumer, topic, reason, detail FROM parked ORDER BY id"

Place = tuple[UUID, int]
"""A dossier, a letter or a case, and the sequence of a fact in it."""


@dataclass
class Promises:
    """What accepted commands owe: the facts of each dossier in order, and who was told to wait for an answer first.

    `letters` holds the same of each letter and of each case that was made of one.
    """

    facts: dict[UUID, list[str]] = field(default_factory=dict)
    waits: set[UUID] = field(default_factory=set)
    letters: dict[UUID, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many facts of dossiers are owed."""
        return sum(map(len, self.facts.values()))

    def letter(self, about: UUID, fact: str) -> None:
        """One more fact of a letter or a case is owed."""
        self.letters.setdefault(about, []).append(fact)

    def notices(self) -> Counter[tuple[str, UUID, int]]:
        """The notices owed: code, dossier or letter or case, sequence; each once."""
        owed = Counter(("HS-00", id_, 1) for id_ in self.waits)
        places = placed(self.facts) | placed(self.letters)
        owed.update((OWED[fact], *place) for place, fact in places.items() if fact in OWED)
        return owed


def placed(owed: Mapping[UUID, Sequence[str]]) -> dict[Place, str]:
    """Facts owed, as a topic would show them."""
    return {(id_, n): fact for id_, facts in owed.items() for n, fact in enumerate(facts, 1)}


@dataclass
class Topic:
    """A topic as a plain reader finds it."""

    facts: dict[Place, str] = field(default_factory=dict)
    ids: dict[Place, UUID] = field(default_factory=dict)
    doubled: int = 0
    """Records that came again, with the same id; readers drop them by their sequence."""
    inversions: list[str] = field(default_factory=list)
    """Facts that came for the first time before the fact that precedes them."""
    last: dict[UUID, int] = field(default_factory=dict)

    def take(self, value: bytes) -> None:
        """Read one record."""
        envelope = msgspec.json.decode(value)
        key, sequence, id_ = UUID(envelope["subject"]), int(envelope["sequence"]), UUID(envelope["id"])
        place = (key, sequence)
        if place in self.facts:
            assert self.ids[place] == id_, f"two facts are number {sequence} of {key}"
            self.doubled += 1
            return
        if sequence != self.last.get(key, 0) + 1:
            self.inversions.append(f"{key}: {sequence} after {self.last.get(key, 0)}")
        self.last[key] = max(sequence, self.last.get(key, 0))
        self.facts[place], self.ids[place] = short(envelope["type"]), id_


def short(type_: str) -> str:
    """`vn.gandan.dossier-settled.v1` -> `dossier-settled`."""
    return type_.removeprefix(PREFIX).removesuffix(SUFFIX)


async def read_topic(province: Province, name: str, *, ours: bool = True) -> Topic:
    """Everything in a topic; with `ours` unset, records that are no facts are passed over."""
    topic = Topic()
    for record in await read_all(province.bootstrap, province.prefix + name):
        try:
            topic.take(record.value or b"")
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            assert not ours, f"{name}: a record that is no fact: {record.value[:80]!r}"
    return topic


@dataclass
class Census:
    """What a province's stores hold."""

    lines: dict[UUID, int]
    timeline: dict[Place, str]
    letter_lines: dict[UUID, int]
    """Of letters and of cases."""
    letters: dict[Place, str]
    counters: Counter[str]
    notices: Counter[tuple[str, UUID, int]]
    inbox: int
    unread: int
    parked: list[tuple[str, ...]]
    """Consumer, topic, reason and detail of every record set aside."""
    waiting: int
    """Rows in outboxes."""


async def take(province: Province) -> Census:
    """Count everything; what is in one store at one moment."""
    async with province.database("reporting") as db, _one_moment(db):
        version = await db.fetchval("SELECT version FROM projection_active")
        lines = await db.fetch(f"SELECT id, version FROM dossier_line_{version}")
        timeline = await db.fetch(f"SELECT dossier, sequence, type FROM timeline_{version}")
        letter_lines = await db.fetch(
            f"SELECT id, version FROM letter_line_{version} UNION ALL SELECT id, version FROM case_line_{version}"
        )
        letters = await db.fetch(f"SELECT about, sequence, type FROM case_timeline_{version}")
        sums = ", ".join(f"coalesce(sum({name}), 0)::int AS {name}" for name in COUNTED.values())
        counters = await db.fetchrow(f"SELECT {sums} FROM unit_day_{version}")
        parked = await db.fetch(_PARKED)
    async with province.database("notifications") as db, _one_moment(db):
        told = await db.fetch("SELECT code, aggregate, aggregate_seq FROM notification")
        inbox = await db.fetchval("SELECT count(*) FROM inbox_item")
        unread = await db.fetchval("SELECT coalesce(sum(unread), 0)::int FROM recipient")
        parked += await db.fetch(_PARKED)
        waiting = await db.fetchval("SELECT count(*) FROM outbox")
    for service in ("intake", "complaints"):
        async with province.database(service) as db:
            waiting += await db.fetchval("SELECT count(*) FROM outbox")
            parked += await db.fetch(_PARKED)
    return Census(
        lines={row["id"]: row["version"] for row in lines},
        timeline={(row["dossier"], row["sequence"]): short(row["type"]) for row in timeline},
        letter_lines={row["id"]: row["version"] for row in letter_lines},
        letters={(row["about"], row["sequence"]): short(row["type"]) for row in letters},
        counters=Counter(dict(counters.items())),
        notices=Counter((row["code"], row["aggregate"], row["aggregate_seq"]) for row in told),
        inbox=inbox,
        unread=unread,
        parked=[tuple(row) for row in parked],
        waiting=waiting,
    )


def _one_moment(db: Any) -> AbstractAsyncContextManager[None]:
    """Statements in here all see the same rows: a batch is in all of their answers or in none."""
    moment: AbstractAsyncContextManager[None] = db.transaction(isolation="repeatable_read", readonly=True)
    return moment


async def drained(province: Province, promised: Promises, *, seconds: float = DRAIN_SECONDS) -> Census:
    """Wait until everything accepted has arrived everywhere; the census then."""
    facts, letters, owed = promised.total, sum(map(len, promised.letters.values())), promised.notices().total()

    async def arrived() -> Census | None:
        found = await take(province)
        done = len(found.timeline) >= facts and len(found.letters) >= letters
        done = done and found.notices.total() >= owed and found.waiting == 0
        return found if done else None

    found = await wait_until(arrived, seconds=seconds, every=0.2, what=f"{facts + letters} facts and {owed} notices")
    assert found is not None
    return found


async def caught_up(province: Province, promised: Promises, *, seconds: float = DRAIN_SECONDS) -> None:
    """Wait until everything accepted until now is in the read model, while more may come."""
    facts = promised.total
    async with province.database("reporting") as db:
        there = "SELECT count(*) >= $1 FROM timeline_1"
        await wait_until(lambda: db.fetchval(there, facts), seconds=seconds, what=f"{facts} facts in reporting")


async def agree(
    province: Province, promised: Promises, *, ours: bool = True, turned: bool = False, seconds: float = DRAIN_SECONDS
) -> Topic:
    """Assert that all counters agree and every history is whole; returns intake's topic for more questions.

    `ours` is unset where the test wrote records that are no facts, `turned` where it wrote facts in the wrong order.
    """
    found = await drained(province, promised, seconds=seconds)
    topic = await read_topic(province, "intake.dossiers", ours=ours)
    await _told(province, promised, found)
    owed = placed(promised.facts)
    assert topic.facts == owed, _difference(topic.facts, owed)
    assert turned or topic.inversions == []
    assert found.timeline == owed, _difference(found.timeline, owed)
    assert found.lines == {id_: len(facts) for id_, facts in promised.facts.items()}
    wanted = Counter(COUNTED[fact] for fact in owed.values() if fact in COUNTED)
    assert found.counters == wanted, f"{found.counters} instead of {wanted}"
    assert found.parked == [], found.parked[:5]
    await _letters(province, promised, found, turned=turned)
    for service in ("intake", "complaints", "notifications"):
        await _whole(province, service)
    return topic


async def _letters(province: Province, promised: Promises, found: Census, *, turned: bool) -> None:
    """The same of letters and cases: what was promised is in the topic, in reporting and on its lines, in order."""
    owed = placed(promised.letters)
    assert found.letters == owed, _difference(found.letters, owed)
    assert found.letter_lines == {id_: len(facts) for id_, facts in promised.letters.items()}
    if owed:
        topic = await read_topic(province, "complaints.cases")
        assert topic.facts == owed, _difference(topic.facts, owed)
        assert turned or topic.inversions == []


async def _told(province: Province, promised: Promises, found: Census) -> None:
    owed = promised.notices()
    assert found.notices == owed, f"too many: {found.notices - owed}, missing: {owed - found.notices}"
    assert found.inbox == found.unread == owed.total()
    topic = await read_topic(province, "notifications.notices")
    assert sum(fact == "notice-created" for fact in topic.facts.values()) == owed.total()
    assert topic.inversions == []


async def _whole(province: Province, service: str) -> None:
    async with province.database(service) as db:
        damages = [found async for found in verify(db) if isinstance(found, Damage)]
    assert damages == []


def _difference(found: Mapping[Place, str], owed: Mapping[Place, str]) -> str:
    """The first places in which two views differ."""
    wrong = {place: (found.get(place), owed.get(place)) for place in found.keys() | owed.keys()}
    shown = [(place, pair) for place, pair in wrong.items() if pair[0] != pair[1]][:5]
    return f"{len(found)} instead of {len(owed)} facts, e.g. {shown}"
