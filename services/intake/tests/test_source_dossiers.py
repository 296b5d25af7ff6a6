"""What a dossier of a source means here: its citizens, its limits, its unit, and who may act on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from services.intake import handlers, store
from services.intake.domain import State
from services.intake.handlers import Desk
from services.intake.tests.given import AN, BIRTH, OTHER_UNIT, UNIT, citizen, facts_of, names_of, officer
from services.intake.tests.law import change
from services.intake.tests.test_units import HOI, merge
from services.intake.tests.vendor import (
    CODE,
    Json,
    heard_back,
    progressed,
    registered,
    sealed,
    send,
    the_dossier,
    upserted,
    word,
)
from shared.kernel import Caller
from shared.settings import Keys
from shared.store.vault import Details
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


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


async def test_a_contact_told_again_is_kept_once_and_one_that_changed_anew(desk: Desk, keys: Keys) -> None:
    await registered(desk)
    moved = replace(AN, phone="+84900000001")

    def named(person: Details, status: int) -> Json:
        return upserted({"status": status, "contact_sealed": sealed(keys.contact_public, person)})

    await send(desk, named(AN, 2))
    await send(desk, named(AN, 4), named(AN, 5))
    once = await newest_contact(desk)
    await send(desk, named(moved, 4), named(moved, 9))

    assert (once.sequence, once.phone, once.rows) == (1, AN.phone, 1)
    assert await newest_contact(desk) == Contact(2, moved.phone, 2)
    assert (await the_dossier(desk)).state is State.SETTLED


class Contact(NamedTuple):
    """What notifications has of the dossier's person, how often it was told, and the rows of the vault."""

    sequence: int
    phone: str | None
    rows: int


async def newest_contact(desk: Desk) -> Contact:
    recipient = (await the_dossier(desk)).recipient
    async with desk.works.reading() as connection:
        ((_, sequence, details),) = await handlers.contact_details(desk.works, connection, [recipient])
        rows = await connection.fetchval("SELECT count(*) FROM person")
    assert details is not None
    return Contact(sequence, details.phone, rows)


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
