"""The sentences of an explanation, in Vietnamese and English, and how days, hours and limits are written in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from shared.law.limits import Limit


class Named(Protocol):
    """Something with a name in both languages."""

    @property
    def vi(self) -> str:
        """In Vietnamese."""

    @property
    def en(self) -> str:
        """In English."""


@dataclass(frozen=True, slots=True)
class Weekend:
    """Why a Saturday or Sunday is not counted."""

    vi: str = "cuối tuần"
    en: str = "weekend"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its sentences by name, its units, its weekdays and months."""

    code: str
    sentences: Mapping[str, str]
    units: Mapping[str, str]
    weekdays: tuple[str, ...]
    months: tuple[str, ...] = ()

    def say(self, sentence: str, **values: Any) -> str:
        """The sentence with its values written out."""
        said = self.sentences[sentence].format(**{name: self.write(value) for name, value in values.items()})
        return said[:1].upper() + said[1:]

    def write(self, value: Any) -> str:
        """A day, an instant, a duration, a limit, a named thing or a list of them, as people write it."""
        match value:
            case datetime():
                return f"{value:{'%H:%M:%S' if value.second else '%H:%M'}} {self.day(value)}"
            case date():
                return self.day(value)
            case timedelta():
                return self.duration(value)
            case Limit():
                return self.limit(value)
            case tuple():
                return ", ".join(self.write(one) for one in value)
            case _:
                return str(value) if isinstance(value, str | int) else self.name(value)

    def day(self, day: date) -> str:
        """`thứ Hai 08/02/2021`, `Monday 8 Feb 2021`."""
        weekday = self.weekdays[day.weekday()]
        if self.months:
            return f"{weekday} {day.day} {self.months[day.month - 1]} {day.year}"
        return f"{weekday} {day.day:02}/{day.month:02}/{day.year}"

    def duration(self, amount: timedelta) -> str:
        """Hours, minutes and seconds; what is zero is left out."""
        minutes, seconds = divmod(int(amount.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
        said = [f"{count} {self.units[unit]}" for count, unit in parts if count]
        return " ".join(said) or f"0 {self.units['hour']}"

    def limit(self, limit: Limit) -> str:
        """`7 ngày làm việc`, `7 working days`."""
        unit = self.units[f"{limit.unit}.1" if limit.amount == 1 and f"{limit.unit}.1" in self.units else limit.unit]
        return f"{limit.amount} {unit}" if limit.amount else unit

    def name(self, thing: Named) -> str:
        """Its name in this language."""
        return str(getattr(thing, self.code))


VIETNAMESE = Language(
    code="vi",
    sentences={
        "rule": "{rule}: {limit}. Căn cứ: {basis}.",
        "rule-unverified": "{rule}: {limit}. Căn cứ: {basis} (chưa đối chiếu văn bản).",
        "limit": "Thời hạn: {limit}.",
        "received": "Nhận lúc {at}. Ngày nhận chưa tính; đếm từ ngày làm việc kế tiếp.",
        "received-outside": "Nhận lúc {at}, ngoài giờ làm việc nên coi như nhận lúc {start}. Ngày này chưa tính; đếm từ ngày làm việc kế tiếp.",
        "hours-from": "Nhận lúc {at}, trong giờ làm việc nên tính giờ ngay từ lúc đó.",
        "hours-from-opening": "Nhận lúc {at}, ngoài giờ làm việc nên bắt đầu tính giờ từ {start}.",
        "arrived": "Nhận lúc {at}.",
        "arrived-outside": "Nhận lúc {at}, ngoài giờ làm việc nên coi như nhận lúc {start}.",
        "same-day": "Nộp không muộn hơn {cutoff} nên được trả kết quả trong ngày.",
        "next-day": "Nộp sau {cutoff} nên được trả kết quả vào ngày làm việc kế tiếp.",
        "from-day": "Bắt đầu {day}. Ngày đầu chưa tính; đếm từ ngày hôm sau.",
        "last-day": "Ngày thứ {n} là {day}.",
        "rolled": "{day} là ngày nghỉ ({why}) nên hạn chuyển sang ngày làm việc kế tiếp, {to} (Bộ luật Dân sự 2015, Điều 148).",
        "stays": "{day} là ngày nghỉ ({why}), nhưng thời hạn này không dời sang ngày khác.",
        "counted": "Ngày làm việc thứ {n}: {day}.",
        "counted-run": "Ngày làm việc thứ {n} đến thứ {m}: từ {day} đến {to}.",
        "counted-makeup": "Ngày làm việc thứ {n}: {day} (làm bù).",
        "counted-swapped": "Ngày làm việc thứ {n}: {day} (làm bù cho {instead}).",
        "skipped": "Không tính {day}: {why}.",
        "skipped-run": "Không tính từ {day} đến hết {to}: {why}.",
        "hours": "{day}: tính {amount}.",
        "hours-run": "từ {day} đến {to}: tính {amount}.",
        "extended": "Thời hạn được kéo dài thêm {added}, vẫn đếm từ ngày bắt đầu.",
        "original": "Hạn ban đầu: {due}.",
        "paused": "Tạm dừng lúc {at}; khi đó còn lại {left} làm việc.",
        "paused-day": "Tạm dừng từ {day}; đã qua {used} ngày, còn lại {left} ngày.",
        "suspended": "Tạm đình chỉ lúc {at}; khi đó còn lại {left} làm việc.",
        "suspended-day": "Tạm đình chỉ từ {day}; đã qua {used} ngày, còn lại {left} ngày.",
        "paused-late": "Tạm dừng lúc {at}, nhưng khi đó đã hết hạn nên hạn không thay đổi.",
        "paused-anew": "Dừng lúc {at}; khi tiếp tục sẽ tính lại từ đầu.",
        "standing": "Hiện còn tạm dừng nên chưa có hạn mới; hạn mới được tính khi tiếp tục.",
        "resumed": "Tiếp tục lúc {at}, tính nốt thời gian còn lại.",
        "resumed-day": "Tiếp tục từ {day}, tính nốt {left} ngày còn lại.",
        "resumed-anew": "Tính lại từ đầu, đủ {limit}, kể từ {at}.",
        "new": "Hạn mới: {due}.",
        "due": "Hạn: {due}.",
        "apology": "Nếu thấy sẽ trễ hẹn, cơ quan phải xin lỗi và hẹn lại, chậm nhất {day}.",
        "event": "Đếm ngược từ ngày diễn ra, {day}; ngày đó không tính.",
        "back-day": "Lùi {n} ngày là {day}; thời hạn đếm ngược không dời vì ngày nghỉ.",
        "latest": "Chậm nhất: {due}.",
        "provisional": "Lịch nghỉ năm {year} chưa công bố nên đây là ngày tạm tính.",
    },
    units={
        "wd": "ngày làm việc",
        "d": "ngày",
        "wh": "giờ làm việc",
        "same-day": "trong ngày",
        "hour": "giờ",
        "minute": "phút",
        "second": "giây",
    },
    weekdays=("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
)

ENGLISH = Language(
    code="en",
    sentences={
        "rule": "{rule}: {limit}. Basis: {basis}.",
        "rule-unverified": "{rule}: {limit}. Basis: {basis} (not yet checked against the text).",
        "limit": "Time limit: {limit}.",
        "received": "Received at {at}; this day does not count.",
        "received-outside": "Received at {at}, outside office hours: counts as received at {start}; this day does not count.",
        "hours-from": "Received at {at}, within office hours: hours count from there.",
        "hours-from-opening": "Received at {at}, outside office hours: hours count from {start}.",
        "arrived": "Received at {at}.",
        "arrived-outside": "Received at {at}, outside office hours: counts as received at {start}.",
        "same-day": "Not later than {cutoff}: answered the same day.",
        "next-day": "After {cutoff}: answered on the next working day.",
        "from-day": "Counted from {day}; this day does not count.",
        "last-day": "Day {n} is {day}.",
        "rolled": "{day} is a day off ({why}): the end moves to the next working day, {to} (Civil Code 2015, Art. 148).",
        "stays": "{day} is a day off ({why}), but this limit does not move.",
        "counted": "Working day {n}: {day}.",
        "counted-run": "Working days {n} to {m}: {day} to {to}.",
        "counted-makeup": "Working day {n}: {day} (make-up day).",
        "counted-swapped": "Working day {n}: {day} (make-up day for {instead}).",
        "skipped": "Not counted, {day}: {why}.",
        "skipped-run": "Not counted, {day} to {to}: {why}.",
        "hours": "{day}: {amount}.",
        "hours-run": "{day} to {to}: {amount}.",
        "extended": "Extended by {added}, counted from the original start.",
        "original": "Originally due: {due}.",
        "paused": "Paused at {at}: {left} of office time left.",
        "paused-day": "Paused from {day}: days used {used}, days left {left}.",
        "suspended": "Suspended at {at}: {left} of office time left.",
        "suspended-day": "Suspended from {day}: days used {used}, days left {left}.",
        "paused-late": "Paused at {at}, after the limit had ended: the due date does not move.",
        "paused-anew": "Paused at {at}; the whole limit will be counted anew.",
        "standing": "Not resumed yet: there is no new due date.",
        "resumed": "Resumed at {at}.",
        "resumed-day": "Resumed on {day}: days to add {left}.",
        "resumed-anew": "Counted anew, {limit}, from {at}.",
        "new": "Now due: {due}.",
        "due": "Due: {due}.",
        "apology": "If it may be late, an apology and a new date are owed by {day}.",
        "event": "Counted back from the event on {day}; this day does not count.",
        "back-day": "{n} days back is {day}; limits counted back do not move.",
        "latest": "At the latest: {due}.",
        "provisional": "The calendar of {year} is not published yet: this result is provisional.",
    },
    units={
        "wd": "working days",
        "wd.1": "working day",
        "d": "days",
        "d.1": "day",
        "wh": "working hours",
        "wh.1": "working hour",
        "same-day": "the same day",
        "hour": "h",
        "minute": "min",
        "second": "s",
    },
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

LANGUAGES = {language.code: language for language in (VIETNAMESE, ENGLISH)}
