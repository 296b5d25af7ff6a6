"""One round: what one transaction takes, of one source or of several; asked and written once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.domain.sources import Bucket, Delivered, Event, Source
from services.intake.handlers.desk import schedules
from services.intake.handlers.source_events.batch import Batch, Common, Owned
from services.intake.handlers.source_events.outcomes import Taken
from services.intake.handlers.source_events.people import kept
from services.intake.store import source_quality as quality
from services.intake.store import sources as store
from services.intake.store.sources import Named
from shared.law import ZONE


class Broken(Exception):  # noqa: N818 - a signal to whoever runs a round
    """Events that waited broke it when they were taken up again, each by an error of its own; nothing is written yet."""

    def __init__(self, errors: Mapping[Named, Exception]) -> None:
        said = (f"{id_} of {source}: {type(error).__name__}" for (source, id_), error in sorted(errors.items()))
        super().__init__(", ".join(said))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Round:
    """The batches of these sources; each judges its own in order, the number of statements does not depend on how many there are.

    What it writes last goes with the facts, so a source speaks once before they are written.
    """

    common: Common
    batches: Mapping[str, Batch]

    @staticmethod
    def of(common: Common, sources: Iterable[tuple[Source, Bucket]]) -> Round:
        """Of sources that are locked."""
        now = common.work.now
        return Round(common, {source.id: Batch(common, source, bucket.seen_at(now)) for source, bucket in sources})

    async def take(self, told: Mapping[str, Sequence[Delivered]]) -> Mapping[str, Taken]:
        """Judge what each tells, and write all. `Broken`."""
        for id_, batch in self.batches.items():
            await batch.read(told[id_])
        await self._look_for_told()
        outcomes = {id_: await batch.judge() for id_, batch in self.batches.items()}
        self._write()
        store.heard(self.common.work, {id_: batch.bucket for id_, batch in self.batches.items()})
        quality.heard(self.common.work, {id_: batch.lags for id_, batch in self.batches.items()})
        return {id_: Taken(outcomes[id_], batch.wait()) for id_, batch in self.batches.items()}

    async def settle(self, ripe: Mapping[str, Sequence[Any]], before: datetime) -> None:
        """Decide about events that waited; `Broken`."""
        codes = {(id_, row["code"]) for id_, rows in ripe.items() for row in rows if row["code"] is not None}
        await self._look((), codes, codes)
        for id_, rows in ripe.items():
            self.batches[id_].settle(rows, before)
        self._write()

    async def _look_for_told(self) -> None:
        told = [(id_, known, judged) for id_, batch in self.batches.items() for _, known, judged in batch.told]
        events = {(id_, known.id) for id_, known, _ in told if known.id}
        named = {(id_, each.key) for id_, _, each in told if isinstance(each, Event) and "contact_sealed" in each.data}
        begun = {(id_, each.key) for id_, _, each in told if isinstance(each, Event) and each.begins}
        await self._look(events, {(id_, known.key) for id_, known, _ in told if known.key is not None}, begun, named)

    async def _look(
        self,
        events: Collection[Named],
        dossiers: Collection[Named],
        begun: Collection[Named],
        named: Collection[Named] = frozenset(),
    ) -> None:
        """Everything that is known of events, dossiers and letters, in a few questions; `begun`: those that may begin here; `named`: whose person is told again."""
        common = self.common
        before = await store.before(common.work, events, dossiers, begun)
        for row in before.known:
            self.batches[row["source"]].ledger.known[row["id"]] = row
        for row in before.waiting:
            self.batches[row["source"]].ledger.waiting.setdefault(row["code"], []).append(row)
        await common.letters.look(common.work, {code for _, code in dossiers})
        people = await kept(common.work, [code for code, each in before.owned.items() if (each.source, code) in named])
        for code, dossier in before.owned.items():
            common.dossiers[code] = Owned(
                dossier, common.office(dossier.unit, dossier.received_at), dossier, details=people.get(code)
            )

    def _write(self) -> None:
        """All of it goes with the facts."""
        if self.common.broke:
            raise Broken(self.common.broke)
        work, ledgers = self.common.work, [batch.ledger for batch in self.batches.values()]
        self._write_dossiers()
        self.common.letters.write(work)
        store.write_events(work, [row for ledger in ledgers for row in ledger.rows])
        store.feed(work, [entry for ledger in ledgers for entry in ledger.entries])
        store.tally(work, work.now.astimezone(ZONE).date(), {each.source.id: each.counted for each in ledgers})

    def _write_dossiers(self) -> None:
        """With their clocks: those are kept of all, and of a sandbox announce nothing."""
        dossiers = [owned for _, owned in sorted(self.common.dossiers.items())]
        made = [(o.now, o.person) for o in dossiers if o.before is None and o.person is not None]
        changed = [
            (o.now, o.person)
            for o in dossiers
            if o.before is not None and (o.now is not o.before or o.person is not None)
        ]
        store.write_dossiers(self.common.work, made, changed)
        sandboxes = {id_ for id_, batch in self.batches.items() if batch.source.sandbox}
        for owned in dossiers:
            quiet: dict[str, Any] = {"warn_at": None, "breach_at": None} if owned.now.source in sandboxes else {}
            for each in schedules(owned.now, owned.before):
                self.common.work.deadline(replace(each, **quiet))
