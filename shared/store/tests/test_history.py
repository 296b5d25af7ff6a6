"""The hash chains: every edit, every deletion of what was stated is named by aggregate and sequence."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.envelope import derived_id
from shared.kernel import system
from shared.store.facts import Damage, FactRow, chain_hash, verify
from shared.store.unit_of_work import Works
from shared.testing.probe.lines import added

pytestmark = pytest.mark.postgres

LINES = sorted(derived_id("line", n) for n in range(3))
MIDDLE = LINES[1]


@pytest.fixture
async def history(probe_works: Works) -> Works:
    """Three lines with four facts each."""
    for n in range(4):
        async with probe_works.begin(system("writer")) as work:
            for line in LINES:
                work.record(added(line, n))
    return probe_works


async def damages(works: Works, *statements: str) -> list[Damage]:
    """What `verify` says after these statements of a superuser about the middle line."""
    async with works.pool.acquire() as db:
        for statement in statements:
            await db.execute(statement.replace(":line", f"'{MIDDLE}'"))
        found = [each async for each in verify(db)]
    return [each for each in found if isinstance(each, Damage)]


async def test_an_untouched_history_verifies(history: Works) -> None:
    async with history.reading() as db:
        assert [each async for each in verify(db)] == [12]


async def test_an_empty_store_verifies(probe_works: Works) -> None:
    assert await damages(probe_works) == []


EDITS = {
    "id": "gen_random_uuid()", "type": "'vn.gandan.line-closed.v1'", "topic": "NULL", "key": "'x'", "source": "'/gandan/other'",
    "occurred_at": "occurred_at + interval '1 microsecond'", "recorded_at": "recorded_at - interval '1 day'", "actor": "'clerk||'",
    "traceparent": "NULL", "envelope": "envelope || ' '::bytea", "hash": "sha256('x')",
}  # fmt: skip


@pytest.mark.parametrize("column", EDITS)
@pytest.mark.parametrize("sequence", [1, 3, 4])
async def test_an_edit_of_any_column_is_named(history: Works, column: str, sequence: int) -> None:
    edit = f"UPDATE fact SET {column} = {EDITS[column]} WHERE aggregate = :line AND sequence = {sequence}"
    assert await damages(history, edit) == [Damage(MIDDLE, sequence, "its content was changed")]


async def test_every_column_of_a_fact_is_in_the_chain(history: Works) -> None:
    async with history.reading() as db:
        columns = {
            row[0]
            for row in await db.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'fact'::regclass AND attnum > 0"
            )
        }
    assert columns == set(FactRow.__slots__) | {"previous", "hash"}
    assert set(EDITS) | {"aggregate", "sequence", "previous"} == columns


async def test_a_cut_link_is_named(history: Works) -> None:
    edit = "UPDATE fact SET previous = sha256('x') WHERE aggregate = :line AND sequence = 3"
    assert await damages(history, edit) == [Damage(MIDDLE, 3, "it does not follow the fact before it")]


async def test_an_edit_with_a_new_hash_breaks_the_next_link(history: Works) -> None:
    async with history.reading() as db:
        row = await db.fetchrow("SELECT * FROM fact WHERE aggregate = $1 AND sequence = 2", MIDDLE)
    forged = FactRow(**{name: row[name] for name in FactRow.__slots__ if name != "actor"}, actor="somebody||else")
    made = chain_hash(row["previous"], forged).hex()
    edit = f"UPDATE fact SET actor = 'somebody||else', hash = decode('{made}', 'hex') WHERE aggregate = :line AND sequence = 2"
    assert await damages(history, edit) == [Damage(MIDDLE, 3, "it does not follow the fact before it")]


@pytest.mark.parametrize(
    ("sequence", "what"),
    [(1, "fact 1 is missing"), (2, "fact 2 is missing"), (4, "the last 1 facts are missing")],
)
async def test_a_deleted_fact_is_named_wherever_it_stood(history: Works, sequence: int, what: str) -> None:
    found = await damages(history, f"DELETE FROM fact WHERE aggregate = :line AND sequence = {sequence}")
    assert found == [Damage(MIDDLE, sequence, what)]


async def test_a_deleted_tail_is_named_with_its_length(history: Works) -> None:
    found = await damages(history, "DELETE FROM fact WHERE aggregate = :line AND sequence > 1")
    assert found == [Damage(MIDDLE, 2, "the last 3 facts are missing")]


async def test_a_deleted_history_is_named(history: Works) -> None:
    found = await damages(history, "DELETE FROM fact WHERE aggregate = :line")
    assert found == [Damage(MIDDLE, 1, "the last 4 facts are missing")]


async def test_a_deleted_aggregate_is_named_by_the_facts_it_left(history: Works) -> None:
    found = await damages(history, "DELETE FROM stream WHERE id = :line")
    assert found == [Damage(MIDDLE, 1, "the aggregate of these facts was deleted")]


async def test_a_tail_deleted_together_with_its_count_is_named_by_the_head(history: Works) -> None:
    found = await damages(
        history,
        "DELETE FROM fact WHERE aggregate = :line AND sequence = 4",
        "UPDATE stream SET sequence = 3 WHERE id = :line",
    )
    assert found == [Damage(MIDDLE, 3, "the head was changed")]


async def test_a_changed_head_is_named(history: Works) -> None:
    found = await damages(history, "UPDATE stream SET head = sha256('x') WHERE id = :line")
    assert found == [Damage(MIDDLE, 4, "the head was changed")]


async def test_a_fact_moved_to_another_aggregate_is_missed_there_and_strange_here(history: Works) -> None:
    moved = f"UPDATE fact SET aggregate = '{LINES[2]}', sequence = 5 WHERE aggregate = :line AND sequence = 4"
    assert await damages(history, moved) == [
        Damage(MIDDLE, 4, "the last 1 facts are missing"),
        Damage(LINES[2], 5, "it does not follow the fact before it"),
    ]


async def test_a_renumbered_fact_is_named(history: Works) -> None:
    found = await damages(history, "UPDATE fact SET sequence = 9 WHERE aggregate = :line AND sequence = 3")
    assert found == [Damage(MIDDLE, 3, "fact 3 is missing")]


async def test_damage_in_two_aggregates_is_named_twice(history: Works) -> None:
    found = await damages(history, "UPDATE fact SET actor = 'x' WHERE sequence = 2")
    assert [(each.aggregate, each.sequence) for each in found] == [(line, 2) for line in LINES]


async def test_the_service_itself_can_neither_change_nor_remove_a_fact(service_role_works: Works) -> None:
    works = service_role_works
    async with works.begin(system("writer")) as work:
        work.record(added(MIDDLE))
    for statement in ("UPDATE fact SET actor = ''", "DELETE FROM fact", "TRUNCATE fact"):
        async with works.pool.acquire() as db:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(statement)
    async with works.reading() as db:
        assert [each async for each in verify(db)] == [1]


def test_the_hash_of_a_fact_is_frozen() -> None:
    at = datetime(2026, 11, 23, 1, 15, 0, 250, tzinfo=UTC)
    row = FactRow(UUID(int=1), UUID(int=2), 3, "t", None, "k", "s", at, at, "a", None, b"{}")
    assert chain_hash(b"", row).hex() == "439d2ee8a0fee41c28ad62dcffffda63d6c6b092be0c6000faa58fc0472a4f13"
    assert chain_hash(b"x", row) != chain_hash(b"", row)
