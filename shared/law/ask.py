"""One question in plain JSON values, one answer in plain JSON values: the words of `gandan due` and of its lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from shared.kernel import Refused
from shared.law.calendar import Calendar, official_calendar
from shared.law.clock import Clock, plain, start, with_pauses
from shared.law.due import Due
from shared.law.explain import explain
from shared.law.hours import office_hours
from shared.law.refusals import (
    BadTime,
    CalendarNotPublished,
    MissingField,
    TooManyExtensions,
    UnknownLimit,
    UnknownRule,
)
from shared.law.rules import PauseMode, RuleBook, rulebook
from shared.law.words import LANGUAGES
from shared.law.zone import parse_instant

Question = Mapping[str, Any]

CODES: dict[type[Refused], str] = {
    UnknownRule: "unknown-rule",
    UnknownLimit: "unknown-limit",
    TooManyExtensions: "unknown-limit",  # the law knows no limit that long
    BadTime: "bad-time",
    CalendarNotPublished: "unknown-year",
    MissingField: "missing-field",
}


def answer(question: Question, calendar: Calendar | None = None, book: RuleBook | None = None) -> dict[str, Any]:
    """The due date a question asks for, with its explanation in `lang` (vi unless said); refuses by name.

    `as_of`: by the version of the rule in force on that day, whenever it was received; also the day of receipt where none is said.
    """
    calendar = calendar or official_calendar()
    lang = _one_of(question, "lang", tuple(LANGUAGES))
    clock = read_clock(question, calendar, book or rulebook())
    hours = office_hours(clock.started_at.date())
    return write(clock, clock.due(calendar, hours), explain(clock, calendar, hours, lang))


def refusal(error: Refused) -> dict[str, Any]:
    """The answer when there is none: `{"error": {"code", "detail"}}`."""
    return {"error": {"code": CODES.get(type(error), error.code), "detail": str(error)}}


def read_clock(question: Question, calendar: Calendar, book: RuleBook) -> Clock:
    """The clock a question describes: its rule or limit, start, extensions, pauses and suspensions."""
    clock = _began(question, calendar, book)
    for _ in range(_extensions(question)):
        clock = clock.extend()
    pauses, suspensions = _stretches(question, "pause"), _stretches(question, "suspend")
    return with_pauses(clock, pauses + suspensions, suspended=not pauses)


def write(clock: Clock, due: Due, steps: tuple[str, ...] = ()) -> dict[str, Any]:
    """The answer's fields; limits in calendar days answer with a day, all others with an instant."""
    in_dates = clock.limit.in_dates
    if clock.backward:
        when = {"latest": _written(due.due_at, in_dates=True)}
    else:
        when = {"due": _written(due.due_at, in_dates=in_dates), "starts_at": _written(due.starts_at, in_dates=in_dates)}
    return when | {
        "original_due": _written(due.original_due_at, in_dates=in_dates or clock.backward),
        "remaining_working_hours": due.remaining_working_hours,
        "used_days": due.used_days,
        "remaining_days": due.remaining_days,
        "apology_latest": None if due.apology_latest is None else due.apology_latest.isoformat(),
        "rule": due.rule,
        "version": due.version,
        "legal_basis": due.legal_basis,
        "verified": due.verified,
        "provisional": due.provisional,
        "steps": list(steps),
    }


def _began(question: Question, calendar: Calendar, book: RuleBook) -> Clock:
    rule_id, limit = question.get("rule"), question.get("limit")
    mode = PauseMode(question["mode"]) if _one_of(question, "mode", ("", *PauseMode)) else None
    if limit is not None and not isinstance(limit, str):
        raise UnknownLimit(f"unknown limit {limit!r}: write 7wd, 30d, 8wh or same-day")
    if rule_id is not None:
        return _under_rule(question, calendar, book, str(rule_id), limit, mode)
    if limit is None:
        raise MissingField("say a rule or a limit", field="rule")
    backward = "event" in question and "from" not in question
    at = _instant(question, "event" if backward else "from")
    return plain(limit, at, mode=mode or PauseMode.PAUSE, backward=backward)


def _under_rule(
    question: Question, calendar: Calendar, book: RuleBook, rule_id: str, limit: str | None, mode: PauseMode | None
) -> Clock:
    at = _instant(question, "event" if book.versions(rule_id)[-1].backward else "from")
    as_of = _time(question["as_of"]).date() if question.get("as_of") is not None else at.date()
    calendar.require(at.date(), at.date())  # a year without calendar is named before a rule that is not in force
    circumstances = {name: _flag(question, name) for name in ("complex", "remote", "several_places")}
    return start(book.rule(rule_id, as_of), at, limit=limit, mode=mode, **circumstances)


def _instant(question: Question, field: str) -> datetime:
    if question.get(field) is None and question.get("as_of") is not None:
        return _time(question["as_of"])
    if question.get(field) is None:
        raise MissingField(f"say {field!r}: a time such as 2026-06-01T09:00:00+07:00, or a day", field=field)
    return _time(question[field])


def _time(value: object) -> datetime:
    try:
        return parse_instant(value)  # type: ignore[arg-type]  # anything but text is refused below
    except (TypeError, ValueError) as error:
        raise BadTime(f"not a time: {value!r}; write 2026-06-01T09:00:00+07:00 or 2026-06-01") from error


def _stretches(question: Question, field: str) -> list[tuple[date, date | None]]:
    """Pairs [from, to]; `to` null means it still lasts."""
    pairs = question.get(field) or []
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - a pair
        raise BadTime(f"{field!r} is a list of pairs [from, to]")
    return [(_time(began), None if ended is None else _time(ended)) for began, ended in pairs]


def _extensions(question: Question) -> int:
    number = question.get("extensions") or 0
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise UnknownLimit(f"extensions is a number of extensions, not {number!r}")
    return number


def _flag(question: Question, field: str) -> bool:
    value = question.get(field) or False
    if not isinstance(value, bool):
        raise MissingField(f"{field} is true or false, not {value!r}", field=field)
    return value


def _one_of(question: Question, field: str, words: tuple[str, ...]) -> str:
    """The word of this field, the first of `words` when it is not said."""
    word = question.get(field) or words[0]
    if word not in words:
        raise MissingField(f"{field} is one of {', '.join(filter(None, words))}, not {word!r}", field=field)
    return str(word)


def _written(at: datetime | None, *, in_dates: bool) -> str | None:
    if at is None:
        return None
    return at.date().isoformat() if in_dates else at.isoformat()
