"""Notices that leave the house: when, to whom, how often, in which order, and what becomes of them when the server misbehaves."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.notifications import handlers
from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.domain import Breaker, Mark, State
from services.notifications.handlers import Mailroom, sending
from services.notifications.tests import letters, samples
from services.notifications.tests.conftest import Know, codes, later, records, rows, send_all, sent
from services.notifications.tests.postoffice import PostOffice
from services.notifications.timers import timers
from shared.contracts import complaints, intake
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Principal, system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, seal_contact
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres

ANNA, BINH = "anna@example.vn", "binh@example.vn"
ACCEPTED = f"Đã tiếp nhận hồ sơ {samples.code()}"


async def tried(works: Works) -> list[tuple[Any, ...]]:
    found = await rows(works, "SELECT n, outcome, code FROM attempt ORDER BY started_at, n")
    return [tuple(row.values()) for row in found]


@pytest.fixture
def give(dossiers: Fed, log: Log) -> Any:
    async def give(*facts: Fact, first: int = 1) -> None:
        await dossiers.give(*records(log, facts, first))

    return give


# -- one notice, one message -------------------------------------------------------------------------------------------


async def test_a_dossiers_life_arrives_by_e_mail_in_order_and_once(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(*samples.life(citizen))
    await send_all(room)
    code = samples.code()
    assert office.subjects() == [
        f"Đã nhận được hồ sơ {code}", ACCEPTED, f"Hồ sơ {code} cần bổ sung giấy tờ", f"Xin lỗi vì trễ hẹn hồ sơ {code}",
        f"Hồ sơ {code} đã có kết quả",
    ]  # fmt: skip
    clock.move(hours=1)
    await send_all(room)
    assert office.subjects()[5:] == [f"Đã trả kết quả hồ sơ {code}"]
    assert {message["To"].addresses[0].addr_spec for message in office.box} == {ANNA}
    assert [state for (state,) in await sent(works, "state")] == ["accepted"] * 6
    await send_all(room)
    assert set(office.ids().values()) == {1}


async def test_a_complaint_is_told_by_inbox_and_e_mail_from_its_arrival_to_its_decision(
    works: Works, cases: Fed, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    topic = Log(complaints.CASES)
    await cases.give(*records(topic, [letters.registered(citizen)]), *records(topic, letters.life(citizen)))
    await cases.give(*records(topic, [letters.answered(citizen, 2)]), *records(topic, [letters.refused(citizen, 3)]))
    await send_all(room)
    assert [code for _, code in await codes(works, citizen)] == [
        "DT-01a", "KN-01a", "KN-03", "KN-02", "KN-04", "PA-01", "KN-01b",
    ]  # fmt: skip
    assert f"Đã có quyết định giải quyết khiếu nại {letters.code()}.1" in office.subjects()
    assert (len(office.box), set(office.ids().values())) == (7, {1})
    assert cases.counts() == {"applied": 7, "ignored": 2, "consumed": 9}


async def test_nobody_is_written_to_about_an_anonymous_letter(works: Works, cases: Fed) -> None:
    topic = Log(complaints.CASES)
    await cases.give(*records(topic, [letters.registered(None)]), *records(topic, letters.life(None)))
    assert await sent(works, "id") == []
    assert await rows(works, "SELECT * FROM notification") == []


async def test_a_contact_that_complaints_sealed_is_as_good_as_intakes(
    give: Any, contacts: Fed, room: Mailroom, office: PostOffice, keys: Keys, citizen: UUID
) -> None:
    await give(samples.accepted(citizen))
    box = base64.b64encode(seal_contact(keys.contact_public, Details("Anna", email=ANNA))).decode()
    fact = complaints.ContactSealed(
        occurred_at=samples.AT, recipient=citizen, contact_sealed=box, key_id=fingerprint(keys.contact_public)
    )
    await contacts.give(Log(complaints.CONTACTS).fact(fact, 1))
    await send_all(room)
    assert office.subjects() == [ACCEPTED]


async def test_the_topic_played_again_from_its_beginning_sends_nothing(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> None:  # fmt: skip
    await open_contact(citizen, ANNA)
    facts = records(log, samples.life(citizen))
    await dossiers.give(*facts)
    clock.move(hours=1)
    await send_all(room)
    async with works.begin(system("test")) as work:
        await work.db.execute("DELETE FROM applied")
        await work.db.execute("DELETE FROM inbox_item")
    await dossiers.give(*records(log, samples.life(citizen)))
    await send_all(room)
    assert (len(office.box), len(await sent(works, "id"))) == (6, 6)


async def test_several_workers_at_once_send_each_notice_once_and_each_dossiers_in_order(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know
) -> None:
    people = [samples.dossier(1000 + n) for n in range(5)]
    for n, person in enumerate(people):
        await open_contact(person, f"p{n}@example.vn")
    lives = [records(log, samples.life(person, n)[:7]) for n, person in enumerate(people)]
    await dossiers.give(*(record for step in zip(*lives, strict=True) for record in step))
    others = [Mailroom(works, room.provider, room.sender, room.base_url, room.tracer) for _ in range(3)]
    await asyncio.gather(*(send_all(each) for each in (room, *others)))
    await send_all(room)
    assert (len(office.box), set(office.ids().values())) == (25, {1})
    for n in range(5):
        mine = [m["Subject"] for m in office.box if m["To"].addresses[0].addr_spec == f"p{n}@example.vn"]
        code = samples.code(n)
        assert mine == [
            f"Đã nhận được hồ sơ {code}", f"Đã tiếp nhận hồ sơ {code}", f"Hồ sơ {code} cần bổ sung giấy tờ",
            f"Xin lỗi vì trễ hẹn hồ sơ {code}", f"Hồ sơ {code} đã có kết quả",
        ]  # fmt: skip


async def test_one_notice_cannot_have_two_deliveries_by_one_channel(works: Works, give: Any, citizen: UUID) -> None:
    await give(samples.accepted(citizen))
    with pytest.raises(asyncpg.UniqueViolationError, match="delivery_once"):
        async with works.reading() as db:
            await db.execute(
                "INSERT INTO delivery SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid()))).* FROM delivery d".replace(
                    "INSERT INTO delivery", "INSERT INTO delivery OVERRIDING SYSTEM VALUE"
                )
            )


# -- when --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["2026-11-23T21:29:00+07:00", "2026-11-23T21:31:00+07:00", "2026-11-24T03:00:00+07:00"])
async def test_the_quiet_of_the_night_does_not_hold_e_mail(
    give: Any, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID, at: str
) -> None:
    clock.at(at)
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    await send_all(room)
    assert office.subjects() == [ACCEPTED]


async def test_an_invitation_to_rate_stays_in_when_the_notice_was_read_in_the_inbox(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen), samples.returned(citizen))
    me = Caller(Principal("me", frozenset({"citizen"}), recipient=citizen, acting="citizen"))
    for seq in (1, 2):
        await handlers.mark(works, me, seq, Mark.READ)
    clock.move(hours=2)
    await send_all(room)
    assert office.subjects() == [ACCEPTED]
    assert await sent(works, "state", "code") == [("accepted", None), ("cancelled", "read-in-inbox")]


async def test_an_invitation_nobody_could_send_for_two_weeks_is_let_go_and_a_statutory_notice_never(
    works: Works, give: Any, room: Mailroom, office: PostOffice, clock: StandingClock, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen), samples.returned(citizen))
    clock.move(days=15)
    await later(works, seconds=0)
    await send_all(room)
    assert await sent(works, "state") == [("accepted",), ("expired",)]
    assert office.subjects() == [ACCEPTED]


async def test_nobody_is_asked_for_an_opinion_twice_a_month(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, clock: StandingClock, open_contact: Know, citizen: UUID
) -> None:  # fmt: skip
    await open_contact(citizen, ANNA)
    for number, days in ((1, 0), (2, 29), (3, 2)):
        clock.move(days=days)
        await dossiers.give(log.fact(samples.returned(citizen, number), 1))
        clock.move(hours=1)
        await send_all(room)
    assert await sent(works, "state", "code") == [("accepted", None), ("cancelled", "asked-lately"), ("accepted", None)]
    assert len(office.box) == 2


async def test_a_dossier_whose_source_tells_its_citizens_is_in_the_inbox_and_nowhere_else(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.submitted(citizen, tells_citizens=False), samples.accepted(citizen))
    await give(samples.settled(citizen), first=3)
    await send_all(room)
    assert len(await codes(works, citizen)) == 3
    assert await sent(works, "state", "code") == [("cancelled", "told-by-source")] * 3
    assert office.box == []


# -- to whom -----------------------------------------------------------------------------------------------------------


async def test_a_fact_that_comes_before_its_contact_is_sent_when_the_contact_comes(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await give(samples.submitted(citizen), samples.accepted(citizen))
    await send_all(room)
    assert await sent(works, "state", "held_for", "attempts") == [("held", "contact", 0)] * 2
    await open_contact(citizen, None)
    await send_all(room)
    assert office.box == []
    await open_contact(citizen, ANNA)
    await send_all(room)
    assert office.subjects() == [f"Đã nhận được hồ sơ {samples.code()}", ACCEPTED]


async def test_who_leaves_no_address_within_a_day_is_not_waited_for(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await give(samples.accepted(citizen))
    await later(works, hours=23)
    assert await sent(works, "state") == [("held",)]
    await later(works, hours=2)
    assert await sent(works, "state", "code") == [("failed-permanent", "no-address")]
    await open_contact(citizen, ANNA)
    await send_all(room)
    assert office.box == []


@pytest.mark.parametrize("email", ["ánh@example.vn", "anna@", "anna@example.vn\r\nBcc: x@y.vn"])
async def test_an_address_no_server_takes_is_as_good_as_none(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID, email: str
) -> None:
    await open_contact(citizen, email)
    await give(samples.accepted(citizen))
    await later(works, seconds=0)
    await send_all(room)
    assert await sent(works, "state", "held_for") == [("held", "contact")]
    assert office.box == []


async def test_a_contact_kept_before_anybody_asked_for_addresses_is_looked_into_once(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID, neighbour: UUID
) -> None:
    await open_contact(citizen, None)
    await open_contact(neighbour, BINH)
    async with works.reading() as db:
        await db.execute("UPDATE contact SET has_email = NULL")
    await give(samples.accepted(citizen))
    await give(samples.accepted(neighbour, 2))
    for _ in range(2):
        await send_all(room)
        await later(works, seconds=0)
    assert await sent(works, "state") == [("held",), ("accepted",)]
    assert len(office.box) == 1


async def test_who_is_forgotten_before_the_message_is_due_gets_none(
    works: Works, give: Any, contacts: Fed, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    topic = Log(intake.CONTACTS)
    topic.end = 10
    await contacts.give(topic.record(str(citizen).encode(), None))
    await send_all(room)
    assert (await sent(works, "state", "attempts"), office.box) == ([("held", 0)], [])


async def test_who_is_forgotten_leaves_nothing_behind_about_their_address(
    works: Works, give: Any, contacts: Fed, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    office.on_rcpt[ANNA] = ["550 5.1.1 unknown"]
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    await send_all(room)
    assert len(await rows(works, "SELECT * FROM contact_point")) == 1
    topic = Log(intake.CONTACTS)
    topic.end = 10
    await contacts.give(topic.record(str(citizen).encode(), None))
    assert await rows(works, "SELECT * FROM contact_point") == []


async def test_a_damaged_contact_stops_nobody_elses_message(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID, neighbour: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await open_contact(neighbour, BINH)
    await give(samples.accepted(citizen))
    await give(samples.accepted(neighbour, 2))
    async with works.reading() as db:
        await db.execute("UPDATE contact SET sealed = sealed || 'x' WHERE recipient = $1", citizen)
    await send_all(room)
    assert (await sent(works, "state"), len(office.box)) == ([("held",), ("accepted",)], 1)


async def test_a_message_goes_to_the_newest_address(
    give: Any, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    clock.move(minutes=1)
    await open_contact(citizen, BINH, "Trần Văn Bình")
    await send_all(room)
    assert [message["To"].addresses[0].addr_spec for message in office.box] == [BINH]


async def test_nothing_the_worker_writes_down_holds_an_address_or_a_name(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    office.on_rcpt[ANNA] = [f"550 5.1.1 <{ANNA}> is unknown to Nguyễn".encode("ascii", "replace").decode()]
    office.on_data[BINH] = ["554 5.6.0 spam to binh@example.vn"]
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    await send_all(room)
    await open_contact(citizen, BINH)
    await give(samples.settled(citizen), first=2)
    await send_all(room)
    tables = ("delivery", "attempt", "contact_point", "fact")
    kept = str([await rows(works, f"SELECT * FROM {table}") for table in tables])
    for secret in ("anna", "binh", "example.vn", "Nguy", "unknown"):
        assert secret not in kept
        assert secret not in "".join(
            r.getMessage() for r in caplog.records if r.name.startswith(("services", "shared"))
        )
    assert await tried(works) == [(1, "address-permanent", "550 5.1.1"), (1, "content-permanent", "554 5.6.0")]


# -- when the server misbehaves ----------------------------------------------------------------------------------------


@pytest.fixture
async def one(give: Any, open_contact: Know, citizen: UUID) -> UUID:
    """One statutory notice to a known address, about to be sent."""
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    return citizen


@pytest.mark.usefixtures("one")
async def test_a_temporary_refusal_is_tried_again_with_longer_and_longer_waits(
    works: Works, room: Mailroom, office: PostOffice
) -> None:
    office.on_rcpt[ANNA] = ["451 4.2.0 later", "450 4.2.0 later"]
    await send_all(room)
    assert (await sent(works, "state", "failures", "code"), office.box) == ([("pending", 1, "451 4.2.0")], [])
    await later(works, seconds=9)
    await send_all(room)
    assert len(await tried(works)) == 1
    await later(works, seconds=2)
    await send_all(room)
    assert len(await tried(works)) == 2
    await later(works, seconds=61)
    await send_all(room)
    assert await sent(works, "state", "attempts", "code") == [("accepted", 3, None)]
    assert list(office.ids().values()) == [1]


async def test_what_comes_after_waits_for_what_is_tried_again(
    works: Works, give: Any, room: Mailroom, office: PostOffice, one: UUID
) -> None:
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await send_all(room)
    await give(samples.settled(one), first=2)
    await give(samples.accepted(one, 2))
    await send_all(room)
    assert office.subjects() == [f"Đã tiếp nhận hồ sơ {samples.code(2)}"]
    await later(works, minutes=1)
    await send_all(room)
    assert office.subjects()[1:] == [ACCEPTED, f"Hồ sơ {samples.code()} đã có kết quả"]


async def test_an_address_that_does_not_exist_is_not_written_to_again_and_a_new_one_is(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, one: UUID
) -> None:
    office.on_rcpt[ANNA] = ["550 5.1.1 unknown"]
    await send_all(room)
    await give(samples.settled(one), first=2)
    await send_all(room)
    assert await sent(works, "state", "code", "attempts") == [
        ("failed-permanent", "550 5.1.1", 1), ("failed-permanent", "address-bounced", 0),
    ]  # fmt: skip
    await open_contact(one, BINH)
    await give(samples.returned(one, 2))
    await give(samples.accepted(one, 3))
    await send_all(room)
    assert [message["To"].addresses[0].addr_spec for message in office.box] == [BINH]


async def test_who_refuses_us_for_its_user_is_left_in_peace_for_a_month(
    works: Works, give: Any, room: Mailroom, office: PostOffice, one: UUID
) -> None:
    office.on_rcpt[ANNA] = ["550 5.7.1 not from you"]
    await send_all(room)
    await give(samples.settled(one), first=2)
    await send_all(room)
    assert await sent(works, "state") == [("failed-permanent",)] * 2
    async with works.reading() as db:
        await db.execute("UPDATE contact_point SET until = until - interval '31 days'")
    await give(samples.accepted(one, 2))
    await send_all(room)
    assert len(office.box) == 1


@pytest.mark.parametrize(("plan", "copies"), [("drop-kept", 2), ("drop-lost", 1)])
@pytest.mark.usefixtures("one")
async def test_a_statutory_message_in_doubt_is_sent_once_more_as_the_same_message(
    works: Works, room: Mailroom, office: PostOffice, plan: str, copies: int
) -> None:
    office.on_data[ANNA] = [plan]
    await send_all(room)
    assert await sent(works, "state", "code") == [("unknown", "connection-lost")]
    await send_all(room)
    assert len(await tried(works)) == 1
    await later(works, minutes=6)
    await send_all(room)
    assert await tried(works) == [(1, "in-doubt", "connection-lost"), (2, "accepted", None)]
    assert list(office.ids().values()) == [copies]


@pytest.mark.usefixtures("one")
async def test_a_message_twice_in_doubt_is_left_in_doubt(works: Works, room: Mailroom, office: PostOffice) -> None:
    office.on_data[ANNA] = ["drop-kept"] * 5
    for _ in range(5):
        await send_all(room)
        await later(works, days=1)
    assert await sent(works, "state", "attempts", "doubts", "next_at") == [("unknown", 2, 2, None)]
    assert list(office.ids().values()) == [2]


async def test_an_invitation_in_doubt_is_never_sent_again(
    works: Works, give: Any, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.returned(citizen))
    office.on_data[ANNA] = ["drop-kept"]
    clock.move(hours=1)
    for _ in range(3):
        await send_all(room)
        await later(works, days=1)
    assert (await sent(works, "state", "attempts"), list(office.ids().values())) == ([("unknown", 1)], [1])


async def test_what_follows_a_message_in_doubt_waits_until_the_doubt_is_settled_or_given_up(
    works: Works, give: Any, room: Mailroom, office: PostOffice, one: UUID
) -> None:
    await give(samples.settled(one), first=2)
    office.on_data[ANNA] = ["drop-lost"] * 2
    await send_all(room)
    assert [state for (state,) in await sent(works, "state")] == ["unknown", "pending"]
    await later(works, minutes=6)
    await send_all(room)
    assert [state for (state,) in await sent(works, "state")] == ["unknown", "accepted"]
    assert office.subjects() == [f"Hồ sơ {samples.code()} đã có kết quả"]


async def test_while_the_server_is_away_few_deliveries_are_spent_on_it(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know
) -> None:
    people = [samples.dossier(1000 + n) for n in range(30)]
    for n, person in enumerate(people):
        await open_contact(person, f"p{n}@example.vn")
        office.on_rcpt[f"p{n}@example.vn"] = ["drop-rcpt"]
    await dossiers.give(*(log.fact(samples.accepted(person, n), 1) for n, person in enumerate(people)))
    now = 0.0
    room.clock = lambda: now
    await send_all(room)
    assert (len(await tried(works)), room.breaker.room(8, now)) == (8, 0)
    assert not await room.send_due()
    now = 31.0
    await send_all(room)
    assert len(await tried(works)) == 9
    office.on_rcpt.clear()
    now = 62.0
    await later(works, minutes=1)
    await send_all(room)
    assert [state for (state,) in await sent(works, "state")] == ["accepted"] * 30
    assert (len(office.box), room.breaker) == (30, Breaker())


@pytest.mark.usefixtures("one")
async def test_a_lease_that_is_over_leaves_a_doubt_and_a_late_answer_ends_it(
    works: Works, room: Mailroom, office: PostOffice
) -> None:
    office.on_data[ANNA] = ["hang"]
    working = asyncio.create_task(room.send_due())
    await office.reached.wait()
    await later(works, seconds=121)
    assert await sent(works, "state", "code") == [("unknown", "lease-over")]
    office.let_go.set()
    await working
    assert await sent(works, "state", "code") == [("accepted", None)]
    assert list(office.ids().values()) == [1]


@pytest.mark.usefixtures("one")
async def test_an_answer_that_comes_after_somebody_else_sent_again_changes_nothing(
    works: Works, room: Mailroom, office: PostOffice
) -> None:
    office.on_data[ANNA] = ["hang"]
    working = asyncio.create_task(room.send_due())
    await office.reached.wait()
    await later(works, seconds=121)
    await later(works, minutes=6)
    other = Mailroom(works, room.provider, room.sender, room.base_url, room.tracer)
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await send_all(other)
    office.let_go.set()
    await working
    assert await sent(works, "state", "attempts", "failures") == [("pending", 2, 1)]
    assert await tried(works) == [(1, "in-doubt", "lease-over"), (2, "temporary", "451 4.2.0")]


@pytest.mark.usefixtures("one")
async def test_a_process_that_is_asked_to_end_finishes_what_is_on_the_wire(
    works: Works, room: Mailroom, office: PostOffice
) -> None:
    office.on_data[ANNA] = ["hang"]
    working = asyncio.create_task(room.send_due())
    await office.reached.wait()
    working.cancel()
    await asyncio.sleep(0)
    office.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (await sent(works, "state"), len(office.box)) == ([("accepted",)], 1)


@pytest.mark.usefixtures("one")
async def test_an_outcome_is_written_even_if_the_database_is_away_for_a_moment(
    works: Works, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_PAUSES", (0.001, 0.001))
    settle, fails = sending._settle, [ConnectionError("away"), ConnectionError("away")]

    async def failing(*arguments: Any) -> None:
        if fails:
            raise fails.pop()
        await settle(*arguments)

    monkeypatch.setattr(sending, "_settle", failing)
    await send_all(room)
    assert await sent(works, "state") == [("accepted",)]


async def test_a_message_that_cannot_be_written_stops_nobody_elses(
    works: Works, give: Any, room: Mailroom, open_contact: Know, citizen: UUID, neighbour: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await open_contact(neighbour, BINH)
    await give(samples.accepted(citizen))
    await give(samples.accepted(neighbour, 2))
    async with works.reading() as db:
        await db.execute("UPDATE notification SET template_version = 99 WHERE recipient = $1", citizen)
    await send_all(room)
    assert await sent(works, "state", "code") == [("failed-permanent", "unwritable"), ("accepted", None)]


async def test_an_installation_without_a_server_simulates_and_says_so(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, open_contact: Know
) -> None:
    room.provider = SandboxProvider()
    fates = ("delivered", "temp", "perm", "doubt")
    for n, fate in enumerate(fates):
        await open_contact(samples.dossier(1000 + n), f"sim-{fate}@simulator.invalid")
        await dossiers.give(log.fact(samples.accepted(samples.dossier(1000 + n), n), 1))
    await send_all(room)
    assert [state for (state,) in await sent(works, "state")] == [
        "simulated-accepted", "pending", "simulated-failed", "unknown",
    ]  # fmt: skip
    assert {row["provider"] for row in await rows(works, "SELECT provider FROM attempt")} == {"sandbox"}


async def test_the_worker_goes_on_by_itself(
    give: Any, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    email, _ = timers(room, seconds=0.01)
    running = asyncio.create_task(email.run())
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    await wait_until(lambda: office.subjects() == [ACCEPTED], seconds=10)
    running.cancel()
    assert email.error is None


async def test_the_states_the_database_allows_are_the_states_of_the_table(works: Works) -> None:
    (check,) = await rows(
        works, "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'delivery_state'"
    )
    assert set(check["text"].split("'")[1::2]) == {state.value for state in State}


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'", "state = 'held'", "state = 'sending'", "next_at = NULL", "state = 'accepted'", "expires_at = now()",
        "lease_until = now()",
    ],
)  # fmt: skip
async def test_a_delivery_that_contradicts_itself_cannot_be_written(
    works: Works, give: Any, open_contact: Know, citizen: UUID, change: str
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    with pytest.raises(asyncpg.CheckViolationError):
        async with works.reading() as db:
            await db.execute(f"UPDATE delivery SET {change}")


def test_a_lease_is_longer_than_a_message_may_take() -> None:
    assert timedelta(seconds=sending.SEND_SECONDS + sum(sending._PAUSES)) + timedelta(seconds=30) < sending.LEASE
