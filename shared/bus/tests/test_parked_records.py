"""The operator's verbs on records that could not be applied."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec import structs

from shared.bus import parked
from shared.bus.arrival import Arrival
from shared.contracts.envelope import derived_id
from shared.contracts.intake import UNITS
from shared.kernel import system
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import LineAdded, added, fold, listener, unit_listener
from shared.testing.records import Fed, Log, fed

pytestmark = pytest.mark.postgres

LINE, OTHER = derived_id("line", 0), derived_id("line", 1)
OPERATOR = system("an-operator")


class Fixable:
    """A fold with a bug that can be repaired."""

    def __init__(self) -> None:
        self.broken = {13}

    async def apply(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if bad := self.broken & {a.fact.amount for a in arrivals if isinstance(a.fact, LineAdded)}:
            raise ValueError(f"{min(bad)} is unlucky")


@pytest.fixture
def handler() -> Fixable:
    return Fixable()


@pytest.fixture
def lines(probe_works: Works, telemetry: Telemetry, handler: Fixable) -> Fed:
    return fed(probe_works, listener(apply=handler.apply), telemetry.metrics)


async def ids(works: Works) -> list[int]:
    async with works.reading() as db:
        return [row.id for row in await parked.listed(db)]


async def three_behind_a_bug(lines: Fed, log: Log) -> None:
    """Sequence 2 fails, 3 and 4 wait behind it."""
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE, 13), 2), log.fact(added(LINE), 3))
    await lines.give(log.fact(added(LINE), 4), log.fact(added(OTHER), 1))


async def test_what_is_listed_names_place_and_reason_but_no_payload(lines: Fed, log: Log, probe_works: Works) -> None:
    await three_behind_a_bug(lines, log)
    async with probe_works.reading() as db:
        found = await parked.listed(db, "probe.lines")
        assert await parked.listed(db, "somebody.else") == []
        whole = await parked.shown(db, found[0].id)
    assert [(row.sequence, row.reason, row.offset) for row in found] == [
        (2, "handler", 1),
        (3, "behind", 2),
        (4, "behind", 3),
    ]
    assert found[0].detail == "ValueError: 13 is unlucky"
    assert b'"amount":13' in (whole.raw.value or b"")
    assert whole.raw.key == str(LINE).encode()


async def test_a_record_is_handed_back_with_its_own_headers_and_time(lines: Fed, log: Log, probe_works: Works) -> None:
    came = structs.replace(
        log.fact(added(LINE, 13), 1), timestamp_ms=1_763_000_000_123, headers=(("k", b"\0v"), ("n", None))
    )
    await lines.give(came)
    (record,) = await ids(probe_works)

    async with probe_works.reading() as db:
        assert (await parked.shown(db, record)).raw == came
        await db.execute("UPDATE parked SET headers = headers - -1")  # as an earlier version kept it
        shown = await parked.shown(db, record)

    at = int(shown.listed.parked_at.timestamp() * 1000)
    assert shown.raw == structs.replace(came, timestamp_ms=at)


async def test_what_is_not_there_is_refused_by_name(lines: Fed, probe_works: Works) -> None:
    async with probe_works.reading() as db:
        with pytest.raises(parked.NotParked):
            await parked.shown(db, 404)
    with pytest.raises(parked.NotParked):
        await parked.retry(lines.consumer, LINE)
    with pytest.raises(parked.NotParked):
        await parked.discard(lines.consumer, 404, who=OPERATOR, why="obsolete")


async def test_a_retry_after_the_repair_heals_the_key_in_order(lines: Fed, log: Log, handler: Fixable) -> None:
    await three_behind_a_bug(lines, log)
    handler.broken.clear()
    assert await parked.retry(lines.consumer, LINE) == parked.Retried(applied=3)
    assert await lines.lines() == {LINE: (16, 4), OTHER: (1, 1)}
    assert await lines.parked() == []
    await lines.give(log.fact(added(LINE), 5))
    assert (await lines.lines())[LINE] == (17, 5)


@pytest.mark.parametrize("by", ["id of the guilty", "id of a follower", "text of the key"])
async def test_a_key_may_be_named_by_any_of_its_records(
    lines: Fed, log: Log, handler: Fixable, probe_works: Works, by: str
) -> None:
    await three_behind_a_bug(lines, log)
    handler.broken.clear()
    guilty, follower, _ = await ids(probe_works)
    names: dict[str, int | str] = {
        "id of the guilty": guilty,
        "id of a follower": follower,
        "text of the key": str(LINE),
    }
    assert (await parked.retry(lines.consumer, names[by])).applied == 3


async def test_a_retry_before_the_repair_changes_nothing_but_the_attempts(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    await three_behind_a_bug(lines, log)
    done = await parked.retry(lines.consumer, LINE)
    assert (done.applied, done.left, done.stopped) == (0, 3, "handler: ValueError: 13 is unlucky")
    assert await lines.lines() == {LINE: (1, 1), OTHER: (1, 1)}
    async with probe_works.reading() as db:
        assert [row.attempts for row in await parked.listed(db)] == [1, 0, 0]


async def test_a_retry_that_fails_half_way_keeps_what_succeeded(lines: Fed, log: Log, handler: Fixable) -> None:
    handler.broken = {13, 14}
    await lines.give(*(log.fact(added(LINE, amount), n) for n, amount in enumerate((13, 1, 14, 1), start=1)))
    handler.broken = {14}
    done = await parked.retry(lines.consumer, LINE)
    assert (done.applied, done.left) == (2, 2)
    assert (await lines.lines(), await lines.parked()) == ({LINE: (14, 2)}, [(3, "handler"), (4, "behind")])
    handler.broken = set()
    assert (await parked.retry(lines.consumer, LINE)).applied == 2
    assert await lines.lines() == {LINE: (29, 4)}


async def test_two_operators_at_once_apply_each_fact_once(lines: Fed, log: Log, handler: Fixable) -> None:
    await three_behind_a_bug(lines, log)
    handler.broken.clear()
    answers = await asyncio.gather(*(parked.retry(lines.consumer, LINE) for _ in range(3)), return_exceptions=True)
    applied = [answer.applied for answer in answers if isinstance(answer, parked.Retried)]
    assert (sum(applied), await lines.lines()) == (3, {LINE: (16, 4), OTHER: (1, 1)})
    assert all(isinstance(answer, (parked.Retried, parked.NotParked)) for answer in answers)


async def test_a_retry_beside_the_running_consumer_keeps_the_order(lines: Fed, log: Log, handler: Fixable) -> None:
    await three_behind_a_bug(lines, log)
    handler.broken.clear()
    more = [log.fact(added(LINE), n) for n in (5, 6)]
    await asyncio.gather(parked.retry(lines.consumer, LINE), lines.give(*more))
    if await lines.parked():
        await parked.retry(lines.consumer, LINE)
    assert (await lines.lines(), await lines.parked()) == ({LINE: (18, 6), OTHER: (1, 1)}, [])


async def test_a_gap_is_not_healed_by_a_retry(lines: Fed, log: Log) -> None:
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE), 3))
    done = await parked.retry(lines.consumer, LINE)
    assert (done.applied, done.left, done.stopped) == (0, 1, "gap: 2 has not come")


async def test_a_record_without_a_key_stays_unreadable(lines: Fed, log: Log, probe_works: Works) -> None:
    await lines.give(log.record(None, b"garbage"))
    done = await parked.retry(lines.consumer, (await ids(probe_works))[0])
    assert (done.left, done.stopped) == (1, "no-key: a record without a key")


async def test_a_discarded_record_lets_its_followers_run_and_leaves_a_fact(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    await three_behind_a_bug(lines, log)
    guilty = (await ids(probe_works))[0]
    assert await parked.discard(lines.consumer, guilty, who=OPERATOR, why="obsolete") == parked.Retried(applied=2)
    assert (await lines.lines(), await lines.parked()) == ({LINE: (3, 4), OTHER: (1, 1)}, [])
    async with probe_works.reading() as db:
        kept = await db.fetchrow("SELECT * FROM fact")
        assert await db.fetchval("SELECT count(*) FROM outbox") == 0
    assert (kept["type"], kept["topic"]) == ("vn.gandan.record-discarded.v1", None)
    assert kept["actor"] == probe_works.actor(OPERATOR.principal, None)
    for said in (b'"sequence":2', b'"parked_as":"handler"', b'"reason_class":"obsolete"', b'"offset":1'):
        assert said in kept["envelope"]


async def test_garbage_in_place_of_a_fact_is_discarded_together_with_its_sequence(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    await lines.give(log.fact(added(LINE), 1), log.record(str(LINE).encode(), b"garbage"), log.fact(added(LINE), 3))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (1, 1)}, [(None, "not-an-envelope"), (3, "behind")])
    assert (await parked.retry(lines.consumer, LINE)).stopped.startswith("not-an-envelope")
    async with probe_works.reading() as db:
        garbage = next(row.id for row in await parked.listed(db) if row.sequence is None)
    assert (await parked.discard(lines.consumer, garbage, who=OPERATOR, why="unreadable")).applied == 1
    assert (await lines.lines(), await lines.parked()) == ({LINE: (2, 3)}, [])


async def test_garbage_beside_the_facts_is_discarded_without_skipping_one(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    await lines.give(log.fact(added(LINE), 1), log.record(str(LINE).encode(), b"garbage"), log.fact(added(LINE), 2))
    async with probe_works.reading() as db:
        garbage = next(row.id for row in await parked.listed(db) if row.sequence is None)
    assert (await parked.discard(lines.consumer, garbage, who=OPERATOR, why="unreadable")).applied == 1
    assert await lines.lines() == {LINE: (2, 2)}


async def test_a_record_is_discarded_for_a_known_reason_only(lines: Fed, log: Log, probe_works: Works) -> None:
    await three_behind_a_bug(lines, log)
    with pytest.raises(parked.UnknownReason):
        await parked.discard(lines.consumer, (await ids(probe_works))[0], who=OPERATOR, why="Mrs Hoa asked for it")
    assert len(await lines.parked()) == 3


async def test_the_same_discard_twice_is_refused(lines: Fed, log: Log, probe_works: Works) -> None:
    await three_behind_a_bug(lines, log)
    guilty = (await ids(probe_works))[0]
    await parked.discard(lines.consumer, guilty, who=OPERATOR, why="obsolete")
    with pytest.raises(parked.NotParked):
        await parked.discard(lines.consumer, guilty, who=OPERATOR, why="obsolete")


async def test_a_parked_tombstone_is_applied_when_retried(probe_works: Works, telemetry: Telemetry) -> None:
    seen: list[bool] = []
    broken = [True]

    async def apply(_work: Work, arrivals: Sequence[Arrival]) -> None:
        if broken[0]:
            raise KeyError("not yet")
        seen.extend(arrival.tombstone for arrival in arrivals)

    log = Log(UNITS)
    feed = fed(probe_works, unit_listener(apply), telemetry.metrics)
    await feed.give(log.record(b"19360", None))
    assert await feed.parked() == [(0, "handler")]
    broken[0] = False
    assert await parked.retry(feed.consumer, "19360") == parked.Retried(applied=1)
    assert (seen, await feed.parked()) == ([True], [])
