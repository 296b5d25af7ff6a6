"""What travels over HTTP about reference data: bodies in, views out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.intake.adapters.form_schema import endless, is_schema
from services.intake.api.schemas import Body
from services.intake.domain import Officer, ProcedureVersion, UnitRecord
from shared.store.vault import Details
from shared.web.fields import Day, Instant, text
from shared.web.people import PersonBody

Level = Literal["province", "commune", "district"]
LIMIT = r"^([1-9][0-9]{0,2}(wd|d|wh)|same-day)$"
_LARGEST_SCHEMA = 200
"""Fields a form may have."""


def _is_form(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None:
        return None
    fields = value.get("properties")
    if value.get("type") != "object" or not isinstance(fields, dict) or not 0 < len(fields) <= _LARGEST_SCHEMA:
        raise PydanticCustomError("form-schema", "a form is a JSON Schema of an object with its properties")
    if not is_schema(value):
        raise PydanticCustomError("form-schema", "this is no JSON Schema of draft 2020-12")
    if (reference := endless(value)) is not None:
        raise PydanticCustomError(
            "form-endless", "the reference {reference} comes back to itself before any field, without end", {"reference": reference[:80]}
        )  # fmt: skip
    return value


FormSchema = Annotated[dict[str, Any] | None, AfterValidator(_is_form)]


class CatalogueComponent(Body):
    """A paper the applicant hands in."""

    name: Annotated[str, text(max_length=300)]
    kind: Literal["original", "certified", "copy", "electronic"] = "original"
    required: bool = True
    count: Annotated[int, Field(ge=1, le=100)] = 1


class Fee(Body):
    """An amount in đồng per case, copy, page or person."""

    label: Annotated[str, text(max_length=300)]
    amount: Annotated[int, Field(ge=0, le=1_000_000_000_000)]
    per: Literal["case", "copy", "page", "person"] = "case"


class ProcedureBody(Body):
    """A version of a procedure; `max_supplements`: how often papers may be asked for; `signed_on` starts the limit of its publication."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Cấp Giấy xác nhận tình trạng hôn nhân", "sector": "civil-status", "sector_name": "Hộ tịch", "levels": ["commune"],
                    "limit": "2wd", "components": [{"name": "Tờ khai"}], "fee_policy": "free", "basis": "Nghị định 123/2015/NĐ-CP, Điều 22",
                    "valid_from": "2027-01-01", "signed_on": "2026-12-15",
                }
            ]
        }
    )  # fmt: skip

    name: Annotated[str, text(max_length=500)]
    sector: Annotated[str, text(max_length=40, pattern=r"^[a-z][a-z-]*$")]
    sector_name: Annotated[str, text(max_length=200)]
    levels: Annotated[list[Level], Field(min_length=1, max_length=3)]
    limit: Annotated[str, text(max_length=10, pattern=LIMIT)]
    basis: Annotated[str, text(max_length=500)]
    valid_from: Day
    valid_to: Day | None = None
    decided_by: Annotated[str, text(max_length=40, pattern=r"^[a-z][a-z-]*$")] = "commune-committee"
    pause_mode: Literal["pause", "restart"] = "pause"
    max_supplements: Annotated[int, Field(ge=0, le=10)] = 1
    online: Literal["full", "partial", "none"] = "none"
    components: Annotated[list[CatalogueComponent], Field(max_length=50)] = Field(default_factory=list)
    fees: Annotated[list[Fee], Field(max_length=20)] = Field(default_factory=list)
    fee_policy: Literal["free", "fixed", "local"] = "free"
    form_schema: FormSchema = None
    signed_on: Day | None = None
    unverified: Annotated[list[Annotated[str, text(max_length=40)]], Field(max_length=30)] = Field(default_factory=list)

    def version_of(self, code: str) -> ProcedureVersion:
        """As the domain knows it; its number is given when it takes its place."""
        said = self.model_dump(exclude={"code"})
        for name in ("levels", "components", "fees", "unverified"):
            said[name] = tuple(said[name])
        return ProcedureVersion(code=code, version=0, **said)


class ProcedureView(BaseModel):
    """A version of a procedure; `unverified` names the columns not yet checked against the law's text."""

    code: str
    version: int
    name: str
    sector: str
    sector_name: str
    levels: list[str]
    limit: str
    online: str
    pause_mode: str
    max_supplements: int
    components: list[dict[str, Any]]
    fees: list[dict[str, Any]]
    fee_policy: str
    decided_by: str
    basis: str
    valid_from: date
    valid_to: date | None
    form_schema: dict[str, Any] | None
    signed_on: date | None
    published_at: Instant | None
    publicity: str | None
    unverified: list[str]


class ProcedureList(BaseModel):
    """The procedures of a day."""

    items: list[ProcedureView]


class VersionList(BaseModel):
    """The versions of one procedure."""

    items: list[ProcedureView]


class Published(BaseModel):
    """Which version was published."""

    code: str
    version: int


UnitCode = Annotated[str, text(max_length=10, pattern=r"^[0-9A-Z]{2,10}$")]


class UnitBody(Body):
    """A unit; a new `name` counts from `renamed_on`, today when it is left out. A body without `agency` receives no dossiers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Xã Tân Thành", "level": "commune", "kind": "commune", "agency": "H50.106", "parent": "44", "valid_from": "2025-07-01"}
            ]
        }
    )  # fmt: skip

    name: Annotated[str, text(max_length=200)]
    level: Level
    kind: Literal[
        "province", "department", "police", "land-office", "service-center", "district", "commune", "ward", "special-zone", "non-state"
    ]  # fmt: skip
    agency: Annotated[str, text(max_length=20, pattern=r"^[A-Z][0-9]{2}(\.[0-9]{2,3}){1,3}$")] | None = None
    parent: UnitCode | None = None
    valid_from: Day
    valid_to: Day | None = None
    remote: bool = False
    remote_from: Day | None = None
    remote_to: Day | None = None
    renamed_on: Day | None = None
    unverified: Annotated[list[Annotated[str, text(max_length=40)]], Field(max_length=30)] = Field(default_factory=list)

    def record_of(self, code: str) -> UnitRecord:
        """As the domain knows it."""
        said = self.model_dump(exclude={"code", "renamed_on"})
        return UnitRecord(code=code, **{**said, "unverified": tuple(said["unverified"])})


class UnitView(BaseModel):
    """An administrative unit or body as it is on a day."""

    code: str
    name: str
    level: str
    kind: str
    agency: str | None
    parent: str | None
    valid_from: date
    valid_to: date | None
    remote: bool
    remote_from: date | None
    remote_to: date | None
    version: int
    unverified: list[str]

    @classmethod
    def of(cls, unit: UnitRecord, day: date) -> UnitView:
        """Its name and whether it is remote on this day."""
        kept = {name: getattr(unit, name) for name in cls.model_fields}
        return cls(
            **{**kept, "name": unit.name_on(day), "remote": unit.remote_on(day), "unverified": list(unit.unverified)}
        )


class UnitList(BaseModel):
    """The units of a day."""

    items: list[UnitView]


OfficerId = Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
Role = Literal["clerk", "handler", "head", "inspector", "screener", "front", "ops", "admin"]


class OfficerBody(Body):
    """An officer: `subject` is who they are at the issuer; the deputy acts for them from `deputy_from` to `deputy_to`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "cb-01", "unit": "19360", "position": "receiving-officer", "roles": ["clerk"], "valid_from": "2026-01-01",
                    "contact": {"name": "Lê Quang Thạch", "phone": "0912345678"},
                }
            ]
        }
    )  # fmt: skip

    subject: Annotated[str, text(max_length=200)]
    unit: UnitCode
    position: Annotated[str, text(max_length=40, pattern=r"^[a-z][a-z-]*$")]
    roles: Annotated[list[Role], Field(min_length=1, max_length=8)]
    valid_from: Day
    valid_to: Day | None = None
    superior: OfficerId | None = None
    deputy: OfficerId | None = None
    deputy_from: Day | None = None
    deputy_to: Day | None = None
    contact: PersonBody

    def officer_of(self, id: str) -> Officer:
        """As the domain knows them."""
        said = self.model_dump(include=set(OfficerBody.model_fields) - {"contact"})
        return Officer(id=id, **{**said, "roles": tuple(sorted(set(self.roles)))})


class OfficerView(BaseModel):
    """An officer, without the name."""

    id: str
    subject: str
    unit: str
    position: str
    roles: list[str]
    valid_from: date
    valid_to: date | None
    superior: str | None
    deputy: str | None
    deputy_from: date | None
    deputy_to: date | None
    version: int

    @classmethod
    def of(cls, officer: Officer) -> OfficerView:
        """As the directory has them."""
        return cls.model_validate(asdict(officer))


class OfficerContact(BaseModel):
    """How to reach an officer."""

    name: str
    phone: str | None
    email: str | None


class OfficerDetail(OfficerView):
    """An officer with their contact; null where it was forgotten."""

    contact: OfficerContact | None

    @classmethod
    def with_contact(cls, officer: Officer, details: Details | None) -> OfficerDetail:
        """As the directory and the vault have them."""
        contact = (
            None if details is None else OfficerContact(name=details.name, phone=details.phone, email=details.email)
        )
        return cls.model_validate({**asdict(officer), "contact": contact})


class StaffList(BaseModel):
    """Officers of a unit."""

    items: list[OfficerView]
