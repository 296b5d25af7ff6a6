"""`gandan contracts`: what is committed is what this version says, and every difference is named by its place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import contracts
from deploy.cli.up import SERVICES
from services.__main__ import app
from services.intake.domain.source_shapes import SHAPES
from shared.bus import topics
from shared.contracts import schemas
from shared.contracts.envelope import fact_type
from shared.contracts.sources import REPLY_FACTS


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The documents of this version, built once."""
    return contracts.files()


@pytest.fixture
def committed(tmp_path: Path, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of committed documents, as it should be, with schemas and samples beside it; the command looks there."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, document in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(document))
    monkeypatch.setattr(contracts, "DOCUMENTS", folder)
    monkeypatch.setattr(contracts, "files", lambda: made)
    monkeypatch.setattr(schemas, "SAMPLES", tmp_path / "samples")
    monkeypatch.setattr(schemas, "SCHEMAS", tmp_path / "schemas")
    schemas.write(schemas.SCHEMAS, schemas.SAMPLES)
    return folder


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.mark.usefixtures("committed")
def test_without_a_difference_check_is_content(runner: CliRunner) -> None:
    found = runner.invoke(app, ["contracts", "check"])
    assert (found.exit_code, found.output) == (0, "the contracts are as committed\n")
    assert json.loads(runner.invoke(app, ["contracts", "check", "--json"]).stdout) == {
        "ok": True,
        "broken": [],
        "differs": [],
    }


def test_a_changed_document_is_named_by_file_and_place_with_what_to_do(runner: CliRunner, committed: Path) -> None:
    change(committed / "openapi-intake.json", openapi="3.0.0", extra=1)
    found = runner.invoke(app, ["contracts", "check"])
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        "openapi-intake.json#/extra: is gone",
        'openapi-intake.json#/openapi: was "3.0.0", is "3.1.0"',
        f"-> {contracts.UPDATE}",
    ]


def test_files_that_are_missing_or_describe_nothing_are_named(runner: CliRunner, committed: Path) -> None:
    (committed / "asyncapi.json").unlink()
    (committed / "openapi-gone.json").write_text("{}")
    sample = next(schemas.SAMPLES.rglob("*.json"))
    sample.unlink()
    differs = json.loads(runner.invoke(app, ["contracts", "check", "--json"]).stdout)["differs"]
    assert "asyncapi.json: is not committed" in differs
    assert "openapi-gone.json: describes nothing of this version" in differs
    assert f"{sample.relative_to(schemas.SAMPLES)}: has no committed sample" in differs


@pytest.mark.usefixtures("committed")
def test_a_fact_that_would_break_its_readers_is_named_and_never_written(runner: CliRunner) -> None:
    path = next(schemas.SCHEMAS.rglob("*dossier-settled*"))
    old = json.loads(path.read_text())
    change(path, properties=old["properties"] | {"verdict": {"type": "string"}})
    before = path.read_text()
    for words in (["check"], ["export"]):
        found = runner.invoke(app, ["contracts", *words])
        assert found.exit_code == 1
        assert "dossier-settled.v1: verdict is gone" in found.output
        assert "add a .v2 beside it" in found.output
    assert path.read_text() == before


def test_export_writes_everything_and_check_agrees(runner: CliRunner, committed: Path) -> None:
    change(committed / "asyncapi.json", id="urn:old")
    found = runner.invoke(app, ["contracts", "export"])
    assert found.exit_code == 0, found.output
    assert runner.invoke(app, ["contracts", "check"]).exit_code == 0


@pytest.mark.usefixtures("committed")
def test_export_to_a_folder_is_complete_and_the_committed_files_stay(runner: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "contracts"
    found = runner.invoke(app, ["contracts", "export", str(folder)])
    assert found.exit_code == 0, found.output
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    assert {"asyncapi.json", *(f"openapi-{service}.json" for service in SERVICES)} <= names
    assert {f"{part}/{name}.json" for part in ("schemas", "samples") for name in schemas.every_kind()} <= names


@pytest.mark.usefixtures("committed")
def test_a_folder_that_cannot_be_written_is_said_so(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = runner.invoke(app, ["contracts", "export", str(tmp_path / "file")])
    assert (found.exit_code, "gandan contracts export: " in found.stderr) == (3, True)


def test_every_place_where_two_documents_differ_is_found() -> None:
    old = {"a/b": 1, "list": [1, 2], "same": {"x": [1]}, "gone": None, "kind": 1}
    new = {"a/b": 2, "list": [1, 3], "same": {"x": [1]}, "new": [], "kind": 1.0}
    assert list(contracts.unlike(old, new)) == [
        "#/a~1b: was 1, is 2",
        "#/gone: is gone",
        "#/kind: was 1, is 1.0",
        "#/list/1: was 2, is 3",
        "#/new: is new",
    ]


def test_many_differences_of_one_file_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    found = list(contracts.differences({"a.json": {str(number): 1 for number in range(25)}}, tmp_path))
    assert (len(found), found[-1]) == (contracts.SHOWN + 1, "a.json: and 5 more places")


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(document: Any, reference: str) -> Any:
    for name in reference.removeprefix("#/").split("/"):
        document = document[name.replace("~1", "/").replace("~0", "~")]
    return document


class TestAsyncApi:
    def test_every_reference_leads_somewhere(self, made: dict[str, Any]) -> None:
        document = made["asyncapi.json"]
        found = list(references(document))
        assert found
        assert all(resolved(document, reference) for reference in found)

    def test_every_topic_is_a_channel_with_its_partitions_and_its_facts(self, made: dict[str, Any]) -> None:
        channels = made["asyncapi.json"]["channels"]
        assert {name: channel["bindings"]["kafka"]["partitions"] for name, channel in channels.items()} == {
            **{topic.name: topic.partitions for topic in topics.CATALOGUE},
            "sources.source": 3,
            "sources.source.replies": 1,
        }
        for topic in topics.CATALOGUE:
            stated = {fact_type(kind) for kind in schemas.every_kind().values() if kind.topic == topic.name}
            messages = [
                resolved(made["asyncapi.json"], ref["$ref"]) for ref in channels[topic.name]["messages"].values()
            ]
            assert {message["name"] for message in messages} == stated

    def test_every_source_has_a_channel_for_its_events_and_one_for_what_becomes_of_them(self, made: dict[str, Any]) -> None:  # fmt: skip
        document = made["asyncapi.json"]
        sent, answered = (document["channels"][name] for name in ("sources.source", "sources.source.replies"))
        events = [resolved(document, ref["$ref"])["name"] for ref in sent["messages"].values()]
        replies = [resolved(document, ref["$ref"])["name"] for ref in answered["messages"].values()]
        assert (sent["address"], answered["address"]) == ("sources.{source}", "sources.{source}.replies")
        assert sorted(events) == sorted(SHAPES)
        assert replies == [fact_type(kind) for kind in REPLY_FACTS]
        assert document["operations"]["intake.sources.receives.sources.source"]["action"] == "receive"
        assert sent["parameters"].keys() == answered["parameters"].keys() == {"source"}

    def test_who_sends_and_who_listens_is_told(self, made: dict[str, Any]) -> None:
        operations = made["asyncapi.json"]["operations"]
        assert operations["intake.sends.intake.dossiers"]["action"] == "send"
        group = operations["reporting.live.receives.intake.dossiers"]
        assert (group["action"], group["bindings"]["kafka"]["groupId"]["const"]) == ("receive", "reporting.live")

    def test_ids_are_written_so_that_tools_can_make_names_of_them(self, made: dict[str, Any]) -> None:
        document = made["asyncapi.json"]
        names = [*document["channels"], *document["operations"], *document["components"]["messages"]]
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)


class TestOpenApi:
    @pytest.mark.parametrize("service", SERVICES)
    def test_every_reference_leads_somewhere_and_every_operation_has_one_name(
        self, made: dict[str, Any], service: str
    ) -> None:
        document = made[f"openapi-{service}.json"]
        assert all(resolved(document, reference) for reference in references(document))
        names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
        assert len(names) == len(set(names)) > 0
