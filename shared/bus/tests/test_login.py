from pathlib import Path

import pytest

from shared.bus import login
from shared.settings import Settings, WrongSetting, kafka_login, load


def test_the_embedded_broker_is_told_no_name() -> None:
    assert login.of_client() == {}
    assert login.of_broker() is None


def test_a_login_from_a_file_is_what_every_client_shows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "login").write_text("intake:a-b:c\n")
    monkeypatch.setenv("GANDAN_KAFKA_LOGIN_FILE", str(tmp_path / "login"))
    told = login.of_client()
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == ("intake", "a-b:c")
    assert (told["security_protocol"], told["sasl_mechanism"]) == ("SASL_PLAINTEXT", "SCRAM-SHA-512")
    broker = login.of_broker()
    assert broker is not None
    assert (broker.username, broker.password, broker.use_ssl) == ("intake", "a-b:c", False)


@pytest.mark.parametrize("text", ["intake", ":secret", "intake:", "in take:secret"])
def test_what_is_no_login_is_refused_by_its_name_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("GANDAN_KAFKA_LOGIN", text)
    for read in (kafka_login, load):
        with pytest.raises(WrongSetting, match="GANDAN_KAFKA_LOGIN") as caught:
            read()
        assert "secret" not in str(caught.value)


def test_the_password_shows_in_no_description(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDAN_KAFKA_LOGIN", "intake:geheim")
    assert "geheim" not in repr((kafka_login(), Settings()))
