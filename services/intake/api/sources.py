"""Source systems: the registry, the HTTP door of their events, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake import data, handlers
from services.intake.api import source_event_bodies
from services.intake.api.common import AnyVersion, At, Lang, Publisher
from services.intake.api.pauses import WAIT, InTurn, pauses_of
from services.intake.api.source_event_bodies import BATCH, BINARY, MOST, STRUCTURED
from services.intake.domain.sources import MAX_BYTES, Delivered, Mandate, Quota, Source
from services.intake.handlers import Outcome
from shared.kernel import Invalid, Principal, Refused
from shared.web.auth import allow, caller
from shared.web.cursor import Page, Paging, paging
from shared.web.etag import etag, revalidate
from shared.web.fields import Day, Instant, text
from shared.web.operations import problem_response

router = APIRouter(prefix="/v1")
door = APIRouter(prefix="/v1", route_class=InTurn)

MAX_BATCH_BYTES = 8 << 20
"""Of a whole request; one event has its own limit."""

Owner = Annotated[Principal, Depends(allow("publisher", "admin", "ops"))]
Admin = Annotated[Principal, Depends(allow("admin"))]
Registrar = Annotated[Principal, Depends(allow("admin", "ops"))]
SourceId = Annotated[str, text(max_length=40, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Account = Annotated[str, text(max_length=100, pattern=r"^[A-Za-z0-9._@:/-]+$")]


class NotCloudEvents(Refused):
    """The content type is none of the CloudEvents HTTP binding."""

    status = 415


class Encoded(Refused):
    """A body that is packed: an event is judged by its own size, as it is."""

    status = 415


class NotABatch(Invalid):
    """A batch is a JSON array of events."""


class TooManyEvents(Refused):
    """A batch has more events than may come at once."""

    status = 413


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class MandateBody(Body):
    """A unit the source speaks for."""

    unit: Annotated[str, text(max_length=10)]
    valid_from: Day
    valid_to: Day | None = None


class QuotaBody(Body):
    """How much it may send."""

    events_per_second: Annotated[int, Field(ge=1, le=100_000)] = 50
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    max_bytes: Annotated[int, Field(ge=1024, le=900_000)] = MAX_BYTES


class SourceBody(Body):
    """An entry of the registry."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Một cửa xã Tân Thành", "principal": "tan-thanh", "units": [{"unit": "19360", "valid_from": "2026-01-01"}],
                    "tells_citizens": True, "contact": "motcua@example.vn",
                }
            ]
        }
    )  # fmt: skip

    name: Annotated[str, text(max_length=200)]
    principal: Account
    units: Annotated[Sequence[MandateBody], Field(max_length=500)]
    quota: QuotaBody = QuotaBody()
    tells_citizens: bool = False
    contact: Annotated[str, text(max_length=200)] | None = None
    """A role's mailbox, nobody's own."""
    sandbox: bool = False
    state: Literal["active", "suspended", "closed"] = "active"
    silence_hours: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Silent after so many hours of office time; left out: when that is unusual for it."""

    def source(self, id: str) -> Source:
        """As the domain knows it."""
        units = tuple(Mandate(each.unit, each.valid_from, each.valid_to) for each in self.units)
        return Source(
            id, self.name, self.principal, units, Quota(**self.quota.model_dump()), self.tells_citizens, self.contact, self.sandbox, self.state,
            silence_hours=self.silence_hours,
        )  # fmt: skip


class MandateView(BaseModel):
    """A unit it speaks for."""

    model_config = ConfigDict(from_attributes=True)

    unit: str
    valid_from: date
    valid_to: date | None


class QuotaView(BaseModel):
    """How much it may send."""

    model_config = ConfigDict(from_attributes=True)

    events_per_second: int
    burst: int
    max_bytes: int


class SourceView(BaseModel):
    """A source of the registry; `topic` is where it sends, `replies` where it is answered."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    principal: str
    units: list[MandateView]
    quota: QuotaView
    tells_citizens: bool
    contact: str | None
    sandbox: bool
    state: str
    version: int
    topics_at: Instant | None
    silence_hours: int | None
    topic: str
    replies: str


class SourceList(BaseModel):
    """The registry."""

    items: list[SourceView]


class OutcomeView(BaseModel):
    """What became of one event: accepted, waiting or rejected (`failed`: send it again); `fields` are JSON Pointers into it."""

    id: str | None
    status: str = Field(examples=["accepted"])
    reason: str | None
    detail: str | None
    fields: list[str]
    inferred: list[int]
    inferred_states: list[str]
    waits_for: str | None
    code: str | None
    dossier: UUID | None
    duplicate: bool


class Outcomes(BaseModel):
    """One outcome for each event, in their order."""

    items: list[OutcomeView]


class SourceEventView(BaseModel):
    """One event as it was judged; its payload is not kept."""

    seq: int
    id: str
    type: str | None
    code: str | None
    status: str
    reason: str | None
    fields: list[str]
    inferred: list[int]
    inferred_states: list[str]
    waits_for: str | None
    door: str
    time: Instant | None
    received_at: Instant
    decided_at: Instant
    dossier: UUID | None
    body_hash: str


class FeedEntry(BaseModel):
    """One thing a source hears back."""

    kind: str = Field(examples=["accepted"])
    at: Instant
    code: str | None
    data: dict[str, Any]


class Feed(BaseModel):
    """Entries in order; read on with `next`, also when there is nothing yet."""

    items: list[FeedEntry]
    next: str


def _view(source: Source) -> SourceView:
    shown = {name: getattr(source, name) for name in Source.__slots__}
    return SourceView.model_validate(
        {**shown, "topic": f"sources.{source.id}", "replies": f"sources.{source.id}.replies"}
    )


@door.post(
    "/source-events", max_body_size=MAX_BATCH_BYTES,
    openapi_extra={"requestBody": source_event_bodies.BODY, "parameters": source_event_bodies.HEADERS},
    responses={
        413: problem_response("The body is too large, or has too many events."),
        415: problem_response("The content type is none of the CloudEvents HTTP binding, or the body is packed (Content-Encoding)."),
        429: problem_response(WAIT),
    },
)  # fmt: skip
async def take_source_events(
    desk: At, who: Publisher, request: Request, lang: Lang, *,
    dry_run: Annotated[bool, Query(description="Judge, and keep nothing.")] = False,
) -> Outcomes:  # fmt: skip
    """CloudEvents of a source system: one, structured or binary, or a batch of at most 500. Each has its own outcome.

    An event's id makes it count once, so this takes no Idempotency-Key. The account says which source speaks; of its requests one is taken
    at a time. After events that came `too-fast` a request is answered 429 until the quota has room for as many again.
    """
    delivered = _delivered(request.headers, await request.body(), desk)
    taken = await handlers.take_events(
        desk, caller(who), ("principal", who.subject), "http", delivered, dry_run=dry_run
    )
    pauses_of(request).begin(who.subject, taken.wait)
    return Outcomes(items=[_outcome(each, lang) for each in taken.outcomes])


def _outcome(outcome: Outcome, lang: str) -> OutcomeView:
    word = outcome.reason or (f"waits-for-{outcome.waits_for}" if outcome.waits_for else None)
    detail = data.source_reasons()[word][lang] if word is not None else None
    shown = {name: getattr(outcome, name) for name in Outcome.__slots__}
    return OutcomeView.model_validate({**shown, **handlers.inferred_of(outcome.inferred), "detail": detail})


def _delivered(headers: Mapping[str, str], body: bytes, desk: At) -> Sequence[Delivered]:
    """The events of a request by the CloudEvents HTTP binding."""
    if headers.get("content-encoding", "identity") != "identity":
        raise Encoded
    kind, now = headers.get("content-type", "").partition(";")[0].strip().lower(), desk.works.clock()
    if kind == BATCH:
        return [Delivered(bytes(each), now) for each in _batch(body)]
    if kind == STRUCTURED:
        return [Delivered(body, now)]
    if kind == BINARY and "ce-specversion" in headers:
        said = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
        return [Delivered(body, now, said)]
    raise NotCloudEvents


def _batch(body: bytes) -> Sequence[msgspec.Raw]:
    try:
        found = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotABatch(field="") from None
    if len(found) > MOST:
        raise TooManyEvents(most=MOST)
    return found


@router.get("/sources")
async def list_sources(desk: At, who: Registrar) -> SourceList:  # noqa: ARG001 - the right is the point
    """The registry of source systems."""
    return SourceList(items=[_view(each) for each in await handlers.read_sources(desk)])


@router.get("/sources/{id}")
async def get_source(id: SourceId, desk: At, who: Owner, request: Request, response: Response) -> SourceView:
    """One source: for those who run the installation, and for itself."""
    source = await handlers.read_source(desk, who, id)
    revalidate(request, response, source.version)
    return _view(source)


@router.put("/sources/{id}")
async def put_source(
    id: SourceId, body: SourceBody, desk: At, who: Admin, version: AnyVersion, response: Response
) -> SourceView:
    """Make a source (`If-Match: *`), or change it. Its id also names its topics; they are made soon after."""
    source = await handlers.put_source(desk, caller(who), body.source(id), version)
    etag(response, source.version)
    return _view(source)


@router.get("/sources/{id}/events")
async def list_source_events(
    id: SourceId, desk: At, who: Owner, page: Annotated[Paging, Depends(paging)],
    status: Literal["accepted", "waiting", "rejected"] | None = None,
) -> Page[SourceEventView]:  # fmt: skip
    """What became of a source's events, newest first."""
    after = int(page.after[0]) if page.after else None
    rows = await handlers.read_source_events(desk, who, id, status, after=after, back=page.back, limit=page.fetch)
    return page.page(rows, lambda row: (row["seq"],), _event)


def _event(row: Any) -> SourceEventView:
    return SourceEventView.model_validate({**row, **handlers.inferred_of(row["inferred"])})


@router.get("/sources/{id}/feed")
async def read_source_feed(
    id: SourceId, desk: At, who: Owner, cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Feed:  # fmt: skip
    """The way back: replies, due dates, acts of citizens; in order, each once."""
    transaction, _, seq = (cursor or "0-0").partition("-")
    after = (int(transaction), int(seq))
    rows = await handlers.read_feed(desk, who, id, after, limit)
    last = (rows[-1]["transaction"], rows[-1]["seq"]) if rows else after
    return Feed(items=[FeedEntry.model_validate(dict(row)) for row in rows], next=f"{last[0]}-{last[1]}")
