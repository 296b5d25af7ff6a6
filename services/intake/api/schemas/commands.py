"""What the commands on a dossier say."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.intake.api.schemas.common import Body
from services.intake.api.schemas.dossiers import ComponentBody
from shared.web.fields import Day, Instant, text


class ReasonBody(Body):
    """Why: a class that goes into the fact, and the text, which stays here."""

    reason_class: Literal["wrong-place", "not-complete", "not-eligible", "duplicate", "own-wish", "other"]
    reason: Annotated[str, text(max_length=2000)]


class StopBody(Body):
    """Why the applicant asks to stop."""

    reason_class: Literal["own-wish", "duplicate", "other"]
    reason: Annotated[str, text(max_length=2000)]


class PauseBody(Body):
    """What settlement waits for."""

    reason_class: Literal["other-agency", "verification", "expert-opinion", "court", "force-majeure", "other"]
    reason: Annotated[str, text(max_length=2000)]


class PaymentBody(Body):
    """What is to be paid, in đồng, and for what; the notice's number goes out, so it is nobody's name or phone."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 20000, "purpose": "Lệ phí cấp giấy", "notice_no": "12/TB-UBND"}]}
    )

    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    purpose: Annotated[str, text(max_length=300)]
    notice_no: Annotated[str, text(max_length=60, pattern=r"^[0-9]{1,8}(/[0-9]{4})?(/[A-ZĐ-]+)?$")] | None = None
    respond_by: Day | None = None


class ProofBody(Body):
    """The proof of payment: its number, and when it was paid."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reference": "0012345", "paid_at": "2026-11-26T09:00:00+07:00"}]}
    )

    reference: Annotated[str, text(max_length=100)]
    paid_at: Instant


class AppointmentBody(Body):
    """The new day, why, and who signs the apology: an id of the staff directory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"new_due_on": "2026-12-02", "reason_class": "overload", "reason": "Nhiều hồ sơ", "signer": "ld-01"}
            ]
        }
    )

    new_due_on: Day
    reason_class: Literal["overload", "other-agency", "verification", "technical", "force-majeure", "other"]
    reason: Annotated[str, text(max_length=2000)]
    signer: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class CorrectionBody(Body):
    """A typing error: the field, the right words, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"field": "summary", "value": "Xin cấp lại", "reason_class": "typing-error", "reason": "Gõ sai"}
            ]
        }
    )

    field: Literal["summary", "result-number"]
    value: Annotated[str, text(max_length=1000)]
    reason_class: Literal["typing-error", "misread", "applicant-asked", "other"]
    reason: Annotated[str, text(max_length=2000)]


class RatingBody(Body):
    """How satisfied the citizen is, from 1 to 5, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"score": 5, "comment": "Nhanh"}]})

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, text(max_length=2000)] | None = None


class TransferBody(Body):
    """To which unit, why, and how many papers go along."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"to_unit": "18880", "reason_class": "not-competent", "reason": "Thuộc phường khác", "papers": 2}
            ]
        }
    )

    to_unit: Annotated[str, text(max_length=10)]
    reason_class: Literal["not-competent", "shared-matter", "other"]
    reason: Annotated[str, text(max_length=2000)]
    papers: Annotated[int, Field(ge=0, le=1000)]


class RejectTransferBody(Body):
    """Why the dossier is not taken."""

    reason_class: Literal["not-competent", "other"]
    reason: Annotated[str, text(max_length=2000)]


class AssignBody(Body):
    """To whom: an id of the staff directory."""

    officer: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class SupplementBody(Body):
    """Which papers are missing and why."""

    components: Annotated[list[Annotated[str, text(max_length=300)]], Field(min_length=1, max_length=50)]
    reason: Annotated[str, text(max_length=2000)]
    respond_by: Day | None = None


class SupplyBody(Body):
    """The papers that came."""

    components: Annotated[list[ComponentBody], Field(min_length=1, max_length=50)]


class SettleBody(Body):
    """The result."""

    outcome: Literal["granted", "rejected"]
    number: Annotated[str, text(max_length=60)] | None = None
    result_file: UUID | None = None


class ReturnBody(Body):
    """How the result reached the citizen."""

    method: Literal["counter", "post", "electronic"]
