"""What is written down of a batch at its end: a row of each event, what its source hears back, and how many ended how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from services.intake.domain import Dossier, Office
from services.intake.domain import sources as rules
from services.intake.domain.sources import Event, Known, Reason, Rejected, Source
from services.intake.handlers.source_events.outcomes import REJECTED, WAITING, Outcome
from services.intake.store.sources import Entry, Row
from shared.contracts import sources as facts
from shared.contracts.envelope import Fact
from shared.law.zone import local
from shared.store.unit_of_work import Work


@dataclass(slots=True)
class Ledger:
    """The book of one batch of one source, with what its earlier events say of it."""

    work: Work
    source: Source
    door: str
    known: dict[str, Any] = field(default_factory=dict)
    """Events taken before, by id: a row, or an outcome with its hash of this batch."""
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    """What waits for its dossier, by the dossier's code."""
    decided: set[int] = field(default_factory=set)
    """Numbers of events that waited and wait no more."""
    rows: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def repeated(self, known: Known, before: Any, at: datetime) -> Outcome:
        """An id that was taken before: the same answer for the same event, and no other event under it."""
        if bytes(before["body_hash"]) != known.body_hash:
            return self.reject(known, Rejected(Reason.ID_REUSED, "/id"), at)
        self.counted["duplicate"] += 1
        return Outcome(
            known.id, before["status"], before["reason"], tuple(before["fields"]), tuple(before["inferred"]), before["waits_for"], before["code"],
            before["dossier"], duplicate=True,
        )  # fmt: skip

    def forget(self, row: Any) -> None:
        """It is being decided about: nobody takes it up again."""
        others = [each for each in self.waiting.get(row["code"], []) if each["seq"] != row["seq"]]
        self.waiting[row["code"]] = others

    def keep(
        self, outcome: Outcome, known: Known, event: Event, at: datetime, waited: Any, dates: Mapping[str, Any]
    ) -> None:
        """An event that is accepted, with the dates it has now, or waits."""
        waits = outcome.status == WAITING
        row = Row(
            self.source.id, event.id, event.type, event.key, known.body_hash, outcome.status, at, event.time, inferred=outcome.inferred,
            waits_for=outcome.waits_for, dossier=outcome.dossier, payload=event.kept if waits else None, door=self.door, seq=_seq(waited),
        )  # fmt: skip
        self._write_down(row, waited)
        common: Any = {
            "occurred_at": self.work.now,
            "source": self.source.id,
            "event": event.id,
            "body_hash": known.body_hash.hex(),
            "code": event.key,
        }
        if waits:
            self._remember(row)
            until = at + rules.PATIENCE
            self._reply(facts.SourceEventWaiting(waits_for=outcome.waits_for or "", until=until, **common))
        else:
            self._reply(
                facts.SourceEventAccepted(
                    dossier=outcome.dossier, sandbox=self.source.sandbox, **inferred_of(outcome.inferred), **dates, **common
                )
            )  # fmt: skip

    def reject(self, known: Known, rejected: Rejected, at: datetime, waited: Any = None) -> Outcome:
        """An event that is not taken, for a reason of the closed list."""
        reason = rejected.reason.value
        row = Row(
            self.source.id, known.id or "", known.type, known.key, known.body_hash, REJECTED, at, known.time, reason, rejected.fields, door=self.door,
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

    def tell_dates(self, dossier: Dossier, office: Office) -> None:
        """The source hears what its dossier's dates are now."""
        self.entries.append(Entry(self.source.id, "dates", self.work.now, dossier.code, dates_told(dossier, office)))

    def _remember(self, row: Row) -> None:
        """Its dossier may come later in this batch; the place of its row among ours stands for its number, negative."""
        kept = {name: getattr(row, name) for name in Row.__slots__}
        self.waiting.setdefault(row.code or "", []).append({**kept, "seq": -len(self.rows)})

    def _write_down(self, row: Row, waited: Any) -> None:
        if waited is not None:
            self.decided.add(waited["seq"])
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
        del said["occurred_at"], said["source"]
        kind = type(reply).__name__.removeprefix("SourceEvent").lower()
        self.entries.append(Entry(self.source.id, kind, reply.occurred_at, said.pop("code"), said))


def _seq(waited: Any) -> int | None:
    """The number of its row in the list of events, where it has one already."""
    return None if waited is None or waited["seq"] < 0 else waited["seq"]


def inferred_of(skipped: Iterable[int | str]) -> dict[str, Any]:
    """Portal statuses of a dossier and states of a letter, each under its own name."""
    listed = list(skipped)
    return {
        "inferred": [each for each in listed if isinstance(each, int)],
        "inferred_states": [each for each in listed if isinstance(each, str)],
    }


def lawful(dossier: Dossier, office: Office) -> datetime | None:
    """What the law says, where a clock runs."""
    term = dossier.settlement
    if term is None:
        return None
    return (term.due or office.due(term.clock)).due_at


def dates_told(dossier: Dossier, office: Office) -> dict[str, Any]:
    """The way back: what is promised, and what the law says beside it."""
    made: dict[str, Any] = msgspec.to_builtins({
        "state": dossier.state.value, "promised_at": dossier.due_at and local(dossier.due_at), "promised_on": dossier.promised_on, "lawful_due_at": lawful(dossier, office),
        "lawful_due_on": dossier.lawful_due_on, "provisional": dossier.provisional,
    })  # fmt: skip
    return made
