"""Form 06 of the sample, counted by hand from the comments in `data/*.toml`; nothing here is computed.

Of a unit's history, in turn: before (a), on (b), on (c), on and online (d), before (e). Phường Quảng Trị has 36 of them:
8a 7b 7c 7d 7e; late are the 9th (d), the 18th (c), the 27th (b) and the 36th (a), which is still open: 14 before, 18 on,
3 over, 1 overdue. The other units are counted alike.
"""

from __future__ import annotations

COLUMNS = ("online", "other", "before", "on", "over", "within", "overdue", "paused")

DAY = {
    "Bảo trợ xã hội": (3, 2, 1, 0, 0, 3, 1, 0),
    "Chứng thực": (0, 14, 0, 14, 0, 0, 0, 0),
    "Hoạt động xây dựng": (1, 2, 0, 0, 0, 3, 0, 0),
    "Hộ tịch": (7, 22, 7, 14, 1, 5, 2, 2),
    "Đăng ký, quản lý cư trú": (3, 3, 0, 2, 0, 3, 1, 0),
}
"""The 60 dossiers of the day by field, 3 of them outside the form."""

WHOLE = {
    "Bảo trợ xã hội": (3, 2, 1, 0, 0, 3, 1, 0),
    "Chứng thực": (0, 21, 0, 20, 1, 0, 0, 0),
    "Hoạt động xây dựng": (1, 2, 0, 0, 0, 3, 0, 0),
    "Hộ tịch": (14, 37, 21, 20, 2, 5, 3, 2),
    "Đăng ký, quản lý cư trú": (3, 10, 0, 8, 1, 3, 1, 0),
}
"""The day and the weeks before it, of Phường Quảng Trị."""

UNITS = {
    "19360": (21, 72, 22, 48, 4, 14, 5, 2),
    "19333": (7, 35, 14, 20, 3, 4, 1, 0),
    "19432": (7, 33, 11, 18, 5, 3, 3, 0),
    "19429": (3, 13, 5, 7, 2, 2, 0, 0),
    "19702": (2, 11, 3, 7, 2, 0, 1, 0),
    "19594": (1, 6, 3, 3, 1, 0, 0, 0),
    "44X18": (8, 7, 6, 4, 1, 3, 1, 0),
}
"""The whole sample by unit."""
