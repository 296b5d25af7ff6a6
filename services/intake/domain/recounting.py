"""The law's data changed: what the limits of a dossier say now, and the fact for each that moved. Nobody gave a command: its version stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.clocks import Term, local_day
from services.intake.domain.dossier import Dossier
from services.intake.domain.states import ANSWER, SETTLEMENT
from shared.contracts.intake import DeadlineMoved
from shared.law import Office


def count_again(
    dossier: Dossier, *, at: datetime, office: Office, act: UUID, reason_class: str
) -> tuple[Dossier, tuple[DeadlineMoved, ...]]:
    """The dossier with its open limits by the law as it stands; what the slip says stays, the lawful date moves."""
    after, day = dossier, local_day(dossier.received_at)
    if dossier.answer is not None and not dossier.answer.ended:
        after = _answer(after, dossier.answer.count_again(day, None, local_day(at), office))
    if dossier.settlement is not None and not dossier.settlement.ended:
        after = _settlement(after, dossier.settlement.count_again(day, dossier.promised_on, local_day(at), office))
    moved = (_moved(kind, dossier, after) for kind in (ANSWER, SETTLEMENT))
    about: dict[str, Any] = {
        "occurred_at": at, "dossier": after.id, "code": after.code, "unit": after.unit, "recipient": after.recipient, "act": act,
        "reason_class": reason_class, "officer": after.handler, "provisional": after.provisional,
    }  # fmt: skip
    return after, tuple(DeadlineMoved(**about, **dates) for dates in moved if dates is not None)


def _answer(dossier: Dossier, term: Term) -> Dossier:
    return dossier.having(answer=term, answer_due_at=term.due.due_at if term.due else None)


def _settlement(dossier: Dossier, term: Term) -> Dossier:
    if (due := term.due) is None or (promise := term.promise) is None:
        raise AssertionError("a clock that was counted again was read")
    still = term.clock.paused and due.due_at is None
    return dossier.having(
        settlement=term, moved_by=term.moved_by, due_at=promise.due_at, due_on=promise.due_on, provisional=promise.provisional,
        lawful_due_on=due.due_on or dossier.lawful_due_on, remaining_working_hours=due.remaining_working_hours if still else None,
    )  # fmt: skip


def _moved(kind: str, before: Dossier, after: Dossier) -> dict[str, Any] | None:
    """The dates of a limit that moved; None where it did not, or stands still."""
    if kind == ANSWER:
        if before.answer_due_at is None or after.answer_due_at in {None, before.answer_due_at}:
            return None
        old, new = before.answer_due_at, after.answer_due_at
        if new is None:
            raise AssertionError("compared above")
        return {"kind": kind, "old_due_on": local_day(old), "due_on": local_day(new), "due_at": new}
    same = (before.due_at, before.lawful_due_on) == (after.due_at, after.lawful_due_on)
    if before.due_on is None or after.due_on is None or after.due_at is None or same:
        return None
    return {
        "kind": kind, "old_due_on": before.due_on, "due_on": after.due_on, "due_at": after.due_at, "promised_on": after.promised_on,
        "old_lawful_due_on": before.lawful_due_on, "lawful_due_on": after.lawful_due_on, "moved_to": after.due_on if after.due_on != before.due_on else None,
    }  # fmt: skip
