"""Use cases on a real database: one transaction each, done once, refused cleanly, dates as the law says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.intake import domain, handlers, store
from services.intake.domain import Component, Dossier, State
from services.intake.handlers import Desk
from services.intake.handlers.desk import state
from services.intake.tests.given import (
    BINH,
    BIRTH,
    OTHER_UNIT,
    RESIDENCE,
    citizen,
    facts_of,
    filed,
    hanoi,
    names_of,
    officer,
    submit,
)
from shared.kernel import Caller, Forbidden, IdempotencyMismatch, Once, Principal, Repeated, Stale
from shared.settings import Keys
from shared.store.facts import verify
from shared.testing.clock import StandingClock
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres

CLERK, HANDLER = officer("clerk"), officer("handler", subject="handler")
PAPERS = [Component("Căn cước", "copy")]


async def ask(desk: Desk, id: UUID, seen: int | None = None, who: Principal = CLERK) -> Dossier:
    return await handlers.request_supplement(
        desk, Caller(who), id, seen, components=["Căn cước"], reason="Thiếu căn cước", respond_by=None
    )


async def supply(desk: Desk, id: UUID, who: Principal = CLERK) -> Dossier:
    return await handlers.supply_components(desk, Caller(who), id, None, components=PAPERS)


async def settle(desk: Desk, id: UUID) -> Dossier:
    return await handlers.settle_dossier(desk, Caller(HANDLER), id, None, outcome="granted", number="7/GXN")


async def withdraw(desk: Desk, id: UUID, who: Principal = CLERK) -> Dossier:
    return await handlers.withdraw_dossier(desk, Caller(who), id, None, reason_class="own-wish", reason="Đổi ý")


async def counted(desk: Desk) -> dict[str, int]:
    tables = ("dossier", "fact", "outbox", "deadline", "person", "contact", "idempotency", "code_counter", "stream")
    async with desk.works.reading() as connection:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def deadline(desk: Desk, id: UUID, kind: str = "settlement") -> Any:
    async with desk.works.reading() as connection:
        return await connection.fetchrow("SELECT * FROM deadline WHERE aggregate = $1 AND kind = $2", id, kind)


async def test_filing_writes_all_its_rows_in_one_transaction(desk: Desk) -> None:
    before = await counted(desk)

    await submit(desk, Caller(CLERK, Once.of("k", "POST", "/v1/dossiers", b"{}", 201)))

    after = await counted(desk)
    more = {table: after[table] - before[table] for table in after}
    assert more == {
        "dossier": 1, "fact": 2, "outbox": 3, "deadline": 1, "person": 1, "contact": 1, "idempotency": 1, "code_counter": 1, "stream": 1,
    }  # fmt: skip
    async with desk.works.reading() as connection:
        written = "SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM dossier UNION ALL SELECT xmin FROM person UNION ALL SELECT xmin FROM deadline) r"
        assert await connection.fetchval(written) == 1


async def test_a_refused_filing_leaves_nothing_behind(desk: Desk) -> None:
    before = await counted(desk)

    with pytest.raises(domain.MissingComponent):
        await submit(desk, CLERK, filed(components=()))

    assert await counted(desk) == before
    assert (await submit(desk, CLERK)).code.endswith("-0001")


async def test_a_clerk_s_counter_dossier_is_accepted_at_once_and_an_online_one_waits(desk: Desk, keys: Keys) -> None:
    counter, online = await submit(desk, CLERK), await submit(desk, citizen(keys), filed(channel="online"))

    assert await names_of(desk.works, counter.id) == ["dossier-submitted", "dossier-accepted"]
    assert await names_of(desk.works, online.id) == ["dossier-submitted"]
    assert (await deadline(desk, online.id, "answer"))["due_at"] == hanoi("2026-11-25 08:15")
    assert await deadline(desk, online.id) is None


async def test_an_online_dossier_is_accepted_answered_and_settled(desk: Desk, keys: Keys, clock: StandingClock) -> None:
    online = await submit(desk, citizen(keys), filed(channel="online"))

    clock.at("2026-11-23T14:00:00+07:00")
    accepted = await handlers.accept_dossier(desk, Caller(CLERK), online.id, online.version)
    assigned = await handlers.assign_dossier(desk, Caller(CLERK), online.id, accepted.version, officer="cb-12")
    clock.at("2026-11-25T10:00:00+07:00")
    await settle(desk, online.id)
    returned = await handlers.return_result(desk, Caller(CLERK), online.id, assigned.version + 1, method="counter")

    assert (returned.state, returned.handler, returned.phase) == (State.RETURNED, "cb-12", "closed")
    assert await names_of(desk.works, online.id) == [
        "dossier-submitted", "dossier-accepted", "dossier-assigned", "dossier-settled", "result-returned",
    ]  # fmt: skip
    assert (await deadline(desk, online.id, "answer"))["closed_at"] == hanoi("2026-11-23 14:00")
    assert (await deadline(desk, online.id))["closed_at"] == hanoi("2026-11-25 10:00")
    clock.move(days=30)
    assert await handlers.announce_stages(desk) is False


async def test_a_refused_dossier_is_closed_and_its_reason_stays_in_intake(desk: Desk, keys: Keys) -> None:
    online = await submit(desk, citizen(keys), filed(channel="online"))

    refused = await handlers.refuse_dossier(
        desk, Caller(CLERK), online.id, 1, reason_class="wrong-place", reason="Nộp tại Sở Tư pháp"
    )

    assert (refused.state, refused.answer_due_at) == (State.REFUSED, None)
    name, said = (await facts_of(desk.works, online.id))[-1]
    assert (name, said["reason_class"]) == ("dossier-refused", "wrong-place")
    assert "Sở Tư pháp" not in str(said)
    _, texts = await handlers.read_dossier_texts(desk, CLERK, online.id)
    assert texts.reason == "Nộp tại Sở Tư pháp"


async def test_missing_papers_stop_the_clock_and_it_goes_on_across_tet(desk: Desk, clock: StandingClock) -> None:
    clock.at("2026-02-10T09:00:00+07:00")
    dossier = await submit(desk, CLERK, filed(RESIDENCE))
    assert dossier.due_at == hanoi("2026-02-26 17:00")

    clock.at("2026-02-12T10:00:00+07:00")
    waiting = await ask(desk, dossier.id)
    row = await deadline(desk, dossier.id)
    assert (waiting.due_at, waiting.remaining_working_hours) == (None, 45.0)
    assert (row["due_at"], row["stage_at"], row["revision"]) == (None, None, 1)

    clock.at("2026-02-24T10:00:00+07:00")
    supplied = await supply(desk, dossier.id)
    row = await deadline(desk, dossier.id)
    assert supplied.due_at == row["due_at"] == hanoi("2026-03-03 17:00")
    assert (row["stage"], row["stage_at"], row["breach_at"]) == (
        "warn",
        hanoi("2026-03-02 07:00"),
        hanoi("2026-03-04 00:00"),
    )
    assert row["revision"] == 2
    assert (await handlers.read_dossier(desk, CLERK, dossier.id)).due_at == supplied.due_at


async def test_a_citizen_supplies_and_withdraws_their_own_and_the_fact_says_so(desk: Desk, keys: Keys) -> None:
    an = citizen(keys)
    dossier = await submit(desk, an, filed(channel="online"))
    await ask(desk, dossier.id)

    await supply(desk, dossier.id, an)
    withdrawn = await withdraw(desk, dossier.id, an)

    assert withdrawn.state is State.WITHDRAWN
    actors = [row["actor"].split("|")[0] for row in await handlers.read_history(desk, an, dossier.id)]
    assert actors == ["citizen", "clerk", "citizen", "citizen"]
    assert (await deadline(desk, dossier.id, "answer"))["closed_at"] == desk.works.clock()


async def test_a_clerk_who_is_a_citizen_too_acts_in_the_role_that_fits(desk: Desk, keys: Keys) -> None:
    both = citizen(keys, roles=frozenset({"citizen", "clerk"}), units=frozenset({OTHER_UNIT}), acting="clerk")
    own = await submit(desk, both, filed(channel="online"))
    as_clerk = await submit(desk, both, filed(unit=OTHER_UNIT, submitter=BINH))
    await ask(desk, own.id)
    await ask(desk, as_clerk.id, who=both)

    await supply(desk, own.id, replace(both, acting="citizen"))
    await supply(desk, as_clerk.id, replace(both, acting="citizen"))

    async def actors(id: UUID) -> list[str]:
        return [row["actor"].split("|")[0] for row in await handlers.read_history(desk, both, id)]

    assert await actors(own.id) == ["citizen", "clerk", "citizen"]
    assert await actors(as_clerk.id) == ["clerk"] * 4


async def test_a_command_sent_twice_is_done_once(desk: Desk) -> None:
    again = Caller(CLERK, Once.of("same", "POST", "/v1/dossiers", b"{}", 201))
    dossier = await submit(desk, again)

    with pytest.raises(Repeated) as repeated:
        await submit(desk, again)

    assert repeated.value.status == 201
    kept = msgspec.json.decode(repeated.value.answer)
    assert (kept["id"], kept["code"], kept["version"]) == (str(dossier.id), dossier.code, 1)
    assert (await counted(desk))["dossier"] == 1
    with pytest.raises(IdempotencyMismatch):
        await submit(desk, Caller(CLERK, Once.of("same", "POST", "/v1/dossiers", b"other", 201)))


async def test_ten_repeats_at_once_make_one_dossier(desk: Desk) -> None:
    once = Caller(CLERK, Once.of("same", "POST", "/v1/dossiers", b"{}", 201))

    outcomes = await asyncio.gather(*(submit(desk, once) for _ in range(10)), return_exceptions=True)

    assert sum(isinstance(outcome, Dossier) for outcome in outcomes) == 1
    assert (await counted(desk))["dossier"] == 1


async def test_a_stale_version_is_refused_and_nothing_changes(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, Caller(CLERK), dossier.id, 1, officer="cb-1")

    with pytest.raises(Stale) as stale:
        await handlers.assign_dossier(desk, Caller(CLERK), dossier.id, 1, officer="cb-2")

    assert stale.value.facts == {"seen": 1, "version": 2}
    assert (await handlers.read_dossier(desk, CLERK, dossier.id)).handler == "cb-1"


async def test_two_acts_at_once_on_any_version_are_done_one_after_the_other(desk: Desk, keys: Keys) -> None:
    """The second sees the clock as the first left it, not as it stood before it waited for the lock."""
    dossier = await submit(desk, CLERK)
    async with desk.works.begin(Caller(CLERK)) as work:
        before = await store.load(work, dossier.id)
        supplying = asyncio.create_task(supply(desk, dossier.id, citizen(keys)))
        await wait_until(lambda: somebody_waits(desk))
        after, fact = domain.request_supplement(
            before, components=["Căn cước"], respond_by=None, at=work.now, office=desk.office_at(work.now, before.unit)
        )
        store.save(work, after)
        state(work, before, after, fact)

    assert (await supplying).state is State.IN_PROGRESS
    row = await deadline(desk, dossier.id)
    assert [event[0] for event in row["clock"]["events"]] == ["start", "pause", "resume"]


async def somebody_waits(desk: Desk) -> bool:
    async with desk.works.reading() as connection:
        waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
        found: bool = await connection.fetchval(waiting)
        return found


async def test_filing_is_refused_by_the_name_of_what_is_wrong(desk: Desk, keys: Keys) -> None:
    async def refused(who: Principal, kind: type[Exception], **changes: Any) -> None:
        with pytest.raises(kind):
            await submit(desk, who, filed(**changes))

    await refused(CLERK, domain.UnknownUnit, unit="99999")
    with pytest.raises(domain.UnknownProcedure):
        await submit(desk, CLERK, replace(filed(), submission=replace(filed().submission, procedure="9.999999")))
    await refused(CLERK, Forbidden, unit=OTHER_UNIT)
    await refused(officer("clerk", unit="44X11"), domain.NotOfferedHere, unit="44X11")
    await refused(citizen(keys), domain.CounterOnly)
    await refused(CLERK, domain.InTheFuture, received_at=hanoi("2026-11-23 08:16"))
    await refused(CLERK, domain.TooLongAgo, received_at=hanoi("2025-11-01 08:16"))
    centre = await submit(desk, officer("clerk", unit="44X01"), filed(unit="44X01"))
    assert centre.code.startswith("H50.01-")


async def test_a_same_day_dossier_received_after_three_is_due_the_next_working_day(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2026-11-23T15:30:00+07:00")

    assert (await submit(desk, CLERK, filed(BIRTH))).due_on == date(2026, 11, 25)


async def test_what_is_said_about_a_dossier_never_moves_its_date(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)
    before = await deadline(desk, dossier.id)

    for number in range(3):
        clock.move(hours=1)
        await handlers.assign_dossier(desk, Caller(CLERK), dossier.id, None, officer=f"cb-{number}")
        await handlers.read_papers(desk, CLERK, dossier.id)
        secret = handlers.lookup_secret(desk.works.keys, dossier.id, 0)
        await handlers.look_up(desk, dossier.code, secret, "vi")
        await handlers.announce_stages(desk)

    assert await deadline(desk, dossier.id) == before
    assert (await handlers.read_dossier(desk, CLERK, dossier.id)).due_at == dossier.due_at


async def test_a_machine_whose_clock_lags_puts_nothing_before_what_happened_last(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, CLERK)
    clock.move(hours=-1)

    await ask(desk, dossier.id)
    supplied = await supply(desk, dossier.id)

    assert supplied.due_at == dossier.due_at
    occurred = [row["occurred_at"] for row in await handlers.read_history(desk, CLERK, dossier.id)]
    assert occurred == sorted(occurred)


async def test_the_history_of_a_whole_life_verifies(desk: Desk, keys: Keys, clock: StandingClock) -> None:
    dossier = await submit(desk, citizen(keys), filed(channel="online"))
    await handlers.accept_dossier(desk, Caller(CLERK), dossier.id, 1)
    await ask(desk, dossier.id)
    clock.move(days=1)
    await supply(desk, dossier.id)
    clock.move(days=30)
    await handlers.announce_stages(desk)
    await settle(desk, dossier.id)

    async with desk.works.reading() as connection:
        damages = [each async for each in verify(connection) if not isinstance(each, int)]
        sequences = [row["sequence"] for row in await handlers.read_history(desk, CLERK, dossier.id)]

    assert damages == []
    assert sequences == list(range(1, len(sequences) + 1))


async def test_seeding_again_changes_nothing_and_two_at_once_seed_once(desk: Desk) -> None:
    before = await counted(desk)

    await asyncio.gather(handlers.seed(desk), handlers.seed(desk))

    assert await counted(desk) == before
    assert len(desk.shelf.units) == 91
    assert desk.shelf.procedures.keys() >= {"1.004873", "1.001193"}


async def test_a_version_of_a_procedure_counts_from_its_first_day(desk: Desk, clock: StandingClock) -> None:
    async with desk.works.reading() as connection:
        await connection.execute(
            """INSERT INTO procedure SELECT code, 2, name, sector, sector_name, levels, '5wd', pause_mode, max_supplements, online, components, fees,
            fee_policy, basis, '2026-12-01', unverified FROM procedure WHERE code = '1.004873'"""
        )
    await handlers.refresh(desk)
    before = await submit(desk, CLERK)

    clock.at("2026-12-01T08:00:00+07:00")
    await handlers.refresh(desk)
    after = await submit(desk, CLERK)

    assert [(each.procedure_version, each.limit) for each in (before, after)] == [(1, "3wd"), (2, "5wd")]
    assert (await handlers.read_procedure(desk, "1.004873")).version == 2
