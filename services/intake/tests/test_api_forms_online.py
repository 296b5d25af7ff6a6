"""Door 1: forms filled in online, checked field by field, kept with the person, read by those who may."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake import data, handlers
from services.intake.adapters.form_schema import compiled, endless, is_schema
from services.intake.tests.given import BINH, BIRTH, MARITAL_STATUS, OTHER_UNIT, RESIDENCE
from services.intake.tests.talk import Json, Talk, body, problem
from shared.runtime import Service
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres

NAME = "Nguyễn Thị Hoa Hiếm"
FORM: Json = {
    "name": NAME, "born_on": "1999-04-30", "residence": "12 Trần Hưng Đạo", "marital_status": "never-married", "purpose": "marriage",
    "spouse_to_be": {"name": "Lê Văn Tám", "identity_no": "044085001234"},
}  # fmt: skip
BIRTH_FORM: Json = {
    "child": {
        "name": "Lê An", "born_on": "2026-11-20", "gender": "female", "birthplace": "Bệnh viện Quảng Trị", "nationality": "Việt Nam",
        "ethnicity": "Kinh", "home_town": "Quảng Trị",
    },
    "mother": {"name": "Nguyễn Thị Hoa"},
    "requester": {"relation": "mother"},
}  # fmt: skip


def online(form: Any, procedure: str = MARITAL_STATUS, **changes: Any) -> Json:
    return body(procedure, channel="online", components=[], form=form, **changes)


async def filed(talk: Talk, form: Any = FORM, **changes: Any) -> Json:
    answer = await talk.post("/dossiers", online(form, **changes), token=talk.citizen())
    assert answer.status_code == 201, answer.text
    dossier: Json = answer.json()
    return dossier


async def test_a_form_is_read_as_it_was_filled_in_by_its_citizen_and_its_officers(talk: Talk, works: Works) -> None:
    dossier = await filed(talk)
    path = f"/dossiers/{dossier['id']}"

    shown = [await talk.get(f"{path}/form", who) for who in (talk.citizen(), talk.token("clerk"))]

    assert [answer.json() for answer in shown] == [{"form": FORM}] * 2
    assert (await talk.get(path, talk.citizen())).json()["has_form"] is True
    read = await works.pool.fetch("SELECT actor FROM fact WHERE type LIKE '%identity-read%' AND topic IS NULL")
    assert sorted(row["actor"].split("|")[0] for row in read) == ["citizen", "clerk"]


async def test_a_form_one_may_not_see_is_answered_as_one_that_is_not_there(talk: Talk) -> None:
    dossier, without = await filed(talk), await talk.file()
    absent = await talk.get("/dossiers/00000000-0000-7000-8000-000000000000/form", talk.citizen())
    strangers = [talk.citizen(BINH.identity_no), talk.token("clerk", units=(OTHER_UNIT,))]

    answers = [await talk.get(f"/dossiers/{dossier['id']}/form", who) for who in strangers]
    answers.append(await talk.get(f"/dossiers/{without['id']}/form", talk.citizen()))

    assert problem(absent)["code"] == "not-found"
    assert [problem(answer) for answer in answers] == [problem(absent)] * 3


async def test_a_form_stands_in_no_fact_no_answer_and_no_column_in_clear(talk: Talk, works: Works) -> None:
    dossier = await filed(talk)

    tables = ("fact", "idempotency", "form", "person", "dossier", "deadline", "outbox")
    texts = [str([dict(row) for row in await works.pool.fetch(f"SELECT * FROM {name}")]) for name in tables]

    assert dossier["code"] in "".join(texts)
    for text in texts:
        for spelling in (NAME, str(NAME.encode())[2:-1], NAME.encode().hex(), "Trần Hưng Đạo"):
            assert spelling not in text


async def test_who_is_forgotten_takes_the_form_along(talk: Talk, works: Works) -> None:
    dossier = await filed(talk)
    await works.pool.execute("UPDATE person SET data_key = NULL, sealed = NULL")

    answer = await talk.get(f"/dossiers/{dossier['id']}/form", talk.token("clerk"))

    assert (answer.status_code, answer.json()["code"]) == (410, "person-forgotten")


WRONG: list[tuple[Json, dict[str, str]]] = [
    ({}, {"/form/name": "missing", "/form/born_on": "missing", "/form/residence": "missing", "/form/marital_status": "missing", "/form/purpose": "missing"}),
    ({**FORM, "nickname": "Hoa"}, {"/form/nickname": "unknown-field"}),
    ({**FORM, "name": 7}, {"/form/name": "wrong-type"}),
    ({**FORM, "name": "A"}, {"/form/name": "too-short"}),
    ({**FORM, "name": "A" * 201}, {"/form/name": "too-long"}),
    ({**FORM, "born_on": "30/4/1999"}, {"/form/born_on": "bad-date"}),
    ({**FORM, "born_on": "1999-02-30"}, {"/form/born_on": "bad-date"}),
    ({**FORM, "identity_no": "12345"}, {"/form/identity_no": "bad-format"}),
    ({**FORM, "marital_status": "it is complicated"}, {"/form/marital_status": "not-one-of"}),
    ({**FORM, "purpose": "other"}, {"/form/other_purpose": "missing"}),
    ({**FORM, "spouse_to_be": "Tám"}, {"/form/spouse_to_be": "wrong-type"}),
    ({**FORM, "spouse_to_be": {"identity_no": "1", "age": 3}}, {"/form/spouse_to_be/name": "missing", "/form/spouse_to_be/identity_no": "bad-format", "/form/spouse_to_be/age": "unknown-field"}),
]  # fmt: skip


@pytest.mark.parametrize(("form", "places"), WRONG)
async def test_everything_wrong_with_a_form_is_named_with_its_place(
    talk: Talk, form: Json, places: dict[str, str]
) -> None:
    vietnamese = await talk.post("/dossiers", online(form), token=talk.citizen())
    english = await talk.post("/dossiers", online(form), token=talk.citizen(), accept_language="en")

    assert (vietnamese.status_code, vietnamese.json()["code"]) == (422, "form-wrong")
    assert {error["pointer"]: error["code"] for error in vietnamese.json()["errors"]} == places
    for one, other in zip(vietnamese.json()["errors"], english.json()["errors"], strict=True):
        assert one["detail"] != other["detail"]
        assert "…" not in one["detail"]
    assert "facts" not in vietnamese.json()


@pytest.mark.parametrize("form", [[], "text", 7, True])
async def test_a_form_that_is_no_object_is_refused_by_the_door(talk: Talk, form: Any) -> None:
    answer = await talk.post("/dossiers", online(form), token=talk.citizen())

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/form")


async def test_what_somebody_wrote_is_not_told_back(talk: Talk) -> None:
    answer = await talk.post("/dossiers", online({**FORM, "name": NAME * 20, "gender": NAME}), token=talk.citizen())

    assert answer.json()["code"] == "form-wrong"
    assert NAME not in answer.text


async def test_a_procedure_without_a_form_takes_none(talk: Talk) -> None:
    answer = await talk.post("/dossiers", online(FORM, RESIDENCE), token=talk.citizen())

    assert (answer.status_code, answer.json()["code"]) == (422, "form-not-taken")
    assert answer.json()["errors"][0]["pointer"] == "/form"


async def test_a_form_longer_than_a_form_is_refused(talk: Talk) -> None:
    answer = await talk.post("/dossiers", online({**FORM, "residence": "A" * 100_001}), token=talk.citizen())

    assert (answer.status_code, answer.json()["code"]) == (422, "form-too-large")


async def test_a_birth_is_registered_online(talk: Talk) -> None:
    dossier = await filed(talk, BIRTH_FORM, procedure=BIRTH)
    twins = {**BIRTH_FORM, "mother": {}, "copies": 21}

    answer = await talk.post("/dossiers", online(twins, BIRTH), token=talk.citizen())

    assert (await talk.get(f"/dossiers/{dossier['id']}/form", talk.citizen())).json() == {"form": BIRTH_FORM}
    assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == {
        "/form/mother/name": "missing", "/form/copies": "too-large",
    }  # fmt: skip


async def test_a_form_is_checked_by_the_schema_of_the_version_in_force(talk: Talk) -> None:
    version = {
        "name": "Đăng ký cư trú", "sector": "residence", "sector_name": "Cư trú", "levels": ["commune"], "limit": "3wd", "basis": "Luật Cư trú",
        "valid_from": "2026-11-01", "form_schema": {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]},
    }  # fmt: skip
    put = await talk.put(f"/procedures/{RESIDENCE}", version, token=talk.token("admin"), seen=1)
    assert put.status_code == 200, put.text

    answers = [
        await talk.post("/dossiers", online(form, RESIDENCE), token=talk.citizen()) for form in ({}, {"days": 3})
    ]

    assert [answer.status_code for answer in answers] == [422, 201]
    assert [(each["pointer"], each["code"]) for each in answers[0].json()["errors"]] == [("/form/days", "missing")]


def test_every_schema_of_the_seeds_is_one() -> None:
    schemas = {each.code: data.form_schema(each.code, each.version) for each in data.procedures()}

    checks = {code: compiled(schema) for code, schema in schemas.items() if schema is not None}
    assert checks.keys() == {BIRTH, MARITAL_STATUS}
    assert data.form_schema(BIRTH, 99) is None


@pytest.mark.parametrize(
    "ref",
    [
        "#/$defs/nobody", "#nobody", "person", "https://example.vn/person.json", "#/properties/who/title", "#/required/0", "#/required/x",
        "#/properties/who/title/x", "#/more/next", "http://[",
    ],
)  # fmt: skip
def test_a_schema_that_refers_to_what_is_not_in_it_is_none(ref: str) -> None:
    schema = {
        "type": "object", "properties": {"who": {"title": "Ai", "$ref": ref}}, "required": ["who"], "more": {"next": {"items": {"$ref": "#/$defs/gone"}}, "good": {"type": "string"}},
    }  # fmt: skip

    assert not is_schema(schema)
    assert is_schema({**schema, "properties": {"who": {"title": "Ai", "$ref": "#/more/good"}}})


CHILD: Json = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}}}


@pytest.mark.parametrize(
    ("more", "reference"),
    [
        ({"allOf": [{"$ref": "#"}]}, "#"),
        ({"$ref": "#"}, "#"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"anyOf": [True, {"$ref": "#/$defs/a"}]}}}, "#/$defs/"),
        ({"dependentSchemas": {"name": {"$ref": "#"}}}, "#"),
        ({"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"if": {"$dynamicRef": "#a"}, "$dynamicAnchor": "a"}}}, "#a"),
    ],
)  # fmt: skip
def test_a_schema_that_comes_back_to_itself_before_any_field_is_endless(more: Json, reference: str) -> None:
    schema = {**CHILD, **more}

    assert is_schema(schema)
    assert (endless(schema) or "").startswith(reference)
    assert endless(CHILD) is None


@pytest.mark.parametrize(
    "more", [{"not": CHILD}, {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": CHILD}}]
)
def test_a_schema_that_uses_a_part_twice_or_holds_itself_in_a_field_ends(more: Json) -> None:
    assert endless({**CHILD, **more}) is None
    assert compiled(CHILD)({"child": {"child": {"name": 1}}})


async def test_a_schema_without_end_is_refused_by_the_name_of_its_reference(talk: Talk) -> None:
    version = {
        "name": "Đăng ký cư trú", "sector": "residence", "sector_name": "Cư trú", "levels": ["commune"], "limit": "3wd", "basis": "Luật Cư trú",
        "valid_from": "2026-11-01", "form_schema": {**CHILD, "allOf": [{"$ref": "#"}]},
    }  # fmt: skip
    said = {"authorization": f"Bearer {talk.token('admin')}", "if-match": '"1"'}
    answers = [
        await talk.http.put(f"/procedures/{RESIDENCE}", json=version, headers={**said, "accept-language": language})
        for language in ("vi", "en")
    ]

    found = [answer.json()["errors"][0] for answer in answers]
    assert [
        (answer.status_code, each["pointer"], each["code"]) for answer, each in zip(answers, found, strict=True)
    ] == [(422, "/form_schema", "endless")] * 2
    assert "chiếu # quay về chính nó trước khi gặp một trường nào" in found[0]["detail"]
    assert found[1]["detail"].startswith("The reference # comes back to itself before any field")


async def test_a_form_that_cannot_be_checked_for_its_depth_is_refused(
    talk: Talk, works: Works, service: Service
) -> None:
    desk = service.api.state.desk
    await works.pool.execute(
        "UPDATE procedure SET form_schema = $2 WHERE code = $1", MARITAL_STATUS, {**CHILD, "allOf": [{"$ref": "#"}]}
    )
    await handlers.refresh(desk)
    deep: Json = {}
    for _ in range(400):
        deep = {"child": deep}

    answers = [await talk.post("/dossiers", online(form), token=talk.citizen()) for form in ({"name": "An"}, deep)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "form-too-deep")] * 2
    await works.pool.execute("UPDATE procedure SET form_schema = $2 WHERE code = $1", MARITAL_STATUS, CHILD)
    await handlers.refresh(desk)
    answer = await talk.post("/dossiers", online(deep), token=talk.citizen())
    assert (answer.status_code, answer.json()["code"]) == (422, "form-too-deep")


def test_a_schema_may_refer_to_its_own_parts_in_a_circle() -> None:
    person = {
        "$anchor": "person",
        "type": "object",
        "properties": {"mother": {"$ref": "#person"}, "all": {"$ref": "#"}},
    }
    named = {"$id": "https://example.vn/name", "type": "string"}
    schema = {
        "type": "object", "properties": {"who": {"$ref": "#/$defs/person"}, "name": {"$ref": "https://example.vn/name"}, "kind": {"enum": [{"$ref": "x"}]}},
        "$defs": {"person": person, "name": named},
    }  # fmt: skip

    assert is_schema(schema)
    assert [each["loc"] for each in compiled(schema)({"who": {"mother": 1}})] == [("body", "form", "who", "mother")]
