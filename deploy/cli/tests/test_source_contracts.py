"""What is committed for vendors: schemas that say what the rule book says, and boxes that open."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from nacl.public import PrivateKey, SealedBox

from deploy.cli import source_schemas
from deploy.cli.contracts import DOCUMENTS
from services.intake.domain import source_shapes as rules
from services.intake.tests.vendor import progressed, upserted
from shared.store.vault import fingerprint, open_contact

SEALING = json.loads((DOCUMENTS / "sealing.json").read_text("utf-8"))
WRONG: list[dict[str, Any]] = [
    {"specversion": "0.3"}, {"id": "two words"}, {"id": ""}, {"time": "2026-11-23 08:00"}, {"datacontenttype": "text/xml"}, {"datacontenttype": "application/json; charset=utf-16"}, {"subject": None},
    {"data": {"status": 11}}, {"data": {"status": "2"}}, {"data": {"submitted_at": "2026-11-23T08:00:00"}}, {"data": {"procedure": "1.4873"}},
    {"data": {"channel": "fax"}}, {"data": {"unit": None}}, {"data": {"ward": "19360"}}, {"data": {"correction": True}}, {"data": {"backfill": 1}},
    {"data": {"code": "AB-12"}},
]  # fmt: skip
RIGHT: list[dict[str, Any]] = [
    {}, {"time": None}, {"traceparent": "00-1"}, {"datacontenttype": "application/json; charset=utf-8"}, {"data": {"appointment_at": None}}, {"data": {"submitted_at": "2026-11-23T01:00:00Z"}},
    {"data": {"correction": True, "reason_class": "misread"}},
]  # fmt: skip


def changed(event: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(event)
    made |= {name: value for name, value in change.items() if name != "data"}
    made["data"] |= change.get("data", {})
    if "code" in change.get("data", {}):
        made["subject"] = made["data"]["code"]
    return {name: value for name, value in made.items() if value is not None or name != "time"}


def valid(event: dict[str, Any]) -> bool:
    schema = source_schemas.schema_of(rules.SHAPES[event["type"]])
    return Draft202012Validator(schema).is_valid(event)


@pytest.mark.parametrize("change", RIGHT + WRONG, ids=json.dumps)
def test_schema_and_rule_book_are_of_one_mind(change: dict[str, Any]) -> None:
    event = changed(upserted(), change)

    assert valid(event) is (not rules.wrong(event, rules.SHAPES[event["type"]])) is (change in RIGHT)


def test_a_progress_is_of_its_schema() -> None:
    assert valid(progressed(9))
    assert not valid(progressed(0))


def test_every_schema_is_a_schema() -> None:
    for schema in source_schemas.files().values():
        assert meta.is_valid(schema)


@pytest.mark.parametrize("vector", SEALING["vectors"])
def test_the_committed_boxes_open_as_they_say(vector: dict[str, str]) -> None:
    private, sealed = base64.b64decode(SEALING["private_key"]), base64.b64decode(vector["sealed"])

    assert SealedBox(PrivateKey(private)).decrypt(sealed).decode() == vector["plain"]
    assert open_contact(private, sealed).name == json.loads(vector["plain"])["name"]


def test_the_committed_key_id_is_the_one_the_service_would_say() -> None:
    assert fingerprint(base64.b64decode(SEALING["public_key"])) == SEALING["key_id"]
