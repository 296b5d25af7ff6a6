"""The whole life of a dossier through four processes: what intake says, the read model says, and the citizen is told once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial
from typing import Any

import pytest

from deploy.tests.faults.load import filing
from deploy.tests.journeys.capital import Capital
from shared.law import official_calendar
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

PERSON = "044190007799"
SAME = (
    "state", "phase", "version", "due_at", "due_on", "promised_on", "lawful_due_on", "first_promised_on", "remaining_working_hours", "respond_by",
)  # fmt: skip
ENDED = {"settled", "returned", "stopped"}
"""The read model of what is over shows no date that is due."""
WHY = {"reason_class": "other", "reason": "Theo hồ sơ"}


async def _act(capital: Capital, token: str, dossier: dict[str, Any], verb: str, body: object = None) -> dict[str, Any]:
    """Give a command, and see that the read model comes to say what intake says; each command on it states one fact."""
    path = f"/intake/v1/dossiers/{dossier['id']}/{verb}"
    answer = await capital.call("POST", path, token, json=body, headers={"if-match": f'"{dossier["version"]}"'})
    changed: dict[str, Any] = answer.json()
    line = await wait_until(partial(_line, capital, dossier["id"], changed), what=f"{verb} in the read model")
    expected = {name: changed[name] for name in SAME if name != "version" and changed["state"] not in ENDED}
    assert {name: line[name] for name in expected} == expected
    assert (line["state"], line["phase"]) == (changed["state"], changed["phase"])
    return changed


async def _line(capital: Capital, id_: str, changed: dict[str, Any]) -> Any:
    answer = await capital.call("GET", f"/reporting/v1/dossiers/{id_}", capital.officer())
    line = answer.json() if answer.status_code == 200 else {"version": 0}
    return line if line["version"] >= changed["version"] else None


async def _told(capital: Capital, id_: str) -> Counter[str]:
    token = capital.token("citizen", person=PERSON)
    answer = await capital.call("GET", f"/notifications/v1/me/inbox?aggregate={id_}&limit=100", token)
    return Counter(item["code"] for item in answer.json()["items"])


async def test_payment_pause_apology_and_rating_are_said_alike_everywhere_and_told_once(capital: Capital) -> None:
    citizen, officer = capital.token("citizen", person=PERSON), capital.officer()
    body = filing("online", ["Tờ khai"], submitter={"name": "Trần Thị Hành", "identity_no": PERSON})
    dossier = (await capital.call("POST", "/intake/v1/dossiers", citizen, json=body)).json()
    dossier = await _act(capital, officer, dossier, "accept")
    dossier = await _act(capital, officer, dossier, "assign", {"officer": "cb-1"})
    later = official_calendar().working_day_after(date.fromisoformat(dossier["due_on"]), 2).isoformat()
    apology = {"new_due_on": later, "reason_class": "overload", "reason": "Nhiều hồ sơ", "signer": "ld-1"}
    dossier = await _act(capital, officer, dossier, "move-appointment", apology)
    assert (dossier["promised_on"], dossier["promised_on"] > dossier["lawful_due_on"]) == (later, True)
    dossier = await _act(capital, officer, dossier, "pause", WHY)
    dossier = await _act(capital, officer, dossier, "resume")
    dossier = await _act(capital, officer, dossier, "require-payment", {"amount": 20000, "purpose": "Lệ phí"})
    proof = {"reference": "0012345", "paid_at": dossier["accepted_at"]}
    dossier = await _act(capital, citizen, dossier, "confirm-payment", proof)
    dossier = await _act(capital, officer, dossier, "settle", {"outcome": "granted"})
    dossier = await _act(capital, officer, dossier, "return-result", {"method": "counter"})
    dossier = await _act(capital, citizen, dossier, "rate", {"score": 5})

    owed = ("HS-00", "HS-01", "HS-06b", "HS-09c", "HS-04", "HS-07", "HS-08")
    await wait_until(partial(_all_told, capital, dossier["id"], len(owed)), what="every notice")
    assert await _told(capital, dossier["id"]) == Counter(owed)


async def _all_told(capital: Capital, id_: str, number: int) -> bool:
    return (await _told(capital, id_)).total() >= number


async def test_what_is_stopped_on_request_is_closed_everywhere(capital: Capital) -> None:
    citizen, officer = capital.token("citizen", person=PERSON), capital.officer()
    body = filing("online", ["Tờ khai"], submitter={"name": "Trần Thị Hành", "identity_no": PERSON})
    dossier = (await capital.call("POST", "/intake/v1/dossiers", citizen, json=body)).json()
    dossier = await _act(capital, officer, dossier, "accept")

    stopped = await _act(capital, citizen, dossier, "stop", WHY)

    await wait_until(partial(_all_told, capital, stopped["id"], 3), what="the notice of stopping")
    assert await _told(capital, stopped["id"]) == {"HS-00": 1, "HS-01": 1, "HS-09b": 1}
