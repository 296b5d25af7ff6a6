"""Deliveries when the server misbehaves: tried again, in doubt, cut off, too late, and what the database refuses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.notifications import domain, store
from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.domain import Accepted, Attempt, Breaker, Letter, Outcome, State
from services.notifications.handlers import Mailroom, sending
from services.notifications.tests import samples
from services.notifications.tests.conftest import Know, later, rows, send_all, sent, tried
from services.notifications.tests.postoffice import PostOffice
from services.notifications.timers import timers
from shared.kernel import system
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres

ANNA, BINH = "anna@example.vn", "binh@example.vn"
ACCEPTED = f"Đã tiếp nhận hồ sơ {samples.code()}"


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
    assert await waits(works) == [timedelta(seconds=10)]
    await send_all(room)
    assert len(await tried(works)) == 1
    await later(works, seconds=11)
    await send_all(room)
    assert len(await tried(works)) == 2
    assert await waits(works) == [timedelta(seconds=60)]
    await later(works, seconds=61)
    await send_all(room)
    assert await sent(works, "state", "attempts", "code") == [("accepted", 3, None)]
    assert list(office.ids().values()) == [1]


async def waits(works: Works) -> list[timedelta]:
    """How long after its last try each delivery is due, by the one clock of both."""
    found = await rows(
        works,
        "SELECT d.next_at - a.finished_at AS wait FROM delivery d JOIN attempt a ON a.delivery = d.id AND a.n = d.attempts ORDER BY d.position",
    )
    return [row["wait"] for row in found]


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
    other = Mailroom(works, room.provider, room.sender, room.base_url, room.tracer, room.metrics)
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await send_all(other)
    office.let_go.set()
    await working
    assert await sent(works, "state", "attempts", "failures") == [("pending", 2, 1)]
    assert await tried(works) == [(1, "in-doubt", "lease-over"), (2, "temporary", "451 4.2.0")]


@pytest.mark.usefixtures("one")
async def test_an_answer_to_one_try_is_not_taken_for_the_answer_to_the_next(works: Works, room: Mailroom) -> None:
    provider, room.provider = room.provider, Silent()
    for wait in (timedelta(0), sending.LEASE + timedelta(seconds=1), timedelta(minutes=6)):
        await later(works, seconds=wait.total_seconds())
        await asyncio.gather(room.send_due(), return_exceptions=True)
    assert await sent(works, "state", "attempts") == [("sending", 2)]
    (delivery,) = await sent(works, "id")
    late = Attempt(delivery[0], 1, statutory=True, failures=0, doubts=0)
    async with works.begin(system("test")) as work:
        assert await store.deliveries.settle(work.db, late, domain.verdict(late, Accepted("250"), 1.0)) is None
    assert await sent(works, "state", "attempts") == [("sending", 2)]
    room.provider = provider


class Silent(SandboxProvider):
    """A provider whose worker is gone before it answers."""

    async def send(self, letter: Letter, seconds: float) -> Outcome:
        raise LookupError(f"{letter.key}, {seconds:g} s")


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
    await wait_until(lambda: office.subjects() == [ACCEPTED])
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
