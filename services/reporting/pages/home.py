"""What the first page says, ready for its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.reporting import domain
from services.reporting.handlers import Overview
from shared.law.zone import local

TILES: Final = ("open", "due_today", "overdue", "on_time_month")
COLUMNS: Final = ("open", "due_today", "overdue", "settled_month", "on_time_month")

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "vi": {
        "title": "Gần Dân – Hồ sơ của dân, giải quyết đúng hẹn",
        "brand": "Gần Dân",
        "place": "Tỉnh Quảng Trị",
        "skip": "Đến nội dung chính",
        "switch": "English",
        "switch_to": "/?lang=en",
        "headline": "Hồ sơ của dân, giải quyết đúng hẹn",
        "lead": "Mỗi hồ sơ nộp cho tỉnh và 78 xã, phường, đặc khu đều có ngày hẹn trả kết quả. Trang này cho mọi người thấy lời hẹn được giữ ra sao, ngay lúc này.",
        "now": "Hôm nay toàn tỉnh",
        "rate": "{rate} số hồ sơ giải quyết trong tháng này xong đúng hoặc trước hẹn ({on_time} trên {settled}).",
        "no_rate": "Tháng này chưa có hồ sơ nào giải quyết xong.",
        "as_of": "Số liệu lúc {now}; sự kiện mới nhất đã tính: {newest}.",
        "never": "chưa có",
        "units": "Từng xã, phường, đặc khu",
        "unit": "Đơn vị",
        "share": "Đúng hẹn",
        "units_note": "Đơn vị đang có hồ sơ đứng trước. “Quá hạn” là hồ sơ chưa xong mà ngày hẹn đã qua.",
        "no_units": "Chưa có đơn vị nào. Danh sách đến cùng dữ liệu của bộ phận một cửa.",
        "look_up": "Tra cứu hồ sơ của bạn",
        "look_up_1": "Lấy giấy tiếp nhận hồ sơ và hẹn trả kết quả.",
        "look_up_2": "Tìm mã hồ sơ và mã tra cứu gồm 8 ký tự in trên giấy.",
        "look_up_3": "Đọc hai mã này tại quầy một cửa bất kỳ trong tỉnh, hoặc nhập vào ứng dụng của tỉnh. Bạn sẽ biết hồ sơ đang ở đâu, hẹn ngày nào và vì sao là ngày ấy.",
        "look_up_api": "Dành cho người viết ứng dụng",
        "secret": "Không đưa mã tra cứu cho người lạ. Cán bộ không bao giờ hỏi mã này qua điện thoại.",
        "data": "Số liệu mở",
        "data_note": "Mọi con số trên trang này lấy từ địa chỉ dưới đây; mỗi số kèm đường dẫn tới đúng danh sách đứng sau nó (dành cho cán bộ).",
        "missing": "Không có trang này",
        "back": "Về trang đầu",
    },
    "en": {
        "title": "Gần Dân – the people's dossiers, settled when promised",
        "brand": "Gần Dân",
        "place": "Quảng Trị province",
        "skip": "Skip to the content",
        "switch": "Tiếng Việt",
        "switch_to": "/",
        "headline": "The people's dossiers, settled when promised",
        "lead": "Every dossier handed in to the province and its 78 communes, wards and special zone has a day on which its result is promised. This page shows everybody how the promise is kept, right now.",
        "now": "The whole province today",
        "rate": "{rate} of the dossiers settled this month were settled on or before the promised day ({on_time} of {settled}).",
        "no_rate": "No dossier was settled this month yet.",
        "as_of": "Figures at {now}; newest event counted: {newest}.",
        "never": "none yet",
        "units": "Every commune, ward and special zone",
        "unit": "Unit",
        "share": "On time",
        "units_note": "Units with dossiers come first. “Overdue” means not settled although the promised day is over.",
        "no_units": "No units yet. The list comes with the data of the one-stop shop.",
        "look_up": "Look up your dossier",
        "look_up_1": "Take the receipt and appointment slip.",
        "look_up_2": "Find the dossier's code and the look-up code of 8 characters printed on it.",
        "look_up_3": "Read both at any one-stop counter of the province, or enter them in the province's app. You will learn where the dossier is, which day is promised, and why that day.",
        "look_up_api": "For those who write apps",
        "secret": "Give the look-up code to nobody you do not know. No officer ever asks for it on the telephone.",
        "data": "Open data",
        "data_note": "Every number on this page comes from the address below; each carries a link to exactly the list behind it (for officers).",
        "missing": "There is no such page",
        "back": "To the first page",
    },
}


@dataclass(frozen=True, slots=True)
class Number:
    """A figure as it is shown."""

    name: str
    title: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One row of the table of units."""

    code: str
    name: str
    numbers: tuple[Number, ...]
    share: str
    busy: int


def content(found: Overview, now: datetime, language: str) -> dict[str, Any]:
    """Everything the template needs."""
    words = WORDS[language]
    province = found.of(None)
    newest = moment_text(found.as_of) if found.as_of is not None else words["never"]
    return {
        "language": language,
        "words": words,
        "tiles": [_number(name, province, language) for name in TILES],
        "columns": [getattr(domain.FIGURES[name], language) for name in COLUMNS],
        "rate": _rate(province, language),
        "units": _units(found, language),
        "as_of": words["as_of"].format(now=moment_text(now), newest=newest),
    }


def number_text(value: int, language: str) -> str:
    """Thousands with a dot in Vietnamese, a comma in English."""
    text = f"{value:,}"
    return text if language == "en" else text.replace(",", ".")


def share_text(part: int, whole: int, language: str) -> str:
    """A percentage with one decimal, rounded down so that nothing looks better than it is; a dash without a whole."""
    if whole == 0:
        return "–"
    thousandths = part * 1000 // whole
    text = f"{thousandths // 10}.{thousandths % 10}" if thousandths % 10 else str(thousandths // 10)
    return (text if language == "en" else text.replace(".", ",")) + "%"


def moment_text(at: datetime) -> str:
    """`10:32:05 23/11/2026` on the local clock."""
    return f"{local(at):%H:%M:%S %d/%m/%Y}"


def _number(name: str, values: Mapping[str, int], language: str) -> Number:
    return Number(name, getattr(domain.FIGURES[name], language), values[name], number_text(values[name], language))


def _rate(values: Mapping[str, int], language: str) -> str:
    words, settled, on_time = WORDS[language], values["settled_month"], values["on_time_month"]
    if settled == 0:
        return words["no_rate"]
    return words["rate"].format(
        rate=share_text(on_time, settled, language),
        on_time=number_text(on_time, language),
        settled=number_text(settled, language),
    )


def _units(found: Overview, language: str) -> list[UnitLine]:
    """Units with open dossiers first, then those with traffic, then the others by name."""
    lines = [_unit(code, name, found.of(code), language) for code, name in found.names().items()]
    return sorted(lines, key=lambda line: (-line.busy, line.name))


def _unit(code: str, name: str, values: Mapping[str, int], language: str) -> UnitLine:
    numbers = tuple(_number(each, values, language) for each in COLUMNS)
    share = share_text(values["on_time_month"], values["settled_month"], language)
    return UnitLine(code, name, numbers, share, values["open"] + values["settled_month"])
