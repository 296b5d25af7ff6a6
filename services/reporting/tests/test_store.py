from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql

from services.reporting import domain
from services.reporting.domain import FIGURES, DossierLine, Filter, Moment
from services.reporting.store import lines, projections, reads
from services.reporting.store.reads import Viewer
from services.reporting.tables import REGISTRY, DossierLineRow, MomentRow, UnitDayRow, table
from services.reporting.tests.conftest import tell_all
from services.reporting.tests.facts import FRIDAY, MONDAY, Dossier, procedure
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres

EVERYBODY = Viewer(None)
TODAY = domain.day_of(MONDAY)


def test_lines_and_moments_have_the_columns_of_their_tables_in_order() -> None:
    assert tuple(table(DossierLineRow, 1).columns.keys()) == DossierLine._fields
    assert tuple(table(MomentRow, 1).columns.keys()) == Moment._fields
    assert tuple(table(UnitDayRow, 1).columns.keys())[4:] == domain.NAMES


async def test_the_tables_agree_with_the_migrated_database(works: Works) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    said = {
        (t.name, c.name, n, c.type.compile(dialect).lower(), bool(c.nullable))
        for t in REGISTRY.metadata.tables.values()
        for n, c in enumerate(t.columns, 1)
    }
    async with works.reading() as db:
        found = await db.fetch(
            """SELECT c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped""",
            list(REGISTRY.metadata.tables),
        )
    names = {"character varying": "varchar", "double precision": "float"}
    assert {(r[0], r[1], r[2], names.get(r[3], r[3]), r[4]) for r in found} == said


def mixed() -> list[tuple[Dossier, list[Fact]]]:
    """Dossiers in every situation, in two units; today is Monday."""
    other = "18880"
    made: list[tuple[Dossier, list[Fact]]] = []
    for code in ("19360", "19360", other):
        on, over, early, late, today = (Dossier(unit=code) for _ in range(5))
        asked, back, no = (Dossier(unit=code) for _ in range(3))
        made += [
            (on, [on.submitted(), on.accepted(TODAY), on.settled(TODAY)]),
            (over, [over.submitted(), over.accepted(TODAY), over.breached(), over.settled(TODAY + timedelta(days=2))]),
            (early, [*early.life()]),
            (late, [late.submitted(), late.accepted(TODAY - timedelta(days=3)), late.breached()]),
            (today, [today.submitted(channel="online"), today.accepted(TODAY), today.warned()]),
            (asked, [asked.submitted(), asked.accepted(FRIDAY), asked.supplement_requested()]),
            (back, [back.submitted(), back.accepted(), back.withdrawn()]),
            (no, [no.submitted(channel="online"), no.refused()]),
        ]
    return made


async def test_the_length_of_every_list_is_its_figure(works: Works) -> None:
    await tell_all(works, mixed())
    asked = {name: figure.asks(TODAY) for name, figure in FIGURES.items()}
    async with reads.looking(works) as reader:
        figures = await reads.figures(reader, asked)
        for name, wanted in asked.items():
            whole = await reads.listed(reader, EVERYBODY, wanted, after=None, back=False, most=1000)
            assert len(whole) == sum(unit[name] for unit in figures.values()), name
            for code, unit in figures.items():
                mine = Viewer(frozenset({code}))
                assert len(await reads.listed(reader, mine, wanted, after=None, back=False, most=1000)) == unit[name]
        assert figures["19360"] == {
            "open": 6, "due_today": 2, "overdue": 2, "waiting": 2, "received_month": 16, "settled_month": 6, "on_time_month": 4, "late_month": 2,
        }  # fmt: skip


async def test_lines_and_counters_agree(works: Works) -> None:
    await tell_all(works, mixed())
    async with reads.looking(works) as reader:
        assert await reads.mismatches(reader) == 0
    async with works.begin(system("test")) as work:
        await work.db.execute(
            "UPDATE unit_day_1 SET received = received + 1 WHERE unit = '18880' AND channel = 'online'"
        )
    async with reads.looking(works) as reader:
        assert await reads.mismatches(reader) == 1


async def test_flows_of_a_unit_come_by_day(works: Works) -> None:
    await tell_all(works, mixed())
    async with reads.looking(works) as reader:
        days = await reads.days(reader, "19360", TODAY, TODAY)
        assert [(day["day"], day["received"], day["refused"], day["warned"]) for day in days] == [(TODAY, 16, 2, 2)]


async def test_a_citizen_sees_own_lines_only_and_a_stranger_none(works: Works) -> None:
    mine, theirs = Dossier(), Dossier()
    await tell_all(works, [(mine, mine.life()), (theirs, theirs.life())])
    async with reads.looking(works) as reader:
        found = await reads.listed(
            reader, Viewer(frozenset(), mine.recipient), Filter(), after=None, back=False, most=10
        )
        assert [line.id for line in found] == [mine.id]
        assert await reads.line(reader, Viewer(frozenset(), mine.recipient), theirs.id) is None
        assert not await reads.listed(reader, Viewer(frozenset()), Filter(), after=None, back=False, most=10)


async def test_lists_page_forwards_and_backwards_newest_first(works: Works) -> None:
    made = sorted((Dossier() for _ in range(7)), key=lambda d: d.id)
    await tell_all(works, [(d, [d.submitted()]) for d in made])
    newest = [d.id for d in reversed(made)]

    async def page(after: UUID | None, *, back: bool = False) -> list[UUID]:
        async with reads.looking(works) as reader:
            found = await reads.listed(reader, EVERYBODY, Filter(), after=after, back=back, most=3)
        return [line.id for line in found]

    assert await page(None) == newest[:3]
    assert await page(newest[2]) == newest[3:6]
    assert await page(newest[3], back=True) == newest[2::-1]


async def test_the_next_version_is_like_the_old_one_in_columns_indexes_and_fill(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        shape = """SELECT regexp_replace(regexp_replace(indexdef, '_[12]( |_|$)', '\\1', 'g'), 'INDEX \\S+', '') FROM pg_indexes WHERE tablename ~ $1 ORDER BY 1"""
        first, second = [[r[0] for r in await work.db.fetch(shape, f"_{v}$")] for v in (1, 2)]
        fill = [
            dict(await work.db.fetch("SELECT regexp_replace(relname, '_[12]$', ''), reloptions FROM pg_class WHERE relkind = 'r' AND relname ~ $1", f"_{v}$"))
            for v in (1, 2)
        ]  # fmt: skip
        assert first == second
        assert len(first) == 25
        assert fill[0] == fill[1]
        assert fill[0]["dossier_line"] == ["fillfactor=70"]
        assert await projections.versions(work.db) == [1, 2]
        assert not await projections.differences(work.db, 1, 2)


async def test_a_difference_names_the_table_and_the_rows(works: Works) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await work.db.execute("INSERT INTO timeline_2 SELECT * FROM timeline_1")
        await work.db.execute("INSERT INTO unit_day_2 SELECT * FROM unit_day_1")
        (found,) = await projections.differences(work.db, 1, 2)
    assert (found.table, found.only_old, found.only_new) == ("dossier_line", 1, 0)
    assert str(dossier.id) in found.examples_old[0]


async def test_reference_data_is_replaced_and_forgotten(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await lines.copy_procedures(work.db, 1, {"1": procedure("1"), "2": procedure("2")})
        await lines.copy_procedures(work.db, 1, {"1": procedure("1"), "2": None})
        assert [tuple(r) for r in await work.db.fetch("SELECT procedure, components FROM procedure_line_1")] == [("1", ["Tờ khai"])]  # fmt: skip
