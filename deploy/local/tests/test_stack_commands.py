"""`gandan status`, `gandan down` and the findings of `gandan doctor`."""

import json
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy import local
from deploy.cli import stack as commands


@pytest.fixture(scope="module")
def gandan() -> typer.Typer:
    app = typer.Typer()
    app.command()(commands.status)
    app.command()(commands.down)
    return app


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_without_a_stack_status_exits_with_three_and_down_has_nothing_to_do(
    gandan: typer.Typer, runner: CliRunner, tmp_path: Path
) -> None:
    told = runner.invoke(gandan, ["status", "--home", str(tmp_path)])
    assert (told.exit_code, "no stack runs" in told.output) == (3, True)
    asked = runner.invoke(gandan, ["down", "--home", str(tmp_path), "--json"])
    assert (asked.exit_code, json.loads(asked.output)["was_running"]) == (0, False)


@pytest.mark.kafka
@pytest.mark.postgres
def test_status_shows_both_servers_and_down_stops_them(
    gandan: typer.Typer, runner: CliRunner, stack: local.Stack
) -> None:
    told = runner.invoke(gandan, ["status", "--json"], env={"GANDAN_HOME": str(stack.home)})
    assert told.exit_code == 0
    assert {server["name"]: server["state"] for server in json.loads(told.output)["servers"]} == {
        "postgres": "ready",
        "kafka": "ready",
    }
    assert stack.bootstrap in runner.invoke(gandan, ["status", "--home", str(stack.home)]).output
    assert all(finding.good for finding in commands.findings(stack.home))
    assert "is stopped" in runner.invoke(gandan, ["down", "--home", str(stack.home)]).output
    assert not local.status(stack.home).running


def test_the_doctor_names_open_secrets_and_missing_jars_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDAN_JARS", str(tmp_path / "none"))
    (tmp_path / "settings.json").write_text("{}")
    (tmp_path / "settings.json").chmod(0o644)
    bad = {finding.subject: finding.remedy for finding in commands.findings(tmp_path) if not finding.good}
    assert bad["passwords"].startswith("chmod 600")
    assert "fetches 45 MB" in bad["jars"]


def test_the_doctor_names_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    found = commands.check_folder(tmp_path / "home")
    assert not found.good
    assert socket.gethostname() not in found.words
