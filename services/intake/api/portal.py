"""Door 1 for systems that speak the national portal's form: its items as they are, and how each source writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake import handlers
from services.intake.api.common import AnyVersion, At, Lang, Publisher
from services.intake.api.pauses import WAIT, InTurn, pauses_of
from services.intake.api.source_event_bodies import MOST
from services.intake.api.sources import MAX_BATCH_BYTES, Admin, Owner, SourceId, TooManyEvents
from services.intake.data import portal as forms
from services.intake.data import source_reasons
from services.intake.domain.portal import Profile
from services.intake.handlers.portal import Answer, Sync
from shared.web.auth import caller
from shared.web.etag import etag, revalidate
from shared.web.fields import Instant, text
from shared.web.operations import problem_response

router = APIRouter(prefix="/v1")
door = APIRouter(prefix="/v1", route_class=InTurn)

DONE, PARTLY = "00", "01"
Code = Annotated[str, text(max_length=40)]


class PortalSyncBody(BaseModel):
    """A request of the national portal's adapter; our bearer token stands for its session."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "service": "DongBoHoSoMC", "madonvi": "H50.144", "isUpdating": "False",
                    "data": [
                        {
                            "MaHoSo": "H50.44.12-261123-0007", "MaTTHC": "1.004873", "KenhThucHien": "1", "LoaiDoiTuong": "1",
                            "ChuHoSo": "Nguyễn Văn An", "NgayTiepNhan": "20261123080000", "NgayHenTra": "20261127170000",
                            "TrangThaiHoSo": "2",
                        }
                    ],
                }
            ]
        },
    )  # fmt: skip

    service: Literal["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]
    madonvi: Code
    isUpdating: Literal["True", "False"] | None = None  # noqa: N815 - the portal's word; an item is put in or changed as it stands
    data: list[Any]


class PortalAnswer(BaseModel):
    """What became of one item, in the portal's manner: `error_code` "00" is done; our reason and words stand beside it."""

    ma_ho_so: str | None = Field(serialization_alias="MaHoSo")
    error_code: str = Field(examples=["00"])
    status: str = Field(examples=["accepted"])
    reason: str | None
    message: str | None
    fields: list[str]
    unknown_fields: list[str]
    inferred: list[int]
    duplicate: bool


class PortalSyncView(BaseModel):
    """The answer: "00" where every item was taken or waits, "01" where not."""

    error_code: str = Field(examples=["00"])
    data: list[PortalAnswer]


class PortalProfileBody(BaseModel):
    """How a source writes: the form whose codes it uses, and units for codes of agencies (`madonvi`) that are not ours."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"form": "adapter", "units": {"H50.44.12": "19360"}}]}
    )

    form: Literal["adapter", "lgsp-2026"] = "adapter"
    units: Annotated[dict[Code, Annotated[str, text(max_length=10)]], Field(max_length=500)] = {}


class PortalProfileView(BaseModel):
    """How a source writes; version 0 where nobody said."""

    model_config = ConfigDict(from_attributes=True)

    form: str
    units: dict[str, str]
    version: int


class PortalItemView(BaseModel):
    """An item of a dossier as it came: attachments by their ids in the source."""

    service: str
    received_at: Instant
    refs: list[dict[str, Any]]
    unknown_fields: int


class PortalItems(BaseModel):
    """The items of a dossier in the order they came."""

    items: list[PortalItemView]


@door.post("/portal-sync", max_body_size=MAX_BATCH_BYTES, responses={429: problem_response(WAIT)})
async def take_portal_items(
    body: PortalSyncBody, desk: At, who: Publisher, request: Request, lang: Lang, *,
    dry_run: Annotated[bool, Query(description="Judge, and keep nothing.")] = False,
    backfill: Annotated[bool, Query(description="History: nobody is told of it.")] = False,
) -> PortalSyncView:  # fmt: skip
    """Items of `DongBoHoSoMC` or `CapNhatTienDoHoSoMC` as they are, at most 500; each has its own answer.

    The same item counts once, so this takes no Idempotency-Key. People go into the vault, files stay where they are.
    """
    if len(body.data) > MOST:
        raise TooManyEvents(most=MOST)
    source = await handlers.own_source(desk, who)
    sync = Sync(body.service, body.madonvi, body.data, backfill=backfill)
    found, wait = await handlers.take_portal_items(desk, caller(who), source, sync, dry_run=dry_run)
    pauses_of(request).begin(who.subject, wait)
    answers = [_answer(each, lang) for each in found]
    whole = all(each.error_code == DONE for each in answers)
    return PortalSyncView(error_code=DONE if whole else PARTLY, data=answers)


def _answer(answer: Answer, lang: str) -> PortalAnswer:
    outcome = answer.outcome
    word = outcome.reason or (f"waits-for-{outcome.waits_for}" if outcome.waits_for else None)
    return PortalAnswer(
        ma_ho_so=outcome.code, error_code=forms.error_code(outcome.reason or outcome.status), status=outcome.status, reason=outcome.reason,
        message=source_reasons()[word][lang] if word is not None else None, fields=list(answer.fields), unknown_fields=list(answer.unknown),
        inferred=list(outcome.inferred), duplicate=outcome.duplicate,
    )  # fmt: skip


@router.get("/sources/{id}/portal")
async def get_portal_profile(
    id: SourceId, desk: At, who: Owner, request: Request, response: Response
) -> PortalProfileView:
    """How a source writes the portal's form."""
    profile = await handlers.read_portal_profile(desk, who, id)
    revalidate(request, response, profile.version)
    return PortalProfileView.model_validate(profile)


@router.put("/sources/{id}/portal")
async def put_portal_profile(
    id: SourceId, body: PortalProfileBody, desk: At, who: Admin, version: AnyVersion, response: Response
) -> PortalProfileView:
    """Say how a source writes the portal's form."""
    made = await handlers.put_portal_profile(desk, caller(who), id, Profile(body.form, body.units), version)
    etag(response, made.version)
    return PortalProfileView.model_validate(made)


@router.get("/sources/{id}/portal-items")
async def list_portal_items(id: SourceId, code: Code, desk: At, who: Owner) -> PortalItems:
    """What came of a dossier in the portal's form: attachments as references, nothing personal."""
    rows = await handlers.read_portal_items(desk, who, id, code)
    return PortalItems(items=[PortalItemView.model_validate(dict(row)) for row in rows])
