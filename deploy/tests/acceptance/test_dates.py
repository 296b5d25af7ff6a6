"""Due dates over HTTP: across Tết, over a swapped Saturday, and through a change of the law in the middle of a case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.tests.counter import Counter, opened
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.fixtures import MakeWorks

pytestmark = [pytest.mark.postgres]


@pytest_asyncio.fixture
async def counter(make_works: MakeWorks, telemetry: Telemetry, tmp_path: Path) -> AsyncIterator[Counter]:
    async with opened(await make_works("intake"), telemetry, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("why", "filed_at", "due_on"),
    [
        ("an ordinary week", "2026-11-16T09:00:00+07:00", "2026-11-19"),
        ("Tết 2026, a Friday and two days after nine days off", "2026-02-12T09:00:00+07:00", "2026-02-24"),
        ("Saturday 22 August makes up for Monday the 31st", "2026-08-20T09:00:00+07:00", "2026-08-24"),
        ("31 August is the day off that was swapped, then the National Day", "2026-08-27T09:00:00+07:00", "2026-09-04"),
        ("Vietnam Culture Day", "2026-11-23T09:00:00+07:00", "2026-11-27"),
    ],
)
async def test_three_working_days_skip(
    counter: Counter, clock: StandingClock, why: str, filed_at: str, due_on: str
) -> None:
    clock.at(filed_at)
    dossier = await counter.file()
    assert dossier["due_on"] == due_on, why
    assert (await counter.deadline(dossier))["steps"]


async def test_a_case_keeps_the_law_it_began_under_when_the_law_changes(counter: Counter, clock: StandingClock) -> None:
    clock.at("2026-08-03T09:00:00+07:00")
    dossier = await counter.file()
    before = await counter.deadline(dossier)
    clock.at("2026-08-04T09:00:00+07:00")
    dossier = await counter.act(dossier, "request-supplement", components=["Giấy khai sinh"], reason="Bản sao mờ.")
    assert dossier["due_at"] is None
    clock.at("2026-08-10T09:00:00+07:00")  # a decree is in force since the 5th
    paper = {"name": "Giấy khai sinh", "kind": "copy", "count": 1}
    dossier = await counter.act(dossier, "supply", components=[paper])
    after = await counter.deadline(dossier)
    new = await counter.deadline(await counter.file())
    assert (before["rule_version"], after["rule_version"], new["rule_version"]) == (4, 4, 5)
    assert before["legal_basis"] == after["legal_basis"] != new["legal_basis"]
    assert dossier["first_promised_on"] == "2026-08-06"
    assert dossier["due_on"] > dossier["first_promised_on"]
