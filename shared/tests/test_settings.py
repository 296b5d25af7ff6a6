"""Settings: from the environment, from files, refused by their names."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import fields
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from shared.settings import Keys, Settings, WrongSetting, load


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415 - only here

    for name in list(os.environ):
        if name.startswith("GANDAN_"):
            monkeypatch.delenv(name)


def test_without_anything_set_the_embedded_stack_runs_on_loopback() -> None:
    settings = load()
    assert settings.embedded
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDAN_PORT", "9000")
    monkeypatch.setenv("GANDAN_PUBLIC_URL", "https://gandan.example/")
    settings = load()
    assert (settings.port, settings.base_url) == (9000, "https://gandan.example")


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/{service}\n")
    monkeypatch.setenv("GANDAN_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("GANDAN_KAFKA", "kafka:9092")
    assert load().database_url == "postgresql://u:p@db/{service}"
    monkeypatch.setenv("GANDAN_DATABASE_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(WrongSetting, match="GANDAN_DATABASE_URL_FILE: No such file"):
        load()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GANDAN_PORT", "70000", "GANDAN_PORT"), ("GANDAN_PORT", "http", "GANDAN_PORT"), ("GANDAN_LOG_LEVEL", "loud", "GANDAN_LOG_LEVEL"),
        ("GANDAN_REPLICATION", "0", "GANDAN_REPLICATION"), ("GANDAN_MAX_IN_FLIGHT", "0", "GANDAN_MAX_IN_FLIGHT"), ("GANDAN_MAX_STREAMS", "0", "GANDAN_MAX_STREAMS"), ("GANDAN_TOPIC_PREFIX", "A B", "GANDAN_TOPIC_PREFIX"),
        ("GANDAN_KAFKA", "kafka:9092", "set together"), ("GANDAN_DATABASE_URL", "postgresql://x/{service}", "set together"),
        ("GANDAN_RATE_PRINCIPAL", "600", "GANDAN_RATE_PRINCIPAL"), ("GANDAN_RATE_ADDRESS", "0/60", "GANDAN_RATE_ADDRESS"),
        ("GANDAN_CORS_ORIGINS", "*", "GANDAN_CORS_ORIGINS"), ("GANDAN_CORS_ORIGINS", "https://a.example/", "'https://a.example/' is not an origin"),
        ("GANDAN_CLIENT_SECRET", "s3cret", "set GANDAN_ISSUER too"),
        ("GANDAN_FILE_BYTES", "900000000", "GANDAN_FILE_BYTES"), ("GANDAN_CLAMD", "localhost", "GANDAN_CLAMD"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting, match=words):
        load()


def test_each_service_has_a_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDAN_KAFKA", "kafka:9092")
    monkeypatch.setenv("GANDAN_DATABASE_URL", "postgresql://u@db/one")
    with pytest.raises(WrongSetting, match=r"must contain \{service\}"):
        load()


def test_time_is_not_moved_where_people_sign_in_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDAN_CLOCK", "/tmp/clock")  # noqa: S108 - never opened
    assert load().clock == Path("/tmp/clock")  # noqa: S108
    monkeypatch.setenv("GANDAN_ISSUER", "https://login.example")
    with pytest.raises(WrongSetting, match="GANDAN_CLOCK"):
        load()


def test_origins_are_a_list_and_none_without_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().origins == ()
    monkeypatch.setenv("GANDAN_CORS_ORIGINS", "https://app.example, http://127.0.0.1:5173,http://[::1]:8080,")
    assert load().origins == ("https://app.example", "http://127.0.0.1:5173", "http://[::1]:8080")


def test_the_secret_at_the_issuer_comes_from_a_file_and_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s3cret of ours\n")
    monkeypatch.setenv("GANDAN_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("GANDAN_ISSUER", "https://login.example")
    settings = load()
    assert settings.client_secret == "s3cret of ours"
    assert "s3cret" not in repr(settings)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1  # type: ignore[misc] # that is the point


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "keys.json"
    first = Keys.load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keys.load_or_make(path) == first
    assert len({getattr(first, f.name) for f in fields(Keys)}) == len(fields(Keys))
    assert first.contact_public == bytes(PrivateKey(first.contact).public_key)


def test_keys_show_nothing_of_themselves(tmp_path: Path) -> None:
    keys = Keys.load_or_make(tmp_path / "keys.json")
    assert str(keys.vault) not in repr(keys)
    texts = {f.name: base64.b64encode(bytes(32)).decode() for f in fields(Keys)}
    settings = Settings(keys=json.dumps(texts))
    assert texts["vault"] not in repr(settings)
    assert settings.load_keys().vault == bytes(32)


@pytest.mark.parametrize("wrong", [None, "%%%", base64.b64encode(b"short").decode()])
def test_a_missing_or_wrong_key_is_refused_by_its_name(wrong: str | None) -> None:
    texts = {f.name: base64.b64encode(bytes(32)).decode() for f in fields(Keys)}
    if wrong is None:
        del texts["people"]
    else:
        texts["people"] = wrong
    with pytest.raises(WrongSetting, match="`people`"):
        Keys.from_texts(texts)
