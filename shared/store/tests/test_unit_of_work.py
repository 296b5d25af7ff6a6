"""One transaction: rows, facts, outbox, deadlines, answers; and who may write when."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from shared.contracts.envelope import derived_id
from shared.contracts.intake import DOSSIERS
from shared.kernel import Caller, IdempotencyMismatch, Once, Principal, Refused, Repeated, StillRunning, system
from shared.settings import Keys
from shared.store import facts
from shared.store.deadlines import Schedule
from shared.store.unit_of_work import MAX_ENVELOPE, Cause, FactTooLarge, Works
from shared.store.vault import Details, enclose, recipient_of
from shared.telemetry.tracing import Arrival
from shared.testing.clock import StandingClock
from shared.testing.probe.lines import AT, LineAdded, added

pytestmark = pytest.mark.postgres

LINE, OTHER = derived_id("line", 0), derived_id("line", 1)
CLERK = Principal("clerk-7", frozenset({"clerk"}), frozenset({"19360"}), acting="clerk")


def once(key: str = "k-1", body: bytes = b"{}", who: Principal = CLERK) -> Caller:
    return Caller(who, Once.of(key, "POST", "/lines", body, 201))


def schedule(works: Works) -> Schedule:
    now = works.clock()
    due = now + timedelta(days=5)
    return Schedule(
        LINE,
        "settle",
        "one-stop",
        1,
        {"facts": ["A"]},
        due,
        due.date(),
        now + timedelta(days=4),
        due + timedelta(hours=9),
    )


async def counts(works: Works) -> dict[str, int]:
    names = ("fact", "outbox", "stream", "deadline", "idempotency", "person", "contact", "probe_line")
    async with works.reading() as db:
        return {name: count for name in names if (count := await db.fetchval(f"SELECT count(*) FROM {name}"))}


async def every(works: Works, statement: str) -> list[dict[str, Any]]:
    async with works.reading() as db:
        return [dict(row) for row in await db.fetch(statement)]


async def test_one_commit_writes_rows_facts_outbox_deadline_person_and_answer(probe_works: Works, keys: Keys) -> None:
    async with probe_works.begin(once()) as work:
        work.starts(LINE)
        await work.db.execute("INSERT INTO probe_line VALUES ($1, 1, 1)", LINE)
        work.record(added(LINE, 4))
        work.record(added(LINE, 5))
        work.deadline(schedule(probe_works))
        work.keep(enclose(keys, work.new_id(), recipient_of(keys.people, "044190001234"), Details("Nguyễn Thị Hoa")))
        work.answers({"id": LINE})
        assert await counts(probe_works) == {}
    assert await counts(probe_works) == {
        "fact": 2, "outbox": 3, "stream": 1, "deadline": 1, "idempotency": 1, "person": 1, "contact": 1, "probe_line": 1,
    }  # fmt: skip
    assert probe_works.committed.is_set()


@pytest.mark.parametrize("error", [Refused("no"), KeyError("bug"), asyncio.CancelledError()])
async def test_an_error_in_the_block_writes_nothing_at_all(probe_works: Works, error: BaseException) -> None:
    async def fails() -> None:
        async with probe_works.begin(once()) as work:
            await work.db.execute("INSERT INTO probe_line VALUES ($1, 1, 1)", LINE)
            work.record(added(LINE))
            work.deadline(schedule(probe_works))
            work.answers({})
            await work.flush()
            raise error

    with pytest.raises(type(error)):
        await fails()
    assert await counts(probe_works) == {}
    assert not probe_works.committed.is_set()


async def test_a_fact_too_large_for_the_broker_is_refused_and_nothing_is_written(probe_works: Works) -> None:
    async def states_too_much() -> None:
        async with probe_works.begin(once()) as work:
            await work.db.execute("INSERT INTO probe_line VALUES ($1, 1, 1)", LINE)
            work.record(added(LINE, note="x" * MAX_ENVELOPE))

    with pytest.raises(FactTooLarge) as refusal:
        await states_too_much()
    assert (refusal.value.status, await counts(probe_works)) == (422, {})


async def test_a_fact_row_says_what_its_envelope_says(probe_works: Works) -> None:
    async with probe_works.begin(Caller(CLERK)) as work:
        made = work.record(added(LINE, 4, unit="19360"))
    (row,) = await every(probe_works, "SELECT * FROM fact")
    envelope = msgspec.json.decode(row["envelope"])
    assert envelope == {
        "specversion": "1.0", "id": str(made), "source": "/gandan/probe/19360", "type": "vn.gandan.line-added.v1", "subject": str(LINE),
        "time": "2026-11-23T01:15:00Z", "dataschema": "/schemas/intake.dossiers/vn.gandan.line-added.v1.json", "sequence": 1, "correlationid": str(work.id),
        "data": {"occurred_at": "2026-11-23T01:00:00Z", "line": str(LINE), "amount": 4, "unit": "19360", "note": ""},
    }  # fmt: skip
    assert (row["id"], row["aggregate"], row["sequence"], row["topic"], row["key"]) == (
        made,
        LINE,
        1,
        DOSSIERS,
        str(LINE),
    )
    assert (row["occurred_at"], row["recorded_at"]) == (AT, probe_works.clock())
    assert row["traceparent"].startswith("00-")


async def test_a_fact_names_role_unit_and_a_mac_of_the_subject_only(probe_works: Works) -> None:
    async with probe_works.begin(Caller(CLERK)) as work:
        work.record(added(LINE, unit="19360"))
    (row,) = await every(probe_works, "SELECT actor FROM fact")
    role, unit, mac = row["actor"].split("|")
    assert (role, unit, len(mac)) == ("clerk", "19360", 16)
    assert "clerk-7" not in row["actor"]
    assert probe_works.actor(Principal("clerk-8", frozenset()), "19360").split("|")[2] != mac


async def test_a_caused_fact_refers_to_its_cause(probe_works: Works) -> None:
    trace = Arrival("cause-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with probe_works.begin(system("probe.lines")) as work:
        work.record(added(LINE), cause=Cause("cause-1", DOSSIERS, "probe.lines", trace, "thread-9"))
    (row,) = await every(probe_works, "SELECT * FROM fact")
    envelope = msgspec.json.decode(row["envelope"])
    assert (envelope["causationid"], envelope["correlationid"]) == ("cause-1", "thread-9")
    assert row["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_an_unpublished_fact_has_a_history_of_its_own_and_no_outbox_row(probe_works: Works) -> None:
    async with probe_works.begin(Caller(CLERK)) as work:
        work.record(added(LINE))
        work.record(added(LINE), published=False)
        work.record(added(LINE))
    rows = await every(
        probe_works, "SELECT aggregate, sequence, topic, traceparent FROM fact ORDER BY topic NULLS LAST, sequence"
    )
    assert [(row["aggregate"] == LINE, row["sequence"], row["topic"]) for row in rows] == [
        (True, 1, DOSSIERS),
        (True, 2, DOSSIERS),
        (False, 1, None),
    ]
    assert (await counts(probe_works))["outbox"] == 2


async def add_one(works: Works, line: UUID) -> None:
    async with works.begin(system("writer")) as work:
        work.record(added(line))


@pytest.mark.parametrize("begun", [True, False])
async def test_twenty_writers_at_once_leave_one_history_without_gap_or_fork(probe_works: Works, *, begun: bool) -> None:
    if begun:
        await add_one(probe_works, LINE)
    await asyncio.gather(*(add_one(probe_works, LINE) for _ in range(20)))
    rows = await every(probe_works, "SELECT sequence FROM fact ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, 21 + begun))
    async with probe_works.reading() as db:
        assert [found async for found in facts.verify(db)] == [20 + begun]


async def test_writers_who_begin_and_continue_the_same_histories_never_wait_in_a_circle(probe_works: Works) -> None:
    async def add(numbers: list[int]) -> None:
        async with probe_works.begin(system("test")) as work:
            for n in numbers:
                work.record(added(derived_id("line", n)))

    chosen = random.Random(7)  # noqa: S311 - the same histories at each run
    for first in range(0, 200, 10):
        await asyncio.gather(*(add(chosen.sample(range(first, first + 10), 5)) for _ in range(8)))

    assert await every(probe_works, "SELECT count(*) AS facts, max(sequence) > 1 AS shared FROM fact") == [
        {"facts": 800, "shared": True}
    ]


async def test_facts_of_one_transaction_leave_in_the_order_they_were_stated(probe_works: Works) -> None:
    order = [LINE, OTHER, LINE, OTHER, OTHER, LINE]
    async with probe_works.begin(system("writer")) as work:
        for n, line in enumerate(order):
            work.record(added(line, n))
    rows = await every(probe_works, "SELECT f.envelope FROM outbox o JOIN fact f ON f.id = o.fact ORDER BY o.position")
    assert [msgspec.json.decode(row["envelope"])["data"]["amount"] for row in rows] == list(range(6))


async def test_a_savepoint_rolled_back_takes_its_facts_and_sequences_along(probe_works: Works) -> None:
    async with probe_works.begin(system("writer")) as work:
        work.record(added(LINE, 1))
        await work.flush()
        mark = work.mark()
        savepoint = work.db.transaction()
        await savepoint.start()
        work.record(added(LINE, 2))
        await work.flush()
        await savepoint.rollback()
        work.reset(mark)
        work.record(added(LINE, 3))
    rows = await every(probe_works, "SELECT sequence, envelope FROM fact ORDER BY sequence")
    assert [(row["sequence"], b'"amount":3' in row["envelope"]) for row in rows] == [(1, False), (2, True)]
    async with probe_works.reading() as db:
        assert [found async for found in facts.verify(db)] == [2]


async def test_what_was_stated_before_a_mark_stays_when_the_rest_is_forgotten(probe_works: Works, keys: Keys) -> None:
    async with probe_works.begin(system("writer")) as work:
        work.record(added(LINE, 1))
        work.deadline(schedule(probe_works))
        mark = work.mark()
        work.record(added(LINE, 2))
        work.record(added(OTHER, 2))
        work.deadline(replace(schedule(probe_works), due_at=None))
        work.keep(enclose(keys, OTHER, OTHER, Details("Lê Thị Cúc")))
        work.along("UPDATE probe_line SET total = 9 RETURNING 1")
        work.reset(mark)
    rows = await every(probe_works, "SELECT envelope FROM fact")
    assert [msgspec.json.decode(row["envelope"])["data"]["amount"] for row in rows] == [1]
    assert [row["due_at"] for row in await every(probe_works, "SELECT due_at FROM deadline")] == [
        schedule(probe_works).due_at
    ]
    assert await every(probe_works, "SELECT FROM person") == []


async def file_once(works: Works, caller: Caller) -> None:
    async with works.begin(caller) as work:
        work.record(added(LINE))
        work.answers({"line": str(LINE)})


async def test_an_answer_that_is_written_before_the_end_is_kept_once(probe_works: Works) -> None:
    async with probe_works.begin(once()) as work:
        work.answers({"line": str(LINE)})
        await work.flush()
        work.record(added(LINE, 4))
    assert await counts(probe_works) == {"fact": 1, "outbox": 1, "stream": 1, "idempotency": 1}


async def test_whoever_listens_for_commits_takes_nothing_from_the_relay(probe_works: Works) -> None:
    one, other = probe_works.listen(), probe_works.listen()
    async with probe_works.begin(system("probe")):
        pass
    assert not one.is_set()
    assert not probe_works.committed.is_set()
    async with probe_works.begin(system("probe")) as work:
        work.record(added(LINE, 4))
    one.clear()
    assert other.is_set()
    assert probe_works.committed.is_set()


async def test_the_same_command_again_is_answered_from_the_first_one(probe_works: Works) -> None:
    await file_once(probe_works, once())
    with pytest.raises(Repeated) as repeated:
        await file_once(probe_works, once())
    assert (repeated.value.answer, repeated.value.status) == (b'{"line":"%s"}' % str(LINE).encode(), 201)
    assert (await counts(probe_works))["fact"] == 1


async def test_the_same_key_with_another_body_is_refused(probe_works: Works) -> None:
    await file_once(probe_works, once())
    with pytest.raises(IdempotencyMismatch):
        await file_once(probe_works, once(body=b'{"other": true}'))
    assert (await counts(probe_works))["fact"] == 1


async def test_another_person_may_use_the_same_key(probe_works: Works) -> None:
    await file_once(probe_works, once())
    await file_once(probe_works, once(who=Principal("clerk-8", frozenset())))
    assert (await counts(probe_works))["idempotency"] == 2


async def test_a_refused_command_leaves_its_key_free(probe_works: Works) -> None:
    async def refused() -> None:
        async with probe_works.begin(once()) as work:
            work.answers({})
            raise Refused("not now")

    with pytest.raises(Refused):
        await refused()
    await file_once(probe_works, once())
    assert (await counts(probe_works))["fact"] == 1


async def test_while_the_first_command_runs_the_second_is_told_to_wait(probe_works: Works) -> None:
    begun, leave = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with probe_works.begin(once()) as work:
            begun.set()
            await leave.wait()
            work.record(added(LINE))
            work.answers({})

    first = asyncio.create_task(slow())
    await begun.wait()
    with pytest.raises(StillRunning):
        await file_once(probe_works, once())
    leave.set()
    await first
    with pytest.raises(Repeated):
        await file_once(probe_works, once())
    assert (await counts(probe_works))["fact"] == 1


async def test_ten_at_once_with_one_key_have_one_effect(probe_works: Works) -> None:
    answers = await asyncio.gather(*(file_once(probe_works, once()) for _ in range(10)), return_exceptions=True)
    assert answers.count(None) == 1
    assert all(isinstance(answer, (Repeated, StillRunning)) for answer in answers if answer is not None)
    assert (await counts(probe_works))["fact"] == 1


@pytest.mark.parametrize(("body", "answer"), [(b"{}", Repeated), (b"[]", IdempotencyMismatch)])
async def test_who_saw_no_row_and_finds_one_at_the_end_is_answered_from_it(
    probe_works: Works, body: bytes, answer: type[Exception]
) -> None:
    async def first_comes_late() -> None:
        async with probe_works.begin(once()) as work:
            async with probe_works.pool.acquire() as other:
                await other.execute(
                    "INSERT INTO idempotency SELECT $1, 'k-1', $2, 201, '{}', now()",
                    _principal(CLERK),
                    Once.of("k-1", "POST", "/lines", body).fingerprint,
                )
            work.record(added(LINE))
            work.answers({})

    with pytest.raises(answer):
        await first_comes_late()
    assert "fact" not in await counts(probe_works)


def _principal(who: Principal) -> bytes:
    return who.key


async def test_another_unique_violation_is_not_taken_for_a_repetition(probe_works: Works) -> None:
    async def twice() -> None:
        async with probe_works.begin(once()) as work:
            await work.db.execute("INSERT INTO probe_line VALUES ($1, 1, 1), ($1, 1, 1)", LINE)

    with pytest.raises(asyncpg.UniqueViolationError):
        await twice()


async def test_work_has_the_time_of_the_clock_and_ordered_ids(probe_works: Works, clock: StandingClock) -> None:
    async with probe_works.begin(system("timer")) as work:
        first, second = work.new_id(), work.new_id()
        assert work.now == clock.now
        assert (first.version, first.int >> 80 <= second.int >> 80) == (7, True)


async def test_a_stopped_process_loses_its_transaction_and_blocks_nobody_for_long(probe_works: Works) -> None:
    await add_one(probe_works, LINE)
    async with probe_works.pool.acquire() as stopped:
        transaction = stopped.transaction()
        await transaction.start()
        await stopped.execute("SELECT FROM stream FOR UPDATE; SET LOCAL idle_in_transaction_session_timeout = '200ms'")
        await asyncio.wait_for(add_one(probe_works, LINE), 60)
    assert (await counts(probe_works))["fact"] == 2


def test_facts_are_frozen() -> None:
    with pytest.raises(AttributeError):
        added(LINE).amount = 2  # type: ignore[misc] # that is the point
    assert LineAdded(occurred_at=AT, line=LINE, amount=1) == added(LINE)
