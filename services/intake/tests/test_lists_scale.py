"""Each search and each list of one unit with 100 000 dossiers: 95 of 100 answers within 50 ms."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from services.intake.domain import SNAPSHOT
from services.intake.handlers import LISTS, Desk, count_lists, list_dossiers
from services.intake.store.lists import Wanted
from services.intake.tests.given import officer, submit
from shared.kernel import Principal

pytestmark = [pytest.mark.postgres, pytest.mark.full]

MANY, STEP = 100_000, 5_000
CLERK = officer("clerk")
_DAYS = "(n % 300 - 60)"
"""From two months ago to eight months on."""
_VARIED = {
    "id": "gen_random_uuid()", "code": "'H50.144-26' || lpad((1 + n % 12)::text, 2, '0') || '10-' || lpad(n::text, 6, '0')",
    "procedure": "(SELECT array_agg(code ORDER BY code) FROM procedure)[1 + n % 20]", "recipient": "gen_random_uuid()",
    "state": "CASE n / 20 % 50 WHEN 7 THEN 'submitted' WHEN 8 THEN 'awaiting-supplement' ELSE state END",
    "accepted_at": "CASE WHEN n / 20 % 50 <> 7 THEN accepted_at END", "answer_due_at": f"CASE WHEN n / 20 % 50 = 7 THEN due_at + {_DAYS} * interval '1 day' END",
    "due_on": f"CASE WHEN n / 20 % 50 NOT IN (7, 8) THEN due_on + {_DAYS} END", "due_at": f"CASE WHEN n / 20 % 50 NOT IN (7, 8) THEN due_at + {_DAYS} * interval '1 day' END",
    "handler": "CASE WHEN n / 20 % 50 IN (7, 9) THEN NULL WHEN n % 40 = 0 THEN 'officer' ELSE 'cb-' || n % 40 END",
}  # fmt: skip
"""Of fifty dossiers one is new, one waits for papers and one for an officer; every fortieth is the clerk's own; so no list is empty."""
_COLUMNS = ", ".join(f'"{name}"' for name in SNAPSHOT)
_VALUES = ", ".join(_VARIED.get(name, f'"{name}"') for name in SNAPSHOT)
_SUMMARY = """(ARRAY['Cấp', 'Đổi', 'Xin', 'Nộp', 'Trích'])[1 + n % 5] || ' ' || (ARRAY['giấy', 'đất', 'nhà', 'sổ', 'bản'])[1 + n / 5 % 5]
|| ' thôn ' || n % 700 || ' đường ' || (ARRAY['Trần', 'Lê', 'Lý', 'Hùng', 'Phan'])[1 + n / 700 % 5]"""
_SEED = f"""INSERT INTO dossier ({_COLUMNS}, person, summary, components, corrections)
SELECT {_VALUES}, gen_random_uuid(), {_SUMMARY}, '[]', '[]' FROM (SELECT * FROM dossier LIMIT 1) d, generate_series($1::int, $2::int) AS n"""


@dataclass
class Times:
    """How long questions took, in milliseconds."""

    each: list[float]

    @property
    def p95(self) -> float:
        return sorted(self.each)[int(len(self.each) * 0.95)]


async def filled(desk: Desk) -> None:
    """One unit with many open dossiers, as the database knows them after a night's rest."""
    await submit(desk, CLERK)
    pool = desk.works.pool
    for first in range(1, MANY, STEP):
        await pool.execute(_SEED, first, first + STEP - 1, timeout=60)
    await pool.execute("INSERT INTO deadline SELECT d.id, CASE d.state WHEN 'submitted' THEN 'answer' ELSE t.kind END, t.rule, t.rule_version, t.clock, l.due, l.due::date, l.due, l.due - interval '2 days', l.due, 1 FROM dossier d, (SELECT * FROM deadline LIMIT 1) t, LATERAL (SELECT coalesce(d.due_at, d.answer_due_at) AS due) l WHERE t.kind = 'settlement' AND l.due IS NOT NULL ON CONFLICT DO NOTHING", timeout=60)  # fmt: skip
    await pool.execute("VACUUM ANALYZE dossier", timeout=60)
    await pool.execute("ANALYZE deadline", timeout=60)


async def timed(desk: Desk, who: Principal, wanted: Wanted, **page: Any) -> float:
    began = time.perf_counter()
    found = await list_dossiers(desk, who, wanted, **{"after": None, "back": False, "limit": 51, **page})
    took = (time.perf_counter() - began) * 1000
    assert found, wanted
    return took


async def test_a_clerk_of_a_unit_with_a_hundred_thousand_dossiers_does_not_wait(
    desk: Desk, record_property: Any
) -> None:
    await filled(desk)
    asked = ["004211", "0310-004", "H50.144-2604", "9977", "xin giay thon", "duong ly", "thôn 5", "hôn nhân", "khai sinh", "đất", "cap giay", "12", "thon 699 hung", "6031000"]  # fmt: skip
    slow = {}
    for name, wanted in {**{text: Wanted(q=text) for text in asked}, **LISTS}.items():
        times = Times([await timed(desk, CLERK, wanted) for _ in range(60)])
        record_property(f"p95 ms {name}", round(times.p95, 1))
        print(f"{name}: {times.p95:.1f} ms")  # noqa: T201 - a measurement says what it found
        if times.p95 >= 50:
            slow[name] = round(times.p95, 1)
    assert slow == {}


async def test_the_desk_is_counted_in_one_statement_while_a_clerk_signs_in(desk: Desk, record_property: Any) -> None:
    await filled(desk)
    times = []
    for _ in range(10):
        began = time.perf_counter()
        assert (await count_lists(desk, CLERK))["open"] == MANY + 1
        times.append((time.perf_counter() - began) * 1000)
    print(f"desk: {Times(times).p95:.1f} ms")  # noqa: T201 - a measurement says what it found
    record_property("p95 ms desk", round(Times(times).p95, 1))
    assert Times(times).p95 < 500
