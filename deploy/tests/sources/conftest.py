"""One installation for all tests of source systems from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.tests.province import Ground
from deploy.tests.sources.district import District, opened
from shared.testing.processes import Nursery


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def district(
    session_ground: Ground, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[District]:
    """Intake and notifications at work."""
    async with opened(session_ground, nursery, tmp_path_factory.mktemp("district")) as made:
        yield made
