"""Door 2, Kafka: events of source systems, each on its own topic; its own facts where the national portal hears of them; and what intake sends that is no fact, the contacts."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.intake import handlers
from services.intake.domain.egress import STEPS
from services.intake.domain.sources import Delivered
from services.intake.handlers import Desk
from services.intake.handlers.source_letters import TOLD_BACK, tell_source
from shared.bus import topics
from shared.bus.arrival import Arrival, Raw
from shared.bus.consumer import Listener
from shared.bus.contacts import sealed_contacts
from shared.bus.door import Entry, Rests
from shared.bus.relay import Outgoing
from shared.contracts.complaints import CASES
from shared.contracts.envelope import Catalogue
from shared.contracts.intake import DOSSIERS, ContactSealed
from shared.contracts.sources import source_topic
from shared.store.db import Connection
from shared.store.unit_of_work import Work, Works
from shared.timers import Timer

log = logging.getLogger(__name__)

TOPICS_SECONDS = 2
MOST_REST = 4.0
"""Seconds: what a source of a small quota sends after a flood does not wait for long."""
_STRUCTURED = "application/cloudevents"


async def on_case_facts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Tell a source what complaints says of its cases."""
    await tell_source(work, [(each.fact, each.cause(work.now)) for each in arrivals if each.fact is not None])


LISTENERS = (Listener("intake.source-feed", Catalogue.of(TOLD_BACK), {CASES: on_case_facts}),)


async def seal_contacts(works: Works, connection: Connection, recipients: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """The contacts of these recipients, sealed now for notifications; a tombstone where the person was forgotten."""
    return sealed_contacts(works, await handlers.contact_details(works, connection, recipients), ContactSealed)


async def on_dossier_facts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Queue what the national portal is to hear of our own dossiers; in the order of their facts."""
    told = [(each.key, each.sequence, each.fact) for each in arrivals if each.fact is not None]
    await handlers.owe_portal(work, told)


PORTAL = Listener("intake.portal", Catalogue.of(tuple(STEPS)), {DOSSIERS: on_dossier_facts})
"""Only where a portal is configured; it begins with the first dossier there ever was."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The Kafka door of source systems: their topics are made when they are registered, and read by their pattern."""

    desk: Desk
    bootstrap: str
    prefix: str
    replication: int

    def entry(self) -> Entry:
        """All topics `sources.<id>`, also those that come later; replies have another dot."""
        return Entry("intake.sources", r"sources\.[a-z][a-z0-9-]*", self.take, readers=2)

    def timer(self) -> Timer:
        """Makes the topics of new sources."""
        return Timer("intake.source-topics", TOPICS_SECONDS, self.make_topics)

    async def make_topics(self) -> bool:
        """Make the topics of sources that have none yet; replies go there from then on."""
        if not (ids := await handlers.sources_without_topics(self.desk)) or not self.bootstrap:
            return False
        wanted = [topic for id_ in ids for topic in topics.of_source(id_)]
        await topics.sync(self.bootstrap, replication=self.replication, prefix=self.prefix, topics=wanted)
        await handlers.topics_made(self.desk, ids)
        return False

    def _source(self, topic: str) -> str:
        return topic.removeprefix(f"{self.prefix}{source_topic('')}")

    async def take(self, work: Work, records: Sequence[Raw], patient: Collection[str]) -> Rests:
        """Take what came, of all sources together; the topic says which source speaks. Whose events came too fast is read on when there is room again."""
        topics = {self._source(raw.topic): raw.topic for raw in records}
        by_source: dict[str, list[Delivered]] = {source: [] for source in topics}
        for raw in records:
            by_source[self._source(raw.topic)].append(delivered(raw, work.now))
        waits_for = [source for source, topic in topics.items() if topic in patient]
        taken, elsewhere = await handlers.take_round(self.desk, work, "kafka", by_source, waits_for)
        for source in sorted(by_source.keys() - taken.keys() - set(elsewhere)):
            events = by_source[source]
            log.warning("source %s is not in the registry, or is suspended: %d rejected", source, len(events))
            handlers.turn_away(work, source, "kafka", events)
        seconds = {topics[source]: min(MOST_REST, each.wait) for source, each in taken.items() if each.wait}
        return Rests(seconds, frozenset(topics[source] for source in elsewhere))


def delivered(raw: Raw, now: datetime) -> Delivered:
    """A record as the rule book reads it: structured, or binary where the headers say so; counted by the broker's clock."""
    at = min(datetime.fromtimestamp(raw.timestamp_ms / 1000, UTC), now)
    content = raw.text("content-type") or ""
    if raw.value is None:
        return Delivered(b"", at, trouble="")
    if raw.header("ce_specversion") is None or content.startswith(_STRUCTURED):
        return Delivered(raw.value, at)
    return Delivered(raw.value, at, _attributes(raw))


def _attributes(raw: Raw) -> Mapping[str, str]:
    """The CloudEvents headers, by the Kafka binding in UTF-8; what is not is replaced, and so refused."""
    return {name[3:]: (value or b"").decode(errors="replace") for name, value in raw.headers if name.startswith("ce_")}
