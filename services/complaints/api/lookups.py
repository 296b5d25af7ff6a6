"""Where a letter and its cases stand, by the receipt number and secret on its receipt."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends

from services.complaints import domain
from services.complaints.api.bodies import LookupBody
from services.complaints.api.common import At, Lang
from services.complaints.api.schemas import LookupCase, LookupView, Written
from services.complaints.handlers import lookups
from services.complaints.handlers.lookups import CaseStanding
from shared.web.auth import public
from shared.web.language import Language
from shared.web.limits import limited

router = APIRouter(prefix="/v1")

_STATUS: Mapping[Language, Mapping[str, str]] = {
    "vi": {
        "registered": "Đơn đã được nhận, đang được xem xét", "split": "Đơn đã được phân loại và chuyển xử lý",
        "guided": "Đơn đã được hướng dẫn gửi đúng nơi giải quyết", "filed": "Đơn được lưu, không xem xét tiếp",
        "opened": "Đang xem xét thụ lý", "refused": "Không thụ lý", "accepted": "Đã thụ lý", "verifying": "Đang xác minh",
        "dialogue-held": "Đã đối thoại, đang chuẩn bị quyết định", "suspended": "Tạm đình chỉ giải quyết", "decided": "Đã có quyết định giải quyết",
        "delivered": "Đã gửi quyết định giải quyết", "appealed": "Ông/Bà đã khiếu nại tiếp", "in-progress": "Đang giải quyết",
        "answered": "Đã trả lời", "rated": "Đã trả lời, Ông/Bà đã đánh giá", "transferring": "Đang chuyển cơ quan có thẩm quyền",
        "withdrawn": "Đã rút theo yêu cầu",
    },
    "en": {
        "registered": "Received and being read", "split": "Read and passed on to be settled", "guided": "You were shown where to send it",
        "filed": "Kept, not considered further", "opened": "Being considered", "refused": "Not accepted", "accepted": "Accepted",
        "verifying": "Being verified", "dialogue-held": "A dialogue was held; the decision is being prepared", "suspended": "Suspended",
        "decided": "Decided", "delivered": "The decision was delivered", "appealed": "You complained a second time",
        "in-progress": "Being settled", "answered": "Answered", "rated": "Answered and rated by you",
        "transferring": "Being passed on to the competent body", "withdrawn": "Withdrawn at your request",
    },
}  # fmt: skip


@router.post("/lookups", dependencies=[Depends(public), Depends(limited("lookups", per_minute=30, burst=10))])
async def look_up(body: LookupBody, desk: At, lang: Lang) -> LookupView:
    """Where a letter and its cases stand, without signing in; the way back for who stays anonymous."""
    standing = await lookups.look_up(desk, body.code, body.secret, lang)
    letter = standing.submission
    return LookupView(
        receipt_no=letter.receipt_no, state=letter.state, phase=letter.phase, status=_STATUS[lang][letter.state], unit=letter.unit,
        due_on=letter.due_on, reason=standing.reason, cases=[_case(each, lang) for each in standing.cases],
    )  # fmt: skip


def _case(standing: CaseStanding, lang: Language) -> LookupCase:
    case = standing.case
    letters = [each for each in standing.texts.written if each["command"] in domain.LETTERS]
    return LookupCase(
        **domain.brief(case), status=_STATUS[lang][case.state], outcome=case.outcome, dialogue_at=case.dialogue_at,
        appeal_until=case.appeal_until, written=[Written.model_validate(each) for each in letters], explanation=list(standing.explanation),
    )  # fmt: skip
