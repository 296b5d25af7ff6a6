"""`gandan calendar`: which days of a year are worked. Needs no database."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from deploy.cli.installation import DONE, REFUSED, WRONG_USAGE, clock_of
from deploy.cli.screen import as_json, columns
from shared import settings
from shared.law import Calendar, YearStatus, official_calendar
from shared.law.zone import local

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


@app.callback()
def calendar() -> None:
    """Working days, days off and make-up days. Example: gandan calendar show 2026"""


@app.command()
def show(
    year: Annotated[int | None, typer.Argument(help="Default: this year.", min=1900, max=2200)] = None,
    *,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One year: is it published, its working days by month, its days off and make-up days. Exit 1 when it is unknown.

    Example: gandan calendar show 2026 --json
    """
    try:
        asked = year or local(clock_of(settings.load())()).year
    except settings.WrongSetting as error:
        typer.echo(f"gandan calendar show: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from None
    found = described(official_calendar(), asked)
    print(as_json(found) if as_json_ else told(found))
    raise typer.Exit(REFUSED if found["status"] == YearStatus.UNKNOWN else DONE)


def described(calendar: Calendar, year: int) -> dict[str, Any]:
    """A year for programs."""
    worked = [day for ordinal in calendar.worked if (day := date.fromordinal(ordinal)).year == year]
    return {
        "year": year,
        "status": calendar.status(year).value,
        "working_days": len(worked),
        "by_month": [sum(day.month == month for day in worked) for month in range(1, 13)],
        "days_off": [{"on": off.on, "weekday": off.on.isoweekday(), "vi": off.vi, "en": off.en} for off in calendar.days_off if off.on.year == year],
        "makeup_days": [
            {"on": day.on, "instead_of": day.instead_of, "basis": day.basis} for day in calendar.makeup_days if day.on.year == year
        ],
    }  # fmt: skip


def told(found: dict[str, Any]) -> str:
    """A year for people."""
    if found["status"] == YearStatus.UNKNOWN:
        return f"{found['year']}: unknown, so due dates in it are refused; seed it with python -m deploy.cli.calendar_seed {found['year']}"
    head = f"{found['year']}: {found['status']}, {found['working_days']} working days"
    months = columns([f"{month:02}" for month in range(1, 13)], [found["by_month"]])
    off = columns(
        ("OFF", "DAY", "VI", "EN"), [(d["on"], WEEKDAYS[d["weekday"] - 1], d["vi"], d["en"]) for d in found["days_off"]]
    )
    makeup = [
        f"worked instead: {day['on']} for {day['instead_of'] or '-'} {day['basis']}".rstrip()
        for day in found["makeup_days"]
    ]
    return "\n".join([head, "", "working days by month", months, "", off, *([""] if makeup else []), *makeup])
