"""How numbers, shares, days and instants are written for people."""

from __future__ import annotations

from datetime import date, datetime

from shared.law.zone import local


def number_text(value: int, language: str) -> str:
    """Thousands with a dot in Vietnamese, a comma in English."""
    text = f"{value:,}"
    return text if language == "en" else text.replace(",", ".")


def decimal_text(value: float, language: str) -> str:
    """One decimal, which is left out where it is zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return text if language == "en" else text.replace(".", ",")


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


def minute_text(at: datetime) -> str:
    """`10:32 23/11/2026` on the local clock."""
    return f"{local(at):%H:%M %d/%m/%Y}"


def day_text(day: date | None) -> str:
    """`23/11/2026`; a dash where there is none."""
    return f"{day:%d/%m/%Y}" if day is not None else "–"


_WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def weekday_text(day: date, language: str) -> str:
    """`thứ Sáu 27/11/2026`."""
    return f"{_WEEKDAYS[language][day.weekday()]} {day_text(day)}"
