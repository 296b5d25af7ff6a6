"""Events of source systems: judged, applied and answered, whole batches in one transaction, whatever door they came by."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from services.intake.domain import Dossier, Office, mirror, source_quality
from services.intake.domain import sources as rules
from services.intake.domain.clocks import local_day
from services.intake.domain.sources import Bucket, Delivered, Event, Known, Reason, Rejected, Source
from services.intake.handlers.desk import Desk, schedules
from services.intake.handlers.source_letters import Mail
from services.intake.store import source_quality as quality
from services.intake.store import sources as store
from services.intake.store.sources import Entry, Row
from shared.contracts import sources as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Forbidden, Refused, system
from shared.law import ZONE, CalendarNotPublished
from shared.store import vault
from shared.store.halving import by_halves
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)

ACCEPTED, WAITING, REJECTED, FAILED = "accepted", "waiting", "rejected", "failed"
DOSSIER, PROCEDURE, LETTER = "dossier", "procedure", "letter"
"""What an event may wait for."""
RIPE = 500
TURN = 20
"""Events judged in one go: some milliseconds."""

Item = TypeVar("Item")


class UnknownSource(Forbidden):
    """This account speaks for no source system of the registry, or its source is suspended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    id: str | None
    status: str
    reason: str | None = None
    fields: tuple[str, ...] = ()
    inferred: tuple[int | str, ...] = ()
    waits_for: str | None = None
    code: str | None = None
    dossier: UUID | None = None
    duplicate: bool = False


class _Undone(Exception):  # noqa: N818 - a signal between two functions here
    """A dry run: what was found out, and nothing is kept."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


async def take_events(
    desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered], *, dry_run: bool = False
) -> Sequence[Outcome]:
    """Take a batch: all in one transaction; where one of them breaks it, the halves by themselves, down to the guilty one."""

    def guilty(error: Exception) -> Outcome:
        log.warning("an event of source %s could not be taken: %s", source, type(error).__name__)
        return Outcome(None, FAILED)

    return await by_halves(partial(_tried if dry_run else _taken, desk, who, source, door), delivered, guilty)


async def _taken(desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    async with desk.works.begin(who) as work:
        return await take(desk, work, source, door, delivered)


async def _tried(desk: Desk, who: Caller, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    """As `_taken`, and nothing is kept."""
    try:
        async with desk.works.begin(who) as work:
            raise _Undone(await take(desk, work, source, door, delivered))  # noqa: TRY301 - ends the transaction without a commit
    except _Undone as undone:
        return undone.outcomes


async def take(desk: Desk, work: Work, source: str, door: str, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
    """Take a batch of one source in this transaction; `UnknownSource` where the registry has no such, or none that is active."""
    found = await store.locked(work, source)
    if found is None or found[0].state != rules.ACTIVE:
        raise UnknownSource(source=source)
    batch = _Batch(desk, work, found[0], found[1], door)
    return await batch.take(delivered)


async def turn_away(work: Work, source: str, door: str, delivered: Sequence[Delivered]) -> None:
    """Write down what came on the topic of a source that is not in the registry, or is suspended: rejected, hash only."""
    rows = []
    for each in delivered:
        known, _ = rules.read(each, Source(source, "", "", ()), work.now, {})
        rows.append(
            Row(known.id or "", known.type, known.key, known.body_hash, REJECTED, each.at, known.time, Reason.SOURCE_MISMATCH.value,
                ("/source",), door=door)
        )  # fmt: skip
    await store.write_events(work, source, rows)
    await store.tally(work, source, work.now.astimezone(ZONE).date(), {Reason.SOURCE_MISMATCH.value: len(rows)})


async def settle_waiting(desk: Desk) -> bool:
    """Take what waited for the catalogue and need wait no more; reject what waited too long. True when there may be more."""
    before, procedures = desk.works.clock() - rules.PATIENCE, sorted(desk.shelf.procedures)
    async with desk.works.reading() as connection:
        restless = await store.restless(connection, before, procedures)
    more = False
    for source in restless:
        async with desk.works.begin(system("intake.sources")) as work:
            if (found := await store.locked(work, source)) is None:
                continue
            ripe = await store.ripe(work, source, before, procedures, RIPE)
            await _Batch(desk, work, found[0], found[1], "").settle(ripe, before)
            more = more or len(ripe) == RIPE
    return more


@dataclass(slots=True)
class _Owned:
    """A dossier of the batch: as it stood, as it stands now, and the vault row of its person where that is new."""

    now: Dossier
    before: Dossier | None = None
    person: UUID | None = None


@dataclass(slots=True)
class _Batch:
    """One batch of one source being taken; everything is written at its end."""

    desk: Desk
    work: Work
    source: Source
    bucket: Bucket
    door: str
    known: dict[str, Any] = field(default_factory=dict)
    """Events taken before, by id: a row, or an outcome with its hash of this batch."""
    dossiers: dict[str, _Owned] = field(default_factory=dict)
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    mail: Mail = field(init=False)

    def __post_init__(self) -> None:
        self.mail = Mail(self.desk, self.work, self.source, self._inbox)

    async def take(self, delivered: Sequence[Delivered]) -> Sequence[Outcome]:
        """Judge each, in order, and write all; others have their turn after every few."""
        found = [self._read(each) async for each in _in_turns(delivered)]
        await self._look([known for known, _ in found])
        pairs = list(zip(delivered, found, strict=True))
        outcomes = [self._one(each, *judged) async for each, judged in _in_turns(pairs)]
        await self._write()
        await store.heard(self.work, self.source.id, self.bucket)
        heard = [
            (_said_at(*judged), each.at)
            for each, judged, o in zip(delivered, found, outcomes, strict=True)
            if not o.duplicate
        ]
        await quality.heard(self.work, self.source.id, source_quality.lags_of(heard))
        return outcomes

    def _read(self, delivered: Delivered) -> tuple[Known, Event | Rejected]:
        """The event, where its source has not spent what it may send: one that came too fast is not judged."""
        there, self.bucket = self.bucket.take(self.source.quota, delivered.at)
        if there:
            return rules.read(delivered, self.source, self.work.now, self.desk.shelf.units)
        known, _ = rules.recognise(delivered, self.source)
        return known, Rejected(Reason.TOO_FAST)

    async def settle(self, ripe: Sequence[Any], before: datetime) -> None:
        """Decide about events that waited."""
        await self._look([Known(None, row["code"], None, None, row["body_hash"]) for row in ripe])
        for row in ripe:
            if row["received_at"] < before:
                reason = Reason.UNKNOWN_PROCEDURE if row["waits_for"] == PROCEDURE else Reason.WAITED_TOO_LONG
                self._forget(row)
                self._reject(_known_of(row), Rejected(reason), row["received_at"], waited=row)
            else:
                self._again(row)
        await self._write()

    async def _look(self, known: Iterable[Known]) -> None:
        """Everything the batch needs from the database, in three questions."""
        listed = list(known)
        ids, codes = [k.id for k in listed if k.id is not None], [k.key for k in listed if k.key is not None]
        if ids:
            self.known = dict(await store.known(self.work, self.source.id, ids))
        await self.mail.look(codes)
        if codes:
            self.dossiers = {code: _Owned(d, d) for code, d in (await store.owned(self.work, codes)).items()}
            for row in await store.waiting_for(self.work, self.source.id, codes):
                self.waiting.setdefault(row["code"], []).append(row)

    def _one(self, delivered: Delivered, known: Known, judged: Event | Rejected) -> Outcome:
        if isinstance(judged, Rejected):
            return self._reject(known, judged, delivered.at)
        if (before := self.known.get(judged.id)) is not None:
            return self._repeated(known, before, delivered.at)
        return self._applied(judged, known, delivered.at)

    def _repeated(self, known: Known, before: Any, at: datetime) -> Outcome:
        """An id that was taken before: the same answer for the same event, and no other event under it."""
        if bytes(before["body_hash"]) != known.body_hash:
            return self._reject(known, Rejected(Reason.ID_REUSED, "/id"), at)
        self.counted["duplicate"] += 1
        return Outcome(
            known.id, before["status"], before["reason"], tuple(before["fields"]), tuple(before["inferred"]), before["waits_for"], before["code"],
            before["dossier"], duplicate=True,
        )  # fmt: skip

    def _applied(self, event: Event, known: Known, at: datetime, waited: Any = None) -> Outcome:
        try:
            outcome = self._apply(event)
        except Rejected as rejected:
            return self._reject(known, rejected, at, waited=waited)
        except CalendarNotPublished:
            return self._reject(known, Rejected(Reason.SCHEMA, "/data/received_at"), at, waited=waited)
        except Refused:
            return self._reject(known, Rejected(Reason.IMPOSSIBLE_STATUS, "/data/status"), at, waited=waited)
        if waited is not None and outcome.status == WAITING:
            return outcome  # for something else now: its row stays as it is
        self._keep(outcome, known, event, at, waited)
        if outcome.status == ACCEPTED:
            for row in self.waiting.pop(event.key, []):
                self._again(row)
        return outcome

    def _again(self, row: Any) -> None:
        """An event that waited, once more."""
        self._forget(row)
        kept = Delivered(msgspec.json.encode(row["payload"]), self.work.now, digest=bytes(row["body_hash"]))
        known, judged = rules.read(kept, self.source, self.work.now, self.desk.shelf.units)
        if isinstance(judged, Rejected):
            self._reject(known, judged, row["received_at"], waited=row)
        else:
            self._applied(judged, known, row["received_at"], waited=row)

    def _forget(self, row: Any) -> None:
        """It is being decided about: nobody takes it up again."""
        others = [each for each in self.waiting.get(row["code"], []) if each["seq"] != row["seq"]]
        self.waiting[row["code"]] = others

    def _apply(self, event: Event) -> Outcome:
        """What the event does to its dossier or letter, or what it waits for."""
        if self.mail.takes(event):
            return self._taken_by_mail(event)
        owned = self.dossiers.get(event.key)
        if owned is not None and owned.now.source != self.source.id:
            raise Rejected(Reason.SOURCE_MISMATCH, "/data/code")
        if owned is None and "procedure" not in event.data:
            return Outcome(event.id, WAITING, waits_for=DOSSIER, code=event.key)
        if owned is None:
            return self._begin(event)
        _check_same(owned.now, event)
        return self._follow(owned, event)

    def _taken_by_mail(self, event: Event) -> Outcome:
        if (inferred := self.mail.apply(event)) is None:
            return Outcome(event.id, WAITING, waits_for=LETTER, code=event.key)
        return Outcome(event.id, ACCEPTED, inferred=tuple(inferred), code=event.key)

    def _begin(self, event: Event) -> Outcome:
        if event.data["procedure"] not in self.desk.shelf.procedures:
            return Outcome(event.id, WAITING, waits_for=PROCEDURE, code=event.key)
        received_at = event.data.get("received_at") or event.data["submitted_at"]
        procedure = self.desk.shelf.procedure(event.data["procedure"], local_day(received_at))
        work, keys = self.work, self.work.works.keys
        id_, details = work.new_id(), self._contact(event)
        recipient = self._recipient(details) or work.new_id()
        followed = mirror.begin(
            event, procedure, id=id_, recipient=recipient, verifier=lookup_verifier(keys, event.key, lookup_secret(keys, id_, 0)), source=self.source.id,
            tells_citizens=self.source.tells_citizens, office=self.desk.office_at(received_at, event.data["unit"]), now=work.now,
        )  # fmt: skip
        work.starts(id_)
        self.dossiers[event.key] = _Owned(followed.dossier, person=self._keep_person(recipient, details))
        return self._done(event, followed)

    def _follow(self, owned: _Owned, event: Event) -> Outcome:
        followed = mirror.follow(owned.now, event, self.source.id, self._office(owned.now), self.work.now)
        if (details := self._contact(event)) is not None:
            recipient = self._recipient(details) or owned.now.recipient
            owned.person = self._keep_person(recipient, details)
            followed = replace(followed, dossier=replace(followed.dossier, recipient=recipient))
        owned.now = followed.dossier
        return self._done(event, followed)

    def _contact(self, event: Event) -> vault.Details | None:
        if (sealed := event.data.get("contact_sealed")) is None:
            return None
        try:
            return vault.open_contact(self.work.works.keys.contact, sealed)
        except vault.NotSealedForUs:
            raise Rejected(Reason.SCHEMA, "/data/contact_sealed") from None

    def _recipient(self, details: vault.Details | None) -> UUID | None:
        """The inbox of a person with a number; a sandbox puts nothing there."""
        number = details.identity_no if details is not None and not self.source.sandbox else None
        return vault.recipient_of(self.work.works.keys.people, number) if number else None

    def _inbox(self, event: Event) -> UUID | None:
        """Where the person of an event is told, kept in the vault; None where it names nobody."""
        if (details := self._contact(event)) is None:
            return None
        recipient = self._recipient(details) or self.work.new_id()
        self._keep_person(recipient, details)
        return recipient

    def _keep_person(self, recipient: UUID, details: vault.Details | None) -> UUID:
        """Into the vault; nobody is told where the contact is not known, or nothing may leave intake."""
        person, told = self.work.new_id(), details is not None and not self.source.sandbox
        self.work.keep(
            vault.enclose(self.work.works.keys, person, recipient, details or vault.Details("")), contact=told
        )
        return person

    def _done(self, event: Event, followed: mirror.Followed) -> Outcome:
        for fact in followed.facts:
            self.work.record(fact, published=not self.source.sandbox)
        dossier = followed.dossier
        if followed.facts:
            told = dates_told(dossier, self._office(dossier))
            self.entries.append(Entry(self.source.id, "dates", self.work.now, event.key, told))
        return Outcome(event.id, ACCEPTED, inferred=followed.inferred, code=event.key, dossier=dossier.id)

    def _keep(self, outcome: Outcome, known: Known, event: Event, at: datetime, waited: Any) -> None:
        waits = outcome.status == WAITING
        row = Row(
            event.id, event.type, event.key, known.body_hash, outcome.status, at, event.time, inferred=outcome.inferred,
            waits_for=outcome.waits_for, dossier=outcome.dossier, payload=event.plain if waits else None, door=self.door, seq=_seq(waited),
        )  # fmt: skip
        self._write_down(row, waited)
        if waits:
            self._remember(row)
        owned = self.dossiers.get(event.key)
        dossier = None if owned is None else owned.now
        common: Any = {
            "occurred_at": self.work.now,
            "source": self.source.id,
            "event": event.id,
            "body_hash": known.body_hash.hex(),
            "code": event.key,
        }
        if waits:
            until = at + rules.PATIENCE
            self._reply(facts.SourceEventWaiting(waits_for=outcome.waits_for or "", until=until, **common))
        else:
            self._reply(
                facts.SourceEventAccepted(
                    dossier=outcome.dossier, sandbox=self.source.sandbox, **inferred_of(outcome.inferred),
                    due_at=None if dossier is None else _lawful(dossier, self._office(dossier)),
                    promised_at=None if dossier is None else dossier.due_at, **common,
                )
            )  # fmt: skip

    def _reject(self, known: Known, rejected: Rejected, at: datetime, waited: Any = None) -> Outcome:
        reason = rejected.reason.value
        row = Row(
            known.id or "", known.type, known.key, known.body_hash, REJECTED, at, known.time, reason, rejected.fields, door=self.door,
            seq=_seq(waited),
        )  # fmt: skip
        self._write_down(row, waited)
        self._reply(
            facts.SourceEventRejected(
                occurred_at=self.work.now, source=self.source.id, event=known.id or "", body_hash=known.body_hash.hex(), reason_class=reason,
                code=known.key, fields=list(rejected.fields),
            )
        )  # fmt: skip
        return Outcome(known.id, REJECTED, reason, tuple(rejected.fields), code=known.key)

    def _remember(self, row: Row) -> None:
        """Its dossier may come later in this batch; the place of its row among ours stands for its number, negative."""
        kept = {name: getattr(row, name) for name in Row.__slots__}
        self.waiting.setdefault(row.code or "", []).append({**kept, "seq": -len(self.rows)})

    def _write_down(self, row: Row, waited: Any) -> None:
        if waited is not None and waited["seq"] < 0:
            self.rows[-waited["seq"] - 1] = row
        else:
            self.rows.append(row)
        self.counted[row.reason or row.status] += 1
        if row.id and row.status != REJECTED:
            self.known[row.id] = {name: getattr(row, name) for name in Row.__slots__}

    def _reply(self, reply: Fact) -> None:
        self.work.record(reply, published=self.source.topics_at is not None)
        said = msgspec.to_builtins(reply)
        kind = type(reply).__name__.removeprefix("SourceEvent").lower()
        self.entries.append(Entry(self.source.id, kind, reply.occurred_at, said.pop("code"), _without(said)))

    async def _write(self) -> None:
        work = self.work
        made = [(o.now, o.person) for o in self.dossiers.values() if o.before is None and o.person is not None]
        changed = [
            (o.now, o.person)
            for o in self.dossiers.values()
            if o.before is not None and (o.now is not o.before or o.person is not None)
        ]
        await store.write_dossiers(work, made, changed)
        await self.mail.write()
        self._schedule()
        await store.write_events(work, self.source.id, self.rows)
        await store.feed(work, self.entries)
        await store.tally(work, self.source.id, work.now.astimezone(ZONE).date(), self.counted)

    def _schedule(self) -> None:
        """Clocks are kept of all; those of a sandbox announce nothing."""
        quiet: dict[str, Any] = {"warn_at": None, "breach_at": None} if self.source.sandbox else {}
        for owned in self.dossiers.values():
            for each in schedules(owned.now, owned.before):
                self.work.deadline(replace(each, **quiet))

    def _office(self, dossier: Dossier) -> Office:
        return self.desk.office_at(dossier.received_at, dossier.unit)


async def _in_turns(items: Sequence[Item]) -> AsyncIterator[Item]:
    """One after the other, with a breath after every few: a large batch of one source does not keep the process from the others."""
    for number, item in enumerate(items, 1):
        yield item
        if number % TURN == 0:
            await asyncio.sleep(0)


def inferred_of(skipped: Iterable[int | str]) -> dict[str, Any]:
    """Portal statuses of a dossier and states of a letter, each under its own name."""
    listed = list(skipped)
    return {
        "inferred": [each for each in listed if isinstance(each, int)],
        "inferred_states": [each for each in listed if isinstance(each, str)],
    }


def _said_at(known: Known, judged: Event | Rejected) -> datetime | None:
    """When an event says it was; of history it means nothing here."""
    return None if isinstance(judged, Event) and judged.data.get("backfill") else known.time


def _seq(waited: Any) -> int | None:
    """The number of its row in the list of events, where it has one already."""
    return None if waited is None or waited["seq"] < 0 else waited["seq"]


def _known_of(row: Any) -> Known:
    return Known(row["id"], row["code"], row["payload"]["type"], None, row["body_hash"])


def _check_same(dossier: Dossier, event: Event) -> None:
    """An upsert tells the same procedure and unit as before: neither is moved by the way. A unit that another followed keeps its name there."""
    for name, same in (("procedure", {dossier.procedure}), ("unit", {dossier.unit, dossier.receiving_unit})):
        if name in event.data and event.data[name] not in same:
            raise Rejected(Reason.SCHEMA, f"/data/{name}")


def _lawful(dossier: Dossier, office: Office) -> datetime | None:
    """What the law says, where a clock runs."""
    term = dossier.settlement
    if term is None:
        return None
    return (term.due or office.due(term.clock)).due_at


def dates_told(dossier: Dossier, office: Office) -> dict[str, Any]:
    """The way back: what is promised, and what the law says beside it."""
    made: dict[str, Any] = msgspec.to_builtins({
        "state": dossier.state.value, "promised_at": dossier.due_at, "promised_on": dossier.promised_on, "lawful_due_at": _lawful(dossier, office),
        "lawful_due_on": dossier.lawful_due_on, "provisional": dossier.provisional,
    })  # fmt: skip
    return made


def _without(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in {"occurred_at", "source"}}
