"""Why a date is what it is: the statutory clock built again from what the facts say, and told day by day.

A clock that does not come to the stated date explains nothing, so it is not shown: a procedure's limit may have changed
since the dossier was received, and a wrong reason is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isclose

from services.reporting.domain.fold import day_of
from services.reporting.domain.limits import SCREENING, DeadlineLine
from services.reporting.domain.line import DossierLine
from shared.kernel import Refused
from shared.law import Clock, Due, Office, PauseMode, RuleBook, explain, start

ANSWER_RULE = "one-stop.online-answer"
_MOVED = {
    "vi": "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: {day}; hạn theo luật ở trên không thay đổi.",
    "en": "The office apologised and promised another day: {day}; the lawful date above stays what it is.",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What a fact says a clock came to: a due day, or while it stands still what was left of it."""

    due_on: date | None
    remaining_working_hours: float | None = None

    def agrees(self, due: Due) -> bool:
        """Whether a clock says the same."""
        if due.due_on is not None or self.remaining_working_hours is None:
            return due.due_on == self.due_on
        return due.remaining_working_hours is not None and isclose(
            due.remaining_working_hours, self.remaining_working_hours, abs_tol=1e-6
        )


def settlement_reason(line: DossierLine, limit: str | None, office: Office, language: str) -> tuple[str, ...]:
    """Why the result is due when it is; `limit` is the procedure's present one. Empty where that does not fit."""
    if line.rule is None or line.rule_version is None or limit is None:
        return ()
    still = line.paused_at is not None and line.due_on is None
    stated = Stated(None, line.remaining_working_hours) if still else Stated(line.lawful_due_on)
    reason = told(settlement_clocks(line, limit, office.rules), stated, office, language)
    return (*reason, *_moved(line, language)) if reason and not still else reason


def _moved(line: DossierLine, language: str) -> tuple[str, ...]:
    """That another day was promised than the lawful one, where an appointment was moved."""
    if line.promised_on is None or line.lawful_due_on is None or line.promised_on <= line.lawful_due_on:
        return ()
    return (_MOVED["en" if language == "en" else "vi"].format(day=f"{line.promised_on:%d/%m/%Y}"),)


def settlement_clocks(line: DossierLine, limit: str, rules: RuleBook) -> Iterator[Clock]:
    """The clocks this dossier can have run under, likeliest first: counter dossiers start at their receipt, others when accepted."""
    began = line.received_at if line.channel == "direct" else line.accepted_at
    rule = rules.version(line.rule or "", line.rule_version or 0)
    for since in (began, line.started_at):
        for mode in PauseMode if line.stops else (rule.pause,):
            for paid in (None, *range(1, len(line.stops), 2)):
                if since is not None:
                    yield with_stops(start(rule, since, limit=limit, mode=mode), line.stops, paid=paid)


def with_stops(clock: Clock, stops: Sequence[datetime], *, suspended: bool = False, paid: int | None = None) -> Clock:
    """The clock after it stopped and went on at these instants, by turns; at the one `paid` it began anew with a proof of payment."""
    for number, at in enumerate(stops):
        if number % 2:
            clock = clock.restart(at) if number == paid else clock.resume(at)
        else:
            clock = clock.suspend(at) if suspended else clock.pause(at)
    return clock


def answer_reason(
    line: DossierLine, handed_in_at: Sequence[datetime], office: Office, language: str
) -> tuple[str, ...]:
    """Why an officer answers by then; `handed_in_at`: when the dossier or what was missing of it came."""
    if line.answer_due_at is None:
        return ()
    clocks = (start(office.rules.rule(ANSWER_RULE, day_of(at)), at) for at in reversed(handed_in_at))
    return told(clocks, Stated(day_of(line.answer_due_at)), office, language)


def limit_reason(line: DeadlineLine, received_on: date, office: Office, language: str) -> tuple[str, ...]:
    """Why a limit of a letter or case ends when it does; the rule's version follows the day the letter was received."""
    return told(_limit_clocks(line, received_on, office.rules), Stated(line.due_on), office, language)


def _limit_clocks(line: DeadlineLine, received_on: date, book: RuleBook) -> Iterator[Clock]:
    rule = book.version(line.rule, line.rule_version) if line.rule_version else book.rule(line.rule, received_on)
    for remote in (line.remote, not line.remote):
        clock = start(rule, line.started_at, complex=line.complex, remote=remote)
        yield with_stops(clock, line.stops, suspended=line.kind != SCREENING)


def told(clocks: Iterable[Clock], stated: Stated, office: Office, language: str) -> tuple[str, ...]:
    """The explanation of the first of these clocks that comes to what was stated."""
    try:
        for clock in clocks:
            if stated.agrees(clock.due(office.calendar, office.hours)):
                return explain(clock, office.calendar, office.hours, language)
    except Refused:  # a rule, a limit or a year the book does not hold
        return ()
    return ()
