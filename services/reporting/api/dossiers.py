"""Figures for everybody, lists and timelines of dossiers for those they concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.reporting import domain, handlers
from services.reporting.api.common import UNIT, Code, Reader, Spoken, Store, Subject, Word
from services.reporting.api.schemas import (
    DayShown,
    DossierPage,
    DossierShown,
    FigureShown,
    MomentShown,
    OverviewShown,
    ProjectionShown,
    ProjectionsShown,
    TimelineShown,
    UnitFigures,
    UnitShown,
    UnitsShown,
)
from services.reporting.domain import DossierLine, Filter, Moment
from shared.kernel import Principal
from shared.web.auth import allow, public
from shared.web.cursor import Paging, paging
from shared.web.etag import etag, revalidate
from shared.web.fields import Day
from shared.web.language import Language

router = APIRouter(prefix="/v1")

DOSSIERS: Final = "/reporting/v1/dossiers"


async def asked(
    works: Store,
    unit: Annotated[Code | None, UNIT] = None,
    procedure: Annotated[Code | None, Query(description="Code of a procedure.", examples=["1.004873"])] = None,
    state: Annotated[list[Word], Query(description="One or more states.", examples=[["accepted"]])] = [],  # noqa: B006 - FastAPI copies it
    phase: Annotated[list[Word], Query(description="One or more phases.")] = [],  # noqa: B006 - as above
    open: Annotated[bool | None, Query(description="Not yet settled, refused or withdrawn.")] = None,
    overdue: Annotated[bool, Query(description="Open, and due before today.")] = False,  # noqa: FBT002 - a query parameter
    paused: Annotated[bool | None, Query(description="The clock stands still.")] = None,
    breached: Annotated[bool | None, Query(description="A breach was announced.")] = None,
    due_on: Annotated[Day | None, Query(description="Due on this day.")] = None,
    due_before: Annotated[Day | None, Query(description="Due before this day.")] = None,
    timing: Annotated[list[Word], Query(description="Settled before, on or over the promised day.")] = [],  # noqa: B006 - as above
    settled_from: Annotated[Day | None, Query(description="Settled on this day or later.")] = None,
    settled_to: Annotated[Day | None, Query(description="Settled on this day or earlier.")] = None,
    received_from: Annotated[Day | None, Query(description="Received on this day or later.")] = None,
    received_to: Annotated[Day | None, Query(description="Received on this day or earlier.")] = None,
    officer: Annotated[Subject | None, Query(description="With this officer.")] = None,
    assigned: Annotated[bool | None, Query(description="With an officer, or with nobody.")] = None,
    source: Annotated[Code | None, Query(description="Owned by this source system.", examples=["tan-thanh"])] = None,
) -> Filter:
    """A dependency: the filter a list was asked with."""
    if overdue:
        today = domain.day_of(works.clock())
        open, due_before = True, min(due_before or today, today)  # noqa: A001 - as above
    return Filter(
        unit, procedure, tuple(state), tuple(phase), open, paused, breached, due_on, due_before, tuple(timing), settled_from, settled_to,
        received_from, received_to, officer, assigned, source,
    )  # fmt: skip


@router.get("/overview", dependencies=[Depends(public)])
async def overview(works: Store, spoken: Spoken) -> OverviewShown:
    """The figures everybody may see: open, due today, overdue, settled on time, by unit and for the province."""
    found = await handlers.overview(works)
    return OverviewShown(
        today=found.today, as_of=found.as_of, figures=_figures(found, None, spoken), units=_units(found, spoken)
    )


@router.get("/units", dependencies=[Depends(public)])
async def units(works: Store, spoken: Spoken) -> UnitsShown:
    """All units with their figures."""
    found = await handlers.overview(works)
    return UnitsShown(items=_units(found, spoken), as_of=found.as_of)


@router.get("/units/{code}", dependencies=[Depends(public)])
async def unit(works: Store, spoken: Spoken, code: Annotated[Code, Path(examples=["19360"])]) -> UnitShown:
    """One unit: its figures, and its flows of the last thirty days."""
    shown, found = await handlers.show_unit(works, code), await handlers.overview(works)
    names = {name: shown.unit[name] for name in ("unit", "name", "level", "kind")}
    days = [DayShown(**day) for day in shown.days]
    return UnitShown(**names, figures=_figures(found, code, spoken), days=days, as_of=found.as_of)


@router.get("/dossiers")
async def dossiers(
    works: Store,
    who: Annotated[Principal, Reader],
    wanted: Annotated[Filter, Depends(asked)],
    page: Annotated[Paging, Depends(paging)],
) -> DossierPage:
    """Dossiers of your units, or your own, newest first. The filters are those behind the figures."""
    after = UUID(page.after[0]) if page.after else None
    found = await handlers.find(works, who, wanted, after=after, back=page.back, most=page.fetch)
    made = page.page(found.lines, lambda line: (str(line.id),), lambda line: dossier_shown(line, who))
    return DossierPage(items=made.items, next=made.next, prev=made.prev, here=made.here, as_of=found.as_of)


@router.get("/dossiers/{id}")
async def dossier(
    request: Request,
    response: Response,
    works: Store,
    who: Annotated[Principal, Reader],
    id: UUID,
    min_version: Annotated[int | None, Query(ge=1, description="Wait a moment for this version, else 503.")] = None,
) -> DossierShown:
    """One dossier; `min_version` reads your own write across services."""
    line = await handlers.show(works, who, id, least=min_version)
    revalidate(request, response, line.version)
    return dossier_shown(line, who)


@router.get("/timelines/{id}")
async def timeline(
    response: Response,
    works: Store,
    who: Annotated[Principal, Reader],
    spoken: Spoken,
    id: UUID,
) -> TimelineShown:
    """What happened to a dossier, in plain words."""
    line, moments = await handlers.tell(works, who, id)
    response.headers["content-language"] = spoken
    etag(response, line.version)
    return _timeline(line, moments, spoken, officer=who.may_act_for(line.unit))


@router.get("/projections", dependencies=[Depends(allow("ops", "admin"))])
async def projections(request: Request, works: Store) -> ProjectionsShown:
    """How the read models stand: versions, sizes, how far behind."""
    found = await handlers.projection_state(works)
    ends: Mapping[tuple[str, int], int] | None = await request.app.state.ends(found.places)
    lag = sum(max(0, ends[place] - at) for place, at in found.places.items()) if ends is not None else None
    items = [ProjectionShown(name=name, version=found.active.version, rows=rows) for name, rows in found.rows.items()]
    return ProjectionsShown(
        group=domain.GROUP, version=found.active.version, fold_version=found.active.fold_version,
        switched_at=found.active.switched_at, items=items, lag=lag, held=found.held, mismatches=found.mismatches,
        as_of=works.clock() if lag == 0 else found.as_of,
    )  # fmt: skip


def _figures(found: handlers.Overview, unit: str | None, spoken: Language) -> dict[str, FigureShown]:
    shown = {}
    for name, value in found.of(unit).items():
        pairs = [*([("unit", unit)] if unit else []), *found.filters[name].pairs()]
        shown[name] = FigureShown(
            value=value, query=f"{DOSSIERS}?{urlencode(pairs)}", title=getattr(domain.FIGURES[name], spoken)
        )
    return shown


def _units(found: handlers.Overview, spoken: Language) -> list[UnitFigures]:
    return [
        UnitFigures(unit=code, name=name, figures=_figures(found, code, spoken)) for code, name in found.names().items()
    ]


def dossier_shown(line: DossierLine, who: Principal) -> DossierShown:
    """A line as this principal sees it."""
    values = {name: value for name, value in line._asdict().items() if name in DossierShown.model_fields}
    officer = line.officer if who.may_act_for(line.unit) else None
    return DossierShown(**{**values, "officer": officer}, phase=line.phase, as_of=line.last_at, actions=[])


def _timeline(line: DossierLine, moments: Sequence[Moment], spoken: Language, *, officer: bool) -> TimelineShown:
    return TimelineShown(
        id=line.id, code=line.code, state=line.state, phase=line.phase, version=line.version, as_of=line.last_at,
        items=[_moment(moment, spoken, officer=officer) for moment in moments],
    )  # fmt: skip


def _moment(moment: Moment, spoken: Language, *, officer: bool) -> MomentShown:
    return MomentShown(
        sequence=moment.sequence, occurred_at=moment.occurred_at, recorded_at=moment.recorded_at, word=moment.word,
        text=domain.sentence(moment.word, f"{moment.day:%d/%m/%Y}" if moment.day else "", spoken), day=moment.day,
        type=moment.type if officer else None, trace_id=moment.trace if officer else None,
    )  # fmt: skip
