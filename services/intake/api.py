"""Door 1, HTTP: `/intake/v1`. Schemas on top, routes below; each route names its right."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.intake import domain, handlers
from services.intake.adapters import slip as slips
from services.intake.domain import Component, Dossier, Submission
from services.intake.handlers import Desk, Filing, Papers
from shared.kernel import Once, Principal
from shared.law import ZONE, rulebook
from shared.store.vault import Details
from shared.web.auth import allow, caller, public
from shared.web.cursor import Page, Paging, paging
from shared.web.door import Door
from shared.web.etag import revalidate, seen, seen_or_any
from shared.web.fields import Instant, text
from shared.web.idempotency import once, stamp
from shared.web.language import Language, language
from shared.web.limits import limited

router = APIRouter(prefix="/v1")


def _identity(value: str) -> str:
    digits = re.sub(r"[\s.]", "", value)
    if not re.fullmatch(r"\d{9}|\d{12}", digits):
        raise PydanticCustomError("identity-number", "an identity number has 9 or 12 digits")
    return digits


def _phone(value: str) -> str:
    digits = re.sub(r"[\s.\-()]", "", value)
    if not re.fullmatch(r"(\+84|84|0)\d{9,10}", digits):
        raise PydanticCustomError("phone-number", "a Vietnamese phone number begins with 0 or +84 and has 10 digits")
    return "+84" + re.sub(r"^(\+84|84|0)", "", digits)


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a mistyped name is noticed."""

    model_config = ConfigDict(extra="forbid")


class PersonBody(Body):
    """A person as written on the form."""

    name: Annotated[str, text(max_length=200)]
    identity_no: Annotated[str, AfterValidator(_identity)] | None = None
    phone: Annotated[str, AfterValidator(_phone)] | None = None
    email: Annotated[str, text(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    address: Annotated[str, text(max_length=500)] | None = None

    def details(self) -> Details:
        """As the vault keeps it."""
        return Details(self.name, self.identity_no, self.phone, self.email, self.address)


class ComponentBody(Body):
    """A paper handed in."""

    name: Annotated[str, text(max_length=300)]
    kind: Literal["original", "certified", "copy", "electronic"] = "original"
    count: Annotated[int, Field(ge=1, le=100)] = 1

    def component(self) -> Component:
        """As the domain knows it."""
        return Component(self.name, self.kind, self.count)


class DossierBody(Body):
    """A dossier to be filed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "procedure": "1.004873", "unit": "19360", "channel": "online", "submitter": {"name": "Nguyễn Văn An", "identity_no": "044085001234"},
                    "components": [{"name": "Tờ khai", "kind": "electronic", "count": 1}], "summary": "Cấp giấy xác nhận tình trạng hôn nhân",
                }
            ]
        }
    )  # fmt: skip

    procedure: Annotated[str, text(max_length=30)]
    unit: Annotated[str, text(max_length=10)]
    channel: Literal["online", "direct", "postal"]
    subject_kind: Literal["citizen", "business", "state-body", "organisation"] = "citizen"
    received_at: Instant | None = None
    submitter: PersonBody
    owner: PersonBody | None = None
    components: Annotated[list[ComponentBody], Field(max_length=50)] = []
    summary: Annotated[str, text(max_length=1000)] | None = None

    def filing(self) -> Filing:
        """The submission and its people."""
        submission = Submission(
            self.procedure,
            self.unit,
            self.channel,
            tuple(c.component() for c in self.components),
            self.subject_kind,
            self.received_at,
        )
        return Filing(submission, self.submitter.details(), self.owner.details() if self.owner else None, self.summary)


class Lookup(BaseModel):
    """What a slip needs for `POST /lookups`; the secret is shown when the dossier is filed, and on the slip."""

    code: str
    secret: str | None = None


class Action(BaseModel):
    """A command this principal may give now."""

    name: str = Field(examples=["accept"])
    needs: list[str]


class DossierView(BaseModel):
    """A dossier as its citizen and its unit see it; people stand on the slip only."""

    id: UUID
    code: str
    state: str = Field(examples=["accepted"])
    phase: str = Field(examples=["being-resolved"])
    version: int
    procedure: str
    unit: str
    channel: str
    submitted_at: Instant
    received_at: Instant
    accepted_at: Instant | None
    settled_at: Instant | None
    returned_at: Instant | None
    handler: str | None
    outcome: str | None
    result_number: str | None
    respond_by: date | None
    answer_due_at: Instant | None
    due_at: Instant | None
    due_on: date | None
    remaining_working_hours: float | None
    provisional: bool
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    lookup: Lookup | None = None
    actions: list[Action]


def view(dossier: Dossier, who: Principal) -> DossierView:
    """A dossier for this principal."""
    return DossierView.model_validate(domain.snapshot(dossier, who))


def _with_secret(door: Door, shown: DossierView) -> DossierView:
    secret = handlers.lookup_secret(door.keys, shown.id, 0)
    return shown.model_copy(update={"lookup": Lookup(code=shown.code, secret=secret)})


def replay(answer: bytes, _door: Door) -> DossierView:
    """The first answer of a repeated command."""
    return DossierView.model_validate(msgspec.json.decode(answer))


def replay_filed(answer: bytes, door: Door) -> DossierView:
    """The first answer of a repeated filing; its secret is made again."""
    return _with_secret(door, replay(answer, door))


class ReasonBody(Body):
    """Why: a class that goes into the fact, and the text, which stays here."""

    reason_class: Literal["wrong-place", "not-complete", "not-eligible", "duplicate", "own-wish", "other"]
    reason: Annotated[str, text(max_length=2000)]


class AssignBody(Body):
    """To whom: an id of the staff directory."""

    officer: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class SupplementBody(Body):
    """Which papers are missing and why."""

    components: Annotated[list[Annotated[str, text(max_length=300)]], Field(min_length=1, max_length=50)]
    reason: Annotated[str, text(max_length=2000)]
    respond_by: date | None = None


class SupplyBody(Body):
    """The papers that came."""

    components: Annotated[list[ComponentBody], Field(min_length=1, max_length=50)]


class SettleBody(Body):
    """The result."""

    outcome: Literal["granted", "rejected"]
    number: Annotated[str, text(max_length=60)] | None = None


class ReturnBody(Body):
    """How the result reached the citizen."""

    method: Literal["counter", "post", "electronic"]


class UnitView(BaseModel):
    """An administrative unit."""

    code: str
    name: str
    level: str
    kind: str
    agency: str
    parent: str | None
    valid_from: date
    remote: bool
    unverified: list[str]


class ProcedureView(BaseModel):
    """A procedure of the catalogue; `unverified` names the columns not yet checked against the law's text."""

    code: str
    version: int
    name: str
    sector: str
    sector_name: str
    levels: list[str]
    limit: str
    online: str
    max_supplements: int
    components: list[dict[str, Any]]
    fees: list[dict[str, Any]]
    fee_policy: str
    basis: str
    valid_from: date
    unverified: list[str]


class UnitList(BaseModel):
    """All units."""

    items: list[UnitView]


class ProcedureList(BaseModel):
    """All procedures."""

    items: list[ProcedureView]


class FactView(BaseModel):
    """One fact of a history; `actor` is role and unit only."""

    sequence: int
    type: str
    occurred_at: Instant
    recorded_at: Instant
    actor: str
    data: dict[str, Any]


class History(BaseModel):
    """The facts of a dossier in order."""

    items: list[FactView]


class DeadlineView(BaseModel):
    """When it is due and why, day by day."""

    due_at: Instant | None
    due_on: date | None
    remaining_working_hours: float | None
    provisional: bool
    rule: str | None
    rule_version: int | None
    legal_basis: str | None
    verified: bool | None
    steps: list[str]


class LookupBody(Body):
    """Code and secret as printed on the slip."""

    code: Annotated[str, text(max_length=60)]
    secret: Annotated[str, text(max_length=20)]


class LookupView(BaseModel):
    """What a citizen with the slip is told; never a name."""

    code: str
    state: str
    phase: str
    status: str
    procedure: str
    unit: str
    due_at: Instant | None
    due_on: date | None
    respond_by: date | None
    provisional: bool
    explanation: list[str]


_STATUS: Mapping[Language, Mapping[str, str]] = {
    "vi": {
        "submitted": "Hồ sơ đã gửi, đang chờ cán bộ tiếp nhận", "accepted": "Hồ sơ đã được tiếp nhận", "refused": "Hồ sơ không được tiếp nhận",
        "in-progress": "Hồ sơ đang được giải quyết", "awaiting-supplement": "Hồ sơ chờ Ông/Bà bổ sung giấy tờ", "settled": "Đã có kết quả",
        "returned": "Đã trả kết quả", "withdrawn": "Hồ sơ đã rút theo yêu cầu",
    },
    "en": {
        "submitted": "Sent; an officer will answer", "accepted": "Accepted", "refused": "Not accepted", "in-progress": "Being settled",
        "awaiting-supplement": "Waiting for papers from you", "settled": "The result is there", "returned": "The result was handed over",
        "withdrawn": "Withdrawn at your request",
    },
}  # fmt: skip


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(_desk)]
Lang = Annotated[Language, Depends(language)]
Version = Annotated[int, Depends(seen)]
AnyVersion = Annotated[int | None, Depends(seen_or_any)]
Command = Annotated[Once, Depends(once(200, render=replay))]
Reader = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin", "citizen"))]


def _acting(command: str) -> Any:
    return Depends(allow(*domain.roles_of(command)))


@router.get("/procedures", dependencies=[Depends(public)])
async def list_procedures(desk: At) -> ProcedureList:
    """The catalogue of procedures, with limits, papers, fees and legal basis."""
    return ProcedureList(
        items=[ProcedureView.model_validate(dict(row)) for row in await handlers.read_procedures(desk)]
    )


@router.get("/procedures/{code}", dependencies=[Depends(public)])
async def get_procedure(desk: At, code: str) -> ProcedureView:
    """One procedure."""
    return ProcedureView.model_validate(dict(await handlers.read_procedure(desk, code)))


@router.get("/units", dependencies=[Depends(public)])
async def list_units(desk: At) -> UnitList:
    """The units of the province."""
    return UnitList(items=[UnitView.model_validate(dict(row)) for row in await handlers.read_units(desk)])


@router.post("/dossiers", status_code=201)
async def submit_dossier(
    body: DossierBody, desk: At, request: Request, response: Response, who: Annotated[Principal, Depends(allow("clerk", "citizen"))],
    key: Annotated[Once, Depends(once(201, render=replay_filed, location="/v1/dossiers/{id}"))],
) -> DossierView:  # fmt: skip
    """File a dossier. A clerk's `direct` dossier is accepted at once; what comes online or by post is answered within 8 working hours."""
    dossier = await handlers.submit_dossier(desk, caller(who, key), body.filing())
    shown = _with_secret(request.app.state.door, view(dossier, who))
    stamp(request, response, shown)
    return shown


class Filters(BaseModel):
    """Filters of the list."""

    state: str | None = None
    unit: str | None = None
    procedure: str | None = None
    handler: str | None = None
    overdue: bool | None = None
    due_before: date | None = None


@router.get("/dossiers")
async def list_dossiers(
    desk: At, who: Reader, page: Annotated[Paging, Depends(paging)], filters: Annotated[Filters, Query()]
) -> Page[DossierView]:
    """Dossiers of one's units, newest first; a citizen sees their own."""
    wanted = filters.model_dump(exclude_none=True)
    after = (UUID(page.after[0]),) if page.after else None
    rows = await handlers.list_dossiers(desk, who, wanted, after=after, back=page.back, limit=page.fetch)
    return page.page(rows, lambda dossier: (str(dossier.id),), lambda dossier: view(dossier, who))


@router.get("/me/dossiers")
async def list_my_dossiers(
    desk: At, who: Annotated[Principal, Depends(allow("citizen"))], page: Annotated[Paging, Depends(paging)]
) -> Page[DossierView]:
    """One's own dossiers, newest first."""
    after = (UUID(page.after[0]),) if page.after else None
    rows = await handlers.list_dossiers(desk, who, {}, after=after, back=page.back, limit=page.fetch)
    return page.page(rows, lambda dossier: (str(dossier.id),), lambda dossier: view(dossier, who))


@router.get("/dossiers/{id}")
async def get_dossier(id: UUID, desk: At, who: Reader, request: Request, response: Response) -> DossierView:
    """One dossier."""
    dossier = await handlers.read_dossier(desk, who, id)
    revalidate(request, response, dossier.version)
    return view(dossier, who)


@router.get("/dossiers/{id}/history")
async def get_history(id: UUID, desk: At, who: Reader) -> History:
    """Every fact of a dossier in order."""
    return History(items=[_fact(row) for row in await handlers.read_history(desk, who, id)])


def _fact(row: Mapping[str, Any]) -> FactView:
    role, unit, _subject = row["actor"].split("|")
    return FactView(
        sequence=row["sequence"], type=row["type"], occurred_at=row["occurred_at"], recorded_at=row["recorded_at"], actor=f"{role} {unit}".strip(),
        data=msgspec.json.decode(row["envelope"])["data"],
    )  # fmt: skip


@router.get("/dossiers/{id}/deadline")
async def get_deadline(id: UUID, desk: At, who: Reader, lang: Lang) -> DeadlineView:
    """The due date with its explanation."""
    dossier = await handlers.read_dossier(desk, who, id)
    clock = dossier.settlement or dossier.answer
    rule = clock.rule if clock else None
    return DeadlineView(
        due_at=dossier.due_at or dossier.answer_due_at, due_on=dossier.due_on, remaining_working_hours=dossier.remaining_working_hours,
        provisional=dossier.provisional, rule=rule.id if rule else None, rule_version=rule.version if rule else None,
        legal_basis=rule.legal_basis if rule else None, verified=rule.verified if rule else None, steps=list(handlers.explanation(dossier, lang)),
    )  # fmt: skip


@router.get(
    "/dossiers/{id}/forms/01.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The slip."}},
)
async def get_slip(id: UUID, desk: At, who: Reader, request: Request) -> Response:
    """The receipt slip (form 01 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers = await handlers.read_papers(desk, who, id)
    pdf = await asyncio.to_thread(slips.render_slip, _slip(desk, papers, request.app.state.door.settings.base_url))
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{papers.dossier.code}.pdf"'},
    )


def _slip(desk: Desk, papers: Papers, base_url: str) -> slips.Slip:
    dossier, unit, procedure = (
        papers.dossier,
        desk.shelf.units[papers.dossier.unit],
        desk.shelf.procedures[papers.dossier.procedure],
    )
    if dossier.accepted_at is None or dossier.due_at is None:
        raise domain.NotYetAccepted(state=dossier.state.value, command="print the slip of")
    rule = rulebook().rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    return slips.Slip(
        authority=f"Ủy ban nhân dân {unit.name}", center="Trung tâm Phục vụ hành chính công", place=unit.name, code=dossier.code, procedure=procedure.name,
        request=papers.summary or procedure.name, channel=_channel(dossier.channel), submitter=_party(papers.submitter),
        owner=_party(papers.owner) if papers.owner else None,
        components=tuple(slips.SlipComponent(c["name"], c["kind"], c["count"]) for c in papers.components), limit=dossier.limit,
        basis=rule.legal_basis, basis_verified=rule.verified, received_at=dossier.received_at, due_at=dossier.due_at, return_method="counter",
        return_place=f"Trung tâm Phục vụ hành chính công {unit.name}", lookup_url=f"{base_url}/tra-cuu?code={dossier.code}",
        lookup_secret=papers.secret, phone="", receiver="", explanation=handlers.explanation(dossier, "vi"), provisional=dossier.provisional,
    )  # fmt: skip


def _channel(channel: str) -> slips.Channel:
    return "online" if channel == "online" else "postal" if channel == "postal" else "direct"


def _party(details: Details) -> slips.SlipParty:
    return slips.SlipParty(
        details.name, details.address or "", details.phone or "", details.email or "", details.identity_no or ""
    )


def _changed(request: Request, response: Response, dossier: Dossier, who: Principal) -> DossierView:
    shown = view(dossier, who)
    stamp(request, response, shown)
    return shown


@router.post("/dossiers/{id}/accept")
async def accept_dossier(
    id: UUID,
    desk: At,
    who: Annotated[Principal, _acting("accept")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Accept what came online or by post; settlement starts now."""
    return _changed(request, response, await handlers.accept_dossier(desk, caller(who, key), id, version), who)


@router.post("/dossiers/{id}/refuse")
async def refuse_dossier(
    id: UUID,
    body: ReasonBody,
    desk: At,
    who: Annotated[Principal, _acting("refuse")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Do not accept, in writing and with the reason."""
    dossier = await handlers.refuse_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return _changed(request, response, dossier, who)


@router.post("/dossiers/{id}/assign")
async def assign_dossier(
    id: UUID,
    body: AssignBody,
    desk: At,
    who: Annotated[Principal, _acting("assign")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Give the dossier to an officer."""
    return _changed(
        request, response, await handlers.assign_dossier(desk, caller(who, key), id, version, officer=body.officer), who
    )


@router.post("/dossiers/{id}/request-supplement")
async def request_supplement(
    id: UUID, body: SupplementBody, desk: At, who: Annotated[Principal, _acting("request-supplement")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Ask for missing papers; the clock stands still until they come."""
    dossier = await handlers.request_supplement(
        desk, caller(who, key), id, version, components=body.components, reason=body.reason, respond_by=body.respond_by
    )
    return _changed(request, response, dossier, who)


@router.post("/dossiers/{id}/supply")
async def supply_components(
    id: UUID,
    body: SupplyBody,
    desk: At,
    who: Annotated[Principal, _acting("supply")],
    version: AnyVersion,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Hand in the missing papers."""
    components = [c.component() for c in body.components]
    return _changed(
        request,
        response,
        await handlers.supply_components(desk, caller(who, key), id, version, components=components),
        who,
    )


@router.post("/dossiers/{id}/settle")
async def settle_dossier(
    id: UUID,
    body: SettleBody,
    desk: At,
    who: Annotated[Principal, _acting("settle")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """There is a result: granted, or rejected with reasons."""
    dossier = await handlers.settle_dossier(
        desk, caller(who, key), id, version, outcome=body.outcome, number=body.number
    )
    return _changed(request, response, dossier, who)


@router.post("/dossiers/{id}/return-result")
async def return_result(
    id: UUID,
    body: ReturnBody,
    desk: At,
    who: Annotated[Principal, _acting("return-result")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """The citizen has the result."""
    return _changed(
        request, response, await handlers.return_result(desk, caller(who, key), id, version, method=body.method), who
    )


@router.post("/dossiers/{id}/withdraw")
async def withdraw_dossier(
    id: UUID,
    body: ReasonBody,
    desk: At,
    who: Annotated[Principal, _acting("withdraw")],
    version: AnyVersion,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Take the dossier back before there is a result."""
    dossier = await handlers.withdraw_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return _changed(request, response, dossier, who)


@router.post("/lookups", dependencies=[Depends(public), Depends(limited("lookups", per_minute=30, burst=10))])
async def look_up(body: LookupBody, desk: At, lang: Lang) -> LookupView:
    """Where a dossier stands, by the code and secret printed on its slip."""
    standing = await handlers.look_up(desk, body.code, body.secret, lang)
    dossier = standing.dossier
    return LookupView(
        code=dossier.code, state=dossier.state, phase=dossier.phase, status=_STATUS[lang][dossier.state], procedure=dossier.procedure, unit=dossier.unit,
        due_at=dossier.due_at or dossier.answer_due_at, due_on=dossier.due_on, respond_by=dossier.respond_by, provisional=dossier.provisional,
        explanation=list(standing.explanation),
    )  # fmt: skip
