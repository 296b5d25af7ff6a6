"""Seeds a year of `shared/law/data/calendar.toml` from the `holidays` package; people then correct and publish it.

python -m deploy.cli.calendar_seed 2029 >> shared/law/data/calendar.toml
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version

import holidays

NAMES = {
    "New Year's Day": ("Tết Dương lịch", "New Year's Day"),
    "Lunar New Year": ("Tết Nguyên đán", "Lunar New Year (Tết)"),
    "Hung Kings' Commemoration Day": ("Giỗ Tổ Hùng Vương", "Hùng Kings' Commemoration Day"),
    "Liberation Day/Reunification Day": ("Ngày Chiến thắng 30/4", "Reunification Day"),
    "International Labor Day": ("Quốc tế Lao động 1/5", "Labour Day"),
    "National Day": ("Quốc khánh 2/9", "National Day"),
    "Vietnam Cultural Day": ("Ngày Văn hóa Việt Nam", "Vietnam Culture Day"),
}
OBSERVED = ("nghỉ bù", "observed")
SWAPPED = "Day off (substituted from "
BASIS = "Bộ luật Lao động 45/2019/QH14, Điều 112"


def seed(year: int) -> str:
    """The TOML of one provisional year: statutory days, days observed on a weekday, swapped days."""
    days = holidays.country_holidays("VN", years=year, language="en_US")
    lines = ["[[year]]", f"year = {year}", 'status = "provisional"', f'basis = "{BASIS}; gói holidays {_version()}"']
    lines += ["off = [", *(_off(on, name) for on, name in sorted(days.items()) if on.year == year), "]"]
    swaps = _swaps(days)
    if swaps:
        lines += ["makeup = [", *swaps, "]"]
    return "\n".join(lines) + "\n"


def names_of(holiday: str) -> tuple[str, str]:
    """Our words (vi, en) for a name of the `holidays` package; `ValueError` on one we have not seen."""
    if holiday.startswith(SWAPPED):
        saturday = _instead_of(holiday)
        return f"nghỉ hoán đổi (làm bù {saturday:%d/%m/%Y})", f"day off swapped with {saturday.isoformat()}"
    for known, (vi, en) in NAMES.items():
        if known in holiday:
            observed = OBSERVED[1] in holiday
            return (f"{vi} ({OBSERVED[0]})", f"{en} ({OBSERVED[1]})") if observed else (vi, en)
    raise ValueError(f"no name for {holiday!r}")


def _off(on: date, holiday: str) -> str:
    vi, en = names_of(holiday)
    return f'    {{ on = {on.isoformat()}, vi = "{vi}", en = "{en}" }},'


def _swaps(days: Mapping[date, str]) -> list[str]:
    swapped = {on: name for on, name in days.items() if name.startswith(SWAPPED)}
    return [f"    {{ on = {_instead_of(name)}, instead_of = {on} }}," for on, name in sorted(swapped.items())]


def _instead_of(holiday: str) -> date:
    month, day, year = holiday.removeprefix(SWAPPED).rstrip(")").split("/")
    return date(int(year), int(month), int(day))


def _version() -> str:
    return version("holidays")


if __name__ == "__main__":
    print("\n" + "\n".join(seed(int(year)) for year in sys.argv[1:]), end="")
