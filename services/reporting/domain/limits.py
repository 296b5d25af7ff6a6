"""One line per limit of a letter or a case: since when it runs, when it stood still, when it ends, what was announced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from services.reporting.domain.fold import day_of
from services.reporting.domain.line import UNKNOWN
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact

SCREENING, ACCEPTANCE, SETTLEMENT = "screening", "acceptance", "settlement"
DELIVERY, ANSWER, TRANSFER = "delivery", "answer", "transfer"

RULES: Final[Mapping[str, str]] = {
    SCREENING: "petition.transfer", ACCEPTANCE: "complaint.acceptance", SETTLEMENT: "complaint.settlement.first",
    DELIVERY: "complaint.decision-delivery", ANSWER: "feedback.answer", TRANSFER: "case.transfer-acceptance",
}  # fmt: skip
"""The rule each kind of limit runs under; where a fact names its rule, that counts."""

SECOND_DELIVERY: Final = "complaint.decision-delivery.second"
"""The rule a second decision is delivered under; the other limits of a second complaint name their rule, or share it."""


class DeadlineLine(NamedTuple):
    """A row of `deadline_line`; `stops`: when it stood still and went on, by turns. One that begins anew replaces the former."""

    about: UUID
    kind: str
    topic: str
    code: str
    unit: str
    officer: str | None
    rule: str
    rule_version: int | None
    complex: bool
    remote: bool
    started_at: datetime
    stops: list[datetime]
    due_on: date | None
    first_due_on: date | None
    warned_at: datetime | None
    breached_at: datetime | None
    ended_on: date | None
    times: int


Limits: TypeAlias = dict[str, DeadlineLine]
"""The limits of one letter or case, by kind."""


def fold_limits(limits: Limits, fact: Any) -> Limits:
    """All limits of a letter or case after this fact; those it does not touch are the same."""
    fold = _FOLDS.get(type(fact))
    changed = fold(limits, fact) if fold is not None else limits
    if isinstance(fact, facts.CaseTransferAccepted | facts.CaseEscalated):
        return {kind: each._replace(unit=fact.unit, officer=None) if each.ended_on is None else each for kind, each in changed.items()}  # fmt: skip
    return changed


def _begin(limits: Limits, kind: str, fact: Any, since: datetime, due_on: date, **also: Any) -> Limits:
    """A limit begins; where one of its kind ran before, it begins anew."""
    former = limits.get(kind)
    about = getattr(fact, fact.about)
    line = DeadlineLine(
        about=about, kind=kind, topic="letter" if kind == SCREENING else "case", code=fact.code, unit=fact.unit,
        officer=_officer(limits), rule=RULES.get(kind, UNKNOWN), rule_version=None, complex=False, remote=False, started_at=since, stops=[],
        due_on=due_on, first_due_on=due_on, warned_at=None, breached_at=None, ended_on=None, times=(former.times if former else 0) + 1,
    )  # fmt: skip
    return limits | {kind: line._replace(**also)}


def _officer(limits: Limits) -> str | None:
    return next((each.officer for each in limits.values() if each.officer), None)


def _end(limits: Limits, on: date, *kinds: str) -> Limits:
    """These limits end, or all of them when none is named; what ended before stays as it is."""
    return {
        kind: each._replace(ended_on=on) if each.ended_on is None and (not kinds or kind in kinds) else each
        for kind, each in limits.items()
    }


def _change(limits: Limits, kind: str, change: Callable[[DeadlineLine], DeadlineLine]) -> Limits:
    return limits | {kind: change(limits[kind])} if kind in limits else limits


def _stop(limits: Limits, kind: str, at: datetime) -> Limits:
    return _change(limits, kind, lambda now: now._replace(stops=[*now.stops, at], due_on=None))


def _go_on(limits: Limits, kind: str, at: datetime, due_on: date | None) -> Limits:
    return _change(limits, kind, lambda now: now._replace(stops=[*now.stops, at], due_on=due_on))


def _accepted(limits: Limits, fact: facts.CaseAccepted) -> Limits:
    ended = _end(limits, day_of(fact.occurred_at), ACCEPTANCE)
    pinned = {"rule": fact.rule, "rule_version": fact.rule_version, "complex": fact.complex, "remote": fact.remote}
    return _begin(ended, SETTLEMENT, fact, fact.occurred_at, fact.due_on, **pinned)


def _transferred(limits: Limits, fact: facts.CaseTransferred) -> Limits:
    waiting = _stop(limits, ACCEPTANCE, fact.occurred_at)
    return _begin(waiting, TRANSFER, fact, fact.occurred_at, fact.due_on, unit=fact.to_unit, officer=None)


def _moved(limits: Limits, fact: Any) -> Limits:
    """With another unit a complaint's limit to accept begins anew; the limit to answer runs on to the day stated."""
    moved = _end(limits, day_of(fact.occurred_at), TRANSFER)
    if ACCEPTANCE in moved:
        return _begin(moved, ACCEPTANCE, fact, fact.occurred_at, fact.due_on)
    return _change(moved, ANSWER, lambda now: now._replace(due_on=fact.due_on))


def _not_taken(limits: Limits, fact: facts.CaseTransferRejected) -> Limits:
    back = _end(limits, day_of(fact.occurred_at), TRANSFER)
    return _go_on(back, ACCEPTANCE, fact.occurred_at, fact.due_on)


def _handed_on(limits: Limits, fact: facts.SubmissionTransferred) -> Limits:
    """A unit of the province reads the letter within a limit of its own; with a body outside its reading ends."""
    if fact.to_unit is None or fact.due_on is None:
        return _ended(limits, fact)
    return _begin(limits, SCREENING, fact, fact.occurred_at, fact.due_on, unit=fact.to_unit)


def _extended(limits: Limits, fact: facts.DeadlineExtended) -> Limits:
    return _change(limits, fact.kind, lambda now: now._replace(due_on=fact.due_on, complex=True, warned_at=None, breached_at=None))  # fmt: skip


def _recounted(limits: Limits, fact: Any) -> Limits:
    """The law's data changed: another day, of which nothing was announced yet."""
    return _change(limits, fact.kind, lambda now: now._replace(due_on=fact.due_on, warned_at=None, breached_at=None))


def _resolved(limits: Limits, fact: facts.ComplaintResolved) -> Limits:
    rule = SECOND_DELIVERY if fact.level > 1 else RULES[DELIVERY]
    return _begin(
        _end(limits, fact.decided_on, SETTLEMENT), DELIVERY, fact, fact.occurred_at, fact.deliver_by, rule=rule
    )


def _corrected(limits: Limits, fact: facts.CaseCorrected) -> Limits:
    """The limit of the state it stands in again runs as if never ended, or stands still; the others have ended."""
    others = [kind for kind in limits if kind != fact.deadline]
    ended = _end(limits, day_of(fact.occurred_at), *others) if others else limits
    return _change(ended, fact.deadline or "", lambda now: now._replace(ended_on=None, due_on=fact.due_on, stops=_stood(now.stops, fact)))  # fmt: skip


def _stood(stops: list[datetime], fact: facts.CaseCorrected) -> list[datetime]:
    stood, stands = len(stops) % 2 == 1, fact.due_on is None
    return stops if stood == stands else [*stops, fact.occurred_at]


def _assigned(limits: Limits, fact: facts.CaseAssigned) -> Limits:
    return {kind: each._replace(officer=fact.officer) if each.ended_on is None else each for kind, each in limits.items()}  # fmt: skip


def _ended(limits: Limits, fact: Any) -> Limits:
    return _end(limits, day_of(fact.occurred_at))


def _warned(limits: Limits, fact: Any) -> Limits:
    return _change(limits, fact.kind, lambda now: now._replace(warned_at=fact.occurred_at))


def _breached(limits: Limits, fact: Any) -> Limits:
    return _change(limits, fact.kind, lambda now: now._replace(breached_at=fact.occurred_at))


_FOLDS: Final[Mapping[type[Fact], Callable[[Limits, Any], Limits]]] = {
    facts.SubmissionRegistered: lambda now, f: _begin(now, SCREENING, f, f.received_at, f.due_on),
    facts.SubmissionSplit: _ended,
    facts.SubmissionGuided: _ended,
    facts.SubmissionFiled: _ended,
    facts.SubmissionLinked: _ended,
    facts.SubmissionSupplementRequested: lambda now, f: _stop(now, SCREENING, f.occurred_at),
    facts.SubmissionSupplied: lambda now, f: _go_on(now, SCREENING, f.occurred_at, f.due_on),
    facts.SubmissionTransferred: _handed_on,
    facts.SubmissionDeadlineWarned: _warned,
    facts.SubmissionDeadlineBreached: _breached,
    facts.SubmissionDeadlineMoved: _recounted,
    facts.CaseOpened: lambda now, f: _begin(now, f.deadline, f, f.received_at, f.due_on),
    facts.CaseAccepted: _accepted,
    facts.CaseRefused: _ended,
    facts.CaseAssigned: _assigned,
    facts.CaseTransferred: _transferred,
    facts.CaseTransferAccepted: _moved,
    facts.CaseTransferRejected: _not_taken,
    facts.CaseEscalated: _moved,
    facts.ClockSuspended: lambda now, f: _stop(now, SETTLEMENT, f.occurred_at),
    facts.ClockResumed: lambda now, f: _go_on(now, SETTLEMENT, f.occurred_at, f.due_on),
    facts.DeadlineExtended: _extended,
    facts.DeadlineMoved: _recounted,
    facts.ComplaintResolved: _resolved,
    facts.DecisionDelivered: _ended,
    facts.CaseAppealed: _ended,
    facts.AnswerSent: _ended,
    facts.CaseReopened: lambda now, f: _begin(now, ANSWER, f, f.occurred_at, f.due_on),
    facts.CaseWithdrawn: _ended,
    facts.CaseCorrected: _corrected,
    facts.DeadlineWarned: _warned,
    facts.DeadlineBreached: _breached,
}
"""How each fact moves the limits; the others leave them as they are."""
