"""`gandan import`, kind by kind, on a real database."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.cli.importing import command
from deploy.cli.importing.lines import How, Report
from deploy.cli.installation import quiet
from deploy.cli.tests.conftest import Gandan, Province
from deploy.cli.tests.test_import_frame import book

pytestmark = pytest.mark.postgres

REFERENCE = ("procedure", "unit", "described")
MARITAL_STATUS: dict[str, Any] = {
    "code": "1.004873", "name": "Cấp giấy xác nhận", "sector": "civil-status", "sector_name": "Hộ tịch", "levels": ["commune"], "limit": "2wd",
    "basis": "Nghị định 123/2015/NĐ-CP", "valid_from": "2026-12-01",
}  # fmt: skip


@pytest_asyncio.fixture
async def seeded(province: Province) -> AsyncIterator[Province]:
    """The installation with the reference data it starts with."""
    here = province.seen()
    async with here.built("intake", quiet(here.settings)) as (service, _):
        assert service.begin is not None
        await service.begin()
    yield province
    for table in REFERENCE:
        await province.pools["intake"].execute(f"DELETE FROM {table}")


def written(path: Path, rows: Any) -> Path:
    """A JSON file of these rows."""
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


async def imported(province: Province, kind: str, path: Path, rows: Any) -> Report:
    """Import these rows as a JSON file."""
    return await command.done(province.seen(), command.kind_of(kind), written(path, rows), How())


def refused(report: Report) -> list[tuple[int, str, str]]:
    """Row, field and code of what was refused."""
    return [(line.row, line.field, line.code) for line in report.refused]


class TestProcedures:
    """Versions of procedures."""

    async def test_versions_come_in_and_a_second_time_they_are_the_same(self, seeded: Province, tmp_path: Path) -> None:
        rows = [
            MARITAL_STATUS,
            {**MARITAL_STATUS, "code": "9.000001"},
            {**MARITAL_STATUS, "valid_from": "2026-12-02", "limit": "x"},
        ]
        path = tmp_path / "rows.json"
        first, again = [await imported(seeded, "procedures", path, rows) for _ in range(2)]
        assert (first.created, first.changed, first.same, refused(first)) == (
            1,
            1,
            0,
            [(3, "limit", "string-pattern-mismatch")],
        )
        assert (again.created, again.changed, again.same) == (0, 0, 2)

    async def test_overlapping_validity_is_told_by_line(self, seeded: Province, tmp_path: Path) -> None:
        rows = [MARITAL_STATUS, {**MARITAL_STATUS, "limit": "1wd", "valid_from": "2026-11-30"}]
        report = await imported(seeded, "procedures", tmp_path / "rows.json", rows)
        assert (report.changed, refused(report)) == (1, [(2, "valid_from", "overlapping-validity")])

    async def test_a_book_holds_lists_in_cells(self, gandan: Gandan, seeded: Province, tmp_path: Path) -> None:
        schema = '{"type": "object", "properties": {"purpose": {"type": "string"}}}'
        path = book(
            tmp_path / "rows.xlsx", [*MARITAL_STATUS, "components", "form_schema"],
            [*("commune" if name == "levels" else value for name, value in MARITAL_STATUS.items()), '[{"name": "Tờ khai"}]', schema],
        )  # fmt: skip
        told = await gandan("import", "procedures", str(path), "--json")
        assert (told.exit_code, json.loads(told.stdout)["changed"]) == (0, 1), told.output
        row = await seeded.pools["intake"].fetchrow("SELECT components, form_schema FROM procedure WHERE version = 2")
        assert [each["name"] for each in row["components"]] == ["Tờ khai"]
        assert row["form_schema"]["properties"].keys() == {"purpose"}

    async def test_wrong_columns_are_told_in_a_sentence(self, gandan: Gandan, tmp_path: Path) -> None:
        path = book(tmp_path / "rows.xlsx", ["code", "ten"], ["1.004873", "x"])
        told = await gandan("import", "procedures", str(path))
        assert told.exit_code == 1
        assert (
            "rows.xlsx lacks basis, levels, limit, name, sector, sector_name, valid_from and has the unknown ten"
            in told.stderr
        )
