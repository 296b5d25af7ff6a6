"""Door 1: everything a client can get wrong is named, in both languages."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from services.intake.app import HERE
from services.intake.tests.given import OTHER_UNIT
from services.intake.tests.talk import SUPPLEMENT, Json, Talk, body, problem
from shared.runtime import Service
from shared.store.lookups import LookupLocked, LookupRefused
from shared.web.problems import missing_problem_texts, refusal_classes

pytestmark = pytest.mark.postgres


async def refused(talk: Talk, status: int, code: str, token: str | None = None, **changes: Any) -> Json:
    answer = await talk.post("/dossiers", body(**changes), token=token or talk.token("clerk"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    return problem(answer)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"unit": "99999"}, "unknown-unit", "/unit"),
        ({"components": []}, "missing-component", "/components"),
        ({"received_at": "2026-11-23T08:15:01+07:00"}, "in-the-future", "/received_at"),
        ({"received_at": "2024-11-23T08:15:00+07:00"}, "too-long-ago", "/received_at"),
        ({"received_at": "2026-11-20T08:15:00+07:00"}, "late-entry-reason-missing", "/late_entry_reason"),
        ({"received_at": "2026-02-30T08:15:00+07:00"}, "invalid", "/received_at"),
        ({"received_at": "2026-11-23T08:15:00"}, "invalid", "/received_at"),
        ({"received_at": 1764000000}, "invalid", "/received_at"),
        ({"submitter": {"name": "A" * 5000}}, "invalid", "/submitter/name"),
        ({"submitter": {"name": "  "}}, "invalid", "/submitter/name"),
        ({"submitter": {"name": "A\0B"}}, "invalid", "/submitter/name"),
        ({"submitter": {"name": "An", "identity_no": "12345"}}, "invalid", "/submitter/identity_no"),
        ({"submitter": {"name": "An", "identity_no": "٠٤٤٠٨٥٠٠١٢٣٤"}}, "invalid", "/submitter/identity_no"),
        ({"submitter": {"name": "An", "phone": "12345"}}, "invalid", "/submitter/phone"),
        ({"submitter": {"name": "An", "email": "an at example"}}, "invalid", "/submitter/email"),
        ({"summary": "A" * 1001}, "invalid", "/summary"),
        ({"channel": "fax"}, "invalid", "/channel"),
        ({"components": [{"name": "Tờ khai", "count": 0}]}, "invalid", "/components/0/count"),
        ({"subject": "citizen"}, "invalid", "/subject"),
    ],
)
async def test_what_is_wrong_is_named_with_its_place(
    talk: Talk, changes: dict[str, Any], code: str, pointer: str
) -> None:
    said = await refused(talk, 422, code, **changes)

    assert [error["pointer"] for error in said["errors"]] == [pointer]
    assert all(error["detail"] for error in said["errors"])


async def test_an_unknown_procedure_is_named(talk: Talk) -> None:
    answer = await talk.post("/dossiers", {**body(), "procedure": "9.999999"}, token=talk.token("clerk"))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-procedure")
    assert answer.json()["errors"][0]["pointer"] == "/procedure"


async def test_a_citizen_does_not_say_when_it_was_received_nor_files_at_the_counter(talk: Talk) -> None:
    at = "2026-11-20T08:15:00+07:00"

    said = await refused(talk, 422, "received-at-counter-only", talk.citizen(), channel="online", received_at=at)
    assert said["detail"].endswith("Hãy để trống thời điểm nhận; hệ thống tự ghi khi hồ sơ đến.")
    await refused(talk, 422, "counter-only", talk.citizen())
    await refused(talk, 403, "identity-unknown", talk.citizen(None), channel="online")
    await refused(talk, 403, "forbidden", unit=OTHER_UNIT)


async def test_a_megabyte_of_summary_is_too_large(talk: Talk) -> None:
    await refused(talk, 413, "body-too-large", summary="A" * (1 << 20))


async def test_names_of_any_script_come_through_composed(talk: Talk) -> None:
    name = "Nguyễn Thị Ước 👩‍🌾"
    decomposed = unicodedata.normalize("NFD", name)
    assert decomposed != name

    filed = await talk.file(submitter={"name": decomposed}, summary=decomposed)

    shown = (await talk.get(f"/dossiers/{filed['id']}", talk.token("clerk"))).json()
    assert shown["summary"] == unicodedata.normalize("NFC", name)


async def test_one_person_is_the_same_however_their_number_is_typed(talk: Talk) -> None:
    for typed in ("044085001234", "044 085 001 234", "044.085.001.234", "044-085-001-234"):
        await talk.file(submitter={"name": "An", "identity_no": typed})

    assert len((await talk.get("/me/dossiers", talk.citizen())).json()["items"]) == 4


async def test_a_refusal_is_said_in_both_languages(talk: Talk) -> None:
    dossier = await talk.file()
    path = f"/dossiers/{dossier['id']}/return-result"

    async def returned(language: str) -> Json:
        answer = await talk.post(
            path, {"method": "post"}, token=talk.token("clerk"), if_match='"1"', accept_language=language
        )
        assert answer.status_code == 409
        return problem(answer)

    vietnamese, english = await returned("vi"), await returned("en")

    assert vietnamese["code"] == english["code"] == "not-yet-settled"
    assert vietnamese["title"] == "Hồ sơ chưa có kết quả"
    assert english["title"] == "There is no result yet"


async def test_a_command_without_its_fields_names_them(talk: Talk) -> None:
    dossier = await talk.file()
    path = f"/dossiers/{dossier['id']}"

    async def pointers(command: str, role: str, json: Any) -> list[str]:
        answer = await talk.post(f"{path}/{command}", json, token=talk.token(role), if_match='"1"')
        assert answer.status_code == 422
        return [error["pointer"] for error in answer.json()["errors"]]

    assert await pointers("settle", "handler", {"outcome": "maybe"}) == ["/outcome"]
    assert await pointers("withdraw", "clerk", {}) == ["/reason_class", "/reason"]
    assert await pointers("assign", "head", {"officer": "Lê Văn Thạch"}) == ["/officer"]
    assert await pointers("request-supplement", "clerk", {"components": [], "reason": "x"}) == ["/components"]
    assert await pointers("request-supplement", "clerk", {**SUPPLEMENT, "respond_by": "2026-11-23"}) == ["/respond_by"]


async def test_every_refusal_has_its_words_in_both_languages(service: Service) -> None:
    classes = [*refusal_classes("services.intake"), LookupLocked, LookupRefused]

    assert len(classes) > 15
    assert missing_problem_texts(classes, HERE / "data" / "problems.toml") == []
    assert service.api.state.catalogue.keys() >= {"calendar-not-published", "fact-too-large", "stale"}
