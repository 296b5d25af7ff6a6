"""The rows: declared and migrated alike, codes without gaps, nobody's change lost."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.intake import store
from services.intake.domain import Component, Dossier, State
from services.intake.handlers import Desk
from services.intake.store import Kept, lists
from services.intake.store.lists import Wanted
from services.intake.tables import Row
from services.intake.tests.given import AN, BINH, OTHER_UNIT, UNIT, citizen, filed, officer, submit
from shared.kernel import Caller, NotFound, Stale, system
from shared.settings import Keys
from shared.store.db import Connection
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK = officer("clerk")
_COLUMNS = """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.reloptions
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND c.relname = ANY($2) ORDER BY 1, 2"""
_INDEXES = """SELECT tablename, replace(indexdef, schemaname || '.', '') FROM pg_indexes
WHERE schemaname = $1 AND tablename = ANY($2) ORDER BY 1, 2"""


def declared() -> list[str]:
    """The statements that would make the tables as `tables.py` declares them."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    tables = Row.metadata.sorted_tables
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    return made + [str(CreateIndex(index).compile(dialect=dialect)) for table in tables for index in table.indexes]


async def described(connection: Connection, schema: str, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(query, schema, sorted(Row.metadata.tables))]


@pytest.mark.parametrize("query", [_COLUMNS, _INDEXES])
async def test_the_tables_declared_are_the_tables_migrated(works: Works, query: str) -> None:
    async with works.reading() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute("CREATE SCHEMA declared; SET LOCAL search_path = declared")
        for statement in declared():
            await connection.execute(statement)
        as_declared, as_migrated = [await described(connection, name, query) for name in ("declared", "public")]
        await undone.rollback()

    assert as_declared == as_migrated


async def test_codes_are_gapless_and_unique_under_fifty_writers(works: Works) -> None:
    async def one() -> str:
        async with works.begin(system("test")) as work:
            return await store.next_code(work, "H50.144", date(2026, 11, 23))

    codes = await asyncio.gather(*(one() for _ in range(50)))

    assert sorted(codes) == [f"H50.144-261123-{number:04d}" for number in range(1, 51)]


async def test_a_code_of_an_undone_dossier_is_given_to_the_next(works: Works) -> None:
    async def undone() -> None:
        async with works.begin(system("test")) as work:
            await store.next_code(work, "H50.144", date(2026, 11, 23))
            raise NotFound

    with pytest.raises(NotFound):
        await undone()

    async with works.begin(system("test")) as work:
        assert await store.next_code(work, "H50.144", date(2026, 11, 23)) == "H50.144-261123-0001"
        assert await store.next_code(work, "H50.144", date(2026, 11, 24)) == "H50.144-261124-0001"
        assert await store.next_code(work, "H50.145", date(2026, 11, 23)) == "H50.145-261123-0001"


async def test_the_ten_thousandth_dossier_of_a_day_has_five_digits(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await work.db.execute("INSERT INTO code_counter VALUES ('H50.144', '2026-11-23', 9999)")

        assert await store.next_code(work, "H50.144", date(2026, 11, 23)) == "H50.144-261123-10000"


async def test_a_dossier_comes_back_as_it_was_written(desk: Desk) -> None:
    written = await submit(desk, CLERK)

    async with desk.works.reading() as connection:
        read = await store.dossier(connection, written.id)
        assert read == await store.dossier_by_code(connection, written.code)

    assert read.settlement is not None
    assert written.settlement is not None
    assert read.settlement.clock == written.settlement.clock
    assert read.having(settlement=None) == written.having(settlement=None)


async def test_an_unknown_dossier_is_not_found(works: Works) -> None:
    async with works.reading() as connection:
        assert await store.dossier_by_code(connection, "H50.144-261123-0001") is None
        with pytest.raises(NotFound):
            await store.dossier(connection, UUID(int=1))


async def test_a_version_that_was_overtaken_is_not_written(desk: Desk) -> None:
    read = await submit(desk, CLERK)
    newer = read.next(handler="cb-1")

    async with desk.works.begin(Caller(CLERK)) as work:
        store.save(work, newer)

    async def again() -> None:
        async with desk.works.begin(Caller(CLERK)) as work:
            store.save(work, newer)

    with pytest.raises(Stale) as stale:
        await again()
    assert stale.value.facts == {"seen": 1}


async def test_texts_are_written_with_the_version_and_stay_when_nothing_is_said(desk: Desk) -> None:
    read = await submit(desk, CLERK)
    asked = {"components": ["Căn cước"], "reason": "Thiếu"}

    async with desk.works.begin(Caller(CLERK)) as work:
        store.save(work, read.next(), Kept("Lý do", asked, papers=[Component("Căn cước", "copy", 2)]))
        await work.flush()
        store.save(work, read.next().next())
        await work.flush()
        texts = await store.texts(work.db, read.id)

    assert (texts.supplement, texts.reason) == (asked, "Lý do")
    added = {"name": "Căn cước", "kind": "copy", "count": 2, "digitised": False, "reused": False}
    assert texts.components[-1] == added
    assert len(texts.components) == 2


async def test_a_payment_s_texts_are_put_together_and_corrections_stand_in_order(desk: Desk) -> None:
    read = await submit(desk, CLERK)
    proof, rightly = {"reference": "0012"}, [{"field": "summary", "value": value} for value in ("một", "hai")]

    async with desk.works.begin(Caller(CLERK)) as work:
        store.save(
            work, (first := read.next()), Kept(payment={"amount": 15000, "reference": None}, correction=rightly[0])
        )
        await work.flush()
        store.save(work, (second := first.next()), Kept(payment=proof, correction=rightly[1], comment="Tốt"))
        await work.flush()
        store.save(work, second.next(), Kept(apology={"reason": "Quá tải"}))
        await work.flush()
        texts = await store.texts(work.db, read.id)

    assert (texts.payment, texts.corrections) == ({"amount": 15000, "reference": "0012"}, rightly)
    assert (texts.comment, texts.apology) == ("Tốt", {"reason": "Quá tải"})


async def pages(connection: Connection, whose: lists.Whose, size: int, *, back: bool = False) -> list[UUID]:
    """Every id of a list, page by page."""
    found: list[UUID] = []
    after: UUID | None = UUID(int=0) if back else None
    while rows := await read(connection, whose, after=after and (after,), back=back, limit=size):
        found += [row.id for row in rows]
        after = found[-1]
    return found


async def read(connection: Connection, whose: lists.Whose, wanted: Wanted | None = None, **page: Any) -> list[Dossier]:
    clock = StandingClock()
    span = {"at": clock.now, "today": date(2026, 11, 23), "after": None, "back": False, "limit": 50, **page}
    return list(await lists.listed(connection, whose, wanted or Wanted(), **span))


async def test_a_list_holds_each_dossier_once_whatever_the_page_size(desk: Desk) -> None:
    ids = [(await submit(desk, CLERK)).id for _ in range(5)]

    async with desk.works.reading() as connection:
        for size in (1, 2, 5, 7):
            assert await pages(connection, frozenset({UNIT}), size) == ids[::-1]
            assert await pages(connection, frozenset({UNIT}), size, back=True) == ids


async def test_a_list_is_of_these_units_of_this_recipient_or_of_everybody(desk: Desk, keys: Keys) -> None:
    here, there = (
        await submit(desk, CLERK),
        await submit(desk, officer("clerk", unit=OTHER_UNIT), filed(unit=OTHER_UNIT)),
    )
    binh = await submit(desk, CLERK, filed(submitter=BINH))

    async with desk.works.reading() as connection:

        async def ids(whose: lists.Whose) -> set[UUID]:
            return {row.id for row in await read(connection, whose)}

        assert await ids(frozenset({UNIT})) == {here.id, binh.id}
        assert await ids(frozenset({UNIT, OTHER_UNIT})) == await ids(None) == {here.id, there.id, binh.id}
        assert await ids(frozenset()) == set()
        assert await ids(citizen(keys, AN).recipient or UUID(int=0)) == {here.id, there.id}
        assert await ids(UUID(int=0)) == set()


async def test_a_list_is_narrowed_by_each_of_its_filters(desk: Desk, clock: StandingClock) -> None:
    counter, online = await submit(desk, CLERK), await submit(desk, CLERK, filed(channel="online"))
    longer = await submit(desk, CLERK, filed("1.004222"))

    async with desk.works.reading() as connection:

        async def ids(days: int = 0, **filters: Any) -> set[UUID]:
            when = {"at": clock.now + timedelta(days=days), "today": date(2026, 11, 23) + timedelta(days=days)}
            return {row.id for row in await read(connection, None, Wanted(**filters), **when)}

        assert await ids(state=State.SUBMITTED) == {online.id}
        assert await ids(procedure="1.004222", unit=UNIT) == {longer.id}
        assert await ids(handler="cb-1") == await ids(unit=OTHER_UNIT) == set()
        assert await ids(due_before=date(2026, 11, 28)) == {counter.id}
        assert await ids(overdue=True) == set()
        assert await ids(days=4, overdue=True) == {online.id}  # its answer was due on the 25th
        assert await ids(days=5, overdue=True) == {counter.id, online.id}
        assert await ids(days=5, overdue=False) == {longer.id}
