"""Form 06: how dossiers were received and settled in a period, by level and field; the columns of Circular 01/2020/TT-VPCP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

FORM: Final = "Biểu số 06/VPCP/KSTT"
BASIS: Final = "Ban hành theo Thông tư 01/2020/TT-VPCP ngày 21/10/2020 (chưa đối chiếu văn bản)"
TITLE: Final = "TÌNH HÌNH, KẾT QUẢ TIẾP NHẬN, GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH"
LEVELS: Final = {"province": "Cấp tỉnh", "commune": "Cấp xã", "unknown": "Chưa rõ cấp"}
HEADINGS: Final = (
    ("STT", ""), ("Lĩnh vực, công việc giải quyết theo cấp", ""),
    ("Số hồ sơ tiếp nhận", "Tổng số"), ("Số hồ sơ tiếp nhận", "Trong kỳ: trực tuyến"), ("Số hồ sơ tiếp nhận", "Trong kỳ: trực tiếp, bưu chính"),
    ("Số hồ sơ tiếp nhận", "Từ kỳ trước"), ("Số hồ sơ đã giải quyết", "Tổng số"), ("Số hồ sơ đã giải quyết", "Trước hạn"),
    ("Số hồ sơ đã giải quyết", "Đúng hạn"), ("Số hồ sơ đã giải quyết", "Quá hạn"), ("Số hồ sơ đang giải quyết", "Tổng số"),
    ("Số hồ sơ đang giải quyết", "Trong hạn"), ("Số hồ sơ đang giải quyết", "Quá hạn"),
)  # fmt: skip
"""The printed head of columns 1 to 13."""


@dataclass(frozen=True, slots=True)
class Count:
    """Columns 4 to 6, 8 to 10, 12 and 13; of column 12 the part that is paused. The other columns are their sums."""

    online: int = 0
    other: int = 0
    carried: int = 0
    before: int = 0
    on: int = 0
    over: int = 0
    within: int = 0
    overdue: int = 0
    paused: int = 0

    @property
    def received(self) -> int:
        """Column 3 = 4 + 5 + 6."""
        return self.online + self.other + self.carried

    @property
    def settled(self) -> int:
        """Column 7 = 8 + 9 + 10."""
        return self.before + self.on + self.over

    @property
    def pending(self) -> int:
        """Column 11 = 12 + 13."""
        return self.within + self.overdue

    def columns(self) -> tuple[int, ...]:
        """Columns 3 to 13."""
        return (
            self.received, self.online, self.other, self.carried, self.settled, self.before, self.on, self.over, self.pending, self.within,
            self.overdue,
        )  # fmt: skip

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Count)))


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one level."""

    level: str
    sector: str
    count: Count


@dataclass(frozen=True, slots=True)
class Form06:
    """The form of a unit with all below it, for a period."""

    unit: str
    name: str
    first: date
    last: date
    lines: Sequence[Line]

    @property
    def total(self) -> Count:
        """The sum of all lines."""
        return added(line.count for line in self.lines)

    def level(self, level: str) -> Count:
        """The sum of a level."""
        return added(line.count for line in self.lines if line.level == level)

    def levels(self) -> list[str]:
        """The levels that have a line, in the order of the form."""
        present = {line.level for line in self.lines}
        return [level for level in LEVELS if level in present]

    def rows(self) -> list[tuple[str | int, ...]]:
        """The form as it is printed: columns 1 to 13 of every row, levels in Roman numbers, the total last."""
        found: list[tuple[str | int, ...]] = []
        for number, level in zip(("I", "II", "III"), self.levels(), strict=False):
            found.append((number, LEVELS[level], *self.level(level).columns()))
            lines = (line for line in self.lines if line.level == level)
            found += [(place, line.sector, *line.count.columns()) for place, line in enumerate(lines, 1)]
        return [*found, ("", "Tổng cộng", *self.total.columns())]


def added(counts: Iterable[Count]) -> Count:
    """The sum."""
    total = Count()
    for count in counts:
        total = total + count
    return total
