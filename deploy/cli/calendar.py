"""`gandan calendar`: which days of a year are worked, as shipped (no database needed) or as acts have left it; and acts that change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError

from deploy.cli.doctor.databases import COUNTING
from deploy.cli.installation import DONE, REFUSED, WRONG_USAGE, HomeOption, Installation, clock_of, quiet, run
from deploy.cli.screen import as_json, columns
from services.intake import handlers
from services.intake.api.calendar_bodies import HoursBody, YearBody
from services.intake.domain import acts
from shared import settings
from shared.kernel import Caller, Principal
from shared.law import Calendar, YearStatus, official_calendar, standing
from shared.law.zone import local
from shared.store import recount as recounts

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


@app.callback()
def calendar() -> None:
    """Working days, days off and make-up days. Example: gandan calendar show 2026"""


@app.command()
def show(
    year: Annotated[int | None, typer.Argument(help="Default: this year.", min=1900, max=2200)] = None,
    *,
    here: Annotated[
        bool, typer.Option("--here", help="As this installation knows it, with the acts confirmed there.")
    ] = False,
    home: HomeOption = None,
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
    if not here:
        raise typer.Exit(_print(described(official_calendar(), asked), as_json_=as_json_))

    async def work(installation: Installation) -> int:
        async with installation.session("intake") as db:
            records = [(row["key"], row["record"]) for row in await db.fetch("SELECT key, record FROM law_record")]
        law = standing(record for _, record in records)
        return _print(described(law.calendar, asked), as_json_=as_json_)

    run("calendar show", home, work)


def _print(found: dict[str, Any], *, as_json_: bool) -> int:
    print(as_json(found) if as_json_ else told(found))
    return REFUSED if found["status"] == YearStatus.UNKNOWN else DONE


AsOption = Annotated[str, typer.Option("--as", help="Id of the person who does this, as their token names them.")]
NumberOption = Annotated[str, typer.Option(help="Number of the signed act.")]
BasisOption = Annotated[str, typer.Option(help="What the act stands on.")]
B = TypeVar("B", YearBody, HoursBody)


@app.command()
def override(
    day: Annotated[datetime, typer.Argument(metavar="DAY", formats=["%Y-%m-%d"], help="The day: 2026-11-26.")],
    as_: AsOption,
    number: NumberOption,
    basis: BasisOption,
    vi: Annotated[str, typer.Option(help="Why it is off, in Vietnamese; not with --worked.")] = "",
    en: Annotated[str, typer.Option(help="The same in English.")] = "",
    instead_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it is worked for.")] = None,
    home: HomeOption = None,
    *,
    worked: Annotated[bool, typer.Option("--worked", help="The day is worked; else it is off.")] = False,
) -> None:
    """Propose that a day is off, or worked. It counts when another person confirms it: prints the id to confirm.

    Example: gandan calendar override 2026-11-26 --vi "Nghỉ tránh bão" --en Storm --number "Công điện 12" --basis "Luật PCTT" --as an.nv
    """
    if not worked and not (vi and en):
        raise typer.BadParameter("a day off has a name: --vi and --en")
    content = {"on": f"{day:%Y-%m-%d}", "worked": worked, "vi": vi, "en": en}
    if instead_of is not None:
        content["instead_of"] = f"{instead_of:%Y-%m-%d}"
    _propose("calendar override", home, _person(as_), acts.DAY, content, number=number, basis=basis)


@app.command()
def confirm(
    act: Annotated[UUID, typer.Argument(help="As `gandan calendar override` or `hours` printed it.")],
    as_: AsOption,
    home: HomeOption = None,
) -> None:
    """Sign as the second person: in force now; the running services count the limits it touches again.

    Example: gandan calendar confirm 0198f0e7-7b21-7000-8000-000000000001 --as binh.tt
    """

    async def work(installation: Installation) -> int:
        async with installation.built("intake", quiet(installation.settings)) as (made, _works):
            await handlers.confirm_act(made.api.state.desk, _person(as_), act, 1)
        print("confirmed")
        return DONE

    run("calendar confirm", home, work)


@app.command()
def publish(
    year: Annotated[int, typer.Argument(help="The year that was announced.", min=1900, max=2200)],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help='JSON: {"off": [{"on", "vi", "en"}], "makeup": [{"on", "instead_of"}]}.',
        ),
    ],
    as_: AsOption,
    number: NumberOption,
    basis: Annotated[str, typer.Option(help="What the announcement stands on.")] = "",
    home: HomeOption = None,
) -> None:
    """Publish a year as the Government announced it, with every day off; once, by one person. Limits that run into it are counted again.

    Example: gandan calendar publish 2027 nghi-2027.json --number "Thông báo 5015/TB-BNV" --as an.nv
    """  # fmt: skip
    body = _body(YearBody, {**_table(file), "number": number, "basis": basis or None}, of=str(file))

    async def work(installation: Installation) -> int:
        async with installation.built("intake", quiet(installation.settings)) as (made, _works):
            desk = made.api.state.desk
            made_ = await handlers.publish_year(
                desk, _person(as_), year, None, body.content(), number=body.number, basis=basis
            )
        print(f"{year}: {made_.record['status']}, {made_.working_days} working days")
        return DONE

    run("calendar publish", home, work)


@app.command()
def hours(
    unit: Annotated[str, typer.Argument(help="Code of a unit, or `province`: whoever has none of its own.")],
    from_: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Their first day.")],
    period: Annotated[
        list[str], typer.Option(help="From opening to closing, 07:00-11:30; once for each part of the day.")
    ],
    as_: AsOption,
    number: NumberOption,
    basis: BasisOption,
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Their last day; until further notice without it.")
    ] = None,
    saturday: Annotated[
        list[str] | None, typer.Option(help="Duty on Saturdays, as --period; none unless named.")
    ] = None,
    same_day_until: Annotated[str, typer.Option(help="What is to be settled on the same day comes by then.")] = "15:00",
    home: HomeOption = None,
) -> None:
    """Propose office hours of a unit for a season. They count when another person confirms them: prints the id to confirm.

    Example: gandan calendar hours 19360 --from 2027-04-16 --to 2027-10-15 --period 06:30-11:00 --period 13:30-17:00 --number "QĐ 21" --basis "Mùa hè" --as an.nv
    """  # fmt: skip
    asked = {
        "unit": unit, "valid_from": f"{from_:%Y-%m-%d}", "valid_to": f"{to:%Y-%m-%d}" if to else None, "periods": [each.split("-") for each in period],
        "saturday": [each.split("-") for each in saturday or ()], "same_day_until": same_day_until, "number": number, "basis": basis,
    }  # fmt: skip
    body = _body(HoursBody, asked, of="these hours")
    _propose("calendar hours", home, _person(as_), acts.HOURS, body.content(), number=body.number, basis=body.basis)


def _propose(
    command: str, home: Path | None, who: Caller, kind: str, content: Mapping[str, Any], *, number: str, basis: str
) -> None:
    """Enter an act as its first person; prints how the second one confirms it."""

    async def work(installation: Installation) -> int:
        async with installation.built("intake", quiet(installation.settings)) as (made, _works):
            desk = made.api.state.desk
            await handlers.refresh(desk)
            act = await handlers.propose(desk, who, kind, content, number=number, basis=basis)
        print(f"proposed: gandan calendar confirm {act.id} --as SOMEBODY-ELSE")
        return DONE

    run(command, home, work)


@app.command()
def recount(home: HomeOption = None) -> None:
    """Count limits again that were passed over after an act, as `gandan doctor` tells: once more, from the beginning; the running services do it.

    Example: gandan calendar recount
    """

    async def work(installation: Installation) -> int:
        begun = 0
        for service in COUNTING:
            async with installation.session(service) as db:
                begun += await recounts.anew(db)
        print(f"{begun} countings begin again" if begun else "nobody was passed over")
        return DONE

    run("calendar recount", home, work)


def _table(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}") from None
    if not isinstance(read, dict):
        raise typer.BadParameter(f"{file} holds no table with the days off")
    return read


def _body(model: type[B], values: Mapping[str, Any], *, of: str) -> B:
    """What the calendar desk is asked, in good shape as over HTTP; else every wrong field in a sentence."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]  # fmt: skip
        raise typer.BadParameter(f"{of}: {'; '.join(each.removeprefix(': ') for each in wrong)}") from None


def _person(subject: str) -> Caller:
    return Caller(Principal(subject, frozenset({"admin"}), acting="admin"))


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
