"""What became of a notice on its way out is stated once, with the outcome or not at all, and counted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.handlers import Mailroom
from services.notifications.store import deliveries
from services.notifications.tests import samples
from services.notifications.tests.conftest import Know, later, rows, send_all, sent, stated
from services.notifications.tests.postoffice import PostOffice
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry

pytestmark = pytest.mark.postgres

ANNA = "anna@example.vn"


@pytest.fixture
async def one(give: Any, open_contact: Know, citizen: UUID) -> UUID:
    """One statutory notice to a known address, about to be sent."""
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    return citizen


async def told(works: Works, kind: str) -> list[dict[str, Any]]:
    """What the facts of one type say."""
    return [msgspec.json.decode(row["envelope"])["data"] for row in await stated(works, kind)]


def counted(telemetry: Telemetry, outcome: str) -> float:
    """How often an attempt by e-mail ended so."""
    line = f'gandan_notification_attempts_total{{channel="email",outcome="{outcome}"}} '
    found = [each for each in telemetry.metrics_text().decode().splitlines() if each.startswith(line)]
    return float(found[0].removeprefix(line)) if found else 0.0


async def test_a_notice_a_server_took_is_stated_as_delivered_once(works: Works, room: Mailroom, one: UUID) -> None:
    for _ in range(2):
        await send_all(room)
    (notice,) = await rows(works, "SELECT id FROM notification")
    assert await told(works, "notice-delivered") == [
        {
            "occurred_at": "2026-11-23T01:15:00Z", "notice": str(notice["id"]), "code": "HS-01", "aggregate": str(samples.dossier()),
            "recipient": str(one), "channel": "email", "attempts": 1,
        }
    ]  # fmt: skip
    (fact,) = await stated(works, "notice-delivered")
    assert (fact["sequence"], fact["topic"]) == (2, "notifications.notices")
    assert ANNA not in fact["envelope"].decode()


@pytest.mark.usefixtures("one")
async def test_it_goes_on_with_the_trace_of_the_fact_that_caused_the_notice(works: Works, room: Mailroom) -> None:
    await send_all(room)
    (created,), (delivered,) = await stated(works, "notice-created"), await stated(works, "notice-delivered")
    assert delivered["traceparent"].split("-")[1] == created["traceparent"].split("-")[1]
    assert delivered["traceparent"] != created["traceparent"]


@pytest.mark.usefixtures("one")
async def test_how_often_it_was_tried_is_said_and_a_try_that_failed_for_now_states_nothing(
    works: Works, room: Mailroom, office: PostOffice, telemetry: Telemetry
) -> None:
    before = counted(telemetry, "temporary"), counted(telemetry, "accepted")
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await send_all(room)
    assert await told(works, "notice-delivered") == await told(works, "notice-failed") == []
    await later(works, seconds=11)
    await send_all(room)
    assert [fact["attempts"] for fact in await told(works, "notice-delivered")] == [2]
    assert (counted(telemetry, "temporary"), counted(telemetry, "accepted")) == (before[0] + 1, before[1] + 1)


async def test_an_address_that_does_not_exist_fails_with_a_class_and_the_next_notice_without_a_try(
    works: Works, give: Any, room: Mailroom, office: PostOffice, one: UUID
) -> None:
    office.on_rcpt[ANNA] = ["550 5.1.1 <anna@example.vn> unknown"]
    await send_all(room)
    await give(samples.settled(one), first=2)
    await send_all(room)
    said = await told(works, "notice-failed")
    assert [(fact["code"], fact["reason_class"], fact["attempts"]) for fact in said] == [
        ("HS-01", "address-permanent", 1), ("HS-07", "address-bounced", 0),
    ]  # fmt: skip
    assert "unknown" not in str(said)
    assert await told(works, "notice-delivered") == []


async def test_who_gave_no_address_for_a_day_is_stated_as_not_reached(
    works: Works, give: Any, room: Mailroom, citizen: UUID
) -> None:
    await give(samples.accepted(citizen))
    await send_all(room)
    await later(works, hours=23)
    assert await told(works, "notice-failed") == []
    for _ in range(2):
        await later(works, hours=2)
    assert [(fact["reason_class"], fact["attempts"]) for fact in await told(works, "notice-failed")] == [("no-address", 0)]  # fmt: skip


@pytest.mark.usefixtures("one")
async def test_a_doubt_states_nothing_and_what_ends_it_states_it_once(
    works: Works, room: Mailroom, office: PostOffice, telemetry: Telemetry
) -> None:
    before = counted(telemetry, "in-doubt")
    office.on_data[ANNA] = ["drop-lost"]
    await send_all(room)
    assert await told(works, "notice-delivered") == await told(works, "notice-failed") == []
    assert counted(telemetry, "in-doubt") == before + 1
    await later(works, minutes=6)
    await send_all(room)
    assert [fact["attempts"] for fact in await told(works, "notice-delivered")] == [2]


@pytest.mark.usefixtures("one")
async def test_what_a_sandbox_took_went_nowhere_and_is_not_stated(works: Works, room: Mailroom) -> None:
    await room.provider.close()
    room.provider = SandboxProvider()
    await send_all(room)
    assert await sent(works, "state") == [("simulated-accepted",)]
    assert await told(works, "notice-delivered") == []


@pytest.mark.usefixtures("one")
async def test_fact_and_outcome_are_written_together_or_neither(
    works: Works, room: Mailroom, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("the database would not")

    office.on_rcpt[ANNA] = ["550 5.1.1 unknown"]
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "hold_against", broken)
        with pytest.raises(LookupError):
            await room.send_due()
    assert await sent(works, "state") == [("sending",)]
    assert await told(works, "notice-failed") == []


async def test_how_many_have_still_to_go_out_is_measured(
    give: Any, room: Mailroom, telemetry: Telemetry, open_contact: Know, citizen: UUID, neighbour: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await give(samples.accepted(citizen))
    await give(samples.accepted(neighbour, 2))  # waits for a contact

    async def pending() -> str:
        assert await room.sweep() is False
        lines = telemetry.metrics_text().decode().splitlines()
        return next(each for each in lines if each.startswith("gandan_notification_pending{")).rpartition(" ")[2]

    assert await pending() == "2.0"
    await send_all(room)
    assert await pending() == "1.0"


@pytest.mark.usefixtures("one")
async def test_a_worker_that_is_gone_is_counted_as_a_doubt(room: Mailroom, works: Works, telemetry: Telemetry) -> None:
    before = counted(telemetry, "in-doubt")

    def gone(where: str) -> None:
        if where == "taken":
            raise LookupError(where)

    room.failpoint = gone
    with pytest.raises(LookupError):
        await room.send_due()
    async with works.reading() as db:
        await db.execute("UPDATE delivery SET lease_until = now() - interval '1 second'")
    await room.sweep()
    assert counted(telemetry, "in-doubt") == before + 1
