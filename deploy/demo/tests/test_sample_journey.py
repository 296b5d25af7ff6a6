"""The sample, lived by a real process on an empty store: its figures are those counted by hand, and each leads to its list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from deploy.demo import filling
from deploy.demo.tests.conftest import Empty
from deploy.demo.tests.counted import COLUMNS, DAY, UNITS, WHOLE
from shared import settings
from shared.testing.clients import local_client
from shared.testing.processes import Child
from shared.testing.waiting import wait_until
from shared.web.devissuer import mint

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

PERIOD = {"from": "2026-09-01", "to": "2026-11-26"}
SECONDS = 240
"""How long a busy machine may take; a quiet one needs a tenth."""
PLAYED_WITHIN = 20
"""Seconds, for the sample's acts on a quiet machine."""


class Seen:
    """The installation as an inspector of the province sees it."""

    def __init__(self, empty: Empty, child: Child, http: httpx.AsyncClient) -> None:
        self.token = mint(settings.load(home=empty.home), "inspector", units=["44"])
        self.child, self.http = child, http

    async def get(self, path: str, **query: str) -> Any:
        address = self.child.url + path + ("&" if "?" in path else "?") + str(httpx.QueryParams(query))
        answer = await self.http.get(address, headers={"authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, f"{address}: {answer.text[:300]}"
        return answer.json()

    async def form(self, unit: str) -> Mapping[str, tuple[int, ...]]:
        found = await self.get("/reporting/v1/forms/06", unit=unit, **PERIOD)
        sectors = [sector for level in found["levels"] for sector in level["sectors"]]
        return {each["sector"]: columns(each["count"]) for each in sectors}

    async def total(self, unit: str) -> tuple[int, ...]:
        return columns((await self.get("/reporting/v1/forms/06", unit=unit, **PERIOD))["total"])

    async def length(self, path: str) -> int:
        length, following = 0, path
        while following:
            page = await self.get(following, **({} if "cursor=" in following else {"limit": "200"}))
            length, following = length + len(page["items"]), page["next"]
        return length


def columns(count: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(count[name] for name in COLUMNS)


async def lived(empty: Empty, sample: str) -> Child:
    """A process that has said it is ready, with the sample behind it."""
    before = empty.clock.path.read_text()
    assert await filling.is_empty(empty.urls)
    child = empty.up(sample)

    def ready() -> bool:
        assert child.alive, child.words()
        return "GANDAN READY" in child.words()

    await wait_until(ready, seconds=SECONDS, every=0.1, what="GANDAN READY")
    assert "The sample day is 2026-11-26" in child.words(), child.words()
    assert empty.clock.path.read_text() == before, "the clock is left as it was found"
    assert not await filling.is_empty(empty.urls)
    return child


async def every_figure_is_the_length_of_its_list(seen: Seen) -> Mapping[str, int]:
    figures = (await seen.get("/reporting/v1/overview"))["figures"]
    values = {name: figure["value"] for name, figure in figures.items()}
    assert {name: await seen.length(figure["query"]) for name, figure in figures.items()} == values
    return values


def slip_in(words: str) -> Sequence[str]:
    found = re.search(r"ma=(\S+) .*secret is (\w+)", words)
    assert found, words
    return found.groups()


def seconds_in(words: str) -> int:
    """How long the acts took, as a newcomer is told."""
    found = re.search(r"acts of invented people in (\d+) s", words)
    assert found, words
    return int(found[1])


async def test_the_day_alone_has_the_figures_counted_by_hand_and_each_leads_to_its_list(empty: Empty) -> None:
    child = await lived(empty, "day")
    async with local_client(60) as http:
        seen = Seen(empty, child, http)
        assert await seen.form("19360") == DAY
        values = await every_figure_is_the_length_of_its_list(seen)
        assert (values["open"], values["overdue"], values["waiting"], values["due_today"]) == (20, 4, 2, 0)
        late = (await seen.get("/reporting/v1/dossiers", overdue="true"))["items"]
        assert [line["breached"] for line in late] == [True] * 4, "announced by the sweeper, when their day was over"
        cases = await seen.get("/reporting/v1/cases", limit="100")
        assert sum(case["kind"] == "complaint" for case in cases["items"]) == 7
        code, secret = slip_in(child.words())
        answer = await http.post(f"{child.url}/intake/v1/lookups", json={"code": code, "secret": secret})
        assert (answer.status_code, answer.json()["state"]) == (200, "in-progress")
    assert child.stop() == 0


@pytest.mark.full
async def test_the_whole_sample_has_the_figures_counted_by_hand_in_every_unit(empty: Empty) -> None:
    child = await lived(empty, "yes")
    async with local_client(60) as http:
        seen = Seen(empty, child, http)
        assert await seen.form("19360") == WHOLE
        assert {unit: await seen.total(unit) for unit in UNITS} == UNITS
        assert await seen.total("44") == tuple(map(sum, zip(*UNITS.values(), strict=True)))
        values = await every_figure_is_the_length_of_its_list(seen)
        assert values["overdue"] == 11
        assert seconds_in(child.words()) < PLAYED_WITHIN
        ranked = [place for place in (await seen.get("/reporting/v1/league"))["items"] if place["place"]]
        assert {place["unit"] for place in ranked} == {"19360", "19333", "19432"}
    assert child.stop() == 0


async def test_traffic_is_played_on_a_running_installation(empty: Empty) -> None:
    child = empty.up("no")
    await child.ready()
    words = ("sample", "play", "--dossiers", "7", "--cases", "2", "--rate", "200", "--json", "--url", child.url)
    log = empty.home / "play.log"
    play = empty.nursery.gandan(*words, env={"GANDAN_HOME": str(empty.home)}, log=log)
    assert play.wait(SECONDS) == 0, play.words()
    told = json.loads(play.words())
    assert (told["dossiers"], told["cases"], told["requests"]) == (7, 2, 33)
    assert not {"pgdata", "kafka", "settings.json"} & {each.name for each in empty.home.iterdir()}, (
        "a stack was started"
    )
    assert not await filling.is_empty(empty.urls)
    assert child.stop() == 0
