"""`gandan import`, kind by kind, on a real database."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
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

REFERENCE = ("procedure", "unit", "described", "former_name", "unit_succession", "staff", "source")
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
            {**MARITAL_STATUS, "code": "9.000009"},
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


WARD: dict[str, Any] = {
    "code": "20001",
    "name": "Phường Hội",
    "level": "commune",
    "kind": "ward",
    "agency": "H50.201",
    "parent": "44",
    "valid_from": "2026-11-01",
}
MERGER: dict[str, Any] = {"old": "19360", "new": "20001", "valid_from": "2026-11-01", "basis": "Nghị quyết sáp nhập"}


class TestUnits:
    """Units and who follows them."""

    async def test_units_come_in_and_bad_ones_are_told_by_line(self, seeded: Province, tmp_path: Path) -> None:
        rows = [
            WARD,
            {**WARD, "code": "20002"},
            {**WARD, "code": "20003", "agency": "H50.203", "parent": "99999"},
            {**WARD, "kind": "city"},
        ]
        report = await imported(seeded, "units", tmp_path / "rows.json", rows)
        assert (report.created, refused(report)) == (1, [
            (2, "agency", "agency-taken"), (3, "parent", "unknown-unit"), (4, "kind", "literal-error"),
        ])  # fmt: skip

    async def test_a_sheet_may_hold_codes_as_numbers(self, seeded: Province, tmp_path: Path) -> None:
        path = book(tmp_path / "rows.xlsx", [*WARD], [int(v) if v in {"20001", "44"} else v for v in WARD.values()])
        report = await command.done(seeded.seen(), command.kind_of("units"), path, How())
        assert (report.created, refused(report)) == (1, [])

    async def test_two_communes_are_merged_and_again_is_the_same(self, seeded: Province, tmp_path: Path) -> None:
        await imported(seeded, "units", tmp_path / "units.json", [WARD])
        rows = [MERGER, {**MERGER, "old": "18880"}, {**MERGER, "old": "77777"}]
        reports = [await imported(seeded, "successions", tmp_path / "rows.json", rows) for _ in range(2)]
        assert [(each.created, each.same, refused(each)) for each in reports] == [
            (2, 0, [(3, "old", "unknown-unit")]), (0, 2, [(3, "old", "unknown-unit")]),
        ]  # fmt: skip
        ended = await seeded.pools["intake"].fetch("SELECT code FROM unit WHERE valid_to = '2026-10-31' ORDER BY code")
        assert [row["code"] for row in ended] == ["18880", "19360"]

    async def test_a_dry_run_ends_no_unit(self, seeded: Province, tmp_path: Path) -> None:
        await imported(seeded, "units", tmp_path / "units.json", [WARD])
        path = written(tmp_path / "rows.json", [MERGER])
        report = await command.done(seeded.seen(), command.kind_of("successions"), path, How(dry_run=True))
        assert (report.created, report.applied) == (1, False)
        assert await seeded.pools["intake"].fetchval("SELECT count(*) FROM unit WHERE valid_to IS NOT NULL") == 0


async def test_staff_comes_in_and_circles_and_self_deputies_are_told_by_line(seeded: Province, tmp_path: Path) -> None:
    one = {
        "id": "ld-01",
        "name": "Lê Quang Thạch",
        "unit": "19360",
        "position": "head",
        "roles": ["head"],
        "valid_from": "2026-01-01",
    }
    rows = [
        one, {**one, "id": "cb-01", "superior": "ld-01"}, {**one, "superior": "cb-01"}, {**one, "id": "cb-02", "unit": "77777"},
        {**one, "deputy": "ld-01", "deputy_from": "2026-12-01"}, {**one, "id": "cb-03", "roles": ["king"]}, one,
    ]  # fmt: skip
    report = await imported(seeded, "staff", tmp_path / "rows.json", rows)
    assert (report.created, report.same) == (2, 1)
    assert refused(report) == [
        (3, "superior", "superior-cycle"), (4, "unit", "unknown-unit"), (5, "deputy", "deputy-of-oneself"), (6, "roles.0", "literal-error"),
    ]  # fmt: skip


SYSTEM: dict[str, Any] = {
    "id": "tan-thanh", "name": "Một cửa xã Tân Thành", "principal": "he-thong@tan-thanh", "units": ["19360", "18880"], "valid_from": "2026-01-01",
}  # fmt: skip


class TestSources:
    """The registry of source systems."""

    async def test_sources_come_in_and_bad_ones_are_told_by_line(self, seeded: Province, tmp_path: Path) -> None:
        hai_lang = {
            "id": "hai-lang", "name": "Hải Lăng", "principal": "hai-lang", "tells_citizens": True, "silence_hours": 4,
            "units": [{"unit": "19333", "valid_from": "2026-01-01", "valid_to": "2026-06-30"}], "quota": {"burst": 5},
        }  # fmt: skip
        rows = [
            SYSTEM, hai_lang, {**SYSTEM, "id": "xa-hung"}, {**SYSTEM, "id": "a", "principal": "a", "units": ["00001"]},
            {**SYSTEM, "id": "b", "principal": "b", "units": [{"unit": "19360", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}]},
            {**SYSTEM, "id": "Xã"}, {**hai_lang, "sandbox": True}, {**SYSTEM, "id": "c", "principal": "User:ANONYMOUS"},
        ]  # fmt: skip
        first = await imported(seeded, "sources", tmp_path / "rows.json", rows)
        again = await imported(
            seeded, "sources", tmp_path / "rows.json", [SYSTEM, {**hai_lang, "tells_citizens": False}]
        )
        assert (first.created, refused(first)) == (2, [
            (3, "principal", "principal-taken"), (4, "units", "unknown-units"), (5, "units", "ends-before-it-begins"),
            (6, "id", "string-pattern-mismatch"), (7, "", "sandbox-stays"), (8, "principal", "principal-reserved"),
        ])  # fmt: skip
        assert (again.created, again.changed, again.same) == (0, 1, 1)
        kept = await seeded.pools["intake"].fetch(
            "SELECT id, units, burst, tells_citizens, version FROM source ORDER BY id"
        )
        assert [(row["id"], row["burst"], row["tells_citizens"], row["version"]) for row in kept] == [
            ("hai-lang", 5, False, 2), ("tan-thanh", 1000, False, 1),
        ]  # fmt: skip
        assert [(each["unit"], each["valid_from"], each["valid_to"]) for row in kept for each in row["units"]] == [
            ("19333", "2026-01-01", "2026-06-30"), ("19360", "2026-01-01", None), ("18880", "2026-01-01", None),
        ]  # fmt: skip

    async def test_what_a_later_line_leaves_out_stays_as_it_is(self, seeded: Province, tmp_path: Path) -> None:
        whole = {
            **SYSTEM, "state": "suspended", "tells_citizens": True, "contact": "motcua@example.vn", "sandbox": True, "silence_hours": 4,
            "quota": {"events_per_second": 9, "burst": 7, "max_bytes": 2048},
        }  # fmt: skip
        later = {**SYSTEM, "name": "Tân Thành", "units": ["19360"], "quota": {"burst": 8}}
        reports = [await imported(seeded, "sources", tmp_path / "rows.json", [row]) for row in (whole, later, SYSTEM)]
        assert [(each.created, each.changed, refused(each)) for each in reports] == [(1, 0, []), (0, 1, []), (0, 1, [])]
        kept = await seeded.pools["intake"].fetchrow("SELECT * FROM source")
        assert (kept["name"], len(kept["units"]), kept["burst"]) == (SYSTEM["name"], 2, 8)
        assert (kept["state"], kept["tells_citizens"], kept["contact"]) == ("suspended", True, "motcua@example.vn")
        assert (kept["sandbox"], kept["silence_hours"]) == (True, 4)
        assert (kept["events_per_second"], kept["max_bytes"]) == (9, 2048)

    async def test_in_a_sheet_a_source_is_a_line_with_its_units_in_one_cell(
        self, gandan: Gandan, seeded: Province, tmp_path: Path
    ) -> None:
        day, head = datetime(2026, 1, 1), ["id", "name", "principal", "units", "valid_from", "sandbox", "quota"]  # noqa: DTZ001 - a sheet knows no zone
        one, several = ["a", "A", "a", 19360, day, True], ["b", "B", "b", "19333; 19360", day, None, '{"burst": 7}']
        told = await gandan("import", "sources", str(book(tmp_path / "rows.xlsx", head, one, several)), "--json")
        assert (told.exit_code, json.loads(told.stdout)["created"]) == (0, 2), told.output
        kept = await seeded.pools["intake"].fetch("SELECT units, sandbox, burst FROM source ORDER BY id")
        assert [([each["unit"] for each in row["units"]], row["sandbox"], row["burst"]) for row in kept] == [
            (["19360"], True, 1000), (["19333", "19360"], False, 7),
        ]  # fmt: skip

    async def test_what_a_source_needs_is_named(self, seeded: Province, tmp_path: Path) -> None:
        rows = [{name: value for name, value in SYSTEM.items() if name != "valid_from"}]
        report = await imported(seeded, "sources", tmp_path / "rows.json", rows)
        assert refused(report) == [(1, "units.0.valid_from", "missing"), (1, "units.1.valid_from", "missing")]
