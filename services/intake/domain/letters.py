"""A letter that another system keeps, as far as its door must know it: what may be said of it next, and what that means. Pure.

What the law makes of it, its limits and its case stand in complaints, which follows what is stated here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from services.intake.domain.source_shapes import local_day
from services.intake.domain.sources import Event, Reason, Rejected
from shared.contracts.intake import LetterFollowed
from shared.contracts.letters import ARROWS, TOLD_ONLY
from shared.law import Office

DENUNCIATION: Final = "denunciation"
LONGEST_LIMIT = timedelta(days=120)
"""No limit of a letter reaches further beyond what happened to it; the calendar has to know so far."""
_BEFORE_ANY_CASE = "received"
"""No correction leads back here: a letter that was read stays read."""

OUTCOMES: Mapping[str, frozenset[str]] = {
    "resolved": frozenset({"upheld", "partly-upheld", "dismissed"}),
    "answered": frozenset({"fixed", "explained", "planned", "not-our-remit", "cannot-fix"}),
}
_REASONS: Mapping[str, frozenset[str]] = {
    "filed": frozenset({"anonymous-without-evidence", "repeated", "settled-already", "copy-only", "impersonation", "blank"}),
    "guided": frozenset({"other-body", "court", "not-a-request"}),
    "transferred": frozenset({"not-competent", "shared-matter"}),
    "withdrawn": frozenset({"own-wish", "settled-otherwise"}),
    "reopened": frozenset({"not-fixed", "came-back", "not-answered"}),
}  # fmt: skip
"""What `note_code` may say of a state; any other word is `other`."""
GROUNDS: Mapping[str, frozenset[str]] = {
    "refused": frozenset({"internal-act", "no-direct-interest", "no-capacity", "no-lawful-representative", "unsigned", "out-of-time",
                          "already-settled-twice", "after-discontinuance", "in-court", "not-competent"}),
    "suspended": frozenset({"force-majeure", "objective-obstacle", "awaiting-other-body"}),
}  # fmt: skip
"""The law's closed grounds (Law 02/2011, Art. 11, 11a): here `note_code` has to name one."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as its source told it; `backfilled`: it came as history."""

    id: UUID
    code: str
    source: str
    unit: str
    kind: str
    channel: str
    state: str
    received_at: datetime
    last_at: datetime
    recipient: UUID | None = None
    anonymous: bool = False
    complex: bool = False
    backfilled: bool = False
    subject_class: str | None = None
    outcome: str | None = None
    promised_on: date | None = None
    version: int = 1


LETTER: Final = tuple(f.name for f in fields(Letter))
letter_values = attrgetter(*LETTER)
"""A letter's values in the order of `LETTER`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one event: the letter as it stands, the states it came through, and whether the one before was wrong."""

    letter: Letter
    steps: tuple[str, ...] = ()
    taken_back: bool = False
    reason_class: str | None = None

    @property
    def inferred(self) -> tuple[str, ...]:
        """The states its source left out."""
        return self.steps[:-1]


def begin(event: Event, *, id: UUID, source: str, recipient: UUID | None, office: Office, now: datetime) -> Heard:
    """A letter heard of for the first time, in whatever state; it was received before."""
    data, received_at = event.data, min(event.data["received_at"], now)
    letter = Letter(
        id=id, code=event.key, source=source, unit=data["unit"], kind=data["kind"], channel=data["channel"], state="received",
        received_at=received_at, last_at=received_at, recipient=recipient, anonymous=recipient is None, backfilled=bool(data.get("backfill")),
        subject_class=data.get("subject_class"),
    )  # fmt: skip
    heard = follow(letter, event, office, now)
    return replace(heard, letter=replace(heard.letter, version=1), steps=("received", *heard.steps))


def follow(letter: Letter, event: Event, office: Office, now: datetime) -> Heard:
    """A known letter, and what its source says of it now; `Rejected` where no arrow leads there."""
    _check_same(letter, event)
    to = event.data["state"]
    if to not in ARROWS[letter.kind]:
        raise Rejected(Reason.IMPOSSIBLE_STATUS, "/data/state")
    told = _told(letter, event, office, now)
    if to == letter.state:
        unmoved = replace(told, last_at=letter.last_at)
        return Heard(letter if unmoved == letter else replace(told, version=letter.version + 1))
    steps = _way(letter.kind, letter.state, to)
    if steps is None:
        return _taken_back(letter, told, event)
    outcome, reason = _ending(steps, told, event), _reason(to, event)
    return Heard(replace(told, state=to, outcome=outcome, version=letter.version + 1), steps, reason_class=reason)


def _check_same(letter: Letter, event: Event) -> None:
    """An upsert tells the same unit and kind as before: a letter becomes another kind nowhere."""
    for name in ("unit", "kind"):
        if name in event.data and event.data[name] != getattr(letter, name):
            raise Rejected(Reason.SCHEMA, f"/data/{name}")


def _told(letter: Letter, event: Event, office: Office, now: datetime) -> Letter:
    """With the dates it says now: nothing before what happened last, nothing ahead of our clock, no day without a calendar."""
    data = event.data
    at = max(min(data.get("at") or event.time or letter.last_at, now), letter.last_at)
    office.calendar.require(local_day(letter.received_at), local_day(at + LONGEST_LIMIT))
    promised = data.get("appointment_at")
    return replace(
        letter, last_at=at, complex=letter.complex or bool(data.get("complex")),
        promised_on=letter.promised_on if promised is None else local_day(promised),
    )  # fmt: skip


def _taken_back(letter: Letter, told: Letter, event: Event) -> Heard:
    """A state that was wrong: only one the letter may have stood in, and only said so."""
    to = event.data["state"]
    if to == _BEFORE_ANY_CASE or not _was_before(letter.kind, to, letter.state):
        raise Rejected(Reason.IMPOSSIBLE_STATUS, "/data/state")
    if not event.data.get("correction"):
        raise Rejected(Reason.BACKWARD_STATUS, "/data/state")
    outcome = letter.outcome if to in OUTCOMES else None
    back = replace(told, state=to, outcome=outcome, version=letter.version + 1)
    return Heard(back, taken_back=True, reason_class=event.data["reason_class"])


def _ending(steps: tuple[str, ...], told: Letter, event: Event) -> str | None:
    """How it ended, which nobody can infer; a letter that was reopened has no outcome again."""
    said, outcome = event.data.get("outcome"), told.outcome
    for step in steps:
        if step in OUTCOMES:
            if said not in OUTCOMES[step]:
                raise Rejected(Reason.SCHEMA, "/data/outcome")
            outcome = said
        elif step == "reopened":
            outcome = None
    return outcome


def _reason(state: str, event: Event) -> str | None:
    """Why, in a word of the closed list of this state."""
    note = event.data.get("note_code")
    if state in GROUNDS:
        if note not in GROUNDS[state]:
            raise Rejected(Reason.SCHEMA, "/data/note_code")
        return str(note)
    if state in _REASONS:
        return note if note in _REASONS[state] else "other"
    return None


@lru_cache(maxsize=1024)
def _way(kind: str, state: str, to: str) -> tuple[str, ...] | None:
    """The fewest states that lead there, in order; a state that has to be told is never on the way. None: no arrow leads there."""
    ways: deque[tuple[str, ...]] = deque([()])
    seen = {state}
    while ways:
        steps = ways.popleft()
        for following in ARROWS[kind][steps[-1] if steps else state]:
            if following == to:
                return (*steps, to)
            if following not in seen and following not in TOLD_ONLY:
                seen.add(following)
                ways.append((*steps, following))
    return None


def _was_before(kind: str, to: str, now: str) -> bool:
    """Whether a letter that stands here now may have stood there before."""
    seen, ways = {to}, deque([to])
    while ways:
        for following in ARROWS[kind][ways.popleft()]:
            if following == now:
                return True
            if following not in seen:
                seen.add(following)
                ways.append(following)
    return False


def stated(heard: Heard, *, tells_citizens: bool, backfill: bool) -> LetterFollowed:
    """What complaints is told: `tells_citizens` is ours to do, or the source's."""
    letter = heard.letter
    names = ("code", "source", "unit", "kind", "channel", "state", "received_at", "recipient", "anonymous", "complex", "outcome", "promised_on", "subject_class")  # fmt: skip
    known: dict[str, Any] = {name: getattr(letter, name) for name in names}
    return LetterFollowed(
        occurred_at=letter.last_at, letter=letter.id, tells_citizens=tells_citizens, backfill=backfill, steps=list(heard.steps),
        taken_back=heard.taken_back, reason_class=heard.reason_class, **known,
    )  # fmt: skip
