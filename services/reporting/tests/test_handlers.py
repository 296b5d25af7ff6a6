from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.reporting import handlers
from services.reporting.domain import Filter, NotYetVisible
from services.reporting.handlers import reading
from services.reporting.store import projections
from services.reporting.tests.conftest import describe_units, tell_all
from services.reporting.tests.facts import MONDAY, UNIT, Dossier, told
from shared.kernel import NotFound, Principal, system
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK = Principal("clerk", frozenset({"clerk"}), frozenset({UNIT}))
OPS = Principal("ops", frozenset({"ops"}))


async def test_facts_split_over_batches_make_the_same_rows_as_in_one(works: Works) -> None:
    dossiers = [Dossier(unit=str(19000 + n % 3)) for n in range(6)]
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await handlers.project(work.db, 1, {d.id: told(d.life()) for d in dossiers})
        for n in range(5):
            await handlers.project(work.db, 2, {d.id: told(d.life())[n : n + 1] for d in dossiers})
        assert not await projections.differences(work.db, 1, 2)


async def test_the_timeline_is_ordered_by_sequence(works: Works) -> None:
    dossier = Dossier()
    facts = told(dossier.life())
    async with works.begin(system("test")) as work:
        await handlers.project(work.db, 1, {dossier.id: facts})
    _, moments = await handlers.tell(works, CLERK, dossier.id)
    assert [m.sequence for m in moments] == [1, 2, 3, 4, 5]
    assert [m.word for m in moments] == ["submitted-at-counter", "accepted", "assigned", "settled-granted", "returned"]


async def test_a_version_that_is_on_its_way_is_waited_for(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 60)
    dossier = Dossier()
    await tell_all(works, [(dossier, [dossier.submitted()])])

    async def later() -> None:
        async with works.begin(system("test")) as work:
            await handlers.project(work.db, 1, {dossier.id: told([dossier.accepted()], 2)})

    shown, _ = await asyncio.gather(handlers.show(works, CLERK, dossier.id, least=2), later())
    assert (shown.version, shown.state) == (2, "accepted")


async def test_what_is_not_there_and_what_is_not_yours_are_answered_alike(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 0.05)
    theirs = Dossier(unit="18880")
    await tell_all(works, [(theirs, theirs.life())])
    for dossier in (theirs.id, Dossier().id):
        with pytest.raises(NotFound):
            await handlers.show(works, CLERK, dossier)
        with pytest.raises(NotFound):
            await handlers.tell(works, CLERK, dossier)
        with pytest.raises(NotYetVisible):
            await handlers.show(works, CLERK, dossier, least=1)


async def test_ops_see_no_dossier(works: Works) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    found = await handlers.find(works, OPS, Filter(), after=None, back=False, most=10)
    assert not found.lines


async def test_a_dossier_becomes_overdue_at_midnight_and_not_before(works: Works, clock: StandingClock) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, [dossier.submitted(), dossier.accepted()])])  # due on Friday the 27th
    seen = []
    for at in ("2026-11-27T23:59:59+07:00", "2026-11-28T00:00:00+07:00"):
        clock.at(at)
        figures = (await handlers.overview(works)).of(None)
        seen.append((figures["due_today"], figures["overdue"]))
    assert seen == [(1, 0), (0, 1)]


async def test_the_overview_is_as_old_as_its_newest_fact_and_knows_units_without_traffic(works: Works) -> None:
    assert (await handlers.overview(works)).as_of is None
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    await describe_units(works, ("18880", "Phường Đồng Hới"))
    found = await handlers.overview(works)
    assert found.as_of == MONDAY
    assert found.names() == {"18880": "Phường Đồng Hới", UNIT: UNIT}
    assert found.of("18880")["open"] == 0
    assert found.of(UNIT)["on_time_month"] == found.of(None)["on_time_month"] == 1


async def test_a_unit_nobody_described_is_not_found(works: Works) -> None:
    with pytest.raises(NotFound):
        await handlers.show_unit(works, "00000")


async def test_old_versions_stay_a_day_and_half_built_ones_go_when_nobody_builds(
    works: Works, clock: StandingClock
) -> None:
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await projections.make(work.db, 1, 3)
        await projections.swap(work.db, projections.Active(2, 1, clock.now))
    assert await handlers.drop_old_versions(works) == [3]
    clock.move(hours=23)
    assert await handlers.drop_old_versions(works) == []
    clock.move(hours=2)
    assert await handlers.drop_old_versions(works) == [1]
    async with works.reading() as db:
        assert await projections.versions(db) == [2]


async def test_nothing_is_dropped_while_a_rebuild_runs(works: Works, clock: StandingClock) -> None:
    async with works.reading() as building:
        assert await projections.rebuilding(building)
        async with works.begin(system("test")) as work:
            await projections.make(work.db, 1, 2)
        clock.now += timedelta(days=2)
        assert await handlers.drop_old_versions(works) == []
        await building.execute("SELECT pg_advisory_unlock_all()")
    assert await handlers.drop_old_versions(works) == [2]
