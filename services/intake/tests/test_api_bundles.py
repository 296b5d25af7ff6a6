"""Door 1: procedures of one event in life, filed together; each dossier with its own code, papers and limit."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from services.intake.data import procedures
from services.intake.data.linked import linked_services
from services.intake.domain import bundles
from services.intake.tests.given import AN, BINH, OTHER_UNIT, UNIT, complete, facts_of, hanoi
from services.intake.tests.lives import OFFICE
from services.intake.tests.printed import words
from services.intake.tests.talk import Json, Talk
from services.intake.tests.test_api_forms_online import BIRTH_FORM
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


@pytest.mark.parametrize(
    ("code", "due_on"),
    [
        ("birth-verification", "2026-12-01"), ("death", "2026-12-02"), ("death-social-insurance", "2026-12-07"), ("death-aged-80", "2026-12-09"),
        ("death-merit", "2026-12-18"),
    ],
)  # fmt: skip
async def test_each_linked_service_has_its_own_procedures_papers_and_limit(talk: Talk, code: str, due_on: str) -> None:
    parts = linked_services()[code].parts

    answer = await talk.post("/bundles", bundle(code, parts), token=talk.token("clerk"))

    assert answer.status_code == 201, answer.text
    made = answer.json()["dossiers"]
    assert [(each["procedure"], each["due_on"], each["lawful_due_on"]) for each in made] == [
        (part, due_on, due_on) for part in parts
    ]
    for each in made:
        papers = (await talk.get(f"/dossiers/{each['id']}", talk.citizen())).json()["components"]
        assert [paper["name"] for paper in papers] == [paper.name for paper in complete(each["procedure"])]


async def test_each_part_counts_its_own_sets_on_its_slip_and_in_the_register(talk: Talk) -> None:
    asked = bundle()
    asked["parts"][1]["sets"] = 2

    made = (await talk.post("/bundles", asked, token=talk.token("clerk"))).json()["dossiers"]

    assert [each["sets"] for each in made] == [1, 2, 1]
    slips = [words((await talk.get(f"/dossiers/{each['id']}/forms/01.pdf", talk.citizen())).content) for each in made]
    assert [f"Số lượng hồ sơ: 0{number} (bộ)" in slip for number, slip in zip((1, 2, 1), slips, strict=True)] == [
        True
    ] * 3
    sheet = await talk.get(f"/registers/07.xlsx?unit={UNIT}&from=2026-11-23&to=2026-11-23", talk.token("clerk"))
    active = load_workbook(io.BytesIO(sheet.content)).active
    assert active is not None
    assert [row[3] for row in active.iter_rows(min_row=9, values_only=True)] == [1, 2, 1]
    asked["parts"][0]["sets"] = 0
    refused = await talk.post("/bundles", asked, token=talk.token("clerk"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/parts/0/sets")


async def test_what_came_together_on_an_earlier_day_is_entered_with_its_reason(talk: Talk) -> None:
    late = bundle(received_at="2026-11-20T08:15:00+07:00")

    without = await talk.post("/bundles", late, token=talk.token("clerk"))
    entered = await talk.post("/bundles", {**late, "late_entry_reason": "Mất điện"}, token=talk.token("clerk"))

    assert (without.status_code, without.json()["code"]) == (422, "late-entry-reason-missing")
    assert without.json()["errors"][0]["pointer"] == "/late_entry_reason"
    assert entered.status_code == 201, entered.text
    for each in entered.json()["dossiers"]:
        assert each["due_on"] == "2026-11-26"  # from Friday the 20th: the 23rd, the 25th and the 26th
        shown = (await talk.get(f"/dossiers/{each['id']}", talk.token("clerk"))).json()
        assert (shown["late_entry_reason"], shown["received_at"]) == ("Mất điện", "2026-11-20T08:15:00+07:00")


async def test_forms_of_parts_are_checked_by_their_own_procedure_and_told_at_their_place(talk: Talk) -> None:
    asked = bundle(channel="online")
    asked["parts"][0]["form"] = BIRTH_FORM

    made = (await talk.post("/bundles", asked, token=talk.citizen())).json()["dossiers"]

    assert (await talk.get(f"/dossiers/{made[0]['id']}/form", talk.citizen())).json() == {"form": BIRTH_FORM}
    assert (await talk.get(f"/dossiers/{made[1]['id']}/form", talk.citizen())).status_code == 404
    asked["parts"][0]["form"] = {**BIRTH_FORM, "mother": {}}
    wrong = await talk.post("/bundles", asked, token=talk.citizen())
    assert [(each["pointer"], each["code"]) for each in wrong.json()["errors"]] == [
        ("/parts/0/form/mother/name", "missing")
    ]
    del asked["parts"][0]["form"]
    asked["parts"][1]["form"] = BIRTH_FORM
    untaken = await talk.post("/bundles", asked, token=talk.citizen())
    assert (untaken.json()["code"], untaken.json()["errors"][0]["pointer"]) == ("form-not-taken", "/parts/1/form")


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
    assert answer.json()["errors"][0]["pointer"] == "/parts/2/components"
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
