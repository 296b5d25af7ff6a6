"""Linked procedures: the services, and one filing of all procedures of one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake import domain, handlers
from services.intake.api.common import At, Reader, view, view_filed
from services.intake.api.schemas import Body, ComponentBody, DossierView, Sets
from services.intake.data.linked import linked_services
from services.intake.domain import Submission
from services.intake.handlers import Filing
from shared.kernel import Once, Principal
from shared.web.auth import allow, caller, public
from shared.web.door import Door
from shared.web.fields import Instant, text
from shared.web.idempotency import once, stamp
from shared.web.people import PersonBody

router = APIRouter(prefix="/v1")


class PartBody(Body):
    """One procedure of the service, with its own papers."""

    procedure: Annotated[str, text(max_length=30)]
    components: Annotated[list[ComponentBody], Field(default_factory=list, max_length=50)]
    sets: Sets = 1
    form: dict[str, Any] | None = None
    summary: Annotated[str, text(max_length=1000)] | None = None


class BundleBody(Body):
    """The procedures of one event in life, filed together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service": "birth", "unit": "19360", "channel": "online", "submitter": {"name": "Nguyễn Văn An", "identity_no": "044085001234"},
                    "parts": [{"procedure": code} for code in ("1.001193", "1.004222", "9.000001")],
                }
            ]
        }
    )  # fmt: skip

    service: Annotated[str, text(max_length=40)]
    unit: Annotated[str, text(max_length=10)]
    channel: Literal["online", "direct", "postal"]
    received_at: Instant | None = None
    late_entry_reason: Annotated[str, text(max_length=500)] | None = None
    submitter: PersonBody
    owner: PersonBody | None = None
    parts: Annotated[list[PartBody], Field(min_length=1, max_length=10)]

    def filings(self) -> list[Filing]:
        """One filing for each part."""
        return [self._filing(part) for part in self.parts]

    def _filing(self, part: PartBody) -> Filing:
        papers = tuple(each.component() for each in part.components)
        asked = Submission(
            part.procedure, self.unit, self.channel, papers, received_at=self.received_at, late_entry_reason=self.late_entry_reason
        )  # fmt: skip
        owner = self.owner.details() if self.owner else None
        return Filing(asked, self.submitter.details(), owner, part.summary, part.form, part.sets)


class BundleView(BaseModel):
    """The dossiers filed together; each goes its own way from here."""

    id: UUID
    service: str | None = Field(examples=["birth"])
    dossiers: list[DossierView]


class LinkedView(BaseModel):
    """A linked service: its procedures and the whole time each has; `unverified` names what was not read in a text."""

    code: str
    name: str
    limit: str
    parts: list[str]
    basis: str
    unverified: list[str]


class LinkedList(BaseModel):
    """All linked services."""

    items: list[LinkedView]


def _filed(snapshot: dict[str, Any], door: Door) -> BundleView:
    dossiers = [view_filed({**each, "id": UUID(str(each["id"]))}, door) for each in snapshot["dossiers"]]
    return BundleView(id=snapshot["id"], service=snapshot["service"], dossiers=dossiers)


def _replay_filed(answer: bytes, door: Door) -> BundleView:
    """The first answer of a repeated filing; the secrets are made again."""
    return _filed(msgspec.json.decode(answer), door)


@router.get("/linked-services", dependencies=[Depends(public)])
async def list_linked_services() -> LinkedList:
    """Procedures of one event in life that are filed together (Decree 63/2024/NĐ-CP)."""
    rows = linked_services().values()
    return LinkedList(
        items=[
            LinkedView(
                code=each.code,
                name=each.name,
                limit=each.limit,
                parts=list(each.parts),
                basis=each.basis,
                unverified=sorted(each.unverified),
            )
            for each in rows
        ]
    )


@router.post("/bundles", status_code=201)
async def submit_bundle(
    body: BundleBody, desk: At, request: Request, response: Response, who: Annotated[Principal, Depends(allow("clerk", "citizen"))],
    key: Annotated[Once, Depends(once(201, render=_replay_filed, location="/v1/bundles/{id}"))],
) -> BundleView:  # fmt: skip
    """File all procedures of a linked service: a dossier for each, with its own code, papers, limit and result."""
    id_, filed = await handlers.submit_bundle(desk, caller(who, key), body.service, body.filings())
    snapshots = [
        {**domain.snapshot(dossier, who), "hints": [asdict(each) for each in alike]} for dossier, alike in filed
    ]
    shown = _filed({"id": id_, "service": body.service, "dossiers": snapshots}, request.app.state.door)
    stamp(request, response, shown)
    return shown


@router.get("/bundles/{id}")
async def get_bundle(id: UUID, desk: At, who: Reader) -> BundleView:
    """What was filed together, as far as one may read it."""
    dossiers = await handlers.read_bundle(desk, who, id)
    return BundleView(id=id, service=None, dossiers=[view(each, who) for each in dossiers])
