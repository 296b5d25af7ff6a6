"""What becomes of each record of a batch: on a real database, with batches made by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import pytest

from shared.bus.arrival import Arrival, Raw
from shared.bus.consumer import Apply, Listener
from shared.bus.sorting import GUILTY_PER_MINUTE
from shared.contracts.envelope import Catalogue, Fact, derived_id, fact
from shared.contracts.intake import DOSSIERS, UNITS, UnitDescribed
from shared.kernel import Refused
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import AT, LineClosed, added, fold, listener, unit_listener
from shared.testing.records import Fed, Log, binary_headers, envelope_of, fed

pytestmark = pytest.mark.postgres

LINE, OTHER, THIRD = (derived_id("line", n) for n in range(3))


@pytest.fixture
def lines(probe_works: Works, telemetry: Telemetry) -> Fed:
    return fed(probe_works, listener(), telemetry.metrics)


@pytest.fixture
def log() -> Log:
    return Log()


class BugError(Exception):
    """A handler's mistake."""


def buggy(guilty: Callable[[Arrival], bool], error: Exception) -> Apply:
    """The fold, with a mistake for some facts, made after it has written."""

    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if any(guilty(arrival) for arrival in arrivals):
            raise error

    return apply


def amount_is(amount: int) -> Callable[[Arrival], bool]:
    return lambda arrival: getattr(arrival.fact, "amount", None) == amount


async def test_effects_sequences_and_offsets_move_in_one_transaction(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE, 5), 1), log.fact(added(OTHER, 7), 1), log.fact(added(LINE, 6), 2))
    assert await lines.lines() == {LINE: (11, 2), OTHER: (7, 1)}
    assert (await lines.sequence(LINE), await lines.sequence(OTHER), await lines.next()) == (2, 1, 3)
    assert lines.counts() == {"applied": 3, "consumed": 3}


@pytest.mark.parametrize("step", ["sorted", "applied", "effects"])
async def test_a_failure_at_any_step_before_the_commit_leaves_nothing(lines: Fed, log: Log, step: str) -> None:
    def fail(where: str) -> None:
        if where == step:
            raise ConnectionError("gone")

    lines.consumer.failpoint = fail
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]
    await lines.offer(*records)
    assert (await lines.lines(), await lines.next(), lines.counts()) == ({}, 0, {})
    lines.consumer.failpoint = lambda _where: None
    await lines.give(*records)
    assert (await lines.lines(), await lines.next()) == ({LINE: (2, 2)}, 2)


async def test_a_failure_after_the_commit_doubles_nothing(lines: Fed, log: Log) -> None:
    def fail(where: str) -> None:
        if where == "committed":
            raise ConnectionError("the answer to COMMIT was lost")

    lines.consumer.failpoint = fail
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]
    await lines.offer(*records)
    lines.consumer.failpoint = lambda _where: None
    await lines.offer(*records)
    assert (await lines.lines(), await lines.next()) == ({LINE: (2, 2)}, 2)


async def test_the_same_fact_twice_has_one_effect(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE), 1))
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE), 2))
    assert await lines.lines() == {LINE: (2, 2)}
    assert lines.counts() == {"applied": 2, "duplicate": 2, "consumed": 4}


async def test_facts_out_of_order_in_one_batch_are_applied_in_order(lines: Fed, log: Log) -> None:
    await lines.give(*(log.fact(added(LINE), n) for n in (3, 2, 4, 1)))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (4, 4)}, [])
    assert lines.counts() == {"applied": 4, "consumed": 4}


async def test_a_gap_is_held_until_it_fills_and_heals_in_one_transaction_in_order(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE), 3), log.fact(added(OTHER), 1))
    await lines.give(log.fact(added(LINE), 5))
    assert await lines.lines() == {LINE: (1, 1), OTHER: (1, 1)}
    assert await lines.parked() == [(3, "gap"), (5, "gap")]
    await lines.give(log.fact(added(LINE), 2))
    assert (await lines.lines())[LINE] == (3, 3)
    assert await lines.parked() == [(5, "gap")]
    await lines.give(log.fact(added(LINE), 4))
    assert ((await lines.lines())[LINE], await lines.parked()) == ((5, 5), [])
    assert lines.counts() == {"applied": 6, "held": 2, "consumed": 8}


async def test_a_held_fact_that_also_came_later_is_dropped_as_a_duplicate(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE), 2), log.fact(added(LINE), 2))
    await lines.give(log.fact(added(LINE), 1))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (2, 2)}, [])
    assert lines.counts() == {"held": 2, "applied": 2, "duplicate": 1, "consumed": 5}


async def test_any_order_and_any_doubling_of_many_lines_ends_in_the_same_totals(lines: Fed, log: Log) -> None:
    chance = random.Random(7)  # noqa: S311 - a shuffle
    keys = [derived_id("many", n) for n in range(40)]
    facts = [(key, n) for key in keys for n in range(1, 7)] * 2
    chance.shuffle(facts)
    for start in range(0, len(facts), 37):
        await lines.give(*(log.fact(added(key, n), n) for key, n in facts[start : start + 37]))
    assert await lines.lines() == dict.fromkeys(keys, (21, 6))
    assert await lines.parked() == []
    counts = lines.counts()
    assert (counts["applied"], await lines.next()) == (240, 480)


POISON: dict[str, Callable[[Log], Raw]] = {
    "not-an-envelope": lambda log: log.record(str(LINE).encode(), b"\x00\xff garbage"),
    "null-value": lambda log: log.record(str(LINE).encode(), None),
    "schema": lambda log: log.record(
        str(LINE).encode(), envelope_of(added(LINE), 1).replace(b'"amount":1', b'"amount":"x"')
    ),
    "wrong-subject": lambda log: log.record(str(LINE).encode(), envelope_of(added(OTHER), 1)),
    "no-key": lambda log: log.record(None, envelope_of(added(LINE), 1)),
}


@pytest.mark.parametrize("reason", POISON)
async def test_an_undecodable_record_is_parked_by_its_reason_and_the_rest_flows(
    lines: Fed, log: Log, reason: str
) -> None:
    await lines.give(log.fact(added(OTHER), 1), POISON[reason](log), log.fact(added(OTHER), 2))
    assert await lines.lines() == {OTHER: (2, 2)}
    assert await lines.parked() == [(None, reason)]
    assert lines.counts() == {"applied": 2, "parked": 1, "consumed": 3}


async def test_bad_bytes_in_headers_harm_nobody_and_survive_parking(lines: Fed, log: Log, probe_works: Works) -> None:
    headers = (("x-odd", b"\xff\xfe\x00"), ("x-none", None), ("traceparent", b"\xff"))
    good = log.record(str(OTHER).encode(), envelope_of(added(OTHER), 1), headers)
    await lines.give(good, log.record(str(LINE).encode(), b"garbage", headers))
    assert await lines.lines() == {OTHER: (1, 1)}
    async with probe_works.reading() as db:
        kept = await db.fetchrow("SELECT headers, value, key_text FROM parked")
    written_at = ["x-gandan-timestamp", str(good.timestamp_ms)]
    assert kept["headers"] == [["x-odd", r"\xff\xfe\x00"], ["x-none", None], ["traceparent", r"\xff"], written_at]
    assert (kept["value"], kept["key_text"]) == (b"garbage", str(LINE))


async def test_a_binary_mode_event_is_applied_and_a_broken_one_parked(lines: Fed, log: Log) -> None:
    value = b'{"occurred_at":"2026-11-23T08:00:00+07:00","line":"%s","amount":4}' % str(LINE).encode()
    headers = binary_headers(added(LINE), 1)
    broken = tuple((name, b"\xff" if name == "ce_subject" else text) for name, text in headers)
    await lines.give(log.record(str(LINE).encode(), value, headers), log.record(str(OTHER).encode(), value, broken))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (4, 1)}, [(None, "not-an-envelope")])


async def test_a_key_that_is_no_text_is_parked_and_blocks_nobody(lines: Fed, log: Log) -> None:
    await lines.give(log.record(b"\xff\x00\xfe", b"\x00"), log.fact(added(LINE), 1))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (1, 1)}, [(None, "not-an-envelope")])


async def test_a_handler_bug_parks_its_record_and_later_ones_of_its_key_only(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    batch = [
        log.fact(added(key, 13 if (key, n) == (LINE, 2) else 1), n) for n in (1, 2, 3) for key in (LINE, OTHER, THIRD)
    ]
    await lines.give(*batch)
    assert await lines.lines() == {LINE: (1, 1), OTHER: (3, 3), THIRD: (3, 3)}
    assert await lines.parked() == [(2, "handler"), (3, "behind")]
    await lines.give(log.fact(added(LINE), 4), log.fact(added(OTHER), 4))
    assert await lines.parked() == [(2, "handler"), (3, "behind"), (4, "behind")]
    assert lines.counts() == {"applied": 8, "parked": 1, "held": 2, "consumed": 11}
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT detail FROM parked WHERE reason = 'handler'") == "BugError: 13"
        assert await db.fetchval("SELECT held FROM applied WHERE key = $1", LINE) == 3


async def test_a_wrong_argument_of_a_handler_is_a_bug_and_not_a_passing_trouble(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            await work.db.execute("SELECT $1::int", "no number" if arrival.key == LINE else 1)

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    await lines.give(log.fact(added(LINE), 1), log.fact(added(OTHER), 1))
    assert (await lines.parked(), await lines.sequence(OTHER)) == ([(1, "handler")], 1)


async def test_a_healed_fact_whose_handler_fails_is_kept_again(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    await lines.give(log.fact(added(LINE, 13), 2), log.fact(added(LINE), 3))
    await lines.give(log.fact(added(LINE), 1))
    assert await lines.lines() == {LINE: (1, 1)}
    assert await lines.parked() == [(2, "handler"), (3, "behind")]
    assert lines.counts() == {"held": 3, "applied": 1, "parked": 1, "consumed": 5}


async def test_a_held_fact_that_can_no_longer_be_read_is_parked_and_the_batch_goes_on(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    await lines.give(log.fact(added(LINE), 2), log.fact(added(LINE), 3))
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE parked SET value = $1 WHERE sequence = 2", b"spoilt")
    await lines.give(log.fact(added(LINE), 1), log.fact(added(OTHER), 1))
    assert await lines.lines() == {LINE: (1, 1), OTHER: (1, 1)}
    assert await lines.parked() == [(None, "not-an-envelope"), (3, "gap")]
    await lines.give(log.fact(added(LINE), 2))
    assert (await lines.lines())[LINE] == (1, 1)
    assert lines.counts()["held"] == 3


async def test_a_refusal_is_counted_and_its_fact_is_behind_us(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    class NotNow(Refused):
        """No."""

    lines = fed(probe_works, listener(apply=buggy(amount_is(13), NotNow())), telemetry.metrics)
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE, 13), 2), log.fact(added(LINE), 3))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (2, 3)}, [])
    assert lines.counts() == {"applied": 2, "refused": 1, "consumed": 3}


async def test_a_type_nobody_reads_is_counted_and_its_sequence_goes_on(lines: Fed, log: Log) -> None:
    unknown = log.fact(added(LINE), 2, type="vn.gandan.quite-new.v1")
    await lines.give(log.fact(added(LINE), 1), unknown, log.fact(added(LINE), 3))
    assert await lines.lines() == {LINE: (2, 3)}
    assert lines.counts() == {"applied": 2, "ignored": 1, "consumed": 3}


async def test_a_version_nobody_reads_waits_for_its_twin(lines: Fed, log: Log) -> None:
    newer = log.fact(added(LINE, 9), 1, type="vn.gandan.line-added.v2")
    await lines.give(newer, log.fact(LineClosed(occurred_at=AT, line=LINE), 2))
    assert (await lines.lines(), await lines.sequence(LINE), await lines.parked()) == ({}, 0, [(2, "gap")])
    await lines.give(log.fact(added(LINE, 9), 1))
    assert await lines.lines() == {LINE: (9, 2)}
    assert lines.counts() == {"ignored": 1, "held": 1, "applied": 2, "consumed": 4}


@fact(UNITS, "line")
class LineMarked(Fact):
    """On this topic a mark is a word."""

    line: UUID
    mark: str


InWords = LineMarked


@fact(DOSSIERS, "line")
class LineMarked(Fact):  # type: ignore[no-redef] # the same type on another topic, on purpose
    """On that topic it is a number."""

    line: UUID
    mark: int


async def test_one_type_on_two_topics_is_read_as_each_topic_states_it(probe_works: Works, telemetry: Telemetry) -> None:
    seen: list[object] = []

    async def apply(_work: Work, arrivals: Sequence[Arrival]) -> None:
        seen.extend(getattr(arrival.fact, "mark", None) for arrival in arrivals)

    both = Listener("probe.marks", Catalogue.of([InWords, LineMarked]), {DOSSIERS: apply, UNITS: apply})
    feed = fed(probe_works, both, telemetry.metrics)
    words, numbers = Log(UNITS), Log(DOSSIERS)
    await feed.give(words.fact(InWords(occurred_at=AT, line=LINE, mark="seven"), 1))
    await feed.give(numbers.fact(LineMarked(occurred_at=AT, line=LINE, mark=7), 1))  # type: ignore[arg-type] # of the second class
    assert (seen, await feed.parked()) == (["seven", 7], [])


def unit(name: str) -> UnitDescribed:
    return UnitDescribed(
        occurred_at=AT, unit="19360", name=name, level="commune", kind="xa", agency="H50.44", valid_from=AT.date()
    )


class Units:
    """What a consumer of units saw."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []
        self.broken = ""

    async def apply(self, _work: Work, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            assert arrival.tombstone or isinstance(arrival.fact, UnitDescribed)
            name = arrival.fact.name if isinstance(arrival.fact, UnitDescribed) else None
            if name is not None and name == self.broken:
                raise BugError(name)
        self.seen += [a.fact.name if isinstance(a.fact, UnitDescribed) else None for a in arrivals]


async def test_on_a_compacted_topic_any_higher_sequence_applies_and_null_means_forget(
    probe_works: Works, telemetry: Telemetry
) -> None:
    units, log = Units(), Log(UNITS)
    feed = fed(probe_works, unit_listener(units.apply), telemetry.metrics)
    await feed.give(log.fact(unit("a"), 3), log.fact(unit("b"), 2), log.record(b"19360", None), log.fact(unit("c"), 9))
    assert units.seen == ["a", None, "c"]
    assert feed.counts() == {"applied": 3, "duplicate": 1, "consumed": 4}


async def test_on_a_compacted_topic_a_newer_record_replaces_a_parked_one(
    probe_works: Works, telemetry: Telemetry
) -> None:
    units, log = Units(), Log(UNITS)
    units.broken = "bad"
    feed = fed(probe_works, unit_listener(units.apply), telemetry.metrics)
    await feed.give(log.fact(unit("bad"), 4))
    assert await feed.parked() == [(4, "handler")]
    await feed.give(log.fact(unit("good"), 5))
    assert (units.seen, await feed.parked()) == (["good"], [])
    assert feed.counts() == {"parked": 1, "applied": 1, "duplicate": 1, "consumed": 3}


TRANSIENT = [
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.AdminShutdownError("bye"),
    ConnectionResetError(),
    TimeoutError(),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
async def test_a_passing_trouble_rolls_the_batch_back_and_parks_nothing(
    probe_works: Works, telemetry: Telemetry, log: Log, error: Exception
) -> None:
    answers = [error, None]

    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if (trouble := answers.pop(0)) is not None:
            raise trouble

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    records = [log.fact(added(LINE), 1), log.record(str(OTHER).encode(), b"garbage")]
    await lines.offer(*records)
    assert (await lines.lines(), await lines.parked(), await lines.next(), lines.counts()) == ({}, [], 0, {})
    assert lines.consumer.error is not None
    await lines.give(*records)
    assert (await lines.lines(), await lines.parked()) == ({LINE: (1, 1)}, [(None, "not-an-envelope")])


async def test_a_member_whose_partition_was_moved_by_another_writes_nothing(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]

    def another_member(where: str) -> None:
        if where == "sorted":
            lines.consumer.place.next.clear()

    await lines._find_places(records)
    lines.consumer.failpoint = another_member
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE offsets SET next = 2")
    await lines.consumer.batch(records)
    assert (lines.consumer.error or "").startswith("Lost")
    assert (await lines.lines(), await lines.next(), lines.counts()) == ({}, 2, {})


async def test_records_below_our_place_are_dropped_and_the_place_is_looked_up_again(lines: Fed, log: Log) -> None:
    records = [log.fact(added(LINE), n) for n in (1, 2, 3)]
    await lines.give(*records)
    await lines.consumer.batch(records[:2])
    assert (await lines.lines(), lines.counts()["consumed"]) == ({LINE: (3, 3)}, 3)
    assert not lines.consumer.place.next


async def test_records_of_a_partition_without_a_place_are_dropped(lines: Fed, log: Log) -> None:
    await lines.consumer.batch([log.fact(added(LINE), 1)])
    assert (await lines.lines(), lines.counts()) == ({}, {})


async def test_too_many_guilty_records_in_a_minute_stop_the_consumer(lines: Fed, log: Log) -> None:
    key: UUID = OTHER
    await lines.offer(*(log.record(str(key).encode(), b"garbage") for _ in range(GUILTY_PER_MINUTE + 1)))
    assert (lines.consumer.error or "").startswith("Broken")
    assert (await lines.parked(), await lines.next()) == ([], 0)


async def test_guilty_records_are_counted_once_however_often_their_batch_is_tried(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    garbage = [log.record(str(derived_id("g", n)).encode(), b"garbage") for n in range(60)]
    await lines.give(*garbage, log.fact(added(LINE, 13), 1))
    assert lines.counts() == {"parked": 61, "consumed": 61}


async def test_facts_stated_by_a_rolled_back_attempt_are_not_recorded(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            work.record(added(derived_id("own", arrival.key)), cause=arrival.cause(work.now))
        if any(map(amount_is(13), arrivals)):
            raise BugError("13")

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    await lines.give(
        log.fact(added(LINE), 1), log.fact(added(OTHER, 13), 1), log.fact(added(THIRD), 1), log.fact(added(LINE), 2)
    )
    async with probe_works.reading() as db:
        own = await db.fetch("SELECT key, sequence FROM fact ORDER BY key, sequence")
    expected = sorted(
        [(str(derived_id("own", LINE)), 1), (str(derived_id("own", LINE)), 2), (str(derived_id("own", THIRD)), 1)]
    )
    assert [tuple(row) for row in own] == expected
