from __future__ import annotations

import logging

import pytest

from services.reporting.store import projections
from services.reporting.tests.conftest import tell_all
from services.reporting.tests.facts import Dossier
from services.reporting.timers import timers
from shared.kernel import system
from shared.runtime import Service
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres


async def test_lines_and_counters_that_disagree_are_reported(works: Works, caplog: pytest.LogCaptureFixture) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    reconcile = {timer.name: timer for timer in timers(works)}["reporting.reconcile"]
    with caplog.at_level(logging.ERROR):
        assert not await reconcile.once()
        assert not caplog.records
        async with works.begin(system("test")) as work:
            await work.db.execute("UPDATE unit_day_1 SET withdrawn = withdrawn + 1")
        assert not await reconcile.once()
    assert "disagree in 1 places" in caplog.text
    assert reconcile.error is None


async def test_half_built_versions_are_removed_by_the_clock(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
    drop = {timer.name: timer for timer in timers(works)}["reporting.old-versions"]
    assert not await drop.once()
    assert drop.error is None
    async with works.reading() as db:
        assert await projections.versions(db) == [1]


async def test_the_service_brings_its_listener_its_timers_and_its_pages(service: Service) -> None:
    assert [listener.name for listener in service.listeners] == ["reporting.live"]
    assert {timer.name for timer in service.timers} == {"reporting.old-versions", "reporting.reconcile"}
    assert service.pages is not None
