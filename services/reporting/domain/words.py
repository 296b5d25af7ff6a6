"""How a fact is told on a timeline: one plain sentence per word, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "submitted": (
        "Hồ sơ đã nộp, chờ cán bộ kiểm tra và tiếp nhận.",
        "The dossier was handed in and waits for an officer to check and accept it.",
    ),
    "submitted-at-counter": ("Hồ sơ đã nộp tại bộ phận một cửa.", "The dossier was handed in at the counter."),
    "accepted": (
        "Hồ sơ được tiếp nhận, hẹn trả kết quả ngày {day}.",
        "The dossier was accepted; the result is promised for {day}.",
    ),
    "refused": (
        "Hồ sơ không được tiếp nhận; lý do có trong phiếu từ chối.",
        "The dossier was not accepted; the refusal notice says why.",
    ),
    "assigned": ("Hồ sơ được giao cho cán bộ xử lý.", "An officer now handles the dossier."),
    "supplement-requested": (
        "Cần bổ sung giấy tờ, chậm nhất ngày {day}. Thời hạn giải quyết tạm dừng cho đến khi bổ sung đủ.",
        "Papers are missing and expected by {day}. The time limit stands still until they come.",
    ),
    "supplement-supplied": (
        "Giấy tờ đã được bổ sung, hồ sơ chờ cán bộ kiểm tra lại.",
        "The missing papers came; an officer checks the dossier again.",
    ),
    "supplement-supplied-moved": (
        "Giấy tờ đã được bổ sung, hẹn trả kết quả ngày {day}.",
        "The missing papers came; the result is promised for {day}.",
    ),
    "payment-required-by": (
        "Cần nộp tiền theo thông báo, chậm nhất ngày {day}. Thời hạn giải quyết tạm dừng cho đến khi có chứng từ.",
        "A payment is asked for and expected by {day}. The time limit stands still until it is proved.",
    ),
    "payment-required": (
        "Cần nộp tiền theo thông báo. Thời hạn giải quyết tạm dừng cho đến khi có chứng từ.",
        "A payment is asked for. The time limit stands still until it is proved.",
    ),
    "payment-confirmed": (
        "Đã nhận chứng từ nộp tiền; thời hạn tính lại từ lúc nhận, hẹn trả kết quả ngày {day}.",
        "The payment is proved and the time limit counts anew from then; the result is promised for {day}.",
    ),
    "paused": (
        "Việc giải quyết tạm dừng để chờ nơi khác; thời hạn cũng tạm dừng.",
        "Settlement waits for somebody else; the time limit stands still.",
    ),
    "resumed": (
        "Việc giải quyết được tiếp tục, hẹn trả kết quả ngày {day}.",
        "Settlement goes on; the result is promised for {day}.",
    ),
    "appointment-moved": (
        "Cơ quan xin lỗi và hẹn lại ngày trả kết quả: {day}. Hạn theo luật không thay đổi.",
        "The office apologised and promised another day: {day}. The lawful date stays what it is.",
    ),
    "limit-moved": (
        "Thời hạn được tính lại vì lịch nghỉ, giờ làm việc hoặc quy định thay đổi: đến ngày {day}.",
        "The limit was counted again, since the calendar, office hours or a rule changed: to {day}.",
    ),
    "limit-counted-again": (
        "Thời hạn được tính lại vì lịch nghỉ, giờ làm việc hoặc quy định thay đổi; ngày trả kết quả không đổi.",
        "The limit was counted again, since the calendar, office hours or a rule changed; the day of the result stays.",
    ),
    "stopped": (
        "Hồ sơ đã dừng giải quyết theo đề nghị của công dân.",
        "The dossier was stopped as the citizen asked.",
    ),
    "corrected": ("Một lỗi ghi trong hồ sơ đã được đính chính.", "A typing error in the dossier was put right."),
    "status-corrected": (
        "Trạng thái hồ sơ được ghi sai đã được đính chính.",
        "The status of the dossier was recorded wrongly and was put right.",
    ),
    "rated": ("Công dân đã đánh giá việc phục vụ.", "The citizen rated the service."),
    "transferred": (
        "Đã đề nghị đơn vị khác nhận hồ sơ, trả lời chậm nhất ngày {day}; đến khi đó đơn vị đang giữ hồ sơ vẫn chịu trách nhiệm.",
        "Another unit is asked to take the dossier and answers by {day}; until then the unit that has it stays accountable.",
    ),
    "transfer-accepted": (
        "Đơn vị khác đã nhận hồ sơ và chịu trách nhiệm giải quyết; ngày hẹn trả kết quả {day} không đổi.",
        "Another unit took the dossier and is accountable now; the promised day, {day}, stays what it is.",
    ),
    "transfer-rejected": (
        "Đơn vị được đề nghị không nhận hồ sơ.",
        "The unit that was asked did not take the dossier.",
    ),
    "escalated": (
        "Hồ sơ được chuyển lên cấp trên và cấp trên chịu trách nhiệm giải quyết; ngày hẹn trả kết quả {day} không đổi.",
        "The dossier went up to the superior unit, which is accountable now; the promised day, {day}, stays what it is.",
    ),
    "settled-granted": ("Đã có kết quả giải quyết.", "The result is ready."),
    "settled-rejected": (
        "Đã giải quyết xong: hồ sơ không được chấp thuận, kết quả ghi rõ lý do.",
        "The dossier was decided and not granted; the decision says why.",
    ),
    "settled": ("Hồ sơ đã giải quyết xong.", "The dossier was decided."),
    "returned": ("Kết quả đã được trả cho công dân.", "The citizen has the result."),
    "withdrawn": ("Công dân đã rút hồ sơ.", "The citizen took the dossier back."),
    "succeeded": (
        "Hồ sơ được chuyển cho cơ quan kế thừa giải quyết tiếp; ngày hẹn trả kết quả không thay đổi.",
        "The successor of the office settles the dossier now; the promised date stays what it was.",
    ),
    "deadline-warned": ("Sắp đến hạn trả kết quả: {day}.", "The due date is near: {day}."),
    "deadline-breached": (
        "Đã quá hạn trả kết quả (ngày hẹn {day}).",
        "The result is late (it was promised for {day}).",
    ),
    "answer-warned": (
        "Sắp đến hạn trả lời hồ sơ nộp trực tuyến: {day}.",
        "The answer to this submission is due soon: {day}.",
    ),
    "answer-breached": (
        "Đã quá hạn trả lời hồ sơ nộp trực tuyến (hạn {day}).",
        "The answer to this submission is late (it was due on {day}).",
    ),
    "transfer-warned": (
        "Sắp đến hạn đơn vị được đề nghị trả lời có nhận hồ sơ không: {day}.",
        "The unit that was asked to take the dossier has to answer soon: {day}.",
    ),
    "transfer-breached": (
        "Đơn vị được đề nghị đã quá hạn trả lời có nhận hồ sơ không (hạn {day}).",
        "The unit that was asked to take the dossier is late with its answer (it was due on {day}).",
    ),
}
"""`{day}` is the moment's day."""


def sentence(word: str, day: str, language: str) -> str:
    """The sentence of a word in `vi` or `en`."""
    vi, en = WORDS[word]
    return (en if language == "en" else vi).format(day=day)
