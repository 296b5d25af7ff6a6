"""What somebody reads who starts `gandan` where it cannot start: one sentence that says what to do, and nothing left behind."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from typer.testing import CliRunner

from services.__main__ import app
from shared.testing.processes import free_port


def test_a_taken_port_is_said_before_anything_is_started(runner: CliRunner, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = runner.invoke(app, ["up", "--port", str(port), "--home", str(home)])
    assert told.exit_code == 2
    assert told.stderr == (
        f"gandan up: 127.0.0.1:{port}: Address already in use: `gandan status` says whether it is ours; "
        "or choose another with --port or GANDAN_PORT\n"
    )
    assert not home.exists()


async def test_a_home_that_is_a_file_is_said_in_a_sentence_by_every_command_that_makes_one(
    runner: CliRunner, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder")
    servers = {"GANDAN_DATABASE_URL": "postgresql://gandan@127.0.0.1:1/{service}", "GANDAN_KAFKA": "127.0.0.1:1"}
    up = ["up", "--port", str(free_port())]
    for words, env in (
        (up, {}),
        ([*up, "intake"], servers),
        (["token", "--role", "clerk"], {}),
    ):
        told = await asyncio.to_thread(runner.invoke, app, [*words, "--home", str(home)], env=env)
        assert told.exit_code in {2, 3}, told.output
        assert told.stderr.startswith(f"gandan {words[0]}: ")
        assert f"cannot use {home} (" in told.stderr
        assert "choose another" in told.stderr
        assert told.stderr.count("\n") == 1, told.stderr


def test_half_of_the_servers_is_refused_in_our_words_alone(runner: CliRunner) -> None:
    told = runner.invoke(app, ["up"], env={"GANDAN_KAFKA": "127.0.0.1:1"})
    assert (told.exit_code, told.stderr) == (
        2, "gandan up: GANDAN_DATABASE_URL and GANDAN_KAFKA are set together or not at all\n",
    )  # fmt: skip
