"""Source systems: who may tell us about whose dossiers, how much, and what an event of theirs is refused for. Pure.

One rule book for both doors: `read` judges an event by itself and by the registry's entry of its source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import combinations
from typing import Any, Final

import msgspec

from services.intake.domain import source_shapes
from services.intake.domain.source_shapes import Shape
from shared.law import Calendar, YearStatus
from shared.law.zone import moment

ACTIVE, SUSPENDED, CLOSED = "active", "suspended", "closed"
MAX_BYTES: Final = 65_536
"""What one event may have, unless the registry says otherwise."""
SKEW: Final = timedelta(minutes=5)
"""A source's clock may be ahead by so much."""
PATIENCE: Final = timedelta(days=7)
"""How long an event waits for its dossier, or for the catalogue."""
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data")


class Reason(StrEnum):
    """Why an event is rejected: the closed list of the interface."""

    SCHEMA = "schema"
    TOO_LARGE = "too-large"
    TOO_FAST = "too-fast"
    FOREIGN_UNIT = "foreign-unit"
    UNKNOWN_UNIT = "unknown-unit"
    UNKNOWN_PROCEDURE = "unknown-procedure"
    FUTURE_TIME = "future-time"
    BACKWARD_STATUS = "backward-status"
    IMPOSSIBLE_STATUS = "impossible-status"
    ID_REUSED = "id-reused"
    CLEAR_PERSONAL_DATA = "clear-personal-data"
    WAITED_TOO_LONG = "waited-too-long"
    SOURCE_MISMATCH = "source-mismatch"


class Rejected(Exception):  # noqa: N818 - an answer
    """An event is not taken; `fields` are JSON Pointers to what is wrong in it."""

    def __init__(self, reason: Reason, *fields: str) -> None:
        super().__init__(reason.value)
        self.reason, self.fields = reason, fields


MOST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a source may send: events a second in the long run, at once, and bytes of one event."""

    events_per_second: int = 50
    burst: int = 1000
    max_bytes: int = MAX_BYTES

    def wait(self, refused: int) -> float:
        """Seconds in which there is room again for as many events as came too fast."""
        return min(refused, self.burst) / self.events_per_second


def pause(wait: float, last: float) -> float:
    """Seconds to wait where there is room again in `wait`; twice as long as `last` where that pause changed nothing, a minute at most."""
    return min(MOST_PAUSE, max(wait, 2 * last)) if wait else 0.0


@dataclass(frozen=True, slots=True)
class Mandate:
    """A unit a source speaks for, from a day on and maybe until one."""

    unit: str
    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Whether it spoke for the unit on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def meets(self, other: Mandate) -> bool:
        """Whether both are of one unit on some day."""
        return self.unit == other.unit and (self.covers(other.valid_from) or other.covers(self.valid_from))


@dataclass(frozen=True, slots=True)
class Source:
    """An entry of the registry; `id` also names its topic, `principal` is the subject of its tokens and its Kafka user."""

    id: str
    name: str
    principal: str
    units: tuple[Mandate, ...]
    quota: Quota = field(default_factory=Quota)
    tells_citizens: bool = False
    """Whether it tells its citizens itself, so that we send them nothing."""
    contact: str | None = None
    sandbox: bool = False
    """Its events are judged like all, and nothing of them leaves intake."""
    state: str = ACTIVE
    version: int = 1
    topics_at: datetime | None = None
    silence_hours: int | None = None
    """After so many hours of office time without a word it counts as silent; None: when that is unusual for it."""

    @property
    def uri(self) -> str:
        """What its events say in `source`."""
        return f"/sources/{self.id}"

    @property
    def ready_at(self) -> datetime | None:
        """From when on it can speak: it has its topics, and its first mandate has begun; None: not yet."""
        if self.topics_at is None or not self.units:
            return None
        return max(self.topics_at, moment(min(each.valid_from for each in self.units)))

    def speaks_for(self, unit: str, day: date) -> bool:
        """Whether it speaks for this unit on this day."""
        return any(each.unit == unit and each.covers(day) for each in self.units)

    @property
    def spoken_for_twice(self) -> Sequence[str]:
        """Units that two entries name for the same day: the end of one would be none."""
        return sorted({one.unit for one, other in combinations(self.units, 2) if one.meets(other)})


def check_own(source: Source, received_at: datetime, *units: str) -> None:
    """What a source told before is its own as long as it speaks for one of the units it is with, by the day it was received."""
    day = source_shapes.local_day(received_at)
    if not any(source.speaks_for(unit, day) for unit in units):
        raise Rejected(Reason.FOREIGN_UNIT, "/data/code")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The token bucket of a source: what is left, and when that was."""

    level: float
    at: datetime

    def take(self, quota: Quota, at: datetime) -> tuple[bool, Bucket]:
        """Take one token at this instant; whether there was one. An instant before the last one fills nothing."""
        waited = max(0.0, (at - self.at).total_seconds())
        level = min(float(quota.burst), self.level + waited * quota.events_per_second)
        there = level >= 1
        return there, Bucket(level - 1 if there else level, max(at, self.at))

    def seen_at(self, now: datetime) -> Bucket:
        """As it is by our clock: one that was filled in what is the future now, since the clock was set back, goes on from now."""
        return self if self.at <= now + SKEW else Bucket(self.level, now)


@dataclass(frozen=True, slots=True, repr=False)
class Delivered:
    """An event as a door took it: structured (all in `body`), or binary (`attributes` beside the data in `body`).

    `at`: when it came, by the clock that its rate is counted by. `trouble`: the door itself could not read it.
    """

    body: bytes
    at: datetime
    attributes: Mapping[str, str] | None = None
    trouble: str | None = None
    digest: bytes | None = None
    """What tells it from another under its id, where the body is not as it came: translated, or kept while it waited."""

    @property
    def size(self) -> int:
        """Bytes of body and attributes."""
        return len(self.body) + sum(len(name) + len(value) for name, value in (self.attributes or {}).items())


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """An event that is right by itself; `data` holds read values (instants, not texts)."""

    id: str
    type: str
    kind: str
    """The type's own word, such as `dossier-upserted`."""
    key: str
    """What it is about: the code of a dossier, of a letter, or of a unit."""
    time: datetime | None
    data: Mapping[str, Any]
    body_hash: bytes
    plain: Mapping[str, Any]
    """As it came."""

    @property
    def begins(self) -> bool:
        """Whether a dossier or letter nobody knows yet may begin with it."""
        return self.type in {source_shapes.UPSERTED.type, source_shapes.LETTER_UPSERTED.type}

    @property
    def kept(self) -> Mapping[str, Any]:
        """What is kept of one that has to wait: all that it is judged by. Extensions are free, so nobody knows what stands in them."""
        return {name: self.plain[name] for name in _ATTRIBUTES if name in self.plain}


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """What could be told of an event, be it rejected: its id and code only where they are well formed."""

    id: str | None
    key: str | None
    type: str | None
    time: datetime | None
    body_hash: bytes


def uncounted(event: Event, calendar: Calendar) -> Rejected:
    """The times of an event in years whose days off nobody knows; where only a limit reaches into one, its receipt, from which that counts."""
    years = {
        name: source_shapes.local_day(said).year for name, said in event.data.items() if isinstance(said, datetime)
    }
    found = [f"/data/{name}" for name, year in years.items() if calendar.status(year) is YearStatus.UNKNOWN]
    return Rejected(Reason.SCHEMA, *(found or ["/data/received_at"]))


def read(
    delivered: Delivered, source: Source, at: datetime, units: Mapping[str, Any]
) -> tuple[Known, Event | Rejected]:
    """The event, or why it is rejected; `at` is our clock, `units` the units of the province."""
    known, plain = recognise(delivered, source)
    if isinstance(plain, Rejected):
        return known, plain
    try:
        return known, _judged(plain, known, source, at, units)
    except Rejected as rejected:
        return known, rejected


def recognise(delivered: Delivered, source: Source) -> tuple[Known, Mapping[str, Any] | Rejected]:
    """What may be kept of any event, and its content, not judged yet: enough for one that came too fast."""
    known = Known(None, None, None, None, sha256(delivered.body).digest())
    if delivered.size > source.quota.max_bytes:
        return known, Rejected(Reason.TOO_LARGE)
    try:
        plain = _plain(delivered)
    except Rejected as rejected:
        return known, rejected
    known = _known(plain)
    if delivered.digest is not None:
        known = replace(known, body_hash=delivered.digest)
    return known, plain


def _plain(delivered: Delivered) -> Mapping[str, Any]:
    """The event as one JSON object, whatever mode it came in."""
    if delivered.trouble is not None:
        raise Rejected(Reason.SCHEMA, delivered.trouble)
    if b"\\u0000" in delivered.body or any(
        "\0" in each for pair in (delivered.attributes or {}).items() for each in pair
    ):
        raise Rejected(Reason.SCHEMA, "")
    try:
        found = msgspec.json.decode(delivered.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected(Reason.SCHEMA, "" if delivered.attributes is None else "/data") from None
    if delivered.attributes is not None:
        found = {**delivered.attributes, "data": found}
    if not isinstance(found, dict):
        raise Rejected(Reason.SCHEMA, "")
    return found


def _known(plain: Mapping[str, Any]) -> Known:
    """What may be kept of any event; its hash does not depend on the mode or on the order of fields."""
    said = {name: plain.get(name) for name in ("type", "source", "subject", "time", "data")}
    body_hash = sha256(msgspec.json.encode(said, order="deterministic")).digest()
    id_, type_, subject = plain.get("id"), plain.get("type"), plain.get("subject")
    return Known(
        id_ if source_shapes.is_event_id(id_) else None,
        subject if source_shapes.is_key(subject) else None,
        type_ if isinstance(type_, str) and type_ in source_shapes.SHAPES else None,
        source_shapes.instant(plain.get("time")),
        body_hash,
    )


def _judged(plain: Mapping[str, Any], known: Known, source: Source, at: datetime, units: Mapping[str, Any]) -> Event:
    if fields := source_shapes.personal(plain):
        raise Rejected(Reason.CLEAR_PERSONAL_DATA, *fields)
    if isinstance(said := plain.get("source"), str) and said != source.uri:
        raise Rejected(Reason.SOURCE_MISMATCH, "/source")
    shape = source_shapes.SHAPES.get(known.type or "")
    if fields := source_shapes.wrong(plain, shape):
        raise Rejected(Reason.SCHEMA, *fields)
    if shape is None or known.id is None or known.key is None:
        raise AssertionError("an event without a wrong field has a type, an id and a subject")
    if fields := source_shapes.identifies(plain["data"]):
        raise Rejected(Reason.CLEAR_PERSONAL_DATA, *fields)
    data = shape.read(plain["data"])
    _check_times(shape, known, data, at)
    _check_units(data, source, units, at)
    return Event(known.id, known.type or "", shape.kind, known.key, known.time, data, known.body_hash, plain)


def _check_times(shape: Shape, known: Known, data: Mapping[str, Any], at: datetime) -> None:
    ahead = [f"/data/{name}" for name in shape.past if data.get(name) is not None and data[name] > at + SKEW]
    if known.time is not None and known.time > at + SKEW:
        ahead.insert(0, "/time")
    if data.get("day") is not None and data["day"] > source_shapes.local_day(at + SKEW):
        ahead.append("/data/day")
    if ahead:
        raise Rejected(Reason.FUTURE_TIME, *ahead)


def _check_units(data: Mapping[str, Any], source: Source, units: Mapping[str, Any], at: datetime) -> None:
    """A source speaks for its own units, by the day it speaks of."""
    said = data.get("received_at") or data.get("submitted_at") or data.get("at") or at
    day = data.get("day") or source_shapes.local_day(said)
    for name in ("unit", "by_unit"):
        if (unit := data.get(name)) is None:
            continue
        if unit not in units:
            raise Rejected(Reason.UNKNOWN_UNIT, f"/data/{name}")
        if not source.speaks_for(unit, day):
            raise Rejected(Reason.FOREIGN_UNIT, f"/data/{name}")
