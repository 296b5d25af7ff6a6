"""The installation every test of this folder looks at."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.tests.containers.engine import Composed, composed


@pytest_asyncio.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Composed]:
    """Six containers, healthy."""
    async with composed(tmp_path_factory.mktemp("composed"), f"gandan-test-{os.getpid()}") as made:
        yield made
