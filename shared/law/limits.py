"""Time limits: `7wd` working days, `30d` calendar days, `8wh` working hours, `same-day`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from shared.law.refusals import UnknownLimit


class Unit(StrEnum):
    """What a limit is counted in."""

    WORKING_DAYS = "wd"
    DAYS = "d"
    WORKING_HOURS = "wh"
    SAME_DAY = "same-day"


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one unit; the amount of `same-day` is 0."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return self.unit.value if self.unit is Unit.SAME_DAY else f"{self.amount}{self.unit}"

    @property
    def in_dates(self) -> bool:
        """Calendar days give a date; everything else gives an instant."""
        return self.unit is Unit.DAYS

    def plus(self, amount: int) -> Limit:
        """The same unit, longer."""
        return Limit(self.amount + amount, self.unit)


# Four digits reach beyond every calendar there will be, and keep dates within what Python can write.
_WRITTEN = re.compile(r"([1-9][0-9]{0,3})(wd|d|wh)", re.ASCII)


@lru_cache(maxsize=256)
def parse_limit(text: str) -> Limit:
    """Read `7wd`, `30d`, `8wh` or `same-day`; anything else is `UnknownLimit`."""
    if text == Unit.SAME_DAY:
        return Limit(0, Unit.SAME_DAY)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise UnknownLimit(f"unknown limit {text!r}: write 7wd, 30d, 8wh or same-day", limit=text)
    return Limit(int(found[1]), Unit(found[2]))
