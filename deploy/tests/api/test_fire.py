"""The four documents under fire: whatever they allow or forbid, by whichever role, ends in an answer they describe."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.cli.up import SERVICES
from deploy.tests.api import fire
from deploy.tests.api.worlds import Ground, World, world
from shared.settings import Keys
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks

pytestmark = pytest.mark.postgres


@pytest_asyncio.fixture(params=SERVICES)
async def place(
    request: pytest.FixtureRequest, make_works: MakeWorks, keys: Keys, telemetry: Telemetry, tmp_path: Path
) -> AsyncIterator[World]:
    name: str = request.param
    async with world(name, Ground(await make_works(name), keys, telemetry, tmp_path)) as made:
        yield made


async def _under_fire(place: World, number: int, fair: int, foul: int) -> tuple[int, list[str]]:
    """How many requests were sent, and what was wrong, each with the command that shows it."""
    chance, sent, found = random.Random(number), 0, []  # noqa: S311 - the same requests in every run
    for operation in fire.operations(place.document):
        for shot in fire.shots(operation, number, fair, foul):
            answer = await fire.sent(fire.aimed(shot, place, chance), place)
            sent += 1
            found += [
                f"{operation.label} as {shot.role}: {said}\n{shot.case.as_curl_command()}"
                for said in fire.wrong(shot, answer)
            ]
    return sent, found


async def test_every_answer_to_every_role_is_as_the_document_says(place: World) -> None:
    sent, found = await _under_fire(place, number=1, fair=4, foul=3)
    assert sent > 11 * len(list(fire.operations(place.document)))
    assert not found, "\n\n".join(found)


@pytest.mark.full
@pytest.mark.parametrize("number", range(2, 5))
async def test_every_answer_is_as_the_document_says_for_long(place: World, number: int) -> None:
    _sent, found = await _under_fire(place, number, fair=22, foul=20)
    assert not found, "\n\n".join(found)
