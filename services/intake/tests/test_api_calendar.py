"""The calendar desk over HTTP: who may, what is refused by name, and an act from its proposal to its last limit."""

from __future__ import annotations

import httpx
import pytest

from services.intake import handlers
from services.intake.tests.given import UNIT
from services.intake.tests.talk import Json, Talk, body, problem
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

STORM: Json = {
    "on": "2026-11-26", "worked": False, "vi": "Nghỉ tránh bão", "en": "Closed for a storm", "number": "Công điện 12/CĐ-UBND",
    "basis": "Luật Phòng, chống thiên tai",
}  # fmt: skip
NEW_YEAR: Json = {
    "number": "Thông báo 1",
    "off": [{"on": "2027-01-01", "vi": "Tết Dương lịch", "en": "New Year's Day"}],
}
HOURS: Json = {
    "unit": UNIT, "valid_from": "2026-11-01", "periods": [["08:00", "12:00"], ["13:00", "16:00"]], "saturday": [["08:00", "11:00"]],
    "number": "Quyết định 21", "basis": "Giờ làm việc mùa đông",
}  # fmt: skip
OVERRIDES = "/calendar/2026/overrides"


def admin(talk: Talk, subject: str) -> str:
    return talk.token("admin", subject=subject)


async def put(talk: Talk, year: int, body: Json, token: str, if_match: str = "*") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", "if-match": if_match}
    return await talk.http.put(f"/calendar/{year}", json=body, headers=headers)


async def test_an_act_is_proposed_by_one_confirmed_by_another_and_its_counting_followed(
    talk: Talk, service: Service
) -> None:
    dossier = await talk.file()
    proposed = await talk.post(OVERRIDES, STORM, token=admin(talk, "ad-1"))
    act: Json = proposed.json()
    where = f"/calendar-acts/{act['id']}"
    assert (proposed.status_code, proposed.headers["location"], act["state"]) == (201, f"/intake/v1{where}", "proposed")

    own = await talk.post(f"{where}/confirm", token=admin(talk, "ad-1"), if_match='"1"')
    assert (own.status_code, problem(own)["code"]) == (409, "second-person-needed")
    signed = await talk.post(f"{where}/confirm", token=admin(talk, "ad-2"), if_match='"1"')
    assert (signed.status_code, signed.headers["etag"], signed.json()["confirmed_by"]) == (200, '"2"', "ad-2")
    while await handlers.count_limits_again(service.api.state.desk):
        pass

    seen = (await talk.get(where, admin(talk, "ad-1"))).json()
    assert seen["recount"] == {
        "seen": 1,
        "moved": 1,
        "unknown": 0,
        "failed": 0,
        "finished": False,
    }  # the second look is still to come
    assert (await talk.get("/calendar-acts?state=confirmed", admin(talk, "ad-1"))).json()["items"] == [seen]
    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()
    assert (shown["due_on"], shown["promised_on"], shown["lawful_due_on"]) == ("2026-11-30", "2026-11-27", "2026-11-30")
    year = await talk.get("/calendar/2026")
    assert (year.json()["version"], year.json()["status"]) == (2, "published")
    assert {"on": "2026-11-26", "vi": "Nghỉ tránh bão", "en": "Closed for a storm"} in year.json()["off"]


async def test_a_proposal_sent_twice_is_one_act_and_a_stale_version_is_refused(talk: Talk) -> None:
    first = await talk.post(OVERRIDES, STORM, token=admin(talk, "ad-1"), key="one")
    again = await talk.post(OVERRIDES, STORM, token=admin(talk, "ad-1"), key="one")
    assert (again.status_code, again.json()["id"], again.headers["location"]) == (
        201,
        first.json()["id"],
        first.headers["location"],
    )

    where = f"/calendar-acts/{first.json()['id']}"
    stale = await talk.post(f"{where}/withdraw", token=admin(talk, "ad-1"), if_match='"7"')
    assert stale.status_code == 412
    withdrawn = await talk.post(f"{where}/withdraw", token=admin(talk, "ad-1"), if_match='"1"')
    assert withdrawn.json()["state"] == "withdrawn"
    closed = await talk.post(f"{where}/confirm", token=admin(talk, "ad-2"), if_match='"2"')
    assert (closed.status_code, problem(closed)["code"]) == (409, "act-closed")


async def test_a_year_is_published_once_at_the_version_that_was_read(talk: Talk) -> None:
    provisional = await talk.get("/calendar/2027")
    assert (provisional.json()["status"], provisional.headers["etag"]) == ("provisional", '"1"')

    published = await put(talk, 2027, NEW_YEAR, admin(talk, "ad-1"), provisional.headers["etag"])

    assert (published.status_code, published.headers["etag"], published.json()["status"]) == (200, '"2"', "published")
    assert (await put(talk, 2027, NEW_YEAR, admin(talk, "ad-1"), '"1"')).status_code == 412
    again = await put(talk, 2027, NEW_YEAR, admin(talk, "ad-1"))
    assert (again.status_code, problem(again)["code"]) == (409, "year-already-published")


async def test_a_year_nobody_knows_is_refused_by_its_number_everywhere(talk: Talk) -> None:
    for answer in (
        await talk.get("/calendar/2031"),
        await talk.post("/calendar/2031/overrides", {**STORM, "on": "2031-03-03"}, token=admin(talk, "ad-1")),
    ):
        assert (answer.status_code, problem(answer)["code"]) == (409, "calendar-not-published")
        assert "2031" in problem(answer)["detail"]


async def test_a_dossier_that_would_end_in_a_year_nobody_knows_is_refused_by_its_number(
    talk: Talk, clock: StandingClock
) -> None:
    clock.at("2028-12-28T08:00:00+07:00")

    answer = await talk.post("/dossiers", body(), token=talk.token("clerk"))

    assert (answer.status_code, problem(answer)["code"]) == (409, "calendar-not-published")
    assert "2029" in problem(answer)["detail"]
    assert (await talk.get("/dossiers", talk.token("clerk"))).json()["items"] == []


async def test_a_day_of_another_year_a_day_without_a_name_and_hours_out_of_order_are_refused(talk: Talk) -> None:
    token = admin(talk, "ad-1")
    outside = await talk.post("/calendar/2027/overrides", STORM, token=token)
    assert (outside.status_code, problem(outside)["code"]) == (422, "day-outside-year")
    assert (await put(talk, 2028, NEW_YEAR, token)).json()["code"] == "day-outside-year"
    assert (await talk.post(OVERRIDES, {**STORM, "vi": ""}, token=token)).status_code == 422
    assert (
        await talk.post("/office-hours", {**HOURS, "periods": [["12:00", "08:00"]]}, token=token)
    ).status_code == 422
    assert (await talk.post("/office-hours", {**HOURS, "valid_to": "2026-10-01"}, token=token)).status_code == 422
    unknown = await talk.post("/office-hours", {**HOURS, "unit": "99999"}, token=token)
    assert problem(unknown)["code"] == "unknown-unit"
    same = await talk.post(OVERRIDES, {**STORM, "on": "2026-11-24"}, token=token)
    assert (same.status_code, problem(same)["code"]) == (409, "nothing-changes")


async def test_office_hours_of_a_unit_count_after_the_second_signature(talk: Talk) -> None:
    act = (await talk.post("/office-hours", HOURS, token=admin(talk, "ad-1"))).json()
    path = f"/office-hours?unit={UNIT}&on=2026-12-01"
    assert (await talk.get(path)).json()["periods"] == [["07:00", "11:30"], ["13:30", "17:00"]]

    await talk.post(f"/calendar-acts/{act['id']}/confirm", token=admin(talk, "ad-2"), if_match='"1"')

    shown = (await talk.get(path)).json()
    assert (shown["periods"], shown["saturday"]) == (
        [["08:00", "12:00"], ["13:00", "16:00"]],
        [["08:00", "11:00"]],
    )
    assert (await talk.get("/office-hours?on=2026-12-01")).json()["saturday"] == []


@pytest.mark.parametrize("role", ["clerk", "head", "citizen"])
async def test_only_an_admin_changes_the_calendar(talk: Talk, role: str) -> None:
    assert (await talk.post(OVERRIDES, STORM, token=talk.token(role))).status_code == 403
    assert (await put(talk, 2027, NEW_YEAR, talk.token(role))).status_code == 403
    assert (await talk.get("/calendar-acts", talk.token(role))).status_code == 403


@pytest.mark.parametrize("on", ["3422-10-05", "0001-01-01", "9999-12-31"])
async def test_a_day_nobody_could_mean_is_refused_by_its_name(talk: Talk, on: str) -> None:
    answer = await talk.get(f"/office-hours?on={on}")

    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (422, "/on")


@pytest.mark.parametrize("on", ["1900-01-01", "2200-12-31"])
async def test_office_hours_of_a_day_that_none_are_known_for(talk: Talk, on: str) -> None:
    assert (await talk.get(f"/office-hours?on={on}")).status_code in {200, 409}
