"""Events of a source: what is taken, what waits, and each reason of the closed list."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from services.intake import handlers, store
from services.intake.domain import Dossier, State
from services.intake.domain.source_shapes import is_event_id
from services.intake.domain.sources import Quota, Reason
from services.intake.handlers import Desk
from services.intake.handlers.source_events import batch
from services.intake.tests.given import AN, BIRTH, OTHER_UNIT, UNIT, citizen, facts_of, names_of, officer, submit
from services.intake.tests.test_calendar import change
from services.intake.tests.test_units import HOI, merge
from services.intake.tests.vendor import CODE, PUBLISHER, heard_back, progressed, registered, sealed, send, upserted
from shared.kernel import Caller, Forbidden
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def the_dossier(desk: Desk) -> Dossier:
    async with desk.works.reading() as connection:
        found = await store.dossier_by_code(connection, CODE)
    assert found is not None
    return found


def word(outcome: handlers.Outcome) -> str:
    return outcome.reason or outcome.status


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


async def test_a_procedure_that_stays_unknown_is_rejected_by_its_name(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    await send(desk, upserted({"procedure": "9.999999"}))

    clock.now += timedelta(days=8)
    await handlers.settle_waiting(desk)

    assert await statuses(desk) == [("rejected", "unknown-procedure")]


async def statuses(desk: Desk) -> list[tuple[str, str | None]]:
    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, reason FROM source_event ORDER BY seq")
    return [(row["status"], row["reason"]) for row in rows]


WRONG: list[tuple[Reason, Any, tuple[str, ...]]] = [
    (Reason.SCHEMA, b"no json", ("",)),
    (Reason.SCHEMA, b"\xff\xfe", ("",)),
    (Reason.SCHEMA, {}, ("/specversion", "/id", "/source", "/type", "/data")),
    (Reason.SCHEMA, upserted({"status": 11, "channel": "fax"}), ("/data/channel", "/data/status")),
    (Reason.SCHEMA, upserted({"colour": "red"}), ("/data/colour",)),
    (Reason.SCHEMA, upserted(subject="H50.44.12-261123-0008"), ("/subject",)),
    (Reason.SCHEMA, upserted({"submitted_at": "2026-11-23 08:00"}), ("/data/submitted_at",)),
    (Reason.SCHEMA, upserted({"contact_sealed": "AAAA"}), ("/data/contact_sealed",)),
    (Reason.SCHEMA, progressed(1, data={"correction": True}), ("/data/reason_class",)),
    (Reason.TOO_LARGE, upserted({"note_code": "x" * 70_000}), ()),
    (Reason.FOREIGN_UNIT, upserted({"unit": OTHER_UNIT}), ("/data/unit",)),
    (Reason.FOREIGN_UNIT, upserted({"received_at": "2025-12-31T08:00:00+07:00"}), ("/data/unit",)),
    (Reason.UNKNOWN_UNIT, upserted({"unit": "00001"}), ("/data/unit",)),
    (Reason.FUTURE_TIME, upserted(time="2026-11-23T09:20:00+07:00"), ("/time",)),
    (Reason.FUTURE_TIME, upserted({"received_at": "2026-11-24T08:00:00+07:00"}), ("/data/received_at",)),
    (Reason.SOURCE_MISMATCH, upserted(source="hai-lang"), ("/source",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"name": "Nguyễn Văn An"}), ("/data/name",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"người": {"Họ_Tên": "An"}}), ("/data/?/?",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"note_code": "cccd-044085001234"}), ("/data/note_code",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"note_code": "0912.345.678"}), ("/data/note_code",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"extra": [{"a": "an@example.vn"}]}), ("/data/extra/0/a",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted(email="an@example.vn"), ("/email",)),
]


@pytest.mark.parametrize(("reason", "told", "fields"), WRONG)
async def test_a_wrong_event_is_rejected_by_its_reason_and_fields_and_only_its_hash_is_kept(
    desk: Desk, reason: Reason, told: Any, fields: tuple[str, ...]
) -> None:
    await registered(desk)

    (outcome,) = await send(desk, told)

    assert (outcome.status, outcome.reason, outcome.fields) == ("rejected", reason.value, fields)
    async with desk.works.reading() as db:
        (row,) = await db.fetch("SELECT * FROM source_event")
    assert (row["status"], row["reason"], row["payload"], len(row["body_hash"])) == ("rejected", reason.value, None, 32)


async def test_what_is_rejected_leaves_no_word_of_it_in_the_database(desk: Desk) -> None:
    await registered(desk)

    await send(desk, upserted({"name": "Nguyễn Văn An"}), upserted({"Nguyễn Văn An": 1}), upserted(id="0912345678"))

    async with desk.works.reading() as db:
        kept = await db.fetch("SELECT e::text AS t FROM source_event e UNION ALL SELECT f::text FROM source_feed f")
        facts = await db.fetch("SELECT convert_from(envelope, 'UTF8') AS t FROM fact WHERE type LIKE '%source-event%'")
    assert len(facts) == 3
    assert [row["t"] for row in [*kept, *facts] if "Văn An" in row["t"] or "0912345678" in row["t"]] == []


@pytest.mark.parametrize(
    ("before", "then", "said"),
    [
        (4, 2, "backward-status"),
        (9, 4, "backward-status"),
        (10, 9, "backward-status"),
        (4, 3, "impossible-status"),
        (10, 7, "impossible-status"),
        (3, 9, "impossible-status"),
        (7, 4, "backward-status"),
        (4, 4, "accepted"),
    ],
)
async def test_a_status_moves_along_the_arrows_only(desk: Desk, before: int, then: int, said: str) -> None:
    await registered(desk)
    await send(desk, upserted({"status": 1, "channel": "online", "received_at": None}), progressed(before))

    (outcome,) = await send(desk, progressed(then, "2026-11-23T08:14:00+07:00"))

    assert word(outcome) == said


async def test_a_backward_status_is_taken_as_a_correction_with_its_reason(desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted({"status": 9}))

    (outcome,) = await send(desk, progressed(4, data={"correction": True, "reason_class": "typing-error"}))

    dossier = await the_dossier(desk)
    assert (outcome.status, dossier.state, dossier.settled_at) == ("accepted", State.IN_PROGRESS, None)
    assert dossier.due_on == date(2026, 11, 27)
    name, corrected = (await facts_of(desk.works, dossier.id))[-1]
    assert (name, corrected["field"], corrected["state"], corrected["reason_class"]) == (
        "dossier-corrected", "status", "in-progress", "typing-error",
    )  # fmt: skip


async def test_an_id_used_for_another_event_is_rejected(desk: Desk) -> None:
    await registered(desk)

    _, other = await send(desk, upserted(id="one"), progressed(4, id="one"))

    assert other.reason == "id-reused"


async def test_a_rejected_event_may_be_put_right_under_its_id(desk: Desk) -> None:
    await registered(desk)

    wrong, right = await send(desk, upserted({"status": 0}, id="one"), upserted(id="one"))

    assert (wrong.reason, right.status) == ("schema", "accepted")


async def test_more_than_the_quota_is_too_fast_until_time_passes(desk: Desk, clock: StandingClock) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=2))

    outcomes = await send(desk, upserted(), progressed(4, id="four"), progressed(9, id="nine"))
    clock.now += timedelta(seconds=1)
    (again,) = await send(desk, progressed(9, id="nine"))

    assert [word(each) for each in outcomes] == ["accepted", "accepted", "too-fast"]
    assert again.status == "accepted"


async def test_others_have_their_turn_while_a_large_batch_is_judged() -> None:
    judged, seen = 0, 0

    async def judge() -> None:
        nonlocal judged
        async for _ in batch.in_turns(range(2 * batch.TURN)):
            judged += 1

    async def other() -> None:
        nonlocal seen
        seen = judged

    await asyncio.gather(judge(), other())

    assert (seen, judged) == (batch.TURN, 2 * batch.TURN)


async def test_a_dossier_of_ours_or_of_another_source_is_not_touched(desk: Desk) -> None:
    await registered(desk)
    await registered(desk, "hai-lang")
    await send(desk, upserted())

    (theirs,) = await send(desk, progressed(9, source="hai-lang"), source="hai-lang")
    ours = await submit(desk, officer("clerk"))
    taken = progressed(9, data={"code": ours.code}, subject=ours.code)
    (mine,) = await send(desk, taken)

    assert (theirs.reason, mine.reason) == ("source-mismatch", "source-mismatch")


async def test_a_dry_run_says_the_same_and_keeps_nothing(desk: Desk) -> None:
    await registered(desk)

    tried = await send(desk, upserted(id="a"), progressed(4, id="b"), dry_run=True)
    done = await send(desk, upserted(id="a"), progressed(4, id="b"))

    assert [word(each) for each in tried] == [word(each) for each in done] == ["accepted", "accepted"]
    assert await statuses(desk) == [("accepted", None)] * 2


async def test_an_account_of_no_source_is_turned_away(desk: Desk) -> None:
    await registered(desk, state="suspended")

    with pytest.raises(Forbidden):
        await send(desk, upserted())
    with pytest.raises(Forbidden):
        await handlers.own_source(desk, PUBLISHER)


async def test_the_contact_in_the_box_is_kept_in_the_vault_and_makes_the_inbox_the_persons_own(
    desk: Desk, keys: Keys
) -> None:
    await registered(desk)

    await send(desk, upserted({"contact_sealed": sealed(keys.contact_public)}))

    dossier = await the_dossier(desk)
    assert dossier.recipient == citizen(keys).recipient
    async with desk.works.reading() as connection:
        ((recipient, _, details),) = await handlers.contact_details(desk.works, connection, [dossier.recipient])
    assert (recipient, details and details.name) == (dossier.recipient, AN.name)


async def test_a_box_for_another_key_is_refused(desk: Desk) -> None:
    await registered(desk)
    other = bytes(range(32))

    (outcome,) = await send(desk, upserted({"contact_sealed": sealed(other)}))

    assert (outcome.reason, outcome.fields) == ("schema", ("/data/contact_sealed",))


@pytest.mark.parametrize("tells", [True, False])
async def test_who_tells_the_citizens_stands_in_the_fact(desk: Desk, *, tells: bool) -> None:
    await registered(desk, tells_citizens=tells)

    await send(desk, upserted())

    (_, submitted), *_ = await facts_of(desk.works, (await the_dossier(desk)).id)
    assert submitted["tells_citizens"] is not tells


async def test_history_is_marked_and_its_old_breaches_are_announced_to_nobody(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    old = {"submitted_at": "2026-11-02T08:00:00+07:00", "received_at": "2026-11-02T08:00:00+07:00", "status": 4}

    await send(desk, upserted({**old, "backfill": True}))
    await handlers.announce_stages(desk)
    clock.now += timedelta(minutes=1)
    await send(desk, progressed(5))
    await handlers.announce_stages(desk)

    stated = await facts_of(desk.works, (await the_dossier(desk)).id)
    assert [(name, data["backfill"]) for name, data in stated] == [
        ("dossier-submitted", True),
        ("dossier-accepted", True),
        ("dossier-assigned", True),
        ("supplement-requested", False),
    ]


async def test_an_overdue_dossier_that_is_no_history_is_announced(desk: Desk) -> None:
    await registered(desk)
    old = {"submitted_at": "2026-11-02T08:00:00+07:00", "received_at": "2026-11-02T08:00:00+07:00", "status": 4}

    await send(desk, upserted(old))
    while await handlers.announce_stages(desk):
        pass

    assert (await names_of(desk.works, (await the_dossier(desk)).id))[-2:] == ["deadline-warned", "deadline-breached"]


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


async def test_a_command_of_an_officer_is_refused_because_the_source_owns_it(desk: Desk) -> None:
    from services.intake.domain import OwnedBySource  # noqa: PLC0415 - beside its only use

    await registered(desk)
    await send(desk, upserted())
    dossier = await the_dossier(desk)

    with pytest.raises(OwnedBySource):
        await handlers.assign_dossier(desk, Caller(officer("head")), dossier.id, None, officer="cb-01")


async def test_acts_of_the_citizen_travel_back_by_the_feed(desk: Desk, keys: Keys) -> None:
    await registered(desk)
    box = sealed(keys.contact_public)
    await send(desk, upserted({"contact_sealed": box}), upserted({"procedure": BIRTH, "status": 10, "contact_sealed": box, "code": "H50.44.12-261123-0008"}, subject="H50.44.12-261123-0008"))  # fmt: skip
    me, mine = Caller(citizen(keys)), await the_dossier(desk)
    async with desk.works.reading() as connection:
        done = await store.dossier_by_code(connection, "H50.44.12-261123-0008")
    assert done is not None

    asked = await handlers.withdraw_dossier(desk, me, mine.id, None, reason_class="own-wish", reason="Không cần nữa")
    await handlers.rate_dossier(desk, me, done.id, None, score=5, comment="Nhanh")

    feed = await heard_back(desk, "dossier-rated")
    told = [(row["kind"], row["code"], row["data"].get("score")) for row in feed]
    assert asked.state is State.ACCEPTED
    assert told[-2:] == [("withdrawal-requested", CODE, None), ("dossier-rated", done.code, 5)]
    assert {"accepted", "dates"} <= {kind for kind, _, _ in told}


async def test_a_dossier_of_a_source_is_not_handed_over_here(desk: Desk) -> None:
    from services.intake.domain import OwnedBySource  # noqa: PLC0415 - beside its only use

    await registered(desk)
    await send(desk, upserted({"status": 4}))
    dossier, head = await the_dossier(desk), officer("head")

    with pytest.raises(OwnedBySource):
        await handlers.transfer_dossier(
            desk, Caller(head), dossier.id, None, to_unit=OTHER_UNIT, reason_class="not-competent", reason="-", papers=1
        )
    assert (await handlers.read_dossier(desk, head, dossier.id)).to_unit is None


async def test_a_unit_that_follows_another_gets_the_dossiers_of_its_source_too(
    desk: Desk, clock: StandingClock
) -> None:
    await registered(desk)
    clock.at("2026-12-30T09:00:00+07:00")
    received = "2026-12-30T08:00:00+07:00"
    day = {"submitted_at": received, "received_at": received}
    await send(desk, upserted({"status": 4, **day}, time=received))
    before = await the_dossier(desk)
    await merge(desk)
    clock.at("2027-01-04T08:00:00+07:00")

    while await handlers.keep_up(desk):
        pass
    again, on = await send(desk, upserted({"status": 4, **day}), progressed(9, "2027-01-04T07:59:00+07:00"))

    after = await the_dossier(desk)
    assert (before.unit, before.receiving_unit, after.unit, after.receiving_unit) == (UNIT, UNIT, HOI, UNIT)
    assert (word(again), word(on), after.state) == ("accepted", "accepted", State.SETTLED)
    feed = await heard_back(desk, "dossier-succeeded")
    assert [row["data"] for row in feed if row["kind"] == "dossier-succeeded"] == [{"unit": HOI, "from_unit": UNIT}]


async def test_a_day_off_moves_the_lawful_date_and_the_slip_of_the_source_stays(desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted({"appointment_at": "2026-12-02T16:30:00+07:00"}))
    before = await the_dossier(desk)

    await change(desk)

    after = await the_dossier(desk)
    assert (before.lawful_due_on, after.lawful_due_on) == (date(2026, 11, 27), date(2026, 11, 30))
    assert (after.due_at, after.due_on, after.promised_on) == (before.due_at, date(2026, 12, 2), date(2026, 12, 2))
    feed = await heard_back(desk, "dates", 2)
    told = [row["data"]["lawful_due_on"] for row in feed if row["kind"] == "dates"]
    assert told == ["2026-11-27", "2026-11-30"]


async def test_what_was_filed_long_ago_is_taken_without_a_reason_for_its_late_entry(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(
        desk, upserted({"submitted_at": "2026-02-02T08:00:00+07:00", "received_at": "2026-02-02T08:00:00+07:00"})
    )

    assert word(outcome) == "accepted"


def test_an_id_that_is_a_uuid_is_nobodys_number_whatever_its_digits() -> None:
    assert is_event_id("01938f0e-aaaa-7bbb-8ccc-044085001234")
    assert not is_event_id("hs-044085001234")
