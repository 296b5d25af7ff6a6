"""What a dossier's dates and history are, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.reporting import domain
from services.reporting.domain import CaseMoment, DossierLine, Moment, NoticeLine
from shared.web.pages.writing import day_text, decimal_text, minute_text, weekday_text

__all__ = [
    "Happened",
    "Notified",
    "Promise",
    "case_history",
    "day_text",
    "history",
    "minute_text",
    "notices",
    "promise",
    "weekday_text",
]


class Promise(NamedTuple):
    """The date that counts now: what it is, the date, and a sentence beside it."""

    title: str
    date: str
    note: str


class Notified(NamedTuple):
    """A notice: which, what it says in a word, when it was put into the inbox, when it was read."""

    code: str
    name: str
    created: str
    read: str


class Happened(NamedTuple):
    """One step of a history; the last two are for officers."""

    at: str
    text: str
    type: str
    trace: str | None


def promise(line: DossierLine, words: Mapping[str, str], late: int, language: str) -> Promise:
    """What is promised now: the result, an answer, or nothing while papers are awaited or after the end."""
    note = words["late"].format(days=late) if late else ""
    if line.answer_due_at is not None:
        return Promise(words["answer-due"], minute_text(line.answer_due_at), note)
    if line.due_on is not None:
        return Promise(
            words["due"],
            weekday_text(line.due_on, language),
            note or (words["provisional"] if line.provisional else ""),
        )
    if line.paused_at is not None:
        hours = line.remaining_working_hours
        left = words["hours-left"].format(hours=decimal_text(hours, language)) if hours is not None else ""
        return Promise(words["due"], words["standing-still"], left)
    if line.settled_on is not None and line.promised_on is not None:
        kept = words[f"timing-{line.timing}"].format(promised=day_text(line.promised_on))
        return Promise(words["settled-on"], weekday_text(line.settled_on, language), kept)
    ended = line.settled_on or line.refused_on or line.withdrawn_on
    return Promise(words["ended-on"], weekday_text(ended, language) if ended else "–", "")


def notices(found: Sequence[NoticeLine], names: Mapping[str, str]) -> list[Notified]:
    """What was told, in order."""
    return [Notified(n.code, names.get(n.code, ""), _minute(n.created_at) or "–", _minute(n.read_at)) for n in found]


def _minute(at: datetime | None) -> str:
    return minute_text(at) if at is not None else ""


def case_history(moments: Sequence[CaseMoment], language: str) -> list[Happened]:
    """What happened to a letter or a case, in order."""
    return [
        Happened(minute_text(m.occurred_at), domain.case_sentence(m.word, day_text(m.day), language), m.type, m.trace)
        for m in moments
    ]


def history(moments: Sequence[Moment], language: str) -> list[Happened]:
    """What happened, in order."""
    return [
        Happened(minute_text(m.occurred_at), domain.sentence(m.word, day_text(m.day), language), m.type, m.trace)
        for m in moments
    ]
