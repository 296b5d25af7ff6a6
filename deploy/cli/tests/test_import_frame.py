"""`gandan import`, whatever the kind: files, columns, lines that are refused, and what stays."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from openpyxl import Workbook
from pydantic import BaseModel, ConfigDict

from deploy.cli.importing import command, lines, rows
from deploy.cli.importing.lines import Bench, How, Kind, Outcome, Report
from deploy.cli.importing.rows import Code, Entry, Parts, SheetDay
from deploy.cli.tests.conftest import Gandan, Province
from shared.contracts.intake import DossierAssigned
from shared.kernel import Invalid

DOSSIER = UUID("0199c0de-0000-7000-8000-000000000001")


class Job(BaseModel):
    """A row of an invented kind."""

    model_config = ConfigDict(extra="forbid")

    unit: Code
    officer: str
    since: SheetDay | None = None
    papers: Annotated[list[str], Parts] = []


class NobodyHere(Invalid):
    """There is no such officer."""


async def take(bench: Bench, row: Job) -> Outcome:
    """A fact for each officer; nobody is refused, after something was written."""
    bench.work.record(DossierAssigned(occurred_at=bench.work.now, dossier=DOSSIER, unit=row.unit, officer=row.officer))
    await bench.work.flush()
    if row.officer == "nobody":
        raise NobodyHere(field="/officer", unit=row.unit)
    return "created"


JOBS = Kind(Job, lines.each(take))


def book(path: Path, *lines_: list[Any]) -> Path:
    """A book with these lines."""
    made = Workbook()
    for line in lines_:
        made.worksheets[0].append(line)
    made.save(path)
    return path


def jobs(path: Path, *officers: str) -> Path:
    """A file of jobs."""
    path.write_text(json.dumps([{"unit": "19360", "officer": each} for each in officers]), encoding="utf-8")
    return path


def test_a_book_is_read_by_its_headings_and_empty_rows_are_none(tmp_path: Path) -> None:
    path = book(
        tmp_path / "jobs.xlsx", ["unit", "officer", "since", "papers"], [19360, "cb-1", datetime(2026, 6, 1), "Tờ khai; Bản sao"],  # noqa: DTZ001 - a sheet knows no zone
        [None, "", None, None], ["19361", "cb-2"],
    )  # fmt: skip
    entries, report = rows.read(path), Report()
    found = lines.parsed(entries, Job, report)
    assert [entry.number for entry in entries] == [2, 4]
    assert found[0][1] == Job(unit="19360", officer="cb-1", since=date(2026, 6, 1), papers=["Tờ khai", "Bản sao"])
    assert (found[1][1].unit, report.refused) == ("19361", [])


def test_wrong_columns_are_one_sentence_that_names_them_all(tmp_path: Path) -> None:
    path = book(tmp_path / "jobs.xlsx", ["unit", "chief", "day"], ["19360", "cb-1", "x"])
    with pytest.raises(rows.WrongColumns) as refused:
        rows.check_columns(path, rows.read(path), Job)
    assert str(refused.value) == (
        "jobs.xlsx lacks officer and has the unknown chief, day; columns are unit, officer, since, papers"
    )


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(rows.WrongColumns, match="has the column unit twice"):
        rows.read(book(tmp_path / "jobs.xlsx", ["unit", "unit"], ["19360", "19361"]))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("jobs.xlsx", b"PK not really", "is not an XLSX book"),
        ("jobs.json", b"{", "is not JSON"),
        ("jobs.json", b'{"unit": 1}', "is not a list of objects"),
        ("jobs.json", b"[1]", "is not a list of objects"),
        ("jobs.json", b"[]", "holds no rows"),
        ("jobs.json", '["Xã"]'.encode("utf-16"), "is not JSON"),
        ("jobs.json", b"[" * 200_000, "is not JSON"),
    ],
)
def test_a_file_without_rows_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(rows.Unreadable, match=words):
        rows.read(path)


def test_every_wrong_field_of_a_row_is_told() -> None:
    report = Report()
    assert lines.parsed([Entry(7, {"unit": 1.5, "officer": "cb-1", "since": "soon"})], Job, report) == []
    assert [(line.row, line.field, line.code) for line in report.refused] == [
        (7, "unit", "string-type"), (7, "since", "bad-date"),
    ]  # fmt: skip


@pytest.mark.postgres
class TestApplied:
    """What stays in the database."""

    async def told(self, province: Province) -> list[str]:
        """Officers in the facts."""
        found = await province.pools["intake"].fetch("SELECT envelope FROM fact ORDER BY sequence")
        return [json.loads(row["envelope"])["data"]["officer"] for row in found]

    async def test_a_refused_line_is_taken_back_alone(self, province: Province, tmp_path: Path) -> None:
        file = jobs(tmp_path / "jobs.json", "cb-1", "nobody", "cb-2")
        report = await command.done(province.seen(), JOBS, file, How())
        assert (report.read, report.created, report.applied) == (3, 2, True)
        assert [(line.row, line.field, line.code, line.words) for line in report.refused] == [
            (2, "officer", "nobody-here", "There is no such officer. (unit 19360)")
        ]
        assert await self.told(province) == ["cb-1", "cb-2"]

    @pytest.mark.parametrize("how", [How(dry_run=True), How(all_or_nothing=True)])
    async def test_a_dry_run_and_all_or_nothing_leave_nothing(
        self, province: Province, tmp_path: Path, how: How
    ) -> None:
        file = jobs(tmp_path / "jobs.json", "cb-1", "nobody", "cb-2")
        report = await command.done(province.seen(), JOBS, file, how)
        assert (report.created, len(report.refused), report.applied) == (2, 1, False)
        assert await self.told(province) == []

    async def test_all_or_nothing_keeps_what_is_good_altogether(self, province: Province, tmp_path: Path) -> None:
        report = await command.done(
            province.seen(), JOBS, jobs(tmp_path / "jobs.json", "cb-1", "cb-2"), How(all_or_nothing=True)
        )
        assert (report.applied, await self.told(province)) == (True, ["cb-1", "cb-2"])

    async def test_in_batches_an_earlier_one_stays(self, province: Province, tmp_path: Path) -> None:
        file = jobs(tmp_path / "jobs.json", "cb-1", "nobody", "cb-2")
        report = await command.done(province.seen(), Kind(Job, lines.each(take, batch=2)), file, How())
        assert (report.created, len(report.refused)) == (2, 1)
        assert await self.told(province) == ["cb-1", "cb-2"]


def test_a_report_for_people_names_row_field_and_reason() -> None:
    report = Report(2, created=1, refused=[lines.Line(3, "unit", "unknown-unit", "There is no unit with this code.")])
    assert command.told(report).splitlines() == [
        "2 read: 1 created, 0 changed, 0 same, 1 refused",
        "ROW  FIELD  CODE          WHY",
        "3    unit   unknown-unit  There is no unit with this code.",
    ]


@pytest.mark.postgres
async def test_an_unknown_kind_and_an_absent_file_are_wrong_usage(gandan: Gandan, tmp_path: Path) -> None:
    for words in (("nothing", str(jobs(tmp_path / "jobs.json", "cb-1"))), ("nothing", str(tmp_path / "absent.json"))):
        told = await gandan("import", *words)
        assert told.exit_code == 2, told.output
