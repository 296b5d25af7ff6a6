"""What one source tells: each event is judged, in order, and applied to its dossier or letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from services.intake.domain import Dossier, Office, mirror
from services.intake.domain import sources as rules
from services.intake.domain.clocks import local_day
from services.intake.domain.source_quality import Lags, lags_of
from services.intake.domain.sources import Bucket, Delivered, Event, Known, Reason, Rejected, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_events.ledger import Ledger, lawful
from services.intake.handlers.source_events.outcomes import ACCEPTED, DOSSIER, LETTER, PROCEDURE, WAITING, Outcome
from services.intake.handlers.source_events.people import People
from services.intake.handlers.source_letters import Letters, Mail
from services.intake.store.sources import Named
from shared.kernel import Refused
from shared.law import CalendarNotPublished
from shared.law.zone import local
from shared.store.halving import broken_by
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work
from shared.store.vault import Details
from shared.turns import in_turns

READ, JUDGED = 20, 6
"""Events that are read or judged in one go."""


@dataclass(slots=True)
class Owned:
    """A dossier of the round: as it stands now, what counts for it, as it stood, the vault row of its person where that is new, and what it holds."""

    now: Dossier
    office: Office
    before: Dossier | None = None
    person: UUID | None = None
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Common:
    """What the batches of one round have in common: dossiers and letters by their codes, whoever tells of them."""

    desk: Desk
    work: Work
    door: str
    left: frozenset[Named] = frozenset()
    """Events that wait and are not taken up again: they broke the round before."""
    broke: dict[Named, Exception] = field(default_factory=dict)
    dossiers: dict[str, Owned] = field(default_factory=dict)
    letters: Letters = field(default_factory=Letters)
    offices: dict[tuple[str, date], Office] = field(default_factory=dict)

    def office(self, unit: str, received_at: datetime) -> Office:
        """What counts for what a unit received then."""
        day = local_day(received_at)
        if (office := self.offices.get((unit, day))) is None:
            office = self.offices[unit, day] = self.desk.office_at(received_at, unit)
        return office


@dataclass(slots=True)
class Batch:
    """What one source tells in a round; nothing here asks the database or writes."""

    common: Common
    source: Source
    bucket: Bucket
    told: Sequence[tuple[Delivered, Known, Event | Rejected]] = ()
    lags: Lags = field(default_factory=Lags)
    ledger: Ledger = field(init=False)
    people: People = field(init=False)
    mail: Mail = field(init=False)

    def __post_init__(self) -> None:
        common = self.common
        self.ledger = Ledger(common.work, self.source, common.door)
        self.people = People(common.work, self.source)
        self.mail = Mail(common.desk, common.work, self.source, common.letters, self.people.inbox)

    async def read(self, delivered: Sequence[Delivered]) -> None:
        """Read each, in order; others have their turn after every few."""
        self.told = [(each, *self._read(each)) async for each in in_turns(delivered, READ)]

    async def judge(self) -> Sequence[Outcome]:
        """Judge what was read, in order, and count how late it came."""
        outcomes = [self._one(*each) async for each in in_turns(self.told, JUDGED)]
        pairs = zip(self.told, outcomes, strict=True)
        self.lags = lags_of((_said_at(known, judged), each.at) for (each, known, judged), o in pairs if not o.duplicate)
        return outcomes

    def wait(self) -> float:
        """Seconds in which there is room again for what came too fast."""
        return self.source.quota.wait(self.ledger.counted[Reason.TOO_FAST.value])

    def settle(self, ripe: Sequence[Any], before: datetime) -> None:
        """Decide about events that waited."""
        for row in ripe:
            if row["seq"] in self.ledger.decided:
                continue  # with the dossier it waited for
            if row["received_at"] < before:
                reason = Reason.UNKNOWN_PROCEDURE if row["waits_for"] == PROCEDURE else Reason.WAITED_TOO_LONG
                self.ledger.forget(row)
                self.ledger.reject(_known_of(row), Rejected(reason), row["received_at"], waited=row)
            else:
                self._again(row)

    def _read(self, delivered: Delivered) -> tuple[Known, Event | Rejected]:
        """The event, where its source has not spent what it may send: one that came too fast is not judged."""
        there, self.bucket = self.bucket.take(self.source.quota, delivered.at)
        if there:
            return rules.read(delivered, self.source, self.common.work.now, self.common.desk.shelf.units)
        known, _ = rules.recognise(delivered, self.source)
        return known, Rejected(Reason.TOO_FAST)

    def _one(self, delivered: Delivered, known: Known, judged: Event | Rejected) -> Outcome:
        if isinstance(judged, Rejected):
            return self.ledger.reject(known, judged, delivered.at)
        if (before := self.ledger.known.get(judged.id)) is not None:
            return self.ledger.repeated(known, before, delivered.at)
        return self._applied(judged, known, delivered.at)

    def _applied(self, event: Event, known: Known, at: datetime, waited: Any = None) -> Outcome:
        try:
            outcome = self._apply(event)
        except Rejected as rejected:
            return self.ledger.reject(known, rejected, at, waited=waited)
        except CalendarNotPublished:
            beyond = rules.uncounted(event, self.common.desk.standing.law.calendar)
            return self.ledger.reject(known, beyond, at, waited=waited)
        except Refused:
            return self.ledger.reject(known, Rejected(Reason.IMPOSSIBLE_STATUS, "/data/status"), at, waited=waited)
        if waited is not None and outcome.status == WAITING:
            return outcome  # for something else now: its row stays as it is
        self.ledger.keep(outcome, known, event, at, waited, self._dates(event))
        if outcome.status == ACCEPTED:
            for row in self.ledger.waiting.pop(event.key, []):
                self._again(row)
        return outcome

    def _again(self, row: Any) -> None:
        """An event that waited, once more; one that breaks is remembered, and whatever it half did is not written."""
        if (name := (self.source.id, row["id"])) in self.common.left:
            return
        if (error := broken_by(partial(self._taken_up, row))) is not None:
            self.common.broke[name] = error

    def _taken_up(self, row: Any) -> None:
        self.ledger.forget(row)
        kept = Delivered(msgspec.json.encode(row["payload"]), self.common.work.now, digest=bytes(row["body_hash"]))
        known, judged = rules.read(kept, self.source, self.common.work.now, self.common.desk.shelf.units)
        if isinstance(judged, Rejected):
            self.ledger.reject(known, judged, row["received_at"], waited=row)
        else:
            self._applied(judged, known, row["received_at"], waited=row)

    def _apply(self, event: Event) -> Outcome:
        """What the event does to its dossier or letter, or what it waits for."""
        if self.mail.takes(event):
            return self._taken_by_mail(event)
        owned = self.common.dossiers.get(event.key)
        if owned is not None and owned.now.source != self.source.id:
            raise Rejected(Reason.SOURCE_MISMATCH, "/data/code")
        if owned is None and "procedure" not in event.data:
            return Outcome(event.id, WAITING, waits_for=DOSSIER, code=event.key)
        if owned is None:
            return self._begin(event)
        rules.check_own(self.source, owned.now.received_at, owned.now.unit, owned.now.receiving_unit)
        _check_same(owned.now, event)
        return self._follow(owned, event)

    def _taken_by_mail(self, event: Event) -> Outcome:
        if (inferred := self.mail.apply(event)) is None:
            return Outcome(event.id, WAITING, waits_for=LETTER, code=event.key)
        return Outcome(event.id, ACCEPTED, inferred=tuple(inferred), code=event.key)

    def _begin(self, event: Event) -> Outcome:
        if event.data["procedure"] not in self.common.desk.shelf.procedures:
            return Outcome(event.id, WAITING, waits_for=PROCEDURE, code=event.key)
        received_at = event.data.get("received_at") or event.data["submitted_at"]
        procedure = self.common.desk.shelf.procedure(event.data["procedure"], local_day(received_at))
        work, keys = self.common.work, self.common.work.works.keys
        id_, details = work.new_id(), self.people.contact(event)
        recipient, office = (
            self.people.recipient(details) or work.new_id(),
            self.common.office(event.data["unit"], received_at),
        )
        followed = mirror.begin(
            event, procedure, id=id_, recipient=recipient, verifier=lookup_verifier(keys, event.key, lookup_secret(keys, id_, 0)), source=self.source.id,
            tells_citizens=self.source.tells_citizens, office=office, now=work.now,
        )  # fmt: skip
        work.starts(id_)
        self.common.dossiers[event.key] = owned = Owned(
            followed.dossier,
            self.common.office(followed.dossier.unit, followed.dossier.received_at),
            person=self.people.keep(recipient, details),
            details=details,
        )
        return self._done(event, followed, owned)

    def _follow(self, owned: Owned, event: Event) -> Outcome:
        followed = mirror.follow(owned.now, event, self.source.id, owned.office, self.common.work.now)
        if (details := self.people.contact(event)) is not None:
            recipient = self.people.recipient(details) or owned.now.recipient
            if (recipient, details) != (owned.now.recipient, owned.details):
                owned.person, owned.details = self.people.keep(recipient, details), details
                followed = replace(followed, dossier=followed.dossier.having(recipient=recipient))
        owned.now = followed.dossier
        return self._done(event, followed, owned)

    def _done(self, event: Event, followed: mirror.Followed, owned: Owned) -> Outcome:
        for fact in followed.facts:
            self.common.work.record(fact, published=not self.source.sandbox)
        if followed.facts:
            self.ledger.tell_dates(owned.now, owned.office)
        return Outcome(event.id, ACCEPTED, inferred=followed.inferred, code=event.key, dossier=owned.now.id)

    def _dates(self, event: Event) -> dict[str, datetime | None]:
        """When its dossier is due by law, and when its source promised it."""
        if (owned := self.common.dossiers.get(event.key)) is None:
            return {"due_at": None, "promised_at": None}
        return {"due_at": lawful(owned.now, owned.office), "promised_at": owned.now.due_at and local(owned.now.due_at)}


def _said_at(known: Known, judged: Event | Rejected) -> datetime | None:
    """When an event says it was; of history it means nothing here."""
    return None if isinstance(judged, Event) and judged.data.get("backfill") else known.time


def _known_of(row: Any) -> Known:
    return Known(row["id"], row["code"], row["payload"].get("type"), None, row["body_hash"])


def _check_same(dossier: Dossier, event: Event) -> None:
    """An upsert tells the same procedure and unit as before: neither is moved by the way. A unit that another followed keeps its name there."""
    for name, same in (("procedure", {dossier.procedure}), ("unit", {dossier.unit, dossier.receiving_unit})):
        if name in event.data and event.data[name] not in same:
            raise Rejected(Reason.SCHEMA, f"/data/{name}")
