"""The tables as declared and as migrated, receipts without gaps, lists, and the closed table of sealed identities."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.dialects import postgresql

from services.complaints.domain import About, Kind, refusals
from services.complaints.handlers import commands, letters, reading
from services.complaints.handlers.desk import Desk
from services.complaints.store import cases, reference, submissions
from services.complaints.store.cases import Scope, Wanted
from services.complaints.tables import Row
from services.complaints.tests import given
from services.complaints.tests.given import CLERK, HANDLER, HEAD, OTHER_UNIT, UNIT, by, rows
from shared.kernel import NotFound, Stale, system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

TODAY = date(2026, 11, 23)
_COLUMNS = """SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
    coalesce(a.attnum = ANY(k.conkey), false) AS key
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' WHERE c.relkind = 'r' AND c.relname = ANY($1::text[])"""
_NAMES = {"varchar": "character varying"}


async def test_the_declared_tables_are_the_migrated_ones(works: Works) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    declared = set()
    for table in Row.metadata.tables.values():
        for column in table.columns:
            kind = column.type.compile(dialect).lower()
            declared.add(
                (table.name, column.name, _NAMES.get(kind, kind), bool(column.nullable), bool(column.primary_key))
            )
    found = await rows(works, _COLUMNS, list(Row.metadata.tables))
    assert {tuple(row.values()) for row in found} == declared


async def test_the_declared_indexes_are_the_migrated_ones(works: Works) -> None:
    declared = {(str(index.name), table.name) for table in Row.metadata.tables.values() for index in table.indexes}
    found = await rows(
        works,
        "SELECT indexname, tablename FROM pg_indexes WHERE tablename = ANY($1::text[]) AND indexname !~ '_(pkey|key)$'",
        list(Row.metadata.tables),
    )
    assert {(row["indexname"], row["tablename"]) for row in found} == declared


async def test_the_table_of_sealed_identities_is_closed_to_everybody(works: Works) -> None:
    (table,) = await rows(
        works, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'sealed_identity'"
    )
    assert table == {"relrowsecurity": True, "relforcerowsecurity": True}
    assert await rows(works, "SELECT * FROM pg_policies WHERE tablename = 'sealed_identity'") == []


async def test_receipt_numbers_are_gapless_and_unique_under_50_writers(desk: Desk) -> None:
    made = await asyncio.gather(*(letters.register_letter(desk, CLERK, given.letter()) for _ in range(50)))
    assert sorted(each.receipt_no for each in made) == [f"DT.{UNIT}-261123-{n:04d}" for n in range(1, 51)]


async def test_a_refused_letter_takes_no_number(desk: Desk) -> None:
    with pytest.raises(refusals.UnknownProcedure):
        await letters.register_letter(desk, CLERK, given.letter(about=About(procedure="9.999999")))
    made = await letters.register_letter(desk, CLERK, given.letter())
    assert made.receipt_no.endswith("-0001")


async def test_a_letter_and_a_case_come_back_as_they_were_kept(desk: Desk, works: Works) -> None:
    case = await given.verifying(desk)
    async with works.reading() as db:
        kept = await cases.one(db, case.id)
        letter = await submissions.one(db, case.submission)
    assert kept.having(terms={}) == case.having(terms={})
    assert {name: term.clock for name, term in kept.terms.items()} == {
        name: term.clock for name, term in case.terms.items()
    }
    assert letter.parties == case.parties == {case.recipient}


async def test_what_was_changed_meanwhile_is_not_overwritten(desk: Desk, works: Works) -> None:
    case = await given.opened(desk)
    async with works.begin(system("test")) as work:
        loaded = await cases.load(work, case.id)
        with pytest.raises(Stale):
            await cases.save(work, loaded.having(version=loaded.version + 2))
        letter = await submissions.load(work, case.submission)
        with pytest.raises(Stale):
            await submissions.save(work, letter)


async def test_what_is_not_there_is_not_found(works: Works) -> None:
    async with works.begin(system("test")) as work:
        for load in (cases.load, submissions.load):
            with pytest.raises(NotFound):
                await load(work, work.new_id())


async def test_a_unit_that_no_longer_exists_is_not_known(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await reference.keep_units(work, [replace(given.unit(UNIT), valid_to=date(2026, 6, 30))])
        assert await reference.unit(work.db, UNIT, TODAY) is None
        assert await reference.unit(work.db, UNIT, date(2026, 6, 30)) is not None
        assert await reference.units(work.db, TODAY) == {}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), 3),
        (Wanted(kind="complaint"), 1),
        (Wanted(state="in-progress"), 1),
        (Wanted(unit=OTHER_UNIT), 1),
        (Wanted(handler="cb-01"), 1),
        (Wanted(overdue=True), 2),
        (Wanted(overdue=False), 1),
        (Wanted(due_before=date(2026, 12, 4)), 2),
        (Wanted(kind="' OR true --"), 0),
    ],
)
async def test_filters_find_what_they_name(desk: Desk, clock: StandingClock, wanted: Wanted, expected: int) -> None:
    clock.at("2026-11-05T09:00:00+07:00")
    await given.opened(desk, Kind.COMPLAINT, filing=given.letter(received_at=given.hanoi("2026-11-02 09:00")))
    feedback = await given.opened(desk, Kind.FEEDBACK, unit=OTHER_UNIT)
    clock.at("2026-11-23T09:00:00+07:00")
    late = await given.opened(desk, Kind.PETITION)
    await commands.assign_case(desk, by(HEAD, late), officer="cb-01")
    async with desk.works.reading() as db:
        everything = Scope(everything=True)
        found = await cases.listed(db, everything, wanted, today=TODAY, after=None, back=False, limit=50)
    assert len(found) == expected
    assert feedback.unit == OTHER_UNIT


async def test_lists_hold_what_one_may_see_and_nothing_else(desk: Desk, keys: Keys) -> None:
    mine = await given.opened(desk, Kind.FEEDBACK)
    theirs = await given.opened(desk, Kind.FEEDBACK, unit=OTHER_UNIT, filing=given.letter(people=(given.BINH,)))
    await commands.assign_case(desk, by(HEAD, mine), officer="cb-01")
    readers = {
        given.citizen(keys): [mine.id],
        given.citizen(keys, given.BINH): [theirs.id],
        HEAD.principal: [mine.id],
        HANDLER.principal: [mine.id],
        given.officer("handler", subject="cb-02"): [],
        given.officer("head", unit=OTHER_UNIT): [theirs.id],
        given.officer("inspector", unit="44"): [theirs.id, mine.id],
        given.officer("inspector", unit=UNIT): [mine.id],
        given.officer("screener"): [],
    }
    for who, expected in readers.items():
        found = await reading.list_cases(desk, who, Wanted(), after=None, back=False, limit=50)
        assert [case.id for case in found] == expected, who
