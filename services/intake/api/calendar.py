"""The calendar desk: years, days changed by acts of two people, office hours, and how far limits are counted again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.intake import handlers
from services.intake.api.calendar_bodies import (
    ActList,
    ActView,
    HoursBody,
    HoursView,
    OverrideBody,
    State,
    YearBody,
    YearView,
)
from services.intake.api.common import AnyVersion, At, Version
from services.intake.domain import acts
from services.intake.domain.acts import Act, DayOutsideYear
from services.intake.handlers import Desk
from shared.kernel import Once, Principal
from shared.law import PROVINCE, ZONE
from shared.web.auth import allow, caller, public
from shared.web.door import Door
from shared.web.etag import revalidate
from shared.web.fields import Day
from shared.web.idempotency import once, stamp

router = APIRouter(prefix="/v1")

Admin = Annotated[Principal, Depends(allow("admin"))]
WhichYear = Annotated[int, Path(ge=1900, le=2200)]


def _replay(answer: bytes, _door: Door) -> dict[str, object]:
    """A repeat is answered with the act's id and version; what became of it since is read there."""
    kept: dict[str, object] = msgspec.json.decode(answer)
    return kept


Proposing = Annotated[Once, Depends(once(201, render=_replay, location="/v1/calendar-acts/{id}"))]
_UNKNOWN_YEAR: dict[int | str, dict[str, Any]] = {409: {"description": "The calendar does not know that year."}}
Deciding = Annotated[Once, Depends(once(200, render=_replay))]


@router.get("/calendar/{year}", dependencies=[Depends(public)], responses=_UNKNOWN_YEAR)
async def get_year(year: WhichYear, desk: At, request: Request, response: Response) -> YearView:
    """The days off and make-up days of a year; a year nobody knows is refused by its number."""
    shown = YearView.of(await handlers.read_year(desk, year))
    revalidate(request, response, shown.version)
    return shown


@router.put("/calendar/{year}")
async def publish_year(
    year: WhichYear, body: YearBody, desk: At, who: Admin, version: AnyVersion, request: Request, response: Response
) -> YearView:
    """Publish a year as the Government announced it; limits that run into it are counted again. A published year changes by acts."""
    made = await handlers.publish_year(
        desk, caller(who), year, version, body.content(), number=body.number, basis=body.basis or ""
    )
    shown = YearView.of(made)
    stamp(request, response, shown)
    return shown


@router.post("/calendar/{year}/overrides", status_code=201)
async def propose_override(
    year: WhichYear, body: OverrideBody, desk: At, who: Admin, key: Proposing, request: Request, response: Response
) -> ActView:
    """Propose that a day is not worked, or is; it counts when another person confirms it."""
    if body.on.year != year:
        raise DayOutsideYear(field="/on", on=body.on.isoformat(), year=year)
    act = await handlers.propose(desk, caller(who, key), acts.DAY, body.content(), number=body.number, basis=body.basis)
    return _shown(request, response, act)


@router.post("/office-hours", status_code=201)
async def propose_hours(
    body: HoursBody, desk: At, who: Admin, key: Proposing, request: Request, response: Response
) -> ActView:
    """Propose office hours of a unit for a season; they count when another person confirms them."""
    act = await handlers.propose(
        desk, caller(who, key), acts.HOURS, body.content(), number=body.number, basis=body.basis
    )
    return _shown(request, response, act)


@router.get("/office-hours", dependencies=[Depends(public)], responses=_UNKNOWN_YEAR)
async def get_hours(
    desk: At, unit: Annotated[str, Query(max_length=20)] = PROVINCE, on: Day | None = None
) -> HoursView:
    """The office hours that count for what a unit receives on a day, today unless said otherwise."""
    day = on or desk.works.clock().astimezone(ZONE).date()
    return _hours(desk, unit, day)


def _hours(desk: Desk, unit: str, day: date) -> HoursView:
    found = desk.standing.law.hours_of(unit, day)
    return HoursView(
        unit=unit, on=day, periods=[list(each) for each in found.periods], saturday=[list(each) for each in found.saturday], same_day_until=found.same_day_until,
        valid_from=found.valid_from, valid_to=found.valid_to,
    )  # fmt: skip


@router.get("/calendar-acts")
async def list_acts(desk: At, who: Admin, state: State | None = None) -> ActList:  # noqa: ARG001 - the right is asked for
    """Acts that change the law's data, newest first."""
    return ActList(items=[ActView.of(act, progress) for act, progress in await handlers.list_acts(desk, state)])


@router.get("/calendar-acts/{id}")
async def get_act(id: UUID, desk: At, who: Admin, request: Request, response: Response) -> ActView:  # noqa: ARG001 - the right is asked for
    """An act, and how far the limits it touches are counted again."""
    shown = ActView.of(*await handlers.read_act(desk, id))
    stamp(request, response, shown)
    return shown


@router.post("/calendar-acts/{id}/confirm")
async def confirm_act(
    id: UUID, desk: At, who: Admin, version: Version, key: Deciding, request: Request, response: Response
) -> ActView:
    """Sign as the second person: in force now."""
    return _shown(request, response, await handlers.confirm_act(desk, caller(who, key), id, version))


@router.post("/calendar-acts/{id}/withdraw")
async def withdraw_act(
    id: UUID, desk: At, who: Admin, version: Version, key: Deciding, request: Request, response: Response
) -> ActView:
    """Give a proposal up."""
    return _shown(request, response, await handlers.withdraw_act(desk, caller(who, key), id, version))


def _shown(request: Request, response: Response, act: Act) -> ActView:
    shown = ActView.of(act)
    stamp(request, response, shown)
    return shown
