"""Letters and visits that source systems tell of: one door judges them, complaints follows what is stated of letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.intake.domain import letters, source_shapes
from services.intake.domain.letters import Heard, Letter
from services.intake.domain.source_shapes import LETTER_PROGRESSED, LETTER_UPSERTED, VISITS_COUNTED
from services.intake.domain.sources import Event, Reason, Rejected, Source, check_own
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_acts import OF_CASES, reply
from services.intake.store import letters as store
from services.intake.store import sources as feeds
from shared.contracts import complaints as cases
from shared.contracts.envelope import fact_type
from shared.kernel import Invalid, NotFound, Principal
from shared.store.unit_of_work import Cause, Work

LONGEST_SPAN = 366
TOLD_BACK = (
    cases.CaseOpened, cases.CaseAccepted, cases.ClockResumed, cases.CaseCorrected, cases.CaseReopened, cases.DeadlineWarned,
    cases.DeadlineBreached, cases.OutcomeRated, cases.CitizenActRequested,
)  # fmt: skip
"""What a source hears of its cases: the law's dates, and what its citizen did or wants."""


class SpanTooLong(Invalid):
    """Visits are read for a year at most."""


@dataclass(slots=True)
class Letters:
    """The letters and visits that sources tell of together: as they stand now, which of them changed, and what was counted."""

    known: dict[str, Letter] = field(default_factory=dict)
    changed: dict[str, Letter] = field(default_factory=dict)
    counted: dict[store.Window, Any] = field(default_factory=dict)

    async def look(self, work: Work, codes: Iterable[str]) -> None:
        """The letters with these codes."""
        if wanted := [code for code in codes if source_shapes.is_letter_code(code)]:
            self.known.update(await store.known(work, wanted))

    def write(self, work: Work) -> None:
        """Write down what changed."""
        store.save(work, self.changed.values())
        store.count(work, self.counted)


@dataclass(frozen=True, slots=True)
class Mail:
    """What one source tells of letters and visits; `inbox` keeps the person of an event and says where they are told."""

    desk: Desk
    work: Work
    source: Source
    letters: Letters
    inbox: Callable[[Event, UUID | None], UUID | None]

    def takes(self, event: Event) -> bool:
        """Whether the event is about a letter or about visits."""
        return event.type in {LETTER_UPSERTED.type, LETTER_PROGRESSED.type, VISITS_COUNTED.type}

    def apply(self, event: Event) -> Sequence[str] | None:
        """The states inferred on the way; None where the event has to wait for its letter."""
        if event.type == VISITS_COUNTED.type:
            self._count(event)
            return ()
        letter = self.letters.known.get(event.key)
        if letter is not None and letter.source != self.source.id:
            raise Rejected(Reason.SOURCE_MISMATCH, "/data/code")
        if letter is None and event.type == LETTER_PROGRESSED.type:
            return None
        if letter is not None:
            check_own(self.source, letter.received_at, letter.unit)
        if letter is not None and letter.kind == letters.DENUNCIATION and event.data.get("contact_sealed") is not None:
            raise Rejected(Reason.CLEAR_PERSONAL_DATA, "/data/contact_sealed")
        return self._state(letter, self._heard(letter, event), event)

    def _heard(self, letter: Letter | None, event: Event) -> Heard:
        now, unit = self.work.now, event.data["unit"] if letter is None else letter.unit
        office = self.desk.office_at(now, unit)
        if letter is not None:
            return self._told_of(letters.follow(letter, event, office, now), event)
        nobody = event.data["kind"] == letters.DENUNCIATION or event.data.get("anonymous")
        recipient = None if nobody else self.inbox(event, None) or self.work.new_id()
        return letters.begin(event, id=self.work.new_id(), source=self.source.id, recipient=recipient, office=office, now=now)  # fmt: skip

    def _told_of(self, heard: Heard, event: Event) -> Heard:
        """With the person it names now, where it named nobody we could reach."""
        if event.data.get("contact_sealed") is None:
            return heard
        if heard.letter.anonymous:
            raise Rejected(Reason.SCHEMA, "/data/contact_sealed")
        recipient = self.inbox(event, heard.letter.recipient)
        version = heard.letter.version if heard.letter.recipient == recipient else heard.letter.version + 1
        return replace(heard, letter=replace(heard.letter, recipient=recipient, version=version))

    def _state(self, before: Letter | None, heard: Heard, event: Event) -> Sequence[str]:
        """Remember it, and state what is new."""
        if before is None:
            self.work.starts(heard.letter.id)
        if heard.letter == before:
            return ()
        self.letters.known[event.key] = self.letters.changed[event.key] = heard.letter
        fact = letters.stated(
            heard, tells_citizens=not self.source.tells_citizens, backfill=bool(event.data.get("backfill"))
        )
        self.work.record(fact, published=not self.source.sandbox)
        return heard.inferred[1:] if before is None else heard.inferred

    def _count(self, event: Event) -> None:
        data, counted = event.data, self.letters.counted
        key = (self.source.id, data["unit"], data["day"], data["window"])
        if not self.source.sandbox and (key not in counted or counted[key]["at"] <= data["at"]):
            counted[key] = data


async def tell_source(work: Work, stated: Sequence[tuple[Any, Cause]]) -> None:
    """What complaints says of a source's cases goes into its feed; what its citizen did, to its topic of replies too."""
    theirs = [(fact, cause) for fact, cause in stated if getattr(fact, "source", None) is not None]
    feeds.feed(work, [_entry(fact) for fact, _ in theirs])
    for fact, cause in theirs:
        if isinstance(fact, OF_CASES):
            await reply(work, fact.source or "", _letter(fact), fact, cause)


def _letter(fact: Any) -> str:
    """The code of the letter a case came from."""
    return str(fact.code.rpartition(".")[0])


def _entry(fact: Any) -> feeds.Entry:
    name = fact_type(type(fact)).split(".")[2]
    kind = name if isinstance(fact, (*OF_CASES, cases.DeadlineWarned, cases.DeadlineBreached)) else "dates"
    said = {
        each: getattr(fact, each, None) for each in ("kind", "act", "reason_class", "score", "due_on", "promised_on")
    }
    if kind == "dates":
        said |= {
            "state": getattr(fact, "state", None) or name.removeprefix("case-"),
            "lawful_due_on": said.pop("due_on"),
            "kind": None,
        }
    data = {
        each: value.isoformat() if isinstance(value, date) else value
        for each, value in said.items()
        if value is not None
    }
    return feeds.Entry(fact.source, kind, fact.occurred_at, _letter(fact), data)


async def read_visits(desk: Desk, who: Principal, unit: str, first: date, last: date) -> Sequence[Any]:
    """What was counted at a unit's windows, for its officers and those who run the installation."""
    if not (who.has("admin", "ops") or who.may_act_for(unit)):
        raise NotFound
    if not 0 <= (last - first).days <= LONGEST_SPAN:
        raise SpanTooLong(field="to")
    async with desk.works.reading() as connection:
        return await store.visits(connection, unit, first, last)
