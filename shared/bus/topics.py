"""Topics as code: created and compared by `gandan topics sync`; partitions never change (keys would move)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.bus import login
from shared.bus.broker import guarded
from shared.contracts.sources import reply_topic, source_topic

DAY_MS = 86_400_000
_EXISTS = 36
_SEEN_SECONDS = 30


class TopicRefused(Exception):  # noqa: N818 - Kafka's answer
    """Kafka refused to make a topic; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: facts are kept for ever, reference data is compacted, sources keep 14 days."""

    name: str
    partitions: int = 12
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def compacted(self) -> bool:
        """Whether only the newest record of a key is kept."""
        return self.settings.get("cleanup.policy") == "compact"


def facts(name: str) -> Topic:
    """A topic of facts: 12 partitions, unlimited retention."""
    return Topic(name, 12, {"retention.ms": "-1", "retention.bytes": "-1"})


def compacted(name: str, *, max_lag_ms: int | None = None) -> Topic:
    """A compacted topic of current records: 1 partition."""
    settings = {"cleanup.policy": "compact"}
    if max_lag_ms is not None:
        settings["max.compaction.lag.ms"] = str(max_lag_ms)
    return Topic(name, 1, settings)


def of_source(source: str) -> tuple[Topic, Topic]:
    """What a source system sends on, stamped by the broker's clock, and where it is answered; both kept for 14 days."""
    kept = {"retention.ms": str(14 * DAY_MS)}
    stamped = {**kept, "message.timestamp.type": "LogAppendTime"}
    return Topic(source_topic(source), 3, stamped), Topic(reply_topic(source), 1, kept)


CATALOGUE: tuple[Topic, ...] = (
    facts("intake.dossiers"),
    compacted("intake.units"),
    compacted("intake.procedures"),
    compacted("intake.staff"),
    compacted("intake.calendar"),
    compacted("intake.contacts", max_lag_ms=DAY_MS),
    facts("intake.letters"),
    facts("complaints.cases"),
    compacted("complaints.contacts", max_lag_ms=DAY_MS),
    facts("notifications.notices"),
)
"""Every topic of this version; a topic enters when somebody writes it."""

COMPACTED = frozenset(topic.name for topic in CATALOGUE if topic.compacted)


@asynccontextmanager
async def admin(bootstrap: str, *, nameless: bool = False) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client, closed whatever happens; `nameless` where nobody needs a name."""
    who = {} if nameless else login.of_client()
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000, **who)
    try:
        if (error := await guarded(client.start(), 15)) is not None:
            raise ConnectionError(f"Kafka at {bootstrap} does not answer") from error
        yield client
    finally:
        await guarded(client.close(), 3)


async def cluster_id(bootstrap: str) -> str:
    """The id of the cluster; another id means another (new, empty) Kafka (decisions 3)."""
    async with admin(bootstrap) as client:
        described = await client.describe_cluster()
    return str(described["cluster_id"])


def _wanted(prefix: str, topic: Topic, replication: int) -> NewTopic:
    settings = dict(topic.settings)
    if replication == 1:
        settings["flush.messages"] = "1"
    else:
        settings["min.insync.replicas"] = "2"
    return NewTopic(prefix + topic.name, topic.partitions, replication, topic_configs=settings)


async def sync(
    bootstrap: str, *, replication: int = 1, prefix: str = "", topics: Sequence[Topic] = CATALOGUE
) -> list[str]:
    """Create what is missing; returns the names created. Errors come as values from aiokafka and are raised here."""
    async with admin(bootstrap) as client:
        present = set(await client.list_topics())
        missing = [topic for topic in topics if prefix + topic.name not in present]
        if not missing:
            return []
        answer = await client.create_topics([_wanted(prefix, topic, replication) for topic in missing])
        made = []
        for name, code, *rest in answer.topic_errors:
            if code not in {0, _EXISTS}:
                raise TopicRefused(f"{name}: {rest[0] if rest else ''} (Kafka error {code})")
            if code != _EXISTS:  # somebody else made it meanwhile
                made.append(name)
        await _seen(client, [prefix + topic.name for topic in missing])
    return made


async def _seen(client: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Wait until the broker shows the partitions of what was made: it answers the creation before it does."""
    async with asyncio.timeout(_SEEN_SECONDS):
        while not all(_whole(topic) for topic in await client.describe_topics(list(names))):  # noqa: ASYNC110 - Kafka tells nobody
            await asyncio.sleep(0.02)


def _whole(described: Mapping[str, Any]) -> bool:
    return not described["error_code"] and bool(described["partitions"])
