"""The tables as declared and as migrated, and the statements that do not depend on a use case."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql

from services.notifications import domain, store
from services.notifications.data import book
from services.notifications.domain import Standing
from services.notifications.tables import Row
from services.notifications.tests import samples
from services.notifications.tests.conftest import rows
from shared.contracts.envelope import fact_type
from shared.kernel import system
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres

_COLUMNS = """SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
    coalesce(a.attnum = ANY(k.conkey), false) AS key
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' WHERE c.relname = ANY($1::text[])"""
_NAMES = {"TIMESTAMP WITH TIME ZONE": "timestamp with time zone"}


def notice(recipient: UUID, sequence: int) -> domain.Notice:
    fact = samples.accepted(recipient)
    return domain.owed(book(), fact_type(type(fact)), fact, sequence)[0]


async def test_the_declared_tables_are_the_migrated_ones(works: Works) -> None:
    tables = Row.metadata.tables
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    declared = {
        (table.name, column.name, column.type.compile(dialect).lower(), bool(column.nullable), column.primary_key)
        for table in tables.values()
        for column in table.columns
    }
    found = await rows(works, _COLUMNS, list(tables))
    assert {tuple(row.values()) for row in found} == declared


async def test_the_declared_indexes_are_the_migrated_ones(works: Works) -> None:
    declared = {(str(index.name), table.name) for table in Row.metadata.tables.values() for index in table.indexes}
    found = await rows(
        works,
        "SELECT indexname, tablename FROM pg_indexes WHERE tablename = ANY($1::text[]) AND indexname NOT LIKE '%_pkey'",
        list(Row.metadata.tables),
    )
    assert {(row["indexname"], row["tablename"]) for row in found} == declared


async def test_a_key_is_claimed_once_for_ever(works: Works, citizen: UUID) -> None:
    one, two = notice(citizen, 1), notice(citizen, 2)
    async with works.begin(system("test")) as work:
        assert await store.claim(work.db, [one]) == {one.id}
    async with works.begin(system("test")) as work:
        assert await store.claim(work.db, [one, two]) == {two.id}
    assert len(await rows(works, "SELECT * FROM notification_key")) == 2


async def test_an_inbox_that_never_got_anything_is_empty(works: Works, citizen: UUID) -> None:
    async with works.reading() as db:
        assert await store.standing(db, citizen) == Standing(0, 0, 0)
        assert await store.standings(db, [citizen]) == {}
        assert await store.page(db, citizen, limit=10) == (Standing(0, 0, 0), [])


async def test_numbers_follow_the_order_of_telling_without_a_gap(works: Works, citizen: UUID, neighbour: UUID) -> None:
    order = [notice(citizen, 1), notice(neighbour, 2), notice(citizen, 3), notice(citizen, 2)]
    for _ in range(2):
        async with works.begin(system("test")) as work:
            texts = [domain.Rendered("t", "b")] * len(order)
            await store.tell(work.db, order, texts, work.now)
            await work.db.execute("TRUNCATE notification")
    found = await rows(works, "SELECT seq, notification FROM inbox_item WHERE recipient = $1 ORDER BY seq", citizen)
    mine = [order[0].id, order[2].id, order[3].id]
    assert [(row["seq"], row["notification"]) for row in found] == list(enumerate(mine * 2, 1))
    async with works.reading() as db:
        assert await store.standings(db, [citizen, neighbour]) == {
            citizen: Standing(6, 6, 2),
            neighbour: Standing(2, 2, 2),
        }


async def test_the_unread_count_can_neither_go_below_zero_nor_above_what_was_told(works: Works, citizen: UUID) -> None:
    async with works.begin(system("test")) as work:
        await store.tell(work.db, [notice(citizen, 1)], [domain.Rendered("t", "b")], work.now)
    for wrong in (-2, 1):
        with pytest.raises(asyncpg.CheckViolationError):
            async with works.begin(system("test")) as work:
                await store.change(work.db, citizen, wrong)


async def test_a_forgotten_contact_holds_nothing(works: Works, citizen: UUID) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with works.begin(system("test")) as work:
            await work.db.execute(
                "INSERT INTO contact (recipient, source, data_key, key_id, sealed, received_at, forgotten_at) VALUES ($1, 's', 'k', 1, 'x', $2, $3)",
                citizen, work.now, work.now + timedelta(days=1),
            )  # fmt: skip
