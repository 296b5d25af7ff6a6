"""Yardstick of `ingest`: what a consumer of these events cannot do without, on events already judged and opened in memory, in batches of 2000.

The dossiers' commands, the people's vault, and intake's own statements for dossiers, facts and deadlines. No Kafka, no reading and judging,
no quotas, no looking up of what came before, no replies, no feed, no list of events. Asked `{url, events, postgres}` it answers seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from deploy.bench import dossiers, telling
from deploy.bench.answering import answering
from deploy.bench.cpu import Meter
from deploy.bench.limits.filing import Maker
from deploy.bench.loop import run
from services.intake.domain import Dossier, mirror
from services.intake.domain.sources import Delivered, Event, Mandate, Source, read
from services.intake.handlers.desk import schedules
from services.intake.store import sources as store
from shared.bus.consumer import BATCH_RECORDS
from shared.kernel import system
from shared.moments import system_clock
from shared.settings import Settings
from shared.store import vault
from shared.store.db import open_pool
from shared.store.unit_of_work import Work, Works


@dataclass(frozen=True, slots=True)
class Judged:
    """One event, and the person in it."""

    source: Source
    event: Event
    person: vault.Details | None


def judged(maker: Maker, number: int) -> list[Judged]:
    """The events as the topics have them, source after source."""
    keys, now = maker.keys, system_clock()
    teller = telling.Teller(keys.contact_public, now, "10")
    sources = [
        Source(name, name, name, tuple(Mandate(unit, date(2020, 1, 1)) for unit in telling.units_of(n)))
        for n, name in enumerate(telling.names())
    ]
    told = sorted(teller.events(number), key=lambda pair: pair[0])
    return [_judged(maker, sources[source], msgspec.json.encode(event)) for source, event in told]


def _judged(maker: Maker, source: Source, body: bytes) -> Judged:
    now = system_clock()
    _, event = read(Delivered(body, now), source, now, maker.agencies)
    assert isinstance(event, Event), event
    sealed = event.data.get("contact_sealed")
    return Judged(source, event, vault.open_contact(maker.keys.contact, sealed) if sealed else None)


@dataclass(slots=True)
class Follower:
    """Follows dossiers, which it has in memory."""

    maker: Maker
    dossiers: dict[str, Dossier] = field(default_factory=dict)

    async def follow(self, work: Work, told: Sequence[Judged]) -> None:
        """One batch."""
        before, people = dict(self.dossiers), {}
        for each in told:
            if (known := self.dossiers.get(each.event.key)) is None:
                person = self._person(work, each.person or vault.Details(""))
                people[each.event.key] = person.id
                followed = self._begin(work, each, person.recipient)
            else:
                office = self.maker.office(known.received_at)
                followed = mirror.follow(known, each.event, each.source.id, office, work.now)
            self.dossiers[each.event.key] = followed.dossier
            for fact in followed.facts:
                work.record(fact)
        self._write(work, told, before, people)

    def _person(self, work: Work, details: vault.Details) -> vault.PersonRow:
        keys = self.maker.keys
        person = vault.enclose(keys, work.new_id(), vault.recipient_of(keys.people, details.identity_no or ""), details)
        work.keep(person)
        return person

    def _begin(self, work: Work, told: Judged, recipient: UUID) -> mirror.Followed:
        id_ = work.new_id()
        work.starts(id_)
        return mirror.begin(
            told.event, self.maker.procedures[dossiers.PROCEDURE], id=id_, recipient=recipient, verifier="0" * 64, source=told.source.id,
            tells_citizens=False, office=self.maker.office(work.now), now=work.now,
        )  # fmt: skip

    def _write(self, work: Work, told: Sequence[Judged], before: dict[str, Dossier], people: dict[str, UUID]) -> None:
        codes = list(dict.fromkeys(each.event.key for each in told))
        made = [(self.dossiers[code], people[code]) for code in codes if code in people]
        store.write_dossiers(work, made, [(self.dossiers[code], None) for code in codes if code not in people])
        for code in codes:
            for schedule in schedules(self.dossiers[code], before.get(code)):
                work.deadline(schedule)


async def follow(url: str, maker: Maker, told: Sequence[Judged]) -> float:
    """Follow all, one transaction a batch; returns the seconds."""
    pool = await open_pool(url, name="bench-follower", size=2)
    works: Works = replace(maker.works, pool=pool)
    follower = Follower(maker)
    try:
        began = time.perf_counter()
        for first in range(0, len(told), BATCH_RECORDS):
            async with works.begin(system("bench")) as work:
                await follower.follow(work, told[first : first + BATCH_RECORDS])
        return time.perf_counter() - began
    finally:
        await pool.close()


async def main() -> None:
    """Answer with seconds."""
    maker = Maker(Settings(home=Path(sys.argv[1])).load_keys())
    kept: list[Judged] = []

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        kept.extend([] if kept else judged(maker, asked["events"]))
        meter = Meter({"us": os.getpid(), "postgres": asked["postgres"]})
        meter.start()
        taken = await follow(asked["url"], maker, kept)
        return {"seconds": taken, "events": len(kept), "cpu": sum(meter.stop().values())}

    await answering(answer)


if __name__ == "__main__":
    run(main())
