"""Events of a source that come before what they are about: they wait, and are taken or rejected with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.intake import handlers
from services.intake.domain import Dossier, State, mirror
from services.intake.domain.sources import Delivered, Event
from services.intake.handlers import Desk
from services.intake.handlers.source_events.taking import EventsBreak
from services.intake.store import sources as store
from services.intake.tests.vendor import (
    CODE,
    PUBLISHER,
    TAN_THANH,
    progressed,
    registered,
    send,
    statuses,
    the_dossier,
    upserted,
    word,
)
from shared.kernel import Caller, system
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_progress_before_its_dossier_waits_and_is_taken_with_it(desk: Desk) -> None:
    await registered(desk)
    (waiting,) = await send(desk, progressed(4))

    await send(desk, upserted())

    assert (waiting.status, waiting.waits_for) == ("waiting", "dossier")
    assert (await the_dossier(desk)).state is State.IN_PROGRESS
    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, payload FROM source_event ORDER BY seq")
    assert [(row["status"], row["payload"]) for row in rows] == [("accepted", None), ("accepted", None)]


async def test_progress_before_its_dossier_is_taken_with_it_in_one_batch_too(desk: Desk) -> None:
    await registered(desk)

    outcomes = await send(desk, progressed(4), progressed(9, id="e-late"), progressed(9, id="e-late"), upserted())

    assert [word(outcome) for outcome in outcomes] == ["waiting", "waiting", "waiting", "accepted"]
    assert outcomes[2].duplicate
    assert (await the_dossier(desk)).state is State.SETTLED
    assert await statuses(desk) == [("accepted", None)] * 3
    async with desk.works.reading() as db:
        left = await db.fetchval("SELECT count(*) FROM source_event WHERE payload IS NOT NULL OR waits_for IS NOT NULL")
        told = await db.fetch("SELECT kind FROM source_feed WHERE kind <> 'dates' ORDER BY seq")
    assert left == 0
    assert [row["kind"] for row in told] == ["waiting", "waiting", "accepted", "accepted", "accepted"]


async def test_what_waited_in_its_batch_is_rejected_when_its_dossier_says_otherwise(desk: Desk) -> None:
    await registered(desk)

    outcomes = await send(desk, progressed(2, id="e-early"), upserted({"status": 4}))

    assert [word(outcome) for outcome in outcomes] == ["waiting", "accepted"]
    assert await statuses(desk) == [("rejected", "backward-status"), ("accepted", None)]


async def test_progress_without_a_dossier_is_rejected_after_seven_days(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    await send(desk, progressed(4))
    clock.now += timedelta(days=6, hours=23)
    await handlers.settle_waiting(desk)
    assert await statuses(desk) == [("waiting", None)]

    clock.now += timedelta(hours=2)
    await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("rejected", "waited-too-long")]


async def test_a_source_whose_events_cannot_be_settled_holds_up_no_other(desk: Desk, clock: StandingClock) -> None:
    await registered(desk, "hai-lang")
    await registered(desk)
    await send(desk, progressed(4, source="hai-lang"), source="hai-lang")
    await send(desk, progressed(4))
    await desk.works.pool.execute("UPDATE source SET units = '[{}]' WHERE id = 'hai-lang'")

    clock.now += timedelta(days=8)
    with pytest.raises(KeyError):
        await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("waiting", None), ("rejected", "waited-too-long")]


def _breaking(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    """The rules of dossiers break over these events, as over a mistake of ours."""
    follow = mirror.follow

    def broken(dossier: Dossier, event: Event, *rest: Any) -> mirror.Followed:
        if event.id in ids:
            raise ZeroDivisionError
        return follow(dossier, event, *rest)

    monkeypatch.setattr(mirror, "follow", broken)


async def test_an_event_that_breaks_when_it_is_taken_up_again_holds_up_no_other_of_its_source(
    desk: Desk, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(desk)
    known, desk.shelf.procedures = desk.shelf.procedures, {}
    two = "H50.44.12-261123-0008"
    await send(
        desk,
        *(
            upserted({"code": code, "status": status}, id=f"e-{code[-1]}-{status}")
            for code in (CODE, two)
            for status in (2, 4, 9)
        ),
    )
    _breaking(monkeypatch, "e-7-4", "e-8-9")

    desk.shelf.procedures = known
    with pytest.raises(EventsBreak, match="source tan-thanh: e-7-4, e-8-9"):
        await handlers.settle_waiting(desk, most=2)
    accepted, waiting = ("accepted", None), ("waiting", None)
    assert await statuses(desk) == [accepted, waiting, accepted, accepted, accepted, waiting]

    clock.now += timedelta(days=8)
    await handlers.settle_waiting(desk)
    rejected = ("rejected", "unknown-procedure")
    assert await statuses(desk) == [accepted, rejected, accepted, accepted, accepted, rejected]


async def test_an_event_that_waited_and_breaks_does_not_hold_up_the_dossier_it_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(desk)
    await send(desk, progressed(4, id="e-broken"), progressed(9, id="e-good"))
    _breaking(monkeypatch, "e-broken")

    outcomes = await send(desk, upserted(id="e-dossier"), progressed(4, data={"code": "H50.44.12-261123-0008"}))

    assert [word(outcome) for outcome in outcomes] == ["accepted", "waiting"]
    assert (await the_dossier(desk)).state is State.SETTLED
    async with desk.works.reading() as db:
        told = await db.fetch("SELECT data ->> 'event' AS event FROM source_feed WHERE kind = 'accepted' ORDER BY seq")
    assert [row["event"] for row in told] == ["e-dossier", "e-good"]
    assert [status for status, _ in await statuses(desk)] == ["waiting", "accepted", "accepted", "waiting"]


async def test_an_unknown_procedure_waits_for_the_catalogue(desk: Desk) -> None:
    await registered(desk)
    known = desk.shelf.procedures
    desk.shelf.procedures = {}
    (waiting, behind) = await send(desk, upserted(), progressed(4))
    await handlers.settle_waiting(desk)
    assert [(each.status, each.waits_for) for each in (waiting, behind)] == [
        ("waiting", "procedure"),
        ("waiting", "dossier"),
    ]

    desk.shelf.procedures = known
    await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("accepted", None), ("accepted", None)]
    assert (await the_dossier(desk)).state is State.IN_PROGRESS


async def test_whatever_waits_for_one_procedure_is_decided_once(desk: Desk) -> None:
    await registered(desk)
    known = desk.shelf.procedures
    desk.shelf.procedures = {}
    await send(desk, upserted(), upserted({"status": 4}), upserted({"status": 9}))

    desk.shelf.procedures = known
    await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("accepted", None)] * 3
    assert (await the_dossier(desk)).state is State.SETTLED
    async with desk.works.reading() as db:
        told = await db.fetch("SELECT kind FROM source_feed WHERE kind <> 'dates' ORDER BY seq")
        counted = await db.fetchval("SELECT number FROM source_tally WHERE what = 'accepted'")
    assert [row["kind"] for row in told] == ["waiting"] * 3 + ["accepted"] * 3
    assert counted == 3


async def test_a_procedure_that_stays_unknown_is_rejected_by_its_name(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    await send(desk, upserted({"procedure": "9.999999"}))

    clock.now += timedelta(days=8)
    await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("rejected", "unknown-procedure")]


async def test_of_an_event_that_waits_no_more_is_kept_than_it_is_judged_by(desk: Desk) -> None:
    await registered(desk)
    told = progressed(4)
    attributes = {name: value for name, value in told.items() if name != "data"} | {
        "dataschema": "x" * 9000,
    }
    binary = Delivered(msgspec.json.encode(told["data"]), desk.works.clock(), attributes)

    taken = await handlers.take_events(desk, Caller(PUBLISHER), ("id", TAN_THANH), "http", [binary])

    async with desk.works.reading() as db:
        kept = await db.fetchval("SELECT payload FROM source_event")
    assert [each.status for each in taken.outcomes] == ["waiting"]
    assert kept == told
    await send(desk, upserted())
    assert await statuses(desk) == [("accepted", None)] * 2


async def test_what_waits_is_not_read_with_every_event_that_waits_for_the_same(desk: Desk) -> None:
    await registered(desk)
    await send(desk, progressed(4, id="e-first"), progressed(9, id="e-second"))

    async with desk.works.begin(system("test")) as work:
        key = (TAN_THANH, CODE)
        behind = await store.before(work, (), {key}, ())
        beginning = await store.before(work, (), {key}, {key})
    await send(desk, upserted(id="e-dossier"))
    await desk.works.pool.execute("UPDATE source_event SET status = 'waiting' WHERE id = 'e-second'")
    async with desk.works.begin(system("test")) as work:
        left = await store.before(work, (), {key}, ())

    assert [[row["id"] for row in each.waiting] for each in (behind, beginning, left)] == [
        [], ["e-first", "e-second"], ["e-second"],
    ]  # fmt: skip
