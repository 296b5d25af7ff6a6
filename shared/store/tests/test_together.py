"""Group commit: shared transactions, each command's own fate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from shared.contracts.envelope import derived_id
from shared.kernel import Caller, Invalid, Once, Principal, Repeated
from shared.store.db import Connection
from shared.store.together import Action, NotNow, Together
from shared.store.unit_of_work import Work, Works
from shared.testing.probe.lines import added

pytestmark = pytest.mark.postgres

CLERK = Principal("clerk-7", frozenset({"clerk"}), frozenset({"19360"}), acting="clerk")


def caller(n: int) -> Caller:
    return Caller(CLERK, Once.of(f"k-{n}", "POST", "/lines", b"{}", 201))


def adding(n: int) -> Action[int]:
    async def action(work: Work) -> int:
        line = derived_id("line", n)
        work.starts(line)
        work.record(added(line))
        work.answers({"n": n})
        return n

    return action


async def found(connection: Connection, keys: Sequence[int]) -> Sequence[int]:
    """A question that finds what it is asked."""
    return [await connection.fetchval("SELECT $1::int4", key) for key in keys]


async def lines(works: Works) -> int:
    async with works.reading() as db:
        count: int = await db.fetchval("SELECT count(*) FROM fact")
        return count


async def transactions(works: Works) -> int:
    async with works.reading() as db:
        count: int = await db.fetchval("SELECT count(DISTINCT xmin::text) FROM fact")
        return count


async def test_forty_commands_at_once_share_a_few_transactions_and_each_gets_its_own_answer(probe_works: Works) -> None:
    together = Together(probe_works)

    answers = await asyncio.gather(*(together.do(caller(n), adding(n)) for n in range(40)))

    assert answers == list(range(40))
    assert await lines(probe_works) == 40
    assert await transactions(probe_works) <= 6


async def test_a_command_refused_before_it_asks_the_database_fails_alone(probe_works: Works) -> None:
    async def refuse(_work: Work) -> int:
        raise Invalid("no", field="/n")

    together = Together(probe_works)
    actions = [adding(0), refuse, adding(2)]

    answers = await asyncio.gather(
        *(together.do(caller(n), action) for n, action in enumerate(actions)), return_exceptions=True
    )

    assert isinstance(answers[1], Invalid)
    assert [answers[0], answers[2]] == [0, 2]
    assert await lines(probe_works) == 2


async def test_a_command_that_spoils_the_transaction_does_not_spoil_its_neighbours(probe_works: Works) -> None:
    async def broken(work: Work) -> int:
        await work.db.execute("INSERT INTO probe_line (id, total, last_sequence) VALUES (NULL, 1, 1)")
        return 1

    async def regretted(work: Work) -> int:
        await work.db.execute("INSERT INTO probe_line (id, total, last_sequence) VALUES ($1, 1, 1)", UUID(int=7))
        raise Invalid("after all, no", field="/n")

    together = Together(probe_works)
    actions = [adding(0), broken, adding(2), regretted, adding(4)]

    answers = await asyncio.gather(
        *(together.do(caller(n), action) for n, action in enumerate(actions)), return_exceptions=True
    )

    assert [answers[n] for n in (0, 2, 4)] == [0, 2, 4]
    assert [type(answers[n]).__name__ for n in (1, 3)] == ["NotNullViolationError", "Invalid"]
    assert await lines(probe_works) == 3
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT count(*) FROM probe_line") == 0


async def test_the_same_key_twice_in_one_group_is_done_once(probe_works: Works) -> None:
    together = Together(probe_works)

    answers = await asyncio.gather(*(together.do(caller(1), adding(1)) for _ in range(5)), return_exceptions=True)

    assert sum(answer == 1 for answer in answers) == 1
    assert sum(isinstance(answer, Repeated) for answer in answers) == 4
    assert await lines(probe_works) == 1


async def test_each_fact_keeps_the_trace_of_the_request_it_came_from(probe_works: Works) -> None:
    together = Together(probe_works)

    async def request(n: int) -> None:
        span = NonRecordingSpan(SpanContext(0xA0 + n, 1, is_remote=False, trace_flags=TraceFlags(0)))
        with use_span(span):
            await together.do(caller(n), adding(n))

    await asyncio.gather(*(request(n) for n in range(8)))

    async with probe_works.reading() as db:
        rows = await db.fetch("SELECT aggregate, traceparent FROM fact")
    traces = {row["aggregate"]: row["traceparent"].split("-")[1] for row in rows}
    assert traces == {derived_id("line", n): f"{0xA0 + n:032x}" for n in range(8)}


async def test_what_all_ask_is_asked_once(probe_works: Works) -> None:
    asked: list[list[int]] = []

    async def doubles(connection: Connection, numbers: Sequence[int]) -> Sequence[int]:
        asked.append(list(numbers))
        rows = await connection.fetch("SELECT 2 * n AS twice FROM unnest($1::int4[]) AS u(n)", numbers)
        return [row["twice"] for row in rows]

    def asking(n: int) -> Action[int]:
        async def action(work: Work) -> int:
            twice = await work.ask(doubles, n)
            return twice if n % 2 else await work.ask(doubles, twice)

        return action

    together = Together(probe_works, free=1)

    answers = await asyncio.gather(*(together.do(caller(n), asking(n)) for n in range(10)))

    assert answers == [n * 2 if n % 2 else n * 4 for n in range(10)]
    assert [sorted(keys) for keys in asked] == [list(range(10)), [0, 4, 8, 12, 16]]


async def test_a_question_that_fails_is_heard_only_by_who_asked_it(probe_works: Works) -> None:
    async def unanswerable(connection: Connection, keys: Sequence[int]) -> Sequence[int]:
        return [await connection.fetchval("SELECT 1 / $1::int4", key) for key in keys]

    async def dividing(work: Work) -> int:
        return await work.ask(unanswerable, 0)

    together = Together(probe_works)
    actions = [adding(0), dividing, adding(2)]

    answers = await asyncio.gather(
        *(together.do(caller(n), action) for n, action in enumerate(actions)), return_exceptions=True
    )

    assert [answers[0], answers[2]] == [0, 2]
    assert isinstance(answers[1], asyncpg.DivisionByZeroError)
    assert await lines(probe_works) == 2


async def test_a_refusal_is_heard_when_what_its_transaction_had_locked_is_free(probe_works: Works) -> None:
    async def looked(work: Work) -> int:
        await work.ask(found, 1)
        raise Invalid("no", field="/n")

    async def lasting(work: Work) -> int:
        await work.ask(found, 2)
        for _ in range(100):
            await asyncio.sleep(0)  # others have their turn
        heard.append(refused.done())
        return await adding(2)(work)

    heard: list[bool] = []
    together = Together(probe_works)
    refused = asyncio.create_task(together.do(caller(1), looked))
    done = asyncio.create_task(together.do(caller(2), lasting))

    assert await done == 2
    assert isinstance((await asyncio.gather(refused, return_exceptions=True))[0], Invalid)
    assert (heard, await transactions(probe_works)) == ([False], 1)


async def test_whoever_only_looked_is_refused_without_undoing_the_others(probe_works: Works) -> None:
    begun: list[int] = []

    def looking(n: int, *, spends: bool = False) -> Action[int]:
        async def action(work: Work) -> int:
            begun.append(n)
            if await work.ask(found, n, spends=spends) % 10 == 1:
                raise Invalid("no", field="/n")
            return await adding(n)(work)

        return action

    together = Together(probe_works)
    looked = await asyncio.gather(*(together.do(caller(n), looking(n)) for n in range(3)), return_exceptions=True)
    first = list(begun)
    begun.clear()
    spent = await asyncio.gather(
        *(together.do(caller(n), looking(n, spends=True)) for n in range(11, 14)), return_exceptions=True
    )

    assert [looked[0], looked[2], spent[1], spent[2]] == [0, 2, 12, 13]
    assert isinstance(looked[1], Invalid)
    assert isinstance(spent[0], Invalid)
    assert sorted(first) == [0, 1, 2]
    assert sorted(begun) == [11, 11, 12, 12, 13, 13], "what was spent is taken back, and each begins again alone"


async def test_those_that_are_kept_apart_are_done_one_after_the_other_and_the_others_beside_them(
    probe_works: Works,
) -> None:
    at_work: list[str] = []
    seen: list[tuple[str, ...]] = []

    def alone(n: int, name: str) -> Action[int]:
        async def action(work: Work) -> int:
            at_work.append(name)
            seen.append(tuple(at_work))
            await work.ask(_nothing, n)
            at_work.remove(name)
            return await adding(n)(work)

        return action

    together = Together(probe_works)
    names = ["a", "b", "a", "b", "c", "a"]
    answers = await asyncio.gather(*(together.do(caller(n), alone(n, name), apart=name) for n, name in enumerate(names)))  # fmt: skip

    assert answers == list(range(6))
    assert all(len(set(each)) == len(each) for each in seen)
    assert max(map(len, seen)) > 1
    assert not together.apart


async def test_whoever_cannot_share_now_is_done_alone_and_holds_up_nobody(probe_works: Works) -> None:
    let = asyncio.Event()

    async def waiting(work: Work) -> int:
        if work.circle is not None:
            raise NotNow
        await let.wait()
        return await adding(0)(work)

    together = Together(probe_works, free=1)
    first = asyncio.create_task(together.do(caller(0), waiting))
    others = await asyncio.gather(*(together.do(caller(n), adding(n)) for n in (1, 2)))
    done = first.done()
    let.set()

    assert (others, done, await first) == ([1, 2], False, 0)
    assert await lines(probe_works) == 3


async def test_rows_of_several_are_written_by_one_expression(probe_works: Works) -> None:
    statement = "INSERT INTO idempotency (principal, key, fingerprint, status, answer, created_at) SELECT decode(u.key, 'hex'), u.key, '', 200, '', u.at FROM unnest($1::text[], $2::timestamptz[]) AS u(key, at) RETURNING 1"

    def writing(n: int) -> Action[int]:
        async def action(work: Work) -> int:
            work.rows_along(statement, [(f"{n:02}", work.now)])
            return n

        return action

    together = Together(probe_works, free=1)
    anyone = Caller(CLERK)
    await asyncio.gather(*(together.do(anyone, writing(n)) for n in range(5)))

    async with probe_works.reading() as db:
        kept = await db.fetch("SELECT key, xmin::text AS within FROM idempotency ORDER BY key")
    assert [row["key"] for row in kept] == [f"{n:02}" for n in range(5)]
    assert len({row["within"] for row in kept}) <= 2


async def _nothing(connection: Connection, keys: Sequence[int]) -> Sequence[int]:
    return [await connection.fetchval("SELECT $1::int4", key) for key in keys]
