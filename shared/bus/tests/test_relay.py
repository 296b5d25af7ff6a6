"""Outbox to Kafka: everything, in order, by one relay at a time, whatever breaks."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from shared.bus import topics
from shared.bus.relay import LOCK, Outgoing, Relay, measure, refill
from shared.contracts.envelope import Foreign, decode_foreign, derived_id
from shared.contracts.intake import CONTACTS, DOSSIERS
from shared.kernel import system
from shared.settings import Keys
from shared.store.db import Connection
from shared.store.unit_of_work import Works
from shared.store.vault import Details, Forgotten, disclose, enclose, recipient_of, seal_contact
from shared.telemetry.setup import Telemetry
from shared.testing.kafka import read_all, relaying
from shared.testing.probe.lines import added
from shared.testing.stack import TestStack
from shared.testing.waiting import settles_at, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

LINES = [derived_id("relayed", n) for n in range(7)]
MakeRelay = Callable[..., Relay]


def url_of(works: Works) -> str:
    """The database a pool is connected to."""
    url: str = works.pool._connect_args[0]
    return url


@pytest.fixture
def make_relay(stack: TestStack, probe_works: Works, telemetry: Telemetry, own: str) -> MakeRelay:
    def make(**more: Any) -> Relay:
        return Relay(
            "probe", url_of(probe_works), stack.bootstrap, probe_works.committed, telemetry.metrics, probe_works.tracing, prefix=own, **more
        )  # fmt: skip

    return make


async def state(works: Works, rounds: int) -> None:
    """Each round adds one fact to every line, in one transaction."""
    for n in range(rounds):
        async with works.begin(system("test")) as work:
            for line in LINES:
                work.record(added(line, n))


async def pending(works: Works) -> int:
    async with works.reading() as db:
        count: int = await db.fetchval("SELECT count(*) FROM outbox")
    return count


async def drained(works: Works) -> None:
    async def empty() -> bool:
        return await pending(works) == 0

    await wait_until(empty, what="the outbox is empty")


def first_seen(records: Sequence[Any]) -> dict[str, list[int]]:
    """Sequences of each key in the order they first appear in the log: what a reader that drops doubles sees."""
    seen: dict[str, list[int]] = {}
    for record in records:
        sequence = decode_foreign(record.value).sequence
        if sequence not in seen.setdefault(record.key.decode(), []):
            seen[record.key.decode()].append(sequence)
    return seen


def in_order(rounds: int) -> dict[str, list[int]]:
    return {str(line): list(range(1, rounds + 1)) for line in LINES}


async def test_facts_are_sent_as_they_were_written_with_key_headers_and_order(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    await state(probe_works, 20)
    async with relaying(make_relay(batch=30)) as relay:
        await drained(probe_works)
        await settles_at(140, lambda: relay.sent, "rows counted")
        assert relay.leading
    records = await read_all(stack.bootstrap, own + DOSSIERS)
    assert first_seen(records) == in_order(20)
    assert len(records) == relay.sent == 140
    async with probe_works.reading() as db:
        facts = {row["envelope"]: row for row in await db.fetch("SELECT * FROM fact")}
    for record in records:
        row = facts[record.value]
        assert dict(record.headers) == {
            "ce_id": str(row["id"]).encode(), "ce_type": b"vn.gandan.line-added.v1", "ce_source": b"/gandan/probe",
            "content-type": b"application/cloudevents+json", "traceparent": row["traceparent"].encode(),
        }  # fmt: skip


async def test_a_commit_wakes_the_relay(
    make_relay: MakeRelay, probe_works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.relay.IDLE_SECONDS", 60)
    async with relaying(make_relay()) as relay:
        await wait_until(lambda: relay.leading)
        await state(probe_works, 1)
        await drained(probe_works)


class Crash(Exception):  # noqa: N818 - a crash
    """The process ends here."""


@pytest.mark.parametrize(("step", "doubled"), [("sent", True), ("confirmed", True), ("deleted", False)])
async def test_a_failure_between_any_two_steps_loses_nothing_and_doubles_at_most_one_batch(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str, step: str, *, doubled: bool
) -> None:
    crashes = iter([False, True, False, False, True])

    def fail(where: str) -> None:
        if where == step and next(crashes, False):
            raise Crash

    await state(probe_works, 20)
    async with relaying(make_relay(batch=25, failpoint=fail)):
        await drained(probe_works)
    records = await read_all(stack.bootstrap, own + DOSSIERS)
    assert first_seen(records) == in_order(20)
    assert len(records) == 140 + (2 * 25 if doubled else 0)


PROCESS = """
import asyncio, os, signal, sys
from shared.bus.relay import Relay
from shared.telemetry.setup import setup

_, url, bootstrap, prefix, step, countdown = sys.argv
left = int(countdown)

def die(where):
    global left
    left -= where == step
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

made = setup("test", instance="test", version="0", otlp_endpoint=None, environment="test")
relay = Relay("probe", url, bootstrap, asyncio.Event(), made.metrics, made.tracing("probe"), prefix=prefix, batch=25, failpoint=die)
asyncio.run(relay.run())
"""


async def test_a_relay_killed_for_good_leaves_every_row_to_the_next_one(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    await state(probe_works, 20)
    for step in ("sent", "confirmed"):
        command = [sys.executable, "-c", PROCESS, url_of(probe_works), stack.bootstrap, own, step, "2"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with relaying(make_relay()):
        await drained(probe_works)
    records = await read_all(stack.bootstrap, own + DOSSIERS)
    assert first_seen(records) == in_order(20)
    doubles = [count for count in Counter(record.value for record in records).values() if count > 1]
    assert set(doubles) <= {2, 3}
    assert len(doubles) <= 50


async def test_one_relay_leads_and_another_takes_over_when_its_session_ends(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    first, second = make_relay(), make_relay()
    async with relaying(first):
        await wait_until(lambda: first.leading)
        async with relaying(second):
            await state(probe_works, 5)
            await drained(probe_works)
            assert (second.leading, second.sent) == (False, 0)
            first.failpoint = second.failpoint = lambda _where: None
            async with probe_works.pool.acquire() as db:
                ended = await db.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    LOCK,
                )
            assert len(ended) == 1
            await state(probe_works, 5)
            await drained(probe_works)
            await settles_at(70, lambda: first.sent + second.sent, "rows counted")
            await wait_until(lambda: first.leading != second.leading, what="one that leads")
    assert first_seen(await read_all(stack.bootstrap, own + DOSSIERS)) == in_order(10)


async def test_two_relays_that_are_cut_again_and_again_keep_the_order(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    async with relaying(make_relay(batch=10)), relaying(make_relay(batch=10)):
        for _ in range(3):
            await state(probe_works, 4)
            async with probe_works.pool.acquire() as db:
                await db.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'probe-relay' AND datname = current_database()"
                )
        await drained(probe_works)
    assert first_seen(await read_all(stack.bootstrap, own + DOSSIERS)) == in_order(12)


async def test_a_relay_that_does_not_lead_waits_quietly_though_its_process_commits(
    make_relay: MakeRelay, probe_works: Works
) -> None:
    leader = await asyncpg.connect(url_of(probe_works))
    try:
        await leader.execute("SELECT pg_advisory_lock($1)", LOCK)
        async with relaying(make_relay()) as relay:
            await state(probe_works, 1)
            assert relay.wake.is_set()
            await wait_until(lambda: not relay.wake.is_set(), what="the wake-up is taken note of")
            assert not relay.leading
    finally:
        await leader.close()


async def test_rows_for_a_topic_that_is_missing_wait_and_go_out_when_it_is_made(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    late = own + "late."
    relay = make_relay()
    relay.prefix = late
    await state(probe_works, 2)
    async with relaying(relay):
        await wait_until(lambda: relay.leading)
        assert await pending(probe_works) == 14
        await topics.sync(stack.bootstrap, prefix=late, topics=[topics.facts(DOSSIERS)])
        await drained(probe_works)
    assert first_seen(await read_all(stack.bootstrap, late + DOSSIERS)) == in_order(2)


def sealer(keys: Keys) -> Callable[[Connection, Sequence[UUID]], Any]:
    """Seals the living for notifications; a forgotten person becomes a tombstone."""

    async def seal(db: Connection, recipients: Sequence[UUID]) -> dict[UUID, Outgoing]:
        found = {}
        for row in await db.fetch(
            "SELECT c.recipient, p.id, p.data_key, p.sealed FROM contact c JOIN person p ON p.id = c.person WHERE c.recipient = ANY($1::uuid[])",
            recipients,
        ):
            try:
                value = msgspec.json.encode(
                    {"sealed": base64.b64encode(seal_contact(keys.contact_public, disclose(keys, row))).decode()}
                )
            except Forgotten:
                value = None
            found[row["recipient"]] = Outgoing(CONTACTS, str(row["recipient"]).encode(), value, [])
        return found

    return seal


async def test_contacts_are_sealed_when_they_are_sent_and_the_forgotten_become_tombstones(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, keys: Keys, own: str
) -> None:
    hoa, nam = (recipient_of(keys.people, number) for number in ("044190001234", "044190005678"))
    async with probe_works.begin(system("test")) as work:
        for recipient, name in ((hoa, "Nguyễn Thị Hoa"), (nam, "Trần Văn Nam")):
            work.keep(enclose(keys, work.new_id(), recipient, Details(name, phone="+84912345678")))
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE person SET data_key = NULL, sealed = NULL WHERE recipient = $1", nam)
    async with relaying(make_relay(sealer=sealer(keys))):
        await drained(probe_works)
    records = {record.key.decode(): record.value for record in await read_all(stack.bootstrap, own + CONTACTS)}
    assert records.keys() == {str(hoa), str(nam)}
    assert records[str(nam)] is None
    assert b"Hoa" not in records[str(hoa)]
    assert b"912345678" not in records[str(hoa)]


async def test_a_refill_sends_every_kept_fact_again_with_its_id_and_sequence(
    make_relay: MakeRelay, stack: TestStack, probe_works: Works, own: str
) -> None:
    await state(probe_works, 3)
    async with relaying(make_relay()):
        await drained(probe_works)
        async with probe_works.pool.acquire() as db:
            assert [rows async for rows in refill(db, [DOSSIERS], contacts=False, chunk=9)] == [9, 18, 21]
        await drained(probe_works)
    records = await read_all(stack.bootstrap, own + DOSSIERS)
    again = [record for record in records if ("x-replay", b"1") in record.headers]
    assert Counter(record.value for record in records) == dict.fromkeys({record.value for record in again}, 2)
    assert first_seen(again) == in_order(3)


async def test_the_outbox_is_measured_in_rows_and_seconds(probe_works: Works, telemetry: Telemetry) -> None:
    await state(probe_works, 1)
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE outbox SET added_at = clock_timestamp() - interval '1 minute'")
        await measure(db, "probe", telemetry.metrics)
    text = telemetry.metrics_text().decode()
    assert 'gandan_outbox_pending{service="probe"} 7.0' in text
    oldest = next(line for line in text.splitlines() if line.startswith("gandan_outbox_oldest_pending"))
    assert 60 <= float(oldest.split()[-1]) < 90


def test_the_envelope_is_a_cloud_event() -> None:
    wanted = {"specversion", "id", "source", "type", "subject", "time", "data"}
    assert wanted <= {field.name for field in msgspec.structs.fields(Foreign)}
