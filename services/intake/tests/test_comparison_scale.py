"""A hundred thousand dossiers of one source beside the law: sums are exact, pages and the file are read piece by piece."""

from __future__ import annotations

import sys
import time
from collections import Counter

import pytest

from services.intake import handlers
from services.intake.domain.comparison import span_of
from services.intake.handlers import Desk
from services.intake.pages.comparison import csv_of
from services.intake.pages.routes import FOLDER
from services.intake.store.comparison import Wanted
from services.intake.tests.given import RESIDENCE
from services.intake.tests.test_source_pages import told
from services.intake.tests.vendor import ADMIN, CODE, TAN_THANH, registered, send
from shared.web.pages.visit import texts

pytestmark = [pytest.mark.full, pytest.mark.postgres, pytest.mark.timeout(1800)]

EACH, PIECE = 25_000, 2_000
_COPY = """WITH made AS (SELECT gen_random_uuid() AS id, d.id AS of, n FROM dossier d, generate_series($1::int4, $2::int4) n WHERE d.code = ANY($3::text[])),
rows AS (INSERT INTO dossier ({columns}) SELECT {values} FROM made m JOIN dossier d ON d.id = m.of)
INSERT INTO deadline ({clocks}) SELECT {copies} FROM made m JOIN deadline t ON t.aggregate = m.of"""


async def _many(desk: Desk) -> None:
    """Four dossiers through the door, and each again and again under codes of its own."""
    await registered(desk)
    await send(
        desk,
        told(1, "2026-11-27"),
        told(2, "2026-11-30"),
        told(3, "2026-12-10", procedure=RESIDENCE),
        told(4, "2026-11-24"),
    )
    async with desk.works.reading() as connection:
        names = {
            table: [row["column_name"] for row in await connection.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'", table)]
            for table in ("dossier", "deadline")
        }  # fmt: skip
        values = [
            "m.id" if name == "id" else "d.code || lpad(m.n::text, 6, '0')" if name == "code" else f'd."{name}"'
            for name in names["dossier"]
        ]
        copies = [
            "m.id" if name == "aggregate" else "gen_random_uuid()" if name == "id" else f't."{name}"'
            for name in names["deadline"]
        ]
        sql = _COPY.format(
            columns=", ".join(f'"{name}"' for name in names["dossier"]), values=", ".join(values),
            clocks=", ".join(f'"{name}"' for name in names["deadline"]), copies=", ".join(copies),
        )  # fmt: skip
        codes = [f"{CODE[:-4]}{number:04}" for number in range(1, 5)]
        for first in range(1, EACH, PIECE):
            await connection.execute(sql, first, min(first + PIECE, EACH) - 1, codes)
        await connection.execute("ANALYZE dossier")


async def test_a_hundred_thousand_dossiers_are_compared_exactly_page_by_page_and_as_a_file(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await _many(desk)
    source = await handlers.read_compared_source(desk, ADMIN, TAN_THANH)

    began = time.perf_counter()
    total = await handlers.read_comparison(desk, source)
    summed = time.perf_counter() - began
    pages, after = [], None
    for _ in range(50):
        began = time.perf_counter()
        found = await handlers.read_compared(desk, source, Wanted("later"), after=after, back=False, limit=31)
        pages.append(time.perf_counter() - began)
        after = found[-1].dossier.code
    words = {name: row["vi"] for section in ("states", "comparison") for name, row in texts(FOLDER)[section].items()}
    began, lines, spans, largest = time.perf_counter(), 0, Counter[str](), 0
    async for some in csv_of(desk, source, Wanted(), words, "vi"):
        largest = max(largest, len(some))
        for line in some.splitlines()[(0 if lines else 1) :]:
            spans[span_of(int(line.split(",")[7]))] += 1
        lines += some.count("\r\n")
    written = time.perf_counter() - began

    with capsys.disabled():
        sys.stdout.write(f"\n100 000 compared: sums {summed:.2f} s, a page p95 {sorted(pages)[47] * 1000:.0f} ms, file {written:.0f} s, largest piece {largest / 1024:.0f} KiB\n")  # fmt: skip
    assert (total.number, dict(total.counts)["later"], total.counts["earlier"], total.counts["same"]) == (
        4 * EACH,
        2 * EACH,
        EACH,
        EACH,
    )
    assert lines == 4 * EACH + 1
    assert {name: number for name, number in total.spans.items() if number} == dict(spans)
    assert largest < 1 << 20
