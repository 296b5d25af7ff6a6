"""What becomes of each record of a batch: on a real database, with batches made by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from shared.bus.arrival import Arrival, Raw
from shared.bus.consumer import Listener
from shared.bus.tests.mistakes import BugError
from shared.contracts.envelope import Catalogue, Fact, derived_id, fact
from shared.contracts.intake import DOSSIERS, UNITS, UnitDescribed
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import AT, LineClosed, added, unit_listener
from shared.testing.records import Fed, Log, binary_headers, envelope_of, fed

pytestmark = pytest.mark.postgres

LINE, OTHER, THIRD = (derived_id("line", n) for n in range(3))


async def test_effects_sequences_and_offsets_move_in_one_transaction(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE, 5), 1), log.fact(added(OTHER, 7), 1), log.fact(added(LINE, 6), 2))
    assert await lines.lines() == {LINE: (11, 2), OTHER: (7, 1)}
    assert (await lines.sequence(LINE), await lines.sequence(OTHER), await lines.next()) == (2, 1, 3)
    assert lines.counts() == {"applied": 3, "consumed": 3}


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
