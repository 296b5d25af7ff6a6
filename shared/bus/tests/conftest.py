"""Topics of one's own: only those the probe uses, since making all takes longer than most tests."""

from __future__ import annotations

import pytest_asyncio

from shared.bus import topics
from shared.contracts.intake import CONTACTS, DOSSIERS, UNITS
from shared.moments import uuid7
from shared.testing.stack import TestStack


@pytest_asyncio.fixture
async def own(stack: TestStack) -> str:
    """A prefix below which `intake.dossiers`, `intake.units` and `intake.contacts` are new and empty."""
    prefix = f"t{uuid7().hex[-12:]}."
    mine = [topic for topic in topics.CATALOGUE if topic.name in {DOSSIERS, UNITS, CONTACTS}]
    await topics.sync(stack.bootstrap, prefix=prefix, topics=mine)
    return prefix
