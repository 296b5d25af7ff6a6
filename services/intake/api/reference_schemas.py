"""What travels over HTTP about reference data: bodies in, views out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.intake.api.schemas import Body
from services.intake.domain import ProcedureVersion
from shared.web.fields import Day, Instant, text

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
