"""Door 1: a dossier that was refused, withdrawn or stopped is filed again; the link is kept both ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.intake.tests.given import BINH, COOPERATIVE, facts_of
from services.intake.tests.talk import Json, Talk, body
from shared.runtime import Service

pytestmark = pytest.mark.postgres

WHY = {"reason_class": "own-wish", "reason": "Thiếu giấy tờ"}


async def withdrawn(talk: Talk) -> Json:
    return await talk.act(await talk.file(), "withdraw", "citizen", WHY)


async def refused(talk: Talk, before: str, token: str | None = None, **changes: Any) -> tuple[int, str]:
    answer = await talk.post("/dossiers", body(resubmits=before, **changes), token=token or talk.token("clerk"))
    return answer.status_code, answer.json()["code"]


async def test_what_was_withdrawn_is_filed_again_and_each_names_the_other(talk: Talk, service: Service) -> None:
    before = await withdrawn(talk)

    again = await talk.file(resubmits=before["id"])

    old, new = [(await talk.get(f"/dossiers/{each['id']}", talk.citizen())).json() for each in (before, again)]
    assert (old["resubmits"], old["resubmitted_as"]) == (None, again["id"])
    assert (new["resubmits"], new["resubmitted_as"]) == (before["id"], None)
    assert (old["state"], old["version"], new["state"]) == ("withdrawn", before["version"], "accepted")
    assert (await facts_of(service.api.state.desk.works, again["id"]))[0][1]["resubmits"] == before["id"]


async def test_what_is_still_open_or_was_filed_again_is_not(talk: Talk) -> None:
    open_, ended = await talk.file(), await withdrawn(talk)
    await talk.file(resubmits=ended["id"])

    assert await refused(talk, open_["id"]) == (409, "not-resubmittable")
    assert await refused(talk, ended["id"]) == (409, "already-resubmitted")


async def test_another_person_s_dossier_and_none_look_the_same(talk: Talk) -> None:
    ended = await withdrawn(talk)
    other = {"name": BINH.name, "identity_no": BINH.identity_no}

    assert await refused(talk, ended["id"], submitter=other) == (422, "unknown-dossier")
    assert await refused(talk, "00000000-0000-7000-8000-000000000000") == (422, "unknown-dossier")
    online: dict[str, Any] = {"channel": "online", "components": []}
    assert await refused(talk, ended["id"], talk.citizen(BINH.identity_no), **online) == (422, "unknown-dossier")
    assert await refused(talk, ended["id"], procedure=COOPERATIVE, components=body(COOPERATIVE)["components"]) == (
        422,
        "other-procedure",
    )


async def test_a_citizen_files_a_refused_dossier_again_online(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    ended = await talk.act(dossier, "refuse", "clerk", {"reason_class": "not-complete", "reason": "Thiếu tờ khai"})

    again = await talk.file(talk.citizen(), channel="online", resubmits=ended["id"])

    assert (again["state"], again["resubmits"]) == ("submitted", ended["id"])


async def test_of_two_that_file_the_same_dossier_again_at_once_one_does(talk: Talk) -> None:
    ended = await withdrawn(talk)
    token = talk.token("clerk")

    answers = await asyncio.gather(
        *(talk.post("/dossiers", body(resubmits=ended["id"]), token=token) for _ in range(6))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
