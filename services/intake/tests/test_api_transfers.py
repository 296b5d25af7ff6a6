"""Door 1: hand-overs between units over HTTP, who sees what meanwhile, and the slip each leaves."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from services.intake import handlers
from services.intake.handlers import Desk
from services.intake.tests.given import OTHER_UNIT, UNIT, facts_of, names_of
from services.intake.tests.talk import Json, Talk
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

THIRD_UNIT = "18859"
TO = {"to_unit": OTHER_UNIT, "reason_class": "not-competent", "reason": "Người nộp ở phường khác", "papers": 2}
NO = {"reason_class": "not-competent", "reason": "Không thuộc địa bàn"}
DATES = ("due_at", "due_on", "promised_on", "lawful_due_on", "first_promised_on")


async def act(talk: Talk, dossier: Json, command: str, unit: str, json: Any = None) -> Json:
    answer = await post(talk, dossier, command, unit, json)
    assert answer.status_code == 200, answer.text
    changed: Json = answer.json()
    return changed


async def post(talk: Talk, dossier: Json, command: str, unit: str, json: Any = None) -> Any:
    token = talk.token("head", units=[unit], subject=f"head-{unit}")
    return await talk.post(
        f"/dossiers/{dossier['id']}/{command}", json, token=token, if_match=f'"{dossier["version"]}"'
    )


async def listed(talk: Talk, unit: str) -> list[str]:
    answer = await talk.get("/dossiers", talk.token("clerk", units=[unit], subject=f"clerk-{unit}"))
    return [each["id"] for each in answer.json()["items"]]


async def test_a_dossier_goes_to_another_unit_once_it_says_yes_and_its_dates_stay(
    talk: Talk, service: Service, clock: StandingClock
) -> None:
    dossier = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-12"})
    offered = await act(talk, dossier, "transfer", UNIT, TO)
    assert (offered["unit"], offered["to_unit"], offered["state"]) == (UNIT, OTHER_UNIT, "in-progress")
    assert await listed(talk, UNIT) == await listed(talk, OTHER_UNIT) == [dossier["id"]]

    clock.at("2026-11-25T10:00:00+07:00")
    taken = await act(talk, offered, "accept-transfer", OTHER_UNIT)

    assert (taken["unit"], taken["to_unit"], taken["receiving_unit"], taken["handler"]) == (
        OTHER_UNIT,
        None,
        UNIT,
        None,
    )
    assert [taken[name] for name in DATES] == [dossier[name] for name in DATES]
    assert (await listed(talk, UNIT), await listed(talk, OTHER_UNIT)) == ([], [dossier["id"]])
    assert (await post(talk, taken, "settle", UNIT, {"outcome": "granted"})).status_code == 404
    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.token("clerk"))).json()
    assert shown["handovers"] == [
        {
            "from_unit": UNIT, "to_unit": OTHER_UNIT, "papers": 2, "at": "2026-11-23T08:15:00+07:00", "by": f"head-{UNIT}",
            "reason_class": "not-competent", "reason": TO["reason"], "confirmation": "accepted", "answered_at": "2026-11-25T10:00:00+07:00",
            "answered_by": f"head-{OTHER_UNIT}", "answer_class": None, "answer": None,
        }
    ]  # fmt: skip
    said = str(await facts_of(service.api.state.desk.works, shown["id"]))
    assert str(TO["reason"]) not in said
    settled = await act(talk, taken, "settle", OTHER_UNIT, {"outcome": "granted"})
    assert settled["state"] == "settled"


async def test_a_dossier_two_units_sent_back_goes_up_to_the_province(talk: Talk, service: Service) -> None:
    dossier = await talk.file()
    back = await act(talk, await act(talk, dossier, "transfer", UNIT, TO), "reject-transfer", OTHER_UNIT, NO)
    assert (back["unit"], back["to_unit"], back["rejections"]) == (UNIT, None, 1)
    again = await act(talk, back, "transfer", UNIT, {**TO, "to_unit": THIRD_UNIT})
    up = await act(talk, again, "reject-transfer", THIRD_UNIT, NO)

    assert (up["unit"], up["rejections"], up["due_at"]) == ("44", 2, dossier["due_at"])
    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.token("head", units=["44"]))).json()
    slips = [(each["from_unit"], each["to_unit"], each["confirmation"], each["answer"]) for each in shown["handovers"]]
    assert slips == [
        (UNIT, OTHER_UNIT, "rejected", NO["reason"]),
        (UNIT, THIRD_UNIT, "rejected", NO["reason"]),
        (UNIT, "44", "escalated", None),
    ]
    assert (await names_of(service.api.state.desk.works, shown["id"]))[2:] == [
        "dossier-transferred", "dossier-transfer-rejected", "dossier-transferred", "dossier-transfer-rejected", "dossier-escalated",
    ]  # fmt: skip


async def test_a_unit_that_does_not_answer_in_time_is_announced_and_the_offer_ends_with_its_answer(
    talk: Talk, service: Service, clock: StandingClock
) -> None:
    desk: Desk = service.api.state.desk
    offered = await act(talk, await talk.file(procedure="1.004222"), "transfer", UNIT, TO)
    clock.at("2026-12-02T00:00:00+07:00")

    while await handlers.announce_stages(desk):
        pass

    (breached,) = [
        data
        for name, data in await facts_of(desk.works, offered["id"])
        if name == "deadline-breached" and data["kind"] == "transfer"
    ]
    assert (breached["kind"], breached["unit"], breached["due_on"]) == ("transfer", UNIT, "2026-12-01")
    await act(talk, offered, "accept-transfer", OTHER_UNIT)
    open_ = "SELECT kind FROM deadline WHERE aggregate = $1 AND closed_at IS NULL"
    assert [row["kind"] for row in await desk.works.pool.fetch(open_, offered["id"])] == ["settlement"]


async def test_every_refusal_of_a_hand_over_has_its_name(talk: Talk) -> None:
    dossier = await talk.file()
    online = await talk.file(talk.citizen(), channel="online", components=[])

    async def refused(of: Json, command: str, unit: str, json: Any = None) -> tuple[int, str]:
        answer = await post(talk, of, command, unit, json)
        return answer.status_code, answer.json()["code"]

    assert await refused(online, "transfer", UNIT, TO) == (409, "not-yet-accepted")
    assert await refused(dossier, "accept-transfer", UNIT) == (409, "not-in-transfer")
    assert await refused(dossier, "transfer", UNIT, {**TO, "to_unit": UNIT}) == (422, "same-unit")
    assert await refused(dossier, "transfer", UNIT, {**TO, "to_unit": "99999"}) == (422, "unknown-unit")
    assert await refused(dossier, "transfer", UNIT, {**TO, "to_unit": "44X13"}) == (422, "not-offered-here")
    offered = await act(talk, dossier, "transfer", UNIT, TO)
    assert await refused(offered, "transfer", UNIT, TO) == (409, "in-transfer")
    assert await refused(offered, "settle", UNIT, {"outcome": "granted"}) == (409, "in-transfer")
    assert await refused(offered, "accept-transfer", UNIT) == (404, "not-found")
    assert await refused(offered, "accept-transfer", THIRD_UNIT) == (404, "not-found")
    closed = await talk.act(offered, "withdraw", "citizen", {"reason_class": "own-wish", "reason": "Đổi ý"})
    assert (closed["state"], closed["to_unit"]) == ("withdrawn", None)
    assert await refused(closed, "transfer", UNIT, TO) == (409, "already-closed")


@pytest.mark.parametrize(
    ("command", "json", "pointers"),
    [
        ("transfer", {}, ["/to_unit", "/reason_class", "/reason", "/papers"]),
        ("transfer", {**TO, "papers": -1}, ["/papers"]),
        ("transfer", {**TO, "reason_class": "own-wish"}, ["/reason_class"]),
        ("reject-transfer", {"reason_class": "shared-matter", "reason": ""}, ["/reason_class", "/reason"]),
    ],
)
async def test_the_body_of_a_hand_over_is_refused_field_by_field(
    talk: Talk, command: str, json: Json, pointers: list[str]
) -> None:
    answer = await post(talk, await talk.file(), command, UNIT, json)

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, pointers)


async def test_the_register_of_a_unit_keeps_what_it_received_and_gave_away(talk: Talk) -> None:
    offered = await act(talk, await talk.file(), "transfer", UNIT, TO)
    await act(talk, offered, "accept-transfer", OTHER_UNIT)
    days = "from=2026-11-23&to=2026-11-23"

    async def codes(unit: str) -> list[Any]:
        token = talk.token("clerk", units=[unit])
        answer = await talk.get(f"/registers/07.xlsx?unit={unit}&{days}", token)
        assert answer.status_code == 200
        active = load_workbook(io.BytesIO(answer.content)).active
        assert active is not None
        return [row[1] for row in active.iter_rows(min_row=9, values_only=True)]

    assert (await codes(UNIT), await codes(OTHER_UNIT)) == ([offered["code"]], [])


async def test_two_clerks_on_one_dossier_the_second_reads_again_and_goes_on(talk: Talk) -> None:
    dossier = await talk.file()
    path = f"/dossiers/{dossier['id']}"
    first, second = talk.token("clerk", subject="clerk-1"), talk.token("clerk", subject="clerk-2")
    seen = [(await talk.get(path, token)).headers["etag"] for token in (first, second)]
    assert seen[0] == seen[1]

    done = await talk.post(f"{path}/assign", {"officer": "cb-1"}, token=first, if_match=seen[0])
    late = await talk.post(f"{path}/assign", {"officer": "cb-2"}, token=second, if_match=seen[1])

    assert (done.status_code, late.status_code, late.json()["code"]) == (200, 412, "stale")
    assert late.json()["facts"] == {"seen": 1, "version": 2}
    read = await talk.get(path, second)
    assert (read.json()["handler"], read.headers["etag"]) == ("cb-1", '"2"')
    went_on = await talk.post(f"{path}/assign", {"officer": "cb-2"}, token=second, if_match=read.headers["etag"])
    assert (went_on.status_code, went_on.json()["handler"], went_on.headers["etag"]) == (200, "cb-2", '"3"')


async def test_of_two_clerks_who_decide_at_once_one_is_told_to_read_again(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    path, refusal = f"/dossiers/{dossier['id']}", {"reason_class": "wrong-place", "reason": "Nộp tại Sở Tư pháp"}
    tokens = [talk.token("clerk", subject=f"clerk-{n}") for n in range(2)]

    accepted, refused = await asyncio.gather(
        talk.post(f"{path}/accept", token=tokens[0], if_match='"1"'),
        talk.post(f"{path}/refuse", refusal, token=tokens[1], if_match='"1"'),
    )

    assert sorted([accepted.status_code, refused.status_code]) == [200, 412]
    read = (await talk.get(path, tokens[0])).json()
    assert (read["version"], read["state"]) == (2, "accepted" if accepted.status_code == 200 else "refused")
