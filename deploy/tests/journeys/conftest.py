"""One capital for all journeys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.tests.journeys.capital import Capital, founded
from deploy.tests.province import Ground
from shared.testing.processes import Nursery


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def capital(session_ground: Ground, nursery: Nursery) -> AsyncIterator[Capital]:
    """The whole house at work, in four processes."""
    async with founded(session_ground, nursery) as made:
        yield made
