"""`gandan publish`: what it reads, and what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import publish
from services.__main__ import app


@pytest.mark.parametrize("text", ['{"id": "1"}', '[{"id": "1"}]', '{"id": "1"}\n', '{"id": "1"}\n{"id": "2"}\n'])
def test_a_file_holds_one_event_an_array_or_one_on_each_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "events.json"
    file.write_text(text)

    assert [event["id"] for event in publish.read(file)] == ["1", "2"][: 1 + ('"2"' in text)]


def test_a_file_that_is_no_json_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text("name,phone")

    done = CliRunner().invoke(app, ["publish", str(file), "--source", "tan-thanh"])

    assert done.exit_code == 2


def test_a_server_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text('{"id": "1"}')
    line = ["publish", str(file), "--source", "tan-thanh", "--url", "http://127.0.0.1:9", "--home", str(tmp_path)]

    done = CliRunner().invoke(app, line)

    assert done.exit_code == 3


def test_every_outcome_is_told_with_what_to_do() -> None:
    outcome = {"id": "e-1", "status": "rejected", "reason": "schema", "fields": ["/id"], "detail": "Put it right."}

    assert "Put it right." in publish.told([outcome])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b'{"id": "a"}\n{"id": \n', "line 2 is no JSON"),
        (b'{"id": "a"}\n{"id": NaN}\n', "line 2 is no JSON: NaN is no number"),
        (b"", "there is no event in it"),
        (b"\n[]", "there is no event in it"),
    ],
)
def test_a_file_that_is_no_list_of_events_is_told_by_its_line(tmp_path: Path, written: bytes, said: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(written)

    with pytest.raises(ValueError, match=said):
        publish.read(file)


def test_a_mark_of_byte_order_and_a_separator_of_lines_within_a_text_are_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"id": "a\u2028b"}\r\n\r\n{"id": "c"}\r\n', "utf-8-sig", newline="")

    assert publish.read(file) == [{"id": "a\u2028b"}, {"id": "c"}]
