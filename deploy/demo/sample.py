"""The whole sample, laid out: every act in order of time."""

from __future__ import annotations

from itertools import chain

from deploy.demo import dossiers, letters
from deploy.demo.acts import Act, until
from deploy.demo.days import Days


def the_day(days: Days) -> list[Act]:
    """The dossiers and letters of the day alone, with what happened to them before."""
    return until(chain(dossiers.of_the_day(days), letters.of_the_day(days)), days.until)


def with_weeks_before(days: Days) -> list[Act]:
    """The day and the nine quieter weeks before it."""
    before = chain(dossiers.of_the_weeks_before(days), letters.of_the_weeks_before(days))
    return until(chain(the_day(days), before), days.until)
