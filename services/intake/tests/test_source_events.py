"""Events of a source: what is taken, how it is answered, and what a sandbox and a dry run keep."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake import handlers
from services.intake.domain import State
from services.intake.handlers import Desk
from services.intake.tests.given import UNIT, citizen, facts_of, names_of
from services.intake.tests.vendor import (
    CODE,
    progressed,
    registered,
    sealed,
    send,
    statuses,
    the_dossier,
    upserted,
    word,
)
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_a_dossier_of_a_source_is_kept_with_its_code_and_states_our_facts(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(desk, upserted())

    dossier = await the_dossier(desk)
    assert (outcome.status, outcome.code, outcome.dossier) == ("accepted", CODE, dossier.id)
    assert (dossier.source, dossier.state, dossier.unit) == ("tan-thanh", State.ACCEPTED, UNIT)
    assert await names_of(desk.works, dossier.id) == ["dossier-submitted", "dossier-accepted"]
    assert {data["source"] for _, data in await facts_of(desk.works, dossier.id)} == {"tan-thanh"}


async def test_the_slip_of_the_source_is_the_promise_and_the_lawful_date_stands_beside_it(desk: Desk) -> None:
    await registered(desk)

    await send(desk, upserted({"appointment_at": "2026-11-30T16:00:00+07:00"}))

    dossier = await the_dossier(desk)
    assert (dossier.promised_on, dossier.lawful_due_on) == (date(2026, 11, 30), date(2026, 11, 27))
    (_, accepted) = (await facts_of(desk.works, dossier.id))[1]
    assert (accepted["promised_on"], accepted["lawful_due_on"]) == ("2026-11-30", "2026-11-27")
    async with desk.works.reading() as db:
        assert await db.fetchval("SELECT due_on FROM deadline WHERE aggregate = $1", dossier.id) == date(2026, 11, 30)


async def test_a_new_slip_is_an_apology_and_the_lawful_date_stays(desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted({"appointment_at": "2026-11-26T16:00:00+07:00"}))

    await send(desk, progressed(2, data={"appointment_at": "2026-12-02T16:00:00+07:00"}))

    dossier = await the_dossier(desk)
    assert (dossier.promised_on, dossier.lawful_due_on) == (date(2026, 12, 2), date(2026, 11, 27))
    assert (await names_of(desk.works, dossier.id))[-1] == "appointment-moved"


async def test_skipped_statuses_are_inferred_and_marked(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(desk, upserted({"status": 10, "channel": "online"}))

    dossier = await the_dossier(desk)
    marked = [(name, data.get("inferred")) for name, data in await facts_of(desk.works, dossier.id)]
    assert (outcome.status, outcome.inferred) == ("accepted", (2, 9))
    assert marked == [
        ("dossier-submitted", False),
        ("dossier-accepted", True),
        ("dossier-settled", True),
        ("result-returned", False),
    ]


async def test_papers_asked_for_stop_the_clock_and_the_source_goes_on_from_there(desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted(), progressed(5))
    assert (await the_dossier(desk)).due_at is None

    await send(desk, progressed(9, "2026-11-23T08:14:00+07:00"))

    dossier = await the_dossier(desk)
    assert dossier.state is State.SETTLED
    assert (await names_of(desk.works, dossier.id))[2:] == [
        "supplement-requested",
        "supplement-supplied",
        "dossier-settled",
    ]


@pytest.mark.parametrize(("finished", "state"), [(None, State.PAUSED), ("2026-11-23T08:12:00+07:00", State.STOPPED)])
async def test_status_8_pauses_unless_it_is_finished(desk: Desk, finished: str | None, state: State) -> None:
    await registered(desk)

    await send(desk, upserted(), progressed(8, data={"finished_at": finished} if finished else {}))

    assert (await the_dossier(desk)).state is state


async def test_an_event_twice_is_accepted_once_with_the_same_answer(desk: Desk) -> None:
    await registered(desk)
    told = upserted()

    first, again = await send(desk, told, told)
    (later,) = await send(desk, dict(reversed(told.items())))

    assert (again.status, again.dossier, again.duplicate) == (first.status, first.dossier, True)
    assert (later.dossier, later.duplicate) == (first.dossier, True)
    assert await names_of(desk.works, (await the_dossier(desk)).id) == ["dossier-submitted", "dossier-accepted"]


async def test_a_dry_run_says_the_same_and_keeps_nothing(desk: Desk) -> None:
    await registered(desk)

    tried = await send(desk, upserted(id="a"), progressed(4, id="b"), dry_run=True)
    done = await send(desk, upserted(id="a"), progressed(4, id="b"))

    assert [word(each) for each in tried] == [word(each) for each in done] == ["accepted", "accepted"]
    assert await statuses(desk) == [("accepted", None)] * 2


async def test_the_replies_are_facts_on_the_topic_of_the_source_once_it_is_there(desk: Desk, works: Works) -> None:
    await registered(desk)
    await send(desk, upserted({"status": 0}))
    await handlers.topics_made(desk, ["tan-thanh"])

    await send(desk, upserted(), progressed(2, data={"code": "H50.44.12-261123-0009"}, subject="H50.44.12-261123-0009"))

    rows = await works.pool.fetch(
        "SELECT topic, key, split_part(type, '.', 3) AS type FROM fact WHERE type LIKE '%source-event%' ORDER BY recorded_at, sequence"
    )
    assert [(row["topic"], row["key"], row["type"]) for row in rows] == [
        (None, "tan-thanh", "source-event-rejected"),
        ("sources.tan-thanh.replies", "tan-thanh", "source-event-accepted"),
        ("sources.tan-thanh.replies", "tan-thanh", "source-event-waiting"),
    ]


async def test_a_sandbox_is_judged_like_all_and_nothing_of_it_leaves_intake(desk: Desk, works: Works) -> None:
    await registered(desk, sandbox=True)

    outcomes = await send(desk, upserted(), progressed(9), progressed(4))

    assert [word(each) for each in outcomes] == ["accepted", "accepted", "backward-status"]
    topics = "SELECT count(*) FROM outbox o JOIN fact f ON f.id = o.fact WHERE f.topic = 'intake.dossiers'"
    assert await works.pool.fetchval(topics) == 0


async def test_a_sandbox_goes_on_from_batch_to_batch_and_announces_nothing(
    desk: Desk, works: Works, clock: StandingClock, keys: Keys
) -> None:
    await registered(desk, sandbox=True)
    await send(desk, upserted({"contact_sealed": sealed(keys.contact_public)}))

    (outcome,) = await send(desk, progressed(5))
    clock.at("2026-12-15T08:00:00+07:00")

    assert word(outcome) == "accepted"
    assert not await handlers.announce_stages(desk)
    assert (await the_dossier(desk)).recipient != citizen(keys).recipient
    assert (
        await works.pool.fetchval(
            "SELECT count(*) FROM outbox o JOIN fact f ON f.id = o.fact WHERE f.topic = 'intake.dossiers'"
        )
        == 0
    )


async def test_what_was_filed_long_ago_is_taken_without_a_reason_for_its_late_entry(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(
        desk, upserted({"submitted_at": "2026-02-02T08:00:00+07:00", "received_at": "2026-02-02T08:00:00+07:00"})
    )

    assert word(outcome) == "accepted"
