"""`gandan import dossiers`: a paper register from a file, once, with a report, and fast enough for ten thousand lines."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from deploy.cli.importing import dossiers, rows
from deploy.cli.importing.lines import How, Report, parsed
from deploy.cli.tests.conftest import Gandan, Province
from services.intake import handlers
from services.intake.domain import State
from services.intake.handlers import Desk
from shared.testing.fixtures import MakeWorks

LIMIT_SECONDS, LINES = 60, 10_000


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A dossier of the register, returned in time."""
    made = {
        "code": f"H50.44.12-260302-{number:04d}", "procedure": "1.004873", "unit": "19360", "state": "returned", "received_at": "02/03/2026 08:15",
        "name": f"Nguyễn Văn {number}", "identity_no": f"{44_000_000_000 + number:012d}", "phone": "0912345678", "handler": "cb-01", "settled_at": "2026-03-04 10:00",
        "outcome": "granted", "returned_at": "2026-03-05T09:00:00+07:00", "method": "counter",
    }  # fmt: skip
    return {**made, **changes}


def register(path: Path, *lines: dict[str, Any]) -> Path:
    """JSON lines."""
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in lines), encoding="utf-8")
    return path


def row(**changes: Any) -> dossiers.DossierRow:
    return dossiers.DossierRow.model_validate(line(**changes))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("23/11/2025 8:15", "2025-11-23T08:15:00+07:00"),
        ("3/1/2026", "2026-01-03T00:00:00+07:00"),
        ("2025-11-23 08:15", "2025-11-23T08:15:00+07:00"),
        ("2025-11-23T01:15:00Z", "2025-11-23T08:15:00+07:00"),
        (datetime(2025, 11, 23, 8, 15), "2025-11-23T08:15:00+07:00"),  # noqa: DTZ001 - a sheet knows no zone
    ],
)
def test_a_moment_is_read_as_registers_write_it(written: object, meant: str) -> None:
    assert row(received_at=written).received_at == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("received_at", "31/02/2026"), ("received_at", "hôm qua"), ("received_at", 45_000), ("state", "lost"), ("identity_no", "44085001234"),
        ("phone", "113"), ("outcome", "good"), ("amount", -1), ("handler", "Nguyễn Văn A"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_line_and_column(field: str, value: object) -> None:
    report = Report()
    good = parsed([rows.Entry(7, {**line(), field: value})], dossiers.DossierRow, report)

    assert good == []
    assert [(wrong.row, wrong.field) for wrong in report.refused] == [(7, field)]


def test_a_broken_line_of_json_is_named_by_its_number(tmp_path: Path) -> None:
    path = register(tmp_path / "so.jsonl", line())
    path.write_text(path.read_text(encoding="utf-8") + "\n\n{", encoding="utf-8")

    with pytest.raises(rows.Unreadable, match=r"so\.jsonl, line 3, is not JSON"):
        rows.read(path)


@pytest.mark.postgres
async def test_a_register_is_imported_once_line_by_line_from_json_lines_and_from_a_sheet(
    gandan: Gandan, province: Province, tmp_path: Path
) -> None:
    works = province.works("intake")
    await handlers.seed(Desk(works))
    path = register(tmp_path / "so.jsonl", line(1), line(2, unit="00000"), line(3, code="số 3"), line(4, phone="113"))

    tried = await gandan("import", "dossiers", str(path), "--dry-run", "--json")
    done = await gandan("import", "dossiers", str(path), "--json")
    again = await gandan("import", "dossiers", str(path))

    for answer, applied in ((tried, False), (done, True)):
        told = json.loads(answer.stdout)
        assert (answer.exit_code, told["created"], told["applied"]) == (1, 1, applied)
        assert [(each["row"], each["field"], each["code"]) for each in told["refused"]] == [
            (2, "unit", "unknown-unit"), (3, "code", "code-malformed"), (4, "phone", "phone-number"),
        ]  # fmt: skip
    assert "4 read: 0 created, 0 changed, 1 same, 3 refused" in again.stdout

    made = Workbook()
    for cells in (list(line()), list(line(1).values()), list(line(5).values())):
        made.worksheets[0].append(cells)
    made.save(tmp_path / "so.xlsx")
    sheet = await gandan("import", "dossiers", str(tmp_path / "so.xlsx"))
    assert (sheet.exit_code, sheet.stdout.strip()) == (
        0,
        "2 read: 1 created, 0 changed, 1 same, 0 refused",
    )


@pytest.mark.postgres
@pytest.mark.parametrize("number", [500, pytest.param(LINES, marks=pytest.mark.full)])
async def test_ten_thousand_lines_are_loaded_within_a_minute(
    make_works: MakeWorks, tmp_path: Path, number: int, record_property: Any
) -> None:
    works = await make_works("intake")
    desk = Desk(works)
    await handlers.seed(desk)
    path, began, report = register(tmp_path / "so.jsonl", *map(line, range(number))), time.perf_counter(), Report()

    entries = rows.read(path)
    rows.check_columns(path, entries, dossiers.DossierRow)
    await dossiers.enter(desk, works, parsed(entries, dossiers.DossierRow, report), How(), report)

    taken = time.perf_counter() - began
    record_property("seconds", taken)
    print(f"{number:,} lines in {taken:.1f} s")
    assert (report.created, report.refused) == (number, [])
    assert taken < LIMIT_SECONDS
    async with works.reading() as connection:
        assert (
            await connection.fetchval("SELECT count(*) FROM dossier WHERE state = $1", State.RETURNED.value) == number
        )
        assert await connection.fetchval("SELECT count(*) FROM fact WHERE topic = 'intake.dossiers'") == 5 * number
