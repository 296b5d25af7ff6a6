"""What the calendar and the rule book still need from people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from deploy.cli.stack import Finding
from shared.law import YearStatus, official_calendar, rulebook
from shared.law.calendar import Calendar
from shared.law.rules import RuleBook
from shared.law.zone import local

ANNOUNCED = 12
"""Month by which the Government has announced the days off of the next year."""


def check(now: datetime, calendar: Calendar | None = None, book: RuleBook | None = None) -> Iterator[Finding]:
    """This year's and next year's days off, and rules nobody has checked against their text."""
    today = local(now).date()
    for year in (today.year, today.year + 1):
        yield _year(calendar or official_calendar(), year, today)
    yield _rules(book or rulebook(), today)


def _year(calendar: Calendar, year: int, today: date) -> Finding:
    status = calendar.status(year)
    subject, seed = f"calendar {year}", f"python -m deploy.cli.calendar_seed {year}"
    if status is YearStatus.UNKNOWN:
        return Finding(False, subject, "its days off are unknown: due dates in it are refused", f"seed it: {seed}")
    if status is YearStatus.PUBLISHED:
        return Finding(True, subject, "published")
    late = year == today.year or today.month >= ANNOUNCED
    words = "provisional: due dates in it are marked so" + (", though it should be published by now" if late else "")
    return Finding(not late, subject, words, "publish it when the Government has announced the days off")


def _rules(book: RuleBook, today: date) -> Finding:
    rules = [rule for versions in book.rules.values() for rule in versions if rule.in_force(today)]
    unverified = sorted(rule.id for rule in rules if not rule.verified)
    if not unverified:
        return Finding(True, "rules", f"all {len(rules)} in force are checked against their text")
    words = f"{len(unverified)} of {len(rules)} in force are not yet checked against their text"
    return Finding(
        True, "rules", words, f"have a lawyer read {', '.join(unverified[:3])}{', …' if unverified[3:] else ''}"
    )
