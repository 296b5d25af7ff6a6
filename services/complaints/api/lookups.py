"""Where a letter and its cases stand, by the receipt number and secret on its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.complaints import domain
from services.complaints.api.bodies import LookupSupplyBody
from services.complaints.api.common import At, Lang
from services.complaints.api.schemas import LetterWritten, LookupCase, LookupView, SuppliedView, Written
from services.complaints.handlers import letters, lookups
from services.complaints.handlers.desk import nobody
from services.complaints.handlers.lookups import CaseStanding, Standing
from shared.kernel import Once
from shared.web.auth import public
from shared.web.door import Door
from shared.web.idempotency import once
from shared.web.language import Language
from shared.web.limits import limited
from shared.web.people import LookupBody

router = APIRouter(prefix="/v1")

_STATUS: Mapping[Language, Mapping[str, str]] = {
    "vi": {
        "registered": "Đơn đã được nhận, đang được xem xét", "split": "Đơn đã được phân loại và chuyển xử lý",
        "awaiting-supplement": "Đơn chờ Ông/Bà bổ sung", "linked": "Đơn có nội dung trùng với đơn đã gửi và được giải quyết cùng đơn đó",
        "transferred": "Đơn đã được chuyển đến cơ quan có thẩm quyền ngoài tỉnh", "guided": "Đơn đã được hướng dẫn gửi đúng nơi giải quyết", "filed": "Đơn được lưu, không xem xét tiếp",
        "opened": "Đang xem xét thụ lý", "refused": "Không thụ lý", "accepted": "Đã thụ lý", "verifying": "Đang xác minh",
        "dialogue-held": "Đã đối thoại, đang chuẩn bị quyết định", "suspended": "Tạm đình chỉ giải quyết", "decided": "Đã có quyết định giải quyết",
        "delivered": "Đã gửi quyết định giải quyết", "appealed": "Ông/Bà đã khiếu nại tiếp", "in-progress": "Đang giải quyết",
        "answered": "Đã trả lời", "rated": "Đã trả lời, Ông/Bà đã đánh giá", "transferring": "Đang chuyển cơ quan có thẩm quyền",
        "withdrawn": "Đã rút theo yêu cầu",
    },
    "en": {
        "registered": "Received and being read", "split": "Read and passed on to be settled", "guided": "You were shown where to send it",
        "awaiting-supplement": "Waiting for something from you", "linked": "It says what another letter says and is settled with that one",
        "transferred": "Passed on to the competent body outside the province", "filed": "Kept, not considered further", "opened": "Being considered", "refused": "Not accepted", "accepted": "Accepted",
        "verifying": "Being verified", "dialogue-held": "A dialogue was held; the decision is being prepared", "suspended": "Suspended",
        "decided": "Decided", "delivered": "The decision was delivered", "appealed": "You complained a second time",
        "in-progress": "Being settled", "answered": "Answered", "rated": "Answered and rated by you",
        "transferring": "Being passed on to the competent body", "withdrawn": "Withdrawn at your request",
    },
}  # fmt: skip


_Limited = Depends(limited("lookups", per_minute=30, burst=10))
_REFUSED: dict[int | str, dict[str, Any]] = {404: {"description": "Number and secret do not fit together."}}


def _replay(answer: bytes, _door: Door) -> SuppliedView:
    return SuppliedView.model_validate_json(answer)


@router.post("/lookups", dependencies=[Depends(public), _Limited], responses=_REFUSED)
async def look_up(body: LookupBody, desk: At, lang: Lang) -> LookupView:
    """Where a letter and its cases stand, without signing in; the way back for who stays anonymous."""
    standing = await lookups.look_up(desk, body.code, body.secret, lang)
    letter = standing.submission
    return LookupView(
        receipt_no=letter.receipt_no, state=letter.state, phase=letter.phase, status=_STATUS[lang][letter.state], unit=letter.unit,
        due_on=letter.due_on, respond_by=letter.respond_by, reason=standing.reason, written=_written(standing), cases=[_case(each, lang) for each in standing.cases],
    )  # fmt: skip


def _written(standing: Standing) -> list[LetterWritten]:
    return [
        LetterWritten.model_validate(each) for each in standing.written if each["command"] in domain.SENDERS_LETTERS
    ]


@router.post("/lookups/supply", dependencies=[Depends(public), _Limited], responses=_REFUSED)
async def supply(
    body: LookupSupplyBody, desk: At, key: Annotated[Once, Depends(once(200, render=_replay))]
) -> SuppliedView:
    """Supply what was missing in a letter with the receipt number and secret alone; nothing of a sign-in is kept."""
    id_ = await lookups.identify(desk, body.code, body.secret)
    submission = await letters.supply_by_receipt(desk, key, id_, text=body.text)
    return SuppliedView.model_validate(domain.submission_snapshot(submission, nobody(key).principal))


def _case(standing: CaseStanding, lang: Language) -> LookupCase:
    case = standing.case
    told = [each for each in standing.texts.written if each["command"] in domain.LETTERS]
    return LookupCase(
        **domain.brief(case), status=_STATUS[lang][case.state], outcome=case.outcome, dialogue_at=case.dialogue_at,
        appeal_until=case.appeal_until, written=[Written.model_validate(each) for each in told], explanation=list(standing.explanation),
    )  # fmt: skip
