"""Connections, built statements, migrations."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Date, Text, bindparam, func
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, and_, col, column, or_, select

from shared.contracts.envelope import derived_id
from shared.store.db import TRANSIENT, compiled, open_direct, open_pool, plain_url, row, rows
from shared.store.migrate import current, frame_sql, migrate, newest
from shared.store.unit_of_work import Works
from shared.testing import probe


class Row(SQLModel, registry=registry()):
    """Base of this test's tables."""


class ProbeLine(Row, table=True):
    __tablename__ = "probe_line"

    id: str = Field(primary_key=True)
    total: int
    last_sequence: int


def test_a_built_statement_has_numbered_arguments_in_order() -> None:
    statement = select(ProbeLine.total).where(ProbeLine.last_sequence > 3, column("total").in_([7, 8, 9])).limit(5)
    text, arguments = compiled(statement)
    assert "last_sequence > $1::INTEGER" in text
    assert "total IN ($3::INTEGER, $4::INTEGER, $5::INTEGER)" in text
    assert "LIMIT $2::INTEGER" in text
    assert arguments == [3, 5, 7, 8, 9]


def test_a_value_used_twice_and_an_empty_list_are_compiled_too() -> None:
    since = bindparam("since", date(2026, 1, 1), Date())
    day = column("day", Date())
    text, arguments = compiled(select(day).where(or_(day > since, and_(day < since, column("x", Text()).in_([])))))
    assert [arguments[int(number) - 1] for number in _numbers(text)] == [date(2026, 1, 1)] * 2


def _numbers(text: str) -> list[str]:
    return [part.split(":")[0].split(" ")[0].strip("),\n") for part in text.split("$")[1:]]


@pytest.mark.postgres
async def test_built_statements_run_through_asyncpg(probe_works: Works) -> None:
    keys = [derived_id("line", n) for n in range(4)]
    async with probe_works.pool.acquire() as db:
        await db.executemany("INSERT INTO probe_line VALUES ($1, $2, $2)", [(key, n) for n, key in enumerate(keys)])
        low = select(ProbeLine.total).where(col(ProbeLine.total).in_([1, 3])).order_by(col(ProbeLine.total))
        assert [found["total"] for found in await rows(db, low)] == [1, 3]
        counted = await row(db, select(func.count().label("n")).select_from(ProbeLine))
        assert counted is not None
        assert counted["n"] == 4
        assert await row(db, select(ProbeLine.total).where(ProbeLine.total > 9)) is None


@pytest.mark.postgres
async def test_every_session_of_a_pool_is_bounded(probe_works: Works) -> None:
    wanted = {
        "idle_in_transaction_session_timeout": "5s", "transaction_timeout": "30s", "TimeZone": "UTC", "jit": "off", "application_name": "test-probe",
    }  # fmt: skip
    async with probe_works.reading() as first, probe_works.reading() as second:
        for session in (first, second):
            assert {name: await session.fetchval(f"SHOW {name}") for name in wanted} == wanted


@pytest.mark.postgres
async def test_a_direct_session_may_hold_a_lock_for_long(role_url: str) -> None:
    session = await open_direct(role_url, name="relay")
    assert await session.fetchval("SHOW transaction_timeout") == "0"
    assert await session.fetchval("SHOW application_name") == "relay"
    await session.close()


@pytest.mark.postgres
async def test_json_comes_and_goes_as_python_values(probe_works: Works) -> None:
    value = {"pauses": [["2026-11-23", None]], "reason": "thiếu giấy tờ"}
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT $1::jsonb", value) == value


def test_urls_of_sqlalchemy_are_understood() -> None:
    assert plain_url("postgresql+asyncpg://a:b@c/d") == plain_url("postgresql://a:b@c/d") == "postgresql://a:b@c/d"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("x"), asyncpg.SerializationError("x"), asyncpg.AdminShutdownError("x"), asyncpg.TooManyConnectionsError("x"),
        asyncpg.InterfaceError("connection is closed"), asyncpg.ConnectionDoesNotExistError("x"), asyncpg.IdleInTransactionSessionTimeoutError("x"),
        ConnectionRefusedError(), TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again(error: Exception) -> None:
    assert isinstance(error, TRANSIENT)


@pytest.mark.parametrize(
    "error", [asyncpg.UniqueViolationError("x"), asyncpg.NotNullViolationError("x"), asyncpg.UndefinedTableError("x"), KeyError("x"), ValueError("x")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_would_fail_again_is_not(error: Exception) -> None:
    assert not isinstance(error, TRANSIENT)


@pytest.mark.postgres
async def test_a_wrong_argument_would_fail_again(probe_works: Works) -> None:
    async with probe_works.reading() as db:
        with pytest.raises(asyncpg.DataError) as error:
            await db.fetchval("SELECT $1::int", "seven")
    assert not isinstance(error.value, TRANSIENT)


@pytest.mark.postgres
async def test_a_database_is_migrated_once(role_url: str) -> None:
    assert await current(role_url) is None
    assert await migrate(role_url, probe.MIGRATIONS) is True
    assert await current(role_url) == newest(probe.MIGRATIONS) == "0001"
    assert await migrate(role_url, probe.MIGRATIONS) is False


@pytest.mark.postgres
async def test_processes_that_start_at_once_migrate_once(role_url: str) -> None:
    await asyncio.gather(*(migrate(role_url, probe.MIGRATIONS) for _ in range(4)))
    pool = await open_pool(role_url, name="test", size=2)
    async with pool.acquire() as db:
        assert await db.fetchval("SELECT count(*) FROM alembic_version") == 1
        assert await db.fetchval("SELECT epoch FROM generation") == 1
    await pool.close()


@pytest.mark.postgres
async def test_a_migration_that_fails_leaves_the_database_as_it_was(role_url: str, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text((probe.MIGRATIONS / "env.py").read_text())
    good = (probe.MIGRATIONS / "versions" / "0001_probe.py").read_text()
    (versions / "0001_probe.py").write_text(good + '    op.execute("SELECT nonsense")\n')
    with pytest.raises(Exception, match="nonsense"):
        await migrate(role_url, tmp_path)
    assert await current(role_url) is None
    assert await migrate(role_url, probe.MIGRATIONS) is True


def test_the_frames_sql_is_cut_into_statements_without_comments() -> None:
    statements = frame_sql("frame_0001.sql")
    assert statements[0].startswith("CREATE TABLE stream")
    assert not any("--" in statement or statement.endswith(";") for statement in statements)
    assert sum(statement.startswith("CREATE TABLE") for statement in statements) == 9
