"""A consumer that is handed its batches, and topics of one's own."""

from __future__ import annotations

import pytest
import pytest_asyncio

from shared.bus import topics
from shared.contracts.intake import CONTACTS, DOSSIERS, UNITS
from shared.moments import uuid7
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import listener
from shared.testing.records import Fed, Log, fed
from shared.testing.stack import TestStack


@pytest_asyncio.fixture
async def own(stack: TestStack) -> str:
    """A prefix below which `intake.dossiers`, `intake.units` and `intake.contacts` are new and empty; making all topics takes longer than most tests."""
    prefix = f"t{uuid7().hex[-12:]}."
    mine = [topic for topic in topics.CATALOGUE if topic.name in {DOSSIERS, UNITS, CONTACTS}]
    await topics.sync(stack.bootstrap, prefix=prefix, topics=mine)
    return prefix


@pytest.fixture
def lines(probe_works: Works, telemetry: Telemetry) -> Fed:
    return fed(probe_works, listener(), telemetry.metrics)


@pytest.fixture
def log() -> Log:
    return Log()
