"""Ports, passwords and the cluster id."""

import json
import secrets
import socket
from pathlib import Path

import pytest

from deploy.local.home import StackError
from deploy.local.settings import load, new_cluster_id


def test_settings_are_made_once_and_kept(tmp_path: Path) -> None:
    assert load(tmp_path, print) == load(tmp_path, print)


def test_a_service_that_is_new_gets_a_password_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = load(tmp_path, print)
    kept = json.loads((tmp_path / "settings.json").read_text())
    del kept["passwords"]["reporting"]
    (tmp_path / "settings.json").write_text(json.dumps(kept))
    second = load(tmp_path, print)
    assert second.passwords["reporting"] != first.passwords["reporting"]
    assert second.passwords["intake"] == first.passwords["intake"]


def test_a_taken_port_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    said: list[str] = []
    first = load(tmp_path, said.append)
    with socket.create_server(("127.0.0.1", first.kafka)):
        second = load(tmp_path, said.append)
    assert second.kafka != first.kafka
    assert (second.postgres, second.controller) == (first.postgres, first.controller)
    assert said == [f"port {first.kafka} belongs to another program: kafka now listens on {second.kafka}"]


def test_damaged_settings_are_not_made_anew_over_existing_data(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"cluster_id": "AQ')
    with pytest.raises(StackError, match=r"settings\.json is damaged"):
        load(tmp_path, print)


def test_a_cluster_id_never_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([b"\xfb" * 16, b"\x01" * 16])  # the first one is written with a dash in front
    monkeypatch.setattr(secrets, "token_bytes", lambda _: next(answers))
    assert new_cluster_id() == "AQEBAQEBAQEBAQEBAQEBAQ"
