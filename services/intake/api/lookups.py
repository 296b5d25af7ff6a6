"""Where a dossier stands, by the code and secret printed on its slip."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends

from services.intake import handlers
from services.intake.api.common import At, Lang
from services.intake.api.schemas import LookupView
from shared.web.auth import public
from shared.web.language import Language
from shared.web.limits import limited
from shared.web.people import LookupBody

router = APIRouter(prefix="/v1")

_STATUS: Mapping[Language, Mapping[str, str]] = {
    "vi": {
        "submitted": "Hồ sơ đã gửi, đang chờ cán bộ tiếp nhận", "accepted": "Hồ sơ đã được tiếp nhận", "refused": "Hồ sơ không được tiếp nhận",
        "in-progress": "Hồ sơ đang được giải quyết", "awaiting-supplement": "Hồ sơ chờ Ông/Bà bổ sung giấy tờ",
        "awaiting-payment": "Hồ sơ chờ Ông/Bà nộp tiền theo thông báo", "paused": "Hồ sơ tạm dừng giải quyết", "stopped": "Hồ sơ đã dừng giải quyết theo yêu cầu", "settled": "Đã có kết quả",
        "returned": "Đã trả kết quả", "withdrawn": "Hồ sơ đã rút theo yêu cầu",
    },
    "en": {
        "submitted": "Sent; an officer will answer", "accepted": "Accepted", "refused": "Not accepted", "in-progress": "Being settled",
        "awaiting-supplement": "Waiting for papers from you", "awaiting-payment": "Waiting for your payment", "paused": "Settlement is paused",
        "stopped": "Stopped at your request", "settled": "The result is there", "returned": "The result was handed over",
        "withdrawn": "Withdrawn at your request",
    },
}  # fmt: skip


@router.post(
    "/lookups", dependencies=[Depends(public), Depends(limited("lookups", per_minute=30, burst=10))],
    responses={404: {"description": "Code and secret do not fit together."}},
)  # fmt: skip
async def look_up(body: LookupBody, desk: At, lang: Lang) -> LookupView:
    """Where a dossier stands, by the code and secret printed on its slip."""
    standing = await handlers.look_up(desk, body.code, body.secret, lang)
    dossier = standing.dossier
    return LookupView(
        code=dossier.code, state=dossier.state, phase=dossier.phase, status=_STATUS[lang][dossier.state], procedure=dossier.procedure, unit=dossier.unit,
        due_at=dossier.due_at or dossier.answer_due_at, due_on=dossier.due_on, respond_by=dossier.respond_by, provisional=dossier.provisional,
        explanation=list(standing.explanation),
    )  # fmt: skip
