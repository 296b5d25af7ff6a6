"""Door 1: procedures of one event in life, filed together; each dossier with its own code, papers and limit."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.data import procedures
from services.intake.data.linked import linked_services
from services.intake.domain import bundles
from services.intake.tests.given import AN, BINH, OTHER_UNIT, UNIT, complete, facts_of, hanoi
from services.intake.tests.lives import OFFICE
from services.intake.tests.talk import Json, Talk
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

BIRTH = ("1.001193", "1.004222", "9.000001")


def bundle(service: str = "birth", parts: tuple[str, ...] = BIRTH, **changes: Any) -> Json:
    papers = {code: [{"name": each.name, "kind": each.kind} for each in complete(code)] for code in parts}
    submitter = {"name": AN.name, "identity_no": AN.identity_no}
    made = {"service": service, "unit": UNIT, "channel": "direct", "submitter": submitter}
    return {**made, "parts": [{"procedure": code, "components": papers[code]} for code in parts], **changes}


async def test_one_filing_makes_a_dossier_of_each_procedure_with_its_own_code_and_limit(
    talk: Talk, service: Service
) -> None:
    answer = await talk.post("/bundles", bundle(), token=talk.token("clerk"))

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert [each["procedure"] for each in made["dossiers"]] == list(BIRTH)
    assert [each["due_on"] for each in made["dossiers"]] == ["2026-11-27"] * 3  # 3 working days; the 24th is a holiday
    assert len({each["code"] for each in made["dossiers"]}) == 3
    assert all(each["lookup"]["secret"] and each["bundle"] == made["id"] for each in made["dossiers"])
    for each in made["dossiers"]:
        facts = await facts_of(service.api.state.desk.works, each["id"])
        assert (facts[0][0], facts[0][1]["bundle"]) == ("dossier-submitted", made["id"])
    assert answer.headers["location"].endswith(f"/v1/bundles/{made['id']}")


async def test_the_dossiers_of_a_bundle_go_their_own_ways_and_are_read_together(talk: Talk) -> None:
    made = (await talk.post("/bundles", bundle(), token=talk.token("clerk"))).json()
    first, second, third = made["dossiers"]
    await talk.act(first, "settle", "head", {"outcome": "granted"})
    await talk.act(second, "withdraw", "citizen", {"reason_class": "own-wish", "reason": "Đổi ý"})

    read = await talk.get(f"/bundles/{made['id']}", talk.citizen())

    assert [each["state"] for each in read.json()["dossiers"]] == ["settled", "withdrawn", "accepted"]
    assert third["id"] == read.json()["dossiers"][2]["id"]
    for stranger in (talk.citizen(BINH.identity_no), talk.token("clerk", units=[OTHER_UNIT])):
        assert (await talk.get(f"/bundles/{made['id']}", stranger)).status_code == 404


async def test_a_bundle_sent_twice_is_filed_once_and_answered_alike(talk: Talk) -> None:
    token = talk.token("clerk")

    first, second = [await talk.post("/bundles", bundle(), token=token, key="same") for _ in range(2)]

    assert (first.status_code, second.headers["idempotent-replayed"]) == (201, "true")
    assert first.json() == second.json()
    listed = await talk.get("/dossiers", token)
    assert len(listed.json()["items"]) == 3


async def test_each_dossier_of_a_bundle_says_what_is_open_like_it(talk: Talk) -> None:
    before = await talk.file(procedure=BIRTH[0])

    made = (await talk.post("/bundles", bundle(), token=talk.token("clerk"), key="same")).json()
    again = (await talk.post("/bundles", bundle(), token=talk.token("clerk"), key="same")).json()

    hints = [each["hints"] for each in made["dossiers"]]
    assert hints == [[{"name": "same-procedure-open", "code": before["code"]}], [], []]
    assert [each["hints"] for each in again["dossiers"]] == hints


async def test_papers_say_whether_they_were_digitised_or_taken_from_what_was_there(talk: Talk) -> None:
    parts = bundle()["parts"]
    parts[1]["components"][0] |= {"digitised": True}
    parts[2]["components"][0] |= {"reused": True}
    made = (await talk.post("/bundles", bundle(parts=BIRTH) | {"parts": parts}, token=talk.token("clerk"))).json()

    flags = []
    for each in made["dossiers"]:
        paper = (await talk.get(f"/dossiers/{each['id']}", talk.citizen())).json()["components"][0]
        flags.append((paper["digitised"], paper["reused"]))

    assert flags == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"service": "wedding"}, "unknown-linked-service", "/service"),
        ({"parts": BIRTH[:2]}, "wrong-parts", "/parts"),
        ({"parts": (*BIRTH, BIRTH[0])}, "wrong-parts", "/parts"),
        ({"service": "death"}, "wrong-parts", "/parts"),
    ],
)
async def test_a_bundle_is_filed_whole_or_refused_by_name(
    talk: Talk, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await talk.post("/bundles", bundle(**changes), token=talk.token("clerk"))

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_part_without_its_papers_files_nothing(talk: Talk) -> None:
    asked = bundle()
    asked["parts"][2]["components"] = []

    answer = await talk.post("/bundles", asked, token=talk.token("clerk"))

    assert (answer.status_code, answer.json()["code"]) == (422, "missing-component")
    assert (await talk.get("/dossiers", talk.token("clerk"))).json()["items"] == []


async def test_what_is_received_after_15_00_counts_from_the_next_working_day(talk: Talk, clock: StandingClock) -> None:
    due = {}
    for at in ("2026-11-25T15:00:00+07:00", "2026-11-25T15:00:01+07:00", "2026-11-25T20:00:00+07:00"):
        clock.at(at)
        made = await talk.post("/bundles", bundle(), token=talk.token("clerk", subject=at[11:19]))
        due[at[11:16], at[17:19]] = made.json()["dossiers"][0]["due_on"]

    assert list(due.values()) == ["2026-11-30", "2026-12-01", "2026-12-01"]


def test_the_day_is_added_once_however_late_it_is() -> None:
    def counted(at: str) -> str:
        return bundles.counted_from("6wd", hanoi(at), OFFICE)

    late, early = ("2026-11-25 15:01", "2026-11-25 17:00"), ("2026-11-25 08:00", "2026-11-25 17:01", "2026-11-28 16:00")
    assert [counted(at) for at in late] == ["7wd"] * 2
    assert [counted(at) for at in early] == ["6wd"] * 3


async def test_linked_services_are_told_with_limit_parts_and_what_was_not_read(talk: Talk) -> None:
    told = {each["code"]: each for each in (await talk.get("/linked-services")).json()["items"]}

    assert {code: each["limit"] for code, each in told.items()} == {
        "birth": "3wd", "birth-verification": "5wd", "death": "6wd", "death-aged-80": "11wd", "death-social-insurance": "9wd", "death-merit": "18wd",
    }  # fmt: skip
    assert all(each["basis"] == "Nghị định 63/2024/NĐ-CP" and "parts" in each["unverified"] for each in told.values())
    known = {row.code for row in procedures() if "commune" in row.levels}
    assert all(set(each.parts) <= known for each in linked_services().values())
