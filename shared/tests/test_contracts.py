"""What facts promise: names, shapes, ids for ever; nothing personal in any of them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
import pytest

from shared.bus.topics import CATALOGUE as TOPICS
from shared.bus.topics import of_source
from shared.contracts import envelope as envelopes
from shared.contracts import intake, schemas
from shared.contracts.envelope import Catalogue, Fact, decode_foreign, derived_id, encode, fact, fact_type, family
from shared.contracts.sources import REPLIES, reply_topic
from shared.kernel import kebab

KINDS = schemas.every_kind()
EVERY = pytest.mark.parametrize("name", KINDS)

PERSONAL = {
    "name", "full_name", "phone", "email", "address", "identity", "identity_no", "person", "submitter", "owner", "text", "summary", "reason",
    "comment", "note", "title", "content", "body", "detail", "message", "description", "subject", "birth", "born", "gender", "password", "secret",
}  # fmt: skip
"""Words of fields that hold somebody's details or somebody's sentences."""
PUBLIC_RECORDS = {
    "unit-described": {"name"}, "procedure-described": {"name", "legal_basis"}, "calendar-changed": {"key", "status", "off", "makeup"},
    "office-hours-changed": {"key", "profiles"}, "rule-changed": {"key", "versions"}, "staff-described": {"position"},
}  # fmt: skip
"""Reference data is published as it is: names of offices, procedures and posts, citations, and the tables of the law."""
ROWS_OF_LAW = {"calendar-changed": {"off", "makeup"}, "office-hours-changed": {"profiles"}, "rule-changed": {"versions"}}  # fmt: skip
"""Fields that hold rows, as the files of `shared/law/data` do."""
CODES = {
    "act", "agency", "basis", "body_hash", "by_unit", "channel", "code", "contact_sealed", "deadline", "deputy", "event", "field", "fields", "from_unit", "ground",
    "inferred_states", "key_id", "kind", "legal_basis", "level", "limit", "lookup_verifier", "method", "notice_no", "officer", "outcome", "parent", "procedure",
    "publicity", "purpose", "reason_class", "roles", "rule", "sector", "signer", "source", "state", "steps", "subject_class", "subject_kind", "subject_mark",
    "superior", "timing", "to_unit", "unit", "waits_for",
}  # fmt: skip
"""Fields of type text: ids, codes, words of a closed list, and sealed bytes. A sentence or a name is none of these."""


def hints(kind: type[Fact]) -> Iterator[tuple[str, set[Any]]]:
    """Each field with the plain types it may hold."""
    for name, hint in get_type_hints(kind).items():
        if name in {f.name for f in fields(kind)}:
            inner = {part for each in (hint, *get_args(hint)) for part in (each, *get_args(each))}
            yield name, {each for each in inner if isinstance(each, type)} - {type(None), list, tuple}


@EVERY
def test_no_fact_has_a_field_for_anything_personal(name: str) -> None:
    allowed = PUBLIC_RECORDS.get(name.split(".")[-2], set())
    for field, _ in hints(KINDS[name]):
        assert field not in PERSONAL - allowed, f"{name}.{field}"
        assert not any(word in field.split("_") for word in ("phone", "email", "address", "identity", "person")), (
            f"{name}.{field}"
        )


@EVERY
def test_a_text_in_a_fact_is_a_code_and_every_other_field_a_plain_value(name: str) -> None:
    allowed = CODES | PUBLIC_RECORDS.get(name.split(".")[-2], set())
    for field, kinds in hints(KINDS[name]):
        rows = {dict, Any} if field in ROWS_OF_LAW.get(name.split(".")[-2], set()) else set()
        assert kinds <= {UUID, datetime, date, int, float, bool, str, *rows}, f"{name}.{field}: {kinds}"
        if str in kinds and not (kinds - {str} or field in {"components", "contents"}):
            assert field in allowed, (
                f"{name}.{field}: if it is an id, a code or a word of a closed list, add it to CODES"
            )


@EVERY
def test_a_fact_is_about_one_of_its_fields_and_has_a_topic_of_its_producer(name: str) -> None:
    kind = KINDS[name]
    assert kind.about in {f.name for f in fields(kind)}
    assert kind.topic.split(".")[0] == kind.__module__.removeprefix("shared.contracts.").split(".")[0]
    assert kind.__doc__


def test_every_topic_a_fact_is_published_on_is_made() -> None:
    assert {kind.topic for kind in KINDS.values()} - {REPLIES} <= {topic.name for topic in TOPICS}
    assert reply_topic("a") in {topic.name for topic in of_source("a")}, "each source has its own"


@EVERY
def test_a_fact_survives_the_way_through_json(name: str) -> None:
    kind = KINDS[name]
    sample = msgspec.json.decode(json.dumps(schemas.sample_of(kind)["data"]).encode(), type=kind)
    assert msgspec.json.decode(encode(sample), type=kind) == sample


@EVERY
def test_the_committed_sample_is_still_read(name: str) -> None:
    kind, path = KINDS[name], schemas.SAMPLES / f"{name}.json"
    assert path.exists(), "write it with shared.contracts.schemas.write()"
    read = decode_foreign(path.read_bytes())
    assert (read.type, read.sequence, read.subject) == (fact_type(kind), 1, schemas.sample_of(kind)["subject"])
    again = json.loads(encode(msgspec.json.decode(bytes(read.data), type=kind)))
    kept = json.loads(path.read_text())["data"]
    assert {field: again[field] for field in kept} == kept


@EVERY
def test_what_an_early_writer_sent_is_still_read(name: str) -> None:
    kind = KINDS[name]
    smallest = msgspec.json.decode(json.dumps(schemas.smallest_of(kind)).encode(), type=kind)
    assert isinstance(smallest, kind)


@EVERY
def test_a_reader_ignores_what_a_later_writer_added(name: str) -> None:
    kind = KINDS[name]
    later = {**schemas.sample_of(kind)["data"], "added_later": 1}
    assert isinstance(msgspec.json.decode(json.dumps(later).encode(), type=kind), kind)


def test_the_committed_schemas_are_those_of_this_version() -> None:
    committed = {
        str(path.relative_to(schemas.SCHEMAS)): json.loads(path.read_text())
        for path in sorted(schemas.SCHEMAS.rglob("*.json"))
    }
    assert committed == schemas.files(), "write them with shared.contracts.schemas.write()"
    assert schemas.check() == []


def test_no_committed_sample_is_of_a_fact_that_is_gone() -> None:
    assert {str(path.relative_to(schemas.SAMPLES).with_suffix("")) for path in schemas.SAMPLES.rglob("*.json")} == set(
        KINDS
    )


def test_a_schema_is_closed_and_knows_instants_dates_and_ids() -> None:
    schema = schemas.schema_of(intake.DossierAccepted)
    assert schema["$id"] == "/schemas/intake.dossiers/vn.gandan.dossier-accepted.v1.json"
    assert (schema["x-topic"], schema["x-subject"], schema["additionalProperties"]) == (
        "intake.dossiers",
        "dossier",
        False,
    )
    assert schema["properties"]["dossier"] == {"type": "string", "format": "uuid"}
    assert schema["properties"]["due_on"] == {"type": "string", "format": "date"}
    assert schema["properties"]["due_at"] == {"type": "string", "format": "date-time"}
    optional = schemas.schema_of(intake.DossierSubmitted)["properties"]["received_at"]
    assert optional["anyOf"] == [{"type": "string", "format": "date-time"}, {"type": "null"}]


def _drop(schema: dict[str, Any]) -> None:
    del schema["properties"]["unit"]
    schema["required"].remove("unit")


def _retype(schema: dict[str, Any]) -> None:
    schema["properties"]["unit"] = {"type": "integer"}


def _loosen(schema: dict[str, Any]) -> None:
    schema["required"].remove("unit")


def _tighten(schema: dict[str, Any]) -> None:
    schema["required"].append("received_at")


def _require_more(schema: dict[str, Any]) -> None:
    schema["properties"]["more"] = {"type": "string"}
    schema["required"].append("more")


def _move(schema: dict[str, Any]) -> None:
    schema["x-topic"] = "intake.visits"


def _rekey(schema: dict[str, Any]) -> None:
    schema["x-subject"] = "code"


def _redefault(schema: dict[str, Any]) -> None:
    schema["properties"]["tells_citizens"]["default"] = False


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_drop, "unit is gone"), (_retype, "unit is of another kind than before"), (_loosen, "unit was required and is optional"),
        (_tighten, "received_at was optional and is required"), (_require_more, "more is new and required"),
        (_move, "topic was intake.dossiers, is intake.visits"), (_rekey, "subject was dossier, is code"),
        (_redefault, "tells_citizens is of another kind than before"),
    ],
)  # fmt: skip
def test_a_change_that_breaks_readers_is_named(change: Any, what: str) -> None:
    old = schemas.schema_of(intake.DossierSubmitted)
    new = copy.deepcopy(old)
    change(new)
    assert list(schemas.broken_promises(old, new)) == [what]


def test_an_optional_addition_and_another_description_break_nobody() -> None:
    old = schemas.schema_of(intake.DossierSubmitted)
    new = copy.deepcopy(old)
    new["properties"]["more"] = {"type": "string", "default": ""}
    new["description"] = "other words"
    assert list(schemas.broken_promises(old, new)) == []


def test_check_names_the_file_and_what_broke(tmp_path: Path) -> None:
    schemas.write(tmp_path / "schemas", tmp_path / "samples")
    assert schemas.check(tmp_path / "schemas") == []
    path = tmp_path / "schemas" / "intake.dossiers" / "vn.gandan.dossier-refused.v1.json"
    changed = json.loads(path.read_text())
    changed["properties"]["fee"] = {"type": "integer"}
    path.write_text(json.dumps(changed))
    (path.parent / "vn.gandan.dossier-burnt.v1.json").write_text(json.dumps(changed))
    assert schemas.check(tmp_path / "schemas") == [
        "intake.dossiers/vn.gandan.dossier-burnt.v1: the fact is gone",
        "intake.dossiers/vn.gandan.dossier-refused.v1: fee is gone",
    ]


def test_a_committed_sample_is_never_written_over(tmp_path: Path) -> None:
    schemas.write(tmp_path / "schemas", tmp_path / "samples")
    sample = next((tmp_path / "samples").rglob("*.json"))
    sample.write_text("kept")
    assert not any("samples" in str(path) for path in schemas.write(tmp_path / "schemas", tmp_path / "samples"))
    assert sample.read_text() == "kept"


def test_the_names_of_types_are_frozen() -> None:
    assert fact_type(intake.DossierSubmitted) == "vn.gandan.dossier-submitted.v1"
    assert all(re.fullmatch(r"vn\.gandan\.[a-z]+(-[a-z]+)+\.v\d+", fact_type(kind)) for kind in KINDS.values())
    assert sorted(
        {fact_type(kind).split(".")[2] for kind in KINDS.values() if kind.__module__.endswith("notifications")}
    ) >= ["notice-created"]
    assert kebab("AlreadySettled") == "already-settled"


def test_families_have_versions() -> None:
    assert family("vn.gandan.dossier-submitted.v12") == ("vn.gandan.dossier-submitted", 12)
    assert family("vn.other.thing") == ("vn.other.thing", 1)
    assert family("vn.other.thing.vx") == ("vn.other.thing.vx", 1)


def test_derived_ids_are_frozen() -> None:
    assert str(envelopes.NAMESPACE) == "b7d6f3f2-3c4e-5a55-9d0e-6c1d6f0a44a4"
    assert str(derived_id("deadline", UUID(int=1), "settle")) == "03b1c347-3fe1-5e1f-8f72-b271a5858762"
    assert derived_id("a", "b") == derived_id("a:b")


def test_one_type_on_two_topics_is_two_facts() -> None:
    @fact("a.topic", "key")
    class ThingMoved(Fact):
        key: str

    first = ThingMoved

    @fact("b.topic", "key")
    class ThingMoved(Fact):  # type: ignore[no-redef] # the same name on purpose
        key: str
        more: int

    known = Catalogue.of([first, ThingMoved])
    assert known.find("a.topic", "vn.gandan.thing-moved.v1") is first
    assert known.find("b.topic", "vn.gandan.thing-moved.v1") is ThingMoved
    assert known.find("a.topic", "vn.gandan.thing-eaten.v1") is None
