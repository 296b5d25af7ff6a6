"""Moments of letters and cases: one row per fact, each with its plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import Told
from shared.contracts.complaints import SubmissionTransferred
from shared.contracts.envelope import fact_type
from shared.kernel import kebab


class CaseMoment(NamedTuple):
    """A row of `case_timeline`; `word` names its sentence, `day` the date that sentence speaks of."""

    about: UUID
    sequence: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    word: str
    day: date | None
    trace: str | None


_DAYS: Final = ("respond_by", "appeal_until", "deliver_by", "due_on", "held_on", "answered_on")
"""The day a sentence speaks of: the first of these fields the fact has."""


def case_moment(about: UUID, told: Told) -> CaseMoment:
    """How this fact is remembered on its timeline."""
    fact: Any = told.fact
    word = _word(fact)
    outcome = getattr(fact, "outcome", None)
    word = f"{word}-{outcome}" if outcome is not None and f"{word}-{outcome}" in CASE_WORDS else word
    day = next((getattr(fact, name) for name in _DAYS if hasattr(fact, name)), None)
    return CaseMoment(about, told.sequence, fact_type(type(fact)), fact.occurred_at, told.recorded_at, word, day, told.trace)  # fmt: skip


def _word(fact: Any) -> str:
    if isinstance(fact, SubmissionTransferred) and fact.to_unit is None:
        return "submission-transferred-outside"
    return kebab(type(fact).__name__)


def case_sentence(word: str, day: str, language: str) -> str:
    """The sentence of a word in `vi` or `en`."""
    vi, en = CASE_WORDS[word]
    return (en if language == "en" else vi).format(day=day)


CASE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "submission-registered": ("Đơn đã được nhận; phân loại chậm nhất ngày {day}.", "The letter was received; it is read by {day}."),
    "submission-split": ("Đơn đã được đọc và chuyển thành vụ việc.", "The letter was read and became cases."),
    "submission-guided": ("Người gửi được hướng dẫn gửi đúng nơi giải quyết.", "The sender was shown where to send it."),
    "submission-filed": ("Đơn được lưu, không xem xét tiếp; lý do có trong thông báo.", "The letter is kept and not considered further; the notice says why."),
    "submission-supplement-requested": ("Người gửi được đề nghị bổ sung chậm nhất ngày {day}; thời hạn phân loại tạm dừng.", "The sender was asked to supply what is missing by {day}; the limit to read the letter stands still."),
    "submission-supplied": ("Đã nhận phần bổ sung; phân loại chậm nhất ngày {day}.", "What was missing came; the letter is read by {day}."),
    "submission-transferred": ("Đơn được chuyển đến đơn vị có thẩm quyền trong tỉnh; phân loại chậm nhất ngày {day}.", "The letter was passed on to the competent unit of the province, which reads it by {day}."),
    "submission-transferred-outside": ("Đơn được chuyển đến cơ quan có thẩm quyền ngoài tỉnh; lý do có trong thông báo.", "The letter was passed on to a body outside the province; the notice says why."),
    "submission-linked": ("Đơn có nội dung trùng với đơn đã gửi và được giải quyết cùng đơn đó.", "The letter says what another one says and is settled with that one."),
    "submission-deadline-warned": ("Sắp hết hạn phân loại đơn: {day}.", "The letter must be read soon: {day}."),
    "submission-deadline-breached": ("Đã quá hạn phân loại đơn (hạn {day}).", "The letter was not read in time (by {day})."),
    "submission-deadline-moved": ("Thời hạn phân loại đơn được tính lại theo quy định, đến ngày {day}.", "The limit to read the letter was counted again by the law, to {day}."),
    "case-opened": ("Vụ việc được mở; hạn đầu tiên ngày {day}.", "The case was opened; its first limit ends on {day}."),
    "case-accepted": ("Khiếu nại được thụ lý; giải quyết chậm nhất ngày {day}.", "The complaint was accepted; it is settled by {day}."),
    "case-refused": ("Khiếu nại không được thụ lý; lý do có trong thông báo.", "The complaint was not accepted; the notice says why."),
    "case-assigned": ("Cán bộ được giao giải quyết.", "An officer now handles the case."),
    "case-transferred": ("Đề nghị đơn vị khác nhận; trả lời chậm nhất ngày {day}.", "Another unit was asked to take it and answers by {day}."),
    "case-transfer-accepted": ("Đơn vị có thẩm quyền đã nhận; hạn ngày {day}.", "The competent unit took it; it is due on {day}."),
    "case-transfer-rejected": ("Đơn vị được đề nghị không nhận; vụ việc trở lại nơi chuyển.", "The unit asked did not take it; the case is back."),
    "case-escalated": ("Vụ việc được chuyển lên cấp trên; hạn ngày {day}.", "The case went to the superior unit; it is due on {day}."),
    "clock-suspended": ("Tạm đình chỉ giải quyết.", "Settlement is suspended."),
    "clock-resumed": ("Tiếp tục giải quyết; hạn mới ngày {day}.", "Settlement goes on; it is now due on {day}."),
    "deadline-extended": ("Gia hạn theo luật đến ngày {day}.", "Extended under the law to {day}."),
    "deadline-moved": ("Thời hạn được tính lại theo quy định, đến ngày {day}.", "The limit was counted again by the law, to {day}."),
    "dialogue-scheduled": ("Đã mời các bên đối thoại.", "The parties were invited to a dialogue."),
    "dialogue-held": ("Đã tổ chức đối thoại ngày {day}.", "The dialogue was held on {day}."),
    "complaint-resolved": ("Đã có quyết định giải quyết khiếu nại; gửi chậm nhất ngày {day}.", "The complaint was decided; the decision is delivered by {day}."),
    "complaint-resolved-upheld": ("Đã quyết định: khiếu nại đúng; quyết định được gửi chậm nhất ngày {day}.", "Decided: the complaint is right; the decision is delivered by {day}."),
    "complaint-resolved-partly-upheld": ("Đã quyết định: khiếu nại đúng một phần; quyết định được gửi chậm nhất ngày {day}.", "Decided: the complaint is partly right; the decision is delivered by {day}."),
    "complaint-resolved-dismissed": ("Đã quyết định: khiếu nại không đúng; quyết định được gửi chậm nhất ngày {day}.", "Decided: the complaint is not right; the decision is delivered by {day}."),
    "decision-delivered": ("Quyết định đã đến người khiếu nại; có thể khiếu nại tiếp đến hết ngày {day}.", "The decision was delivered; a second complaint is possible until {day}."),
    "case-appealed": ("Đã khiếu nại lần hai lên cấp trên.", "A second complaint went to the superior unit."),
    "answer-sent": ("Đã trả lời người gửi ngày {day}.", "The sender was answered on {day}."),
    "outcome-published": ("Kết quả đã được công khai.", "The outcome was made public."),
    "outcome-rated": ("Người gửi đã đánh giá kết quả.", "The sender rated the outcome."),
    "case-reopened": ("Người gửi chưa hài lòng, vụ việc mở lại; trả lời chậm nhất ngày {day}.", "The sender is not content; the case is open again and answered by {day}."),
    "case-corrected": ("Hệ thống quản lý vụ việc đã sửa trạng thái ghi nhầm.", "The system that owns the case put a wrong state right."),
    "case-promised": ("Hệ thống quản lý vụ việc hẹn một ngày khác; hạn theo luật không đổi.", "The system that owns the case promised another day; the law's date stays."),
    "citizen-act-requested": ("Người gửi đề nghị hệ thống quản lý vụ việc xem xét.", "The sender asked something of the system that owns the case."),
    "case-withdrawn": ("Người gửi đã rút.", "The sender took it back."),
    "deadline-warned": ("Sắp đến hạn: {day}.", "The due date is near: {day}."),
    "deadline-breached": ("Đã quá hạn (hạn {day}).", "It is late (it was due on {day})."),
}  # fmt: skip
"""`{day}` is the moment's day."""
