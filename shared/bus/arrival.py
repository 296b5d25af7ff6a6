"""Records as they arrive: CloudEvents in structured or binary mode, decoded or named as undecodable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto

from shared.contracts.envelope import Catalogue, Fact, Foreign, decode_foreign, derived_id, family
from shared.store.unit_of_work import Cause
from shared.telemetry import tracing

_TIMER_RESULTS = ("vn.gandan.deadline-", "vn.gandan.applicant-deadline-", "vn.gandan.submission-deadline-")


class Undecodable(Exception):  # noqa: N818 - names a record, not a bug
    """This record is no fact: `reason` is a closed word, the message says what is wrong with it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Raw(msgspec.Struct, frozen=True, gc=False):
    """A Kafka record reduced to what can be parked and read again."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int

    def header(self, name: str) -> bytes | None:
        """The first header of that name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def text(self, name: str) -> str | None:
        """A header as ASCII text; any other byte is replaced."""
        value = self.header(name)
        return value.decode("ascii", "replace") if value is not None else None


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One fact as a consumer sees it; `fact` is None for a tombstone or a type this consumer does not read."""

    raw: Raw
    key: UUID
    id: str
    type: str
    sequence: int
    time: datetime
    fact: Fact | None
    group: str
    correlation: str | None = None
    retried: bool = False
    other_version: bool = False

    @property
    def tombstone(self) -> bool:
        """A null on a compacted topic: forget this key."""
        return self.raw.value is None

    @property
    def silent(self) -> bool:
        """Nothing to apply: a type this consumer does not read; its sequence still counts."""
        return self.fact is None and not self.tombstone

    def cause(self, now: datetime) -> Cause:
        """What this arrival causes refers to it: causation, correlation and trace."""
        return Cause(self.id, self.raw.topic, self.group, self._trace(now), self.correlation)

    def _trace(self, now: datetime) -> tracing.Arrival:
        return tracing.Arrival(
            self.id, self.raw.text("traceparent"), self.raw.text("tracestate"), self.raw.partition, self.raw.offset, str(self.key),
            age=(now - self.time).total_seconds(), timer=self.type.startswith(_TIMER_RESULTS), retried=self.retried,
            replayed=self.raw.header("x-replay") is not None,
        )  # fmt: skip


def key_id(key: bytes | None) -> UUID | None:
    """The aggregate a key names: a UUID as it is, another text by uuid5, nothing for no key."""
    if not key:
        return None
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return derived_id("key", key.hex())
    try:
        fast: UUID = pgproto.UUID(text)  # a uuid.UUID in C, seven times faster to parse
    except ValueError:
        return derived_id("key", text)
    return fast


_decoders: dict[type[Fact], Callable[[bytes | msgspec.Raw], Fact]] = {}


def _decoder(kind: type[Fact]) -> Callable[[bytes | msgspec.Raw], Fact]:
    if (known := _decoders.get(kind)) is None:
        known = _decoders[kind] = msgspec.json.Decoder(kind).decode
    return known


_BINARY = ("id", "source", "type", "subject", "time", "specversion")


def _foreign(raw: Raw) -> Foreign:
    if raw.value is None:
        raise Undecodable("null-value", "a null value on a topic of facts")
    try:
        if raw.header("ce_specversion") is None:
            return decode_foreign(raw.value)
        attributes: dict[str, Any] = {name: (raw.header(f"ce_{name}") or b"").decode() for name in _BINARY}
        attributes |= {
            "sequence": int(raw.header("ce_sequence") or b"0"),
            "epoch": int(raw.header("ce_epoch") or b"1"),
            "data": msgspec.Raw(raw.value),
        }
        return msgspec.convert(attributes, Foreign)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise Undecodable("not-an-envelope", str(error)[:300]) from None


def decode(
    raw: Raw,
    catalogue: Catalogue,
    families: Mapping[str, object],
    group: str,
    *,
    topic: str | None = None,
    compacted: bool = False,
    retried: bool = False,
) -> Arrival:
    """Read one record for a consumer that knows `catalogue`; `topic` is its name without prefix; `Undecodable` says what is wrong."""
    key = key_id(raw.key)
    if key is None:
        raise Undecodable("no-key", "a record without a key")
    if raw.value is None and compacted:
        when = datetime.fromtimestamp(raw.timestamp_ms / 1000, UTC)
        return Arrival(raw, key, "", "tombstone", 0, when, None, group, retried=retried)
    envelope = _foreign(raw)
    if envelope.sequence < 1 or envelope.subject.encode() != raw.key:
        raise Undecodable("wrong-subject", f"subject {envelope.subject[:80]!r}, sequence {envelope.sequence}")
    fact, other = None, False
    if (kind := catalogue.find(topic or raw.topic, envelope.type)) is None:
        other = family(envelope.type)[0] in families
    else:
        try:
            fact = _decoder(kind)(envelope.data)
        except msgspec.MsgspecError as error:
            raise Undecodable("schema", f"{envelope.type}: {error}"[:300]) from None
    return Arrival(
        raw, key, envelope.id, envelope.type, envelope.sequence, envelope.time, fact, group, envelope.correlationid,
        retried, other,
    )  # fmt: skip


def raw_of(record: Any) -> Raw:
    """Reduce an aiokafka ConsumerRecord."""
    return Raw(
        record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers), record.timestamp
    )


def written(value: bytes | None) -> str | None:
    """Any bytes as ASCII that a person can read and a database can keep (PostgreSQL has no NUL in a text)."""
    return value.decode("latin-1").encode("unicode_escape").decode() if value is not None else None


def unwritten(text: str | None) -> bytes | None:
    """The reverse of `written`."""
    return text.encode().decode("unicode_escape").encode("latin-1") if text is not None else None


def headers_to_json(headers: Sequence[tuple[str, bytes | None]]) -> list[list[str | None]]:
    """Headers as JSON that keeps every byte."""
    return [[written(name.encode()), written(value)] for name, value in headers]


def headers_from_json(headers: Sequence[Sequence[str | None]]) -> tuple[tuple[str, bytes | None], ...]:
    """The reverse of `headers_to_json`."""
    return tuple(((unwritten(name) or b"").decode(), unwritten(value)) for name, value in headers)
