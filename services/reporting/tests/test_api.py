from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from httpx import QueryParams

from services.reporting import domain, handlers
from services.reporting.app import HERE
from services.reporting.handlers import reading
from services.reporting.tests.conftest import describe_units, tell_all
from services.reporting.tests.facts import FRIDAY, MONDAY, TRACE, UNIT, Dossier, told
from services.reporting.tests.test_store import mixed
from shared.kernel import system
from shared.runtime import Service
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.testing.clock import StandingClock
from shared.web.auth import routes_without_right
from shared.web.problems import missing_problem_texts, refusal_classes

pytestmark = pytest.mark.postgres

Sign = Callable[..., dict[str, str]]
PERSON = "044199012345"


def test_every_route_declares_its_right(service: Service) -> None:
    assert routes_without_right(service.api) == []


def test_every_refusal_has_its_texts() -> None:
    assert not missing_problem_texts(refusal_classes("services.reporting"), HERE / "data" / "problems.toml")


async def test_the_description_of_the_api_can_be_read(client: httpx.AsyncClient) -> None:
    found = (await client.get("/openapi.json")).json()
    assert {"/v1/overview", "/v1/dossiers", "/v1/dossiers/{id}", "/v1/timelines/{id}", "/v1/units", "/v1/units/{code}", "/v1/projections", "/v1/cases", "/v1/cases/{id}", "/v1/me/matters", "/v1/league", "/v1/forms/06"} <= found["paths"].keys()  # fmt: skip


async def test_anybody_may_read_the_overview(client: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"), ("18859", "Phường Đồng Thuận"))
    answer = (await client.get("/v1/overview", headers={"accept-language": "en"})).json()
    assert answer["today"] == "2026-11-23"
    assert answer["as_of"] == "2026-11-23T08:15:00+07:00"
    assert answer["figures"]["open"] == {"value": 9, "query": "/reporting/v1/dossiers?open=true", "title": "Open"}
    assert [(unit["unit"], unit["name"]) for unit in answer["units"]] == [("18859", "Phường Đồng Thuận"), ("18880", "18880"), (UNIT, "Phường Quảng Trị")]  # fmt: skip


async def followed(client: httpx.AsyncClient, query: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Every item of a list, page after page."""
    items, address = [], f"{query}&limit=2"
    while address:
        parts = urlsplit(address)
        answer = await client.get(
            parts.path.removeprefix("/reporting"), params=QueryParams(parts.query), headers=headers
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        address = page["next"]
    return items


async def test_the_link_of_every_figure_leads_to_a_list_of_that_length(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    await tell_all(works, mixed())
    overview = (await client.get("/v1/overview")).json()
    places = [overview["figures"], *(unit["figures"] for unit in overview["units"])]
    for figure in (figure for place in places for figure in place.values()):
        assert len(await followed(client, figure["query"], sign("admin"))) == figure["value"], figure["query"]


async def test_an_officer_lists_the_dossiers_of_the_own_units_only(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    await tell_all(works, mixed())
    clerk = sign("clerk", units=[UNIT])
    assert {item["unit"] for item in await followed(client, "/v1/dossiers?open=true", clerk)} == {UNIT}
    assert await followed(client, "/v1/dossiers?unit=18880", clerk) == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("overdue=true", 3), ("state=withdrawn", 3), ("phase=waiting-for-you", 3), ("phase=closed&phase=answered", 15), ("paused=true", 3),
        ("breached=true", 6), (f"due_on={FRIDAY}", 0), ("due_before=2026-11-23", 3), ("timing=over", 3), ("procedure=1.004873", 24),
        ("procedure=9", 0), ("received_to=2026-11-22", 0), ("settled_from=2026-11-24", 6), ("unit=19360&open=true", 6), ("phase=transferred", 0),
        ("overdue=true&due_before=2026-11-20", 0),
    ],
)  # fmt: skip
async def test_each_filter_narrows_the_list(
    client: httpx.AsyncClient, works: Works, sign: Sign, query: str, count: int
) -> None:
    await tell_all(works, mixed())
    assert len(await followed(client, f"/v1/dossiers?{query}", sign("admin"))) == count


@pytest.mark.parametrize(
    "query", ["unit=%27%3B--", "due_on=tomorrow", "open=maybe", "limit=0", "limit=201", "cursor=abc", "state=DROP"]
)
async def test_a_senseless_question_is_refused_with_a_problem(
    client: httpx.AsyncClient, sign: Sign, query: str
) -> None:
    answer = await client.get(f"/v1/dossiers?{query}", headers=sign("admin"))
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_citizen_with_the_ids_of_another_gets_nothing(
    client: httpx.AsyncClient, works: Works, sign: Sign, keys: Keys
) -> None:
    mine, theirs = Dossier(recipient=recipient_of(keys.people, PERSON)), Dossier()
    await tell_all(works, [(mine, mine.life()), (theirs, theirs.life())])
    me = sign("citizen", person=PERSON)
    assert [item["id"] for item in await followed(client, f"/v1/dossiers?unit={UNIT}", me)] == [str(mine.id)]
    for room in ("dossiers", "timelines"):
        assert (await client.get(f"/v1/{room}/{mine.id}", headers=me)).status_code == 200
        forbidden = await client.get(f"/v1/{room}/{theirs.id}", headers=me)
        missing = await client.get(f"/v1/{room}/{Dossier().id}", headers=me)
        assert forbidden.status_code == missing.status_code == 404
        assert {k: v for k, v in forbidden.json().items() if k != "instance"} == {
            k: v for k, v in missing.json().items() if k != "instance"
        }


async def test_lists_and_timelines_need_a_token(client: httpx.AsyncClient) -> None:
    for path in ("/v1/dossiers", f"/v1/dossiers/{Dossier().id}", f"/v1/timelines/{Dossier().id}", "/v1/projections"):
        assert (await client.get(path)).status_code == 401


async def test_a_role_without_business_here_is_refused(client: httpx.AsyncClient, sign: Sign) -> None:
    assert (await client.get("/v1/dossiers", headers=sign("publisher"))).status_code == 403
    assert (await client.get("/v1/projections", headers=sign("clerk", units=[UNIT]))).status_code == 403


async def test_a_dossier_is_shown_with_its_dates_and_its_version(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, [dossier.submitted(), dossier.accepted(), dossier.assigned(), dossier.supplement_requested()])])  # fmt: skip
    answer = await client.get(f"/v1/dossiers/{dossier.id}", headers=sign("head", units=[UNIT]))
    shown = answer.json()
    assert answer.headers["etag"] == '"4"'
    assert shown["state"] == "awaiting-supplement"
    assert shown["phase"] == "waiting-for-you"
    assert (shown["due_at"], shown["remaining_working_hours"]) == (None, 20.5)
    assert (shown["promised_on"], shown["lawful_due_on"], shown["first_promised_on"]) == ("2026-11-27",) * 3
    assert (shown["version"], shown["officer"], shown["actions"]) == (4, "officer-7", [])
    assert shown["submitted_at"] == "2026-11-23T08:15:00+07:00"
    again = await client.get(f"/v1/dossiers/{dossier.id}", headers={**sign("admin"), "if-none-match": '"4"'})
    assert again.status_code == 304


async def test_a_write_is_read_across_services_by_its_version(
    client: httpx.AsyncClient, works: Works, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 60)
    dossier = Dossier()
    ask = client.get(f"/v1/dossiers/{dossier.id}?min_version=1", headers=sign("clerk", units=[UNIT]))

    async def later() -> None:
        async with works.begin(system("test")) as work:
            await handlers.project(work.db, 1, {dossier.id: told([dossier.submitted()])})

    answer, _ = await asyncio.gather(ask, later())
    assert answer.json()["version"] == 1
    monkeypatch.setattr(reading, "PATIENCE_S", 0.05)
    answer = await client.get(f"/v1/dossiers/{dossier.id}?min_version=2", headers=sign("clerk", units=[UNIT]))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "not-yet-visible"


async def test_a_timeline_speaks_the_readers_language_and_shows_traces_to_officers_only(
    client: httpx.AsyncClient, works: Works, sign: Sign, keys: Keys
) -> None:
    dossier = Dossier(recipient=recipient_of(keys.people, PERSON))
    await tell_all(works, [(dossier, dossier.life())])
    path = f"/v1/timelines/{dossier.id}"
    citizen = (await client.get(path, headers={**sign("citizen", person=PERSON), "accept-language": "en"})).json()
    officer = (await client.get(path, headers=sign("handler", units=[UNIT]))).json()
    assert [item["sequence"] for item in citizen["items"]] == [1, 2, 3, 4, 5]
    assert citizen["items"][1]["text"] == "The dossier was accepted; the result is promised for 27/11/2026."
    assert officer["items"][1]["text"] == "Hồ sơ được tiếp nhận, hẹn trả kết quả ngày 27/11/2026."
    assert {item["trace_id"] for item in citizen["items"]} == {item["type"] for item in citizen["items"]} == {None}
    assert {item["trace_id"] for item in officer["items"]} == {TRACE}
    assert officer["items"][0]["type"] == "vn.gandan.dossier-submitted.v1"


async def test_a_unit_is_shown_with_its_flows(client: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    shown = (await client.get(f"/v1/units/{UNIT}")).json()
    assert shown["name"] == "Phường Quảng Trị"
    assert shown["figures"]["overdue"]["value"] == 2
    assert [(day["day"], day["received"]) for day in shown["days"]] == [("2026-11-23", 16)]
    assert (await client.get("/v1/units/00000")).status_code == 404
    assert [unit["unit"] for unit in (await client.get("/v1/units")).json()["items"]] == ["18880", UNIT]


async def test_operators_see_how_the_read_models_stand(
    client: httpx.AsyncClient, works: Works, service: Service, sign: Sign, clock: StandingClock
) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    async with works.begin(system("test")) as work:
        await work.db.execute("INSERT INTO offsets VALUES ($1, 'intake.dossiers', 3, 'cluster', 10)", domain.LIVE)

    async def asked(end: int | None) -> Any:
        async def ends(_places: object) -> dict[tuple[str, int], int] | None:
            return {("intake.dossiers", 3): end} if end is not None else None

        service.api.state.ends = ends
        return (await client.get("/v1/projections", headers=sign("ops"))).json()

    clock.move(hours=1)
    behind, level, silent = await asked(15), await asked(10), await asked(None)
    assert (behind["lag"], behind["as_of"]) == (5, "2026-11-23T08:15:00+07:00")
    assert (level["lag"], level["as_of"]) == (0, "2026-11-23T09:15:00+07:00")
    assert (silent["lag"], silent["as_of"]) == (None, behind["as_of"])
    assert {item["name"]: item["rows"] for item in level["items"] if item["rows"]} == {"dossier_line": 1, "timeline": 5, "unit_day": 2}  # fmt: skip
    assert {item["name"] for item in level["items"]} == set(domain.PROJECTIONS)
    assert (level["version"], level["mismatches"], level["held"]) == (1, 0, 0)


async def test_kafka_that_does_not_answer_leaves_the_lag_unknown(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    async with works.begin(system("test")) as work:
        await work.db.execute("INSERT INTO offsets VALUES ($1, 'intake.dossiers', 3, 'cluster', 10)", domain.LIVE)
    answer = (await client.get("/v1/projections", headers=sign("admin"))).json()
    assert answer["lag"] is None


def test_the_first_day_of_the_sample_is_a_monday() -> None:
    assert MONDAY.isoweekday() == 1
