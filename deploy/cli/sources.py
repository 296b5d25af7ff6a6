"""`gandan sources`: how well source systems tell; of all in one line each, or of one in full."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer

from deploy.cli.installation import DONE, HomeOption, Installation, JsonOption, operator, quiet, run
from deploy.cli.screen import as_json, columns
from services.intake import handlers
from services.intake.api.source_reports import quality_view
from services.intake.domain.source_quality import Quality, Silence, clock_of
from services.intake.handlers import Desk
from services.intake.handlers.source_quality import MOST_DAYS, SHOWN_DAYS, Glance
from shared.law.zone import local

app = typer.Typer(
    help="Source systems. Example: gandan sources report",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_HOUR = timedelta(hours=1)


@app.callback()
def sources() -> None:
    """Source systems. Example: gandan sources report --source tan-thanh"""


@app.command()
def report(
    source: Annotated[str | None, typer.Option(help="Id of one source system: its whole report.")] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="So many days, today among them.")] = SHOWN_DAYS,
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """Heard from last, silence, rejections by reason, delays, clock, missing numbers. Example: gandan sources report --source tan-thanh

    Silence is counted in office hours, beside what is usual for the source or the limit in its entry of the registry.
    """

    async def work(here: Installation) -> int:
        async with desk_of(here) as desk:
            if source is None:
                print(await _all(desk, days, as_json_=as_json_))
            else:
                found = await handlers.read_quality(desk, operator().principal, source, days)
                print(
                    as_json(quality_view(found, "en").model_dump(mode="json")) if as_json_ else "\n".join(_lines(found))
                )
        return DONE

    run("sources report", home, work)


@asynccontextmanager
async def desk_of(here: Installation) -> AsyncIterator[Desk]:
    """Intake's desk with its reference data, none of its doors open."""
    async with here.built("intake", quiet(here.settings)) as (made, _):
        desk: Desk = made.api.state.desk
        await handlers.refresh(desk)
        yield desk


async def _all(desk: Desk, days: int, *, as_json_: bool) -> str:
    async with desk.works.reading() as connection:
        found = await handlers.glance_at_sources(desk, connection, days)
    if as_json_:
        return as_json([_plain(each) for each in found])
    if not found:
        return "the registry has no source system"
    head = ("SOURCE", "STATE", "HEARD LAST", "SILENT", "LIMIT", "ACCEPTED", "WAITING", "REJECTED", "CLOCK")
    return columns(head, [_row(each) for each in found])


def _plain(each: Glance) -> dict[str, Any]:
    silence = each.silence
    return {
        "source": each.source.id, "name": each.source.name, "state": silence.state, "heard_at": silence.heard_at and local(silence.heard_at).isoformat(),
        "office_hours": silence.lasts and round(silence.lasts / _HOUR, 2), "limit_hours": silence.limit and round(silence.limit / _HOUR, 2),
        "accepted": each.accepted, "waiting": each.waiting, "rejected": each.rejected, "ahead_seconds": each.skew,
    }  # fmt: skip


def _row(each: Glance) -> Sequence[object]:
    silence = each.silence
    heard = f"{local(silence.heard_at):%Y-%m-%d %H:%M}" if silence.heard_at else "-"
    return (
        each.source.id, silence.state, heard, _hours(silence.lasts), _hours(silence.limit), each.accepted, each.waiting, each.rejected,
        _clock(each.skew),
    )  # fmt: skip


def _hours(lasts: timedelta | None) -> str:
    return "-" if lasts is None else f"{lasts / _HOUR:.1f} h"


def _clock(skew: float | None) -> str:
    return "-" if skew is None else f"{clock_of(skew)} ({skew:+.0f} s)"


def _lines(found: Quality) -> Iterator[str]:
    total, lags = found.total, found.lags
    yield f"{found.source.id}: {found.source.name}"
    yield _silence(found.silence)
    yield f"{total.sent} events in {len(found.days)} days: {total.accepted} accepted, {total.waiting} waiting, {total.rejected} rejected; {total.duplicates} came again"
    yield from (f"  {number:>7}  {reason}" for reason, number in found.reasons.items())
    yield f"clock: {_clock(found.skew)}; came after their own time: {', '.join(f'{n} {lag}' for lag, n in lags.counts.items())}"
    yield f"missing numbers: {found.missing_number}"
    yield from (f"  {each.series}: {each.first} to {each.last}" for each in found.missing[:20])
    if found.waits_for:
        yield f"waiting: {', '.join(f'{number} for a {what}' for what, number in found.waits_for.items())}"
    if total.sent + total.duplicates:
        head = ("DAY", "SENT", "ACCEPTED", "WAITING", "REJECTED", "AGAIN")
        yield columns(
            head,
            [
                (d.day, d.sent, d.accepted, d.waiting, d.rejected, d.duplicates)
                for d in found.days
                if d.sent + d.duplicates
            ],
        )


def _silence(silence: Silence) -> str:
    if silence.heard_at is None and silence.lasts is None:
        return "never heard"
    limit = (
        "not known yet"
        if silence.limit is None
        else f"{_hours(silence.limit)}{' (configured)' if silence.configured else ' (usual)'}"
    )
    if silence.heard_at is None:
        return f"never heard, in {_hours(silence.lasts)} of office time since it could speak: {silence.state}; limit {limit}"
    return f"heard last {local(silence.heard_at):%Y-%m-%d %H:%M}, {_hours(silence.lasts)} of office time ago: {silence.state}; limit {limit}"
