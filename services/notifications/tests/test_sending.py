"""Notices that leave the house: when, to whom, how often, in which order, and what becomes of them when the server misbehaves."""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.notifications import handlers
from services.notifications.domain import Mark
from services.notifications.handlers import Mailroom
from services.notifications.tests import letters, samples
from services.notifications.tests.conftest import Know, codes, later, records, rows, send_all, sent, tried
from services.notifications.tests.postoffice import PostOffice
from shared.contracts import complaints, intake
from shared.kernel import Caller, Principal, system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, seal_contact
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log

pytestmark = pytest.mark.postgres

ANNA, BINH = "anna@example.vn", "binh@example.vn"
ACCEPTED = f"Đã tiếp nhận hồ sơ {samples.code()}"


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
    others = [Mailroom(works, room.provider, room.sender, room.base_url, room.tracer, room.metrics) for _ in range(3)]

    async def work(each: Mailroom) -> None:
        while len(office.box) < 25:
            await each.send_due()

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(each) for each in (room, *others)))
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


async def test_a_letter_of_a_source_is_told_once_and_its_history_never(
    works: Works, cases: Fed, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    log = Log(complaints.CASES)
    told = log.fact(letters.registered(citizen, source="tan-thanh"), 1)
    quiet = log.fact(letters.registered(citizen, 2, source="tan-thanh", tells_citizens=False), 1)
    history = log.fact(letters.registered(citizen, 3, source="tan-thanh", backfill=True), 1)
    await cases.give(told, quiet, history)
    await cases.give(told, quiet, history)
    await send_all(room)
    assert await codes(works, citizen) == [(1, "DT-01a"), (2, "DT-01a")]
    assert sorted(await sent(works, "state", "code"), key=str) == [("accepted", None), ("cancelled", "told-by-source")]
    assert len(office.box) == 1


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
