"""Group commit: shared transactions, each command's own fate."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from shared.contracts.envelope import derived_id
from shared.kernel import Caller, Invalid, Once, Principal, Repeated
from shared.store.together import Action, Together
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

    answers = await asyncio.gather(*(together.do(caller(n), adding(n), order=f"{n:02}") for n in range(40)))

    assert answers == list(range(40))
    assert await lines(probe_works) == 40
    assert await transactions(probe_works) <= 6


async def test_a_command_refused_before_it_asks_the_database_fails_alone(probe_works: Works) -> None:
    async def refuse(_work: Work) -> int:
        raise Invalid("no", field="/n")

    together = Together(probe_works)
    actions = [adding(0), refuse, adding(2)]

    answers = await asyncio.gather(
        *(together.do(caller(n), action, order=str(n)) for n, action in enumerate(actions)), return_exceptions=True
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
        *(together.do(caller(n), action, order=str(n)) for n, action in enumerate(actions)), return_exceptions=True
    )

    assert [answers[n] for n in (0, 2, 4)] == [0, 2, 4]
    assert [type(answers[n]).__name__ for n in (1, 3)] == ["NotNullViolationError", "Invalid"]
    assert await lines(probe_works) == 3
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT count(*) FROM probe_line") == 0


async def test_the_same_key_twice_in_one_group_is_done_once(probe_works: Works) -> None:
    together = Together(probe_works)

    answers = await asyncio.gather(
        *(together.do(caller(1), adding(1), order="a") for _ in range(5)), return_exceptions=True
    )

    assert sum(answer == 1 for answer in answers) == 1
    assert sum(isinstance(answer, Repeated) for answer in answers) == 4
    assert await lines(probe_works) == 1


async def test_each_fact_keeps_the_trace_of_the_request_it_came_from(probe_works: Works) -> None:
    together = Together(probe_works)

    async def request(n: int) -> None:
        span = NonRecordingSpan(SpanContext(0xA0 + n, 1, is_remote=False, trace_flags=TraceFlags(0)))
        with use_span(span):
            await together.do(caller(n), adding(n), order=str(n))

    await asyncio.gather(*(request(n) for n in range(8)))

    async with probe_works.reading() as db:
        rows = await db.fetch("SELECT aggregate, traceparent FROM fact")
    traces = {row["aggregate"]: row["traceparent"].split("-")[1] for row in rows}
    assert traces == {derived_id("line", n): f"{0xA0 + n:032x}" for n in range(8)}
