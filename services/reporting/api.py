"""Door 1, HTTP: figures for everybody, lists and timelines for those they concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from services.reporting import domain, handlers
from services.reporting.domain import DossierLine, Filter, Moment
from shared.kernel import Principal
from shared.store.unit_of_work import Works
from shared.web.auth import allow, public
from shared.web.cursor import Page, Paging, paging
from shared.web.etag import etag, revalidate
from shared.web.fields import Instant
from shared.web.language import Language, language

router = APIRouter(prefix="/v1")

DOSSIERS: Final = "/reporting/v1/dossiers"
Word = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.]{1,40}$")]
Reader = Depends(allow("citizen", "clerk", "handler", "head", "inspector", "admin"))
UNIT = Query(description="Code of an administrative unit.", examples=["19360"])


class FigureShown(BaseModel):
    """A number and the list behind it: `query` gives exactly `value` dossiers to whoever may see them all."""

    value: int
    query: str
    title: str


class UnitFigures(BaseModel):
    """The figures of one unit."""

    unit: str
    name: str
    figures: dict[str, FigureShown]


class OverviewShown(BaseModel):
    """The figures of the province and of every unit."""

    today: date
    as_of: Instant | None = Field(description="When the newest fact in these figures was recorded.")
    figures: dict[str, FigureShown]
    units: list[UnitFigures]


class DossierShown(BaseModel):
    """A dossier as the read model knows it; acts on it are taken in intake."""

    id: UUID
    code: str
    state: str
    phase: str
    version: int = Field(description="Sequence of the newest fact applied; also the ETag.")
    unit: str
    procedure: str
    channel: str
    received_on: date
    submitted_at: Instant
    accepted_at: Instant | None
    answer_due_at: Instant | None
    due_at: Instant | None
    due_on: date | None
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    provisional: bool
    paused_at: Instant | None
    remaining_working_hours: float | None
    respond_by: date | None
    warned: bool
    breached: bool
    settled_on: date | None
    outcome: str | None
    timing: str | None
    returned_at: Instant | None
    return_method: str | None
    refused_on: date | None
    withdrawn_on: date | None
    reason_class: str | None
    officer: str | None = Field(description="Directory id of the handler; shown to officers only.")
    as_of: Instant = Field(description="When the newest fact applied to this dossier was recorded.")
    actions: list[dict[str, Any]] = Field(description="Always empty: reporting only shows.")


class DossierPage(Page[DossierShown]):
    """A page of dossiers, newest first."""

    as_of: Instant | None


class MomentShown(BaseModel):
    """One thing that happened; trace and type are shown to officers only."""

    sequence: int
    occurred_at: Instant
    recorded_at: Instant
    word: str
    text: str
    day: date | None
    type: str | None
    trace_id: str | None


class TimelineShown(BaseModel):
    """What happened to a dossier, in order."""

    id: UUID
    code: str
    state: str
    phase: str
    version: int
    items: list[MomentShown]
    as_of: Instant


class DayShown(BaseModel):
    """Flows of one day; received - refused - settled - withdrawn is what the stock of open dossiers grew by."""

    day: date
    received: int
    accepted: int
    refused: int
    settled_before: int
    settled_on: int
    settled_over: int
    settled_unknown: int
    returned: int
    withdrawn: int
    paused: int
    resumed: int
    warned: int
    breached: int


class UnitShown(BaseModel):
    """A unit and its figures; `days` are the last thirty with any traffic."""

    unit: str
    name: str
    level: str
    kind: str
    figures: dict[str, FigureShown]
    days: list[DayShown]
    as_of: Instant | None


class UnitsShown(BaseModel):
    """All units, those without traffic too."""

    items: list[UnitFigures]
    as_of: Instant | None


class ProjectionShown(BaseModel):
    """One table of the read model."""

    name: str
    version: int
    rows: int


class ProjectionsShown(BaseModel):
    """The read models: one group, one version, one place in the topics."""

    group: str
    version: int
    fold_version: int
    switched_at: Instant
    items: list[ProjectionShown]
    lag: int | None = Field(description="Records in Kafka not yet applied; null when Kafka does not answer.")
    held: int = Field(description="Records set aside: parked, or waiting for one before them.")
    mismatches: int = Field(description="Units and channels where lines and counters disagree; must be 0.")
    as_of: Instant | None


async def works_of(request: Request) -> Works:
    """The service's unit-of-work factory."""
    works: Works = request.app.state.works
    return works


Store = Annotated[Works, Depends(works_of)]
Spoken = Annotated[Language, Depends(language)]


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
    due_on: Annotated[date | None, Query(description="Due on this day.")] = None,
    due_before: Annotated[date | None, Query(description="Due before this day.")] = None,
    timing: Annotated[list[Word], Query(description="Settled before, on or over the promised day.")] = [],  # noqa: B006 - as above
    settled_from: Annotated[date | None, Query(description="Settled on this day or later.")] = None,
    settled_to: Annotated[date | None, Query(description="Settled on this day or earlier.")] = None,
    received_from: Annotated[date | None, Query(description="Received on this day or later.")] = None,
    received_to: Annotated[date | None, Query(description="Received on this day or earlier.")] = None,
) -> Filter:
    """A dependency: the filter a list was asked with."""
    if overdue:
        today = domain.day_of(works.clock())
        open, due_before = True, min(due_before or today, today)  # noqa: A001 - as above
    return Filter(
        unit, procedure, tuple(state), tuple(phase), open, paused, breached, due_on, due_before, tuple(timing), settled_from, settled_to,
        received_from, received_to,
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
    made = page.page(found.lines, lambda line: (str(line.id),), lambda line: _dossier(line, who))
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
    return _dossier(line, who)


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


def _dossier(line: DossierLine, who: Principal) -> DossierShown:
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
