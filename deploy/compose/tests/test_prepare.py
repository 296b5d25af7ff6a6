import json
import os
import stat
from pathlib import Path

import pytest

from deploy.cli.up import SERVICES
from deploy.compose.prepare import main, prepare
from deploy.compose.sample import fill
from deploy.kafka.principals import OURS, logins
from deploy.postgres.roles import entries
from shared import settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Secrets made a moment ago."""
    prepare(tmp_path / "secrets", tmp_path / ".env")
    return tmp_path / "secrets"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_every_secret_is_readable_by_one_user_who_is_not_root(folder: Path) -> None:
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        assert path.stat().st_uid == (os.getuid() or 10001)


def test_a_service_gets_its_own_password_and_no_other(folder: Path) -> None:
    kept = {entry.role: entry for entry in entries((folder / "operator.pgpass").read_text())}
    assert list(kept) == ["postgres", *SERVICES]
    assert len({entry.password for entry in kept.values()}) == len(kept)
    assert (folder / "postgres").read_text().strip() == kept["postgres"].password
    for service in SERVICES:
        assert entries((folder / f"{service}.pgpass").read_text()) == [kept[service]]


def test_everybody_at_kafka_has_a_password_of_their_own_and_a_new_source_gets_one_once(folder: Path) -> None:
    ours = logins((folder / "kafka.logins").read_text())
    assert [login.name for login in ours] == list(OURS)
    for login in ours[:-1]:
        assert logins((folder / f"{login.name}.login").read_text()) == [login]
    assert (folder / "collector.password").read_text().strip() == ours[-1].password
    assert logins((folder / "sources.logins").read_text()) == []
    for _ in range(2):
        main([str(folder), str(folder.parent / ".env"), "--source", "tan-thanh"])
        (first,) = logins((folder / "sources.logins").read_text())
        assert first.name == "tan-thanh"
    main([str(folder), str(folder.parent / ".env"), "--source", "dong-ha", "--source", "dong-ha"])
    again = logins((folder / "sources.logins").read_text())
    assert (again[0], [login.name for login in again]) == (first, ["tan-thanh", "dong-ha"])
    assert len({login.password for login in (*ours, *again)}) == len(ours) + 2


def test_a_source_whose_name_no_topic_may_have_gets_no_password(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([str(folder), str(folder.parent / ".env"), "--source", "Tân Thành"])
    assert "'Tân Thành' is not the id of a source system" in capsys.readouterr().err
    assert (folder / "sources.logins").read_text().strip() == ""


def test_a_line_that_is_no_login_is_named_and_nothing_is_written_over_it(folder: Path) -> None:
    (folder / "sources.logins").write_text("tan-thanh:x\ndong-ha\n")
    with pytest.raises(SystemExit, match=r"^sources\.logins: a login is written user:password$"):
        main([str(folder), str(folder.parent / ".env"), "--source", "cua-viet"])
    assert (folder / "sources.logins").read_text() == "tan-thanh:x\ndong-ha\n"


def test_done_again_everything_stays_and_what_was_lost_or_is_new_is_made(folder: Path) -> None:
    before = contents(folder)
    prepare(folder, folder.parent / ".env")
    assert contents(folder) == before
    lines = before["operator.pgpass"].splitlines()
    (folder / "operator.pgpass").write_text("\n".join(lines[:-1]))
    (folder / "intake.pgpass").unlink()
    prepare(folder, folder.parent / ".env")
    after = contents(folder)
    assert after["operator.pgpass"].splitlines()[:-1] == lines[:-1]
    assert after["reporting.pgpass"] == after["operator.pgpass"].splitlines()[-1] + "\n" != before["reporting.pgpass"]
    assert after["intake.pgpass"] == before["intake.pgpass"]


def test_the_environment_keeps_what_an_operator_wrote(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GANDAN_ISSUER=urn:of-the-province\nGANDAN_UID=7\n")
    prepare(tmp_path / "secrets", tmp_path / ".env")
    user = f"GANDAN_UID={os.getuid() or 10001}"
    assert (tmp_path / ".env").read_text().splitlines()[:2] == ["GANDAN_ISSUER=urn:of-the-province", user]


def test_the_folder_is_a_home_whose_tokens_the_containers_believe(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDAN_ISSUER", "urn:of-the-province")
    before = contents(folder)
    prepare(folder, folder.parent / ".env")  # a real issuer leaves the key of the demo alone
    assert contents(folder) == before
    assert json.loads(before["issuer.json"])["crv"] == "P-256"
    assert len(settings.load(home=folder, issuer=None).load_keys().vault) == 32


def test_no_sample_is_lived_where_a_real_issuer_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = {"database_url": "postgresql://{service}@127.0.0.1:1/{service}", "kafka": "127.0.0.1:1"}
    assert fill(settings.load(issuer="urn:of-the-province", **nowhere)) == 0
    assert "nothing was done" in capsys.readouterr().out
