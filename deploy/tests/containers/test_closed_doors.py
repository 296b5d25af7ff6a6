"""What a container may not do: be root, write, reach another's data, show a secret."""

from __future__ import annotations

import json
import re

import pytest

from deploy.cli.up import SERVICES
from deploy.kafka.principals import logins
from deploy.postgres.roles import entries
from deploy.tests.containers.engine import CONTAINERS, Composed, told

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

_CONNECT = "import asyncio, asyncpg; asyncio.run(asyncpg.connect('postgresql://{user}@postgres/{database}'))"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_not_root_holds_no_capability_and_writes_to_its_tmp_only(
    installation: Composed, service: str
) -> None:
    host = (await installation.inspected(service))["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert (await installation.compose("exec", "-T", service, "id", "--user")).strip() != "0"
    await installation.compose("exec", "-T", service, "touch", "/tmp/x")  # noqa: S108 - the container's own
    for place in ("/opt/gandan/x", "/run/gandan/x", "/x"):
        with pytest.raises(AssertionError, match=r"Read-only file system"):
            await installation.compose("exec", "-T", service, "touch", place)


async def test_a_service_reaches_its_own_database_and_no_other(installation: Composed) -> None:
    kept = {entry.role: entry.password for entry in entries((installation.secrets / "operator.pgpass").read_text())}

    async def connect(user: str, database: str) -> None:
        await installation.compose(
            "exec", "-T", "intake", "python", "-c", _CONNECT.format(user=user, database=database)
        )

    await connect("intake", "intake")  # by its password file
    for database in (*SERVICES[1:], "postgres"):
        with pytest.raises(AssertionError, match="permission denied for database"):
            await connect(f"intake:{kept['intake']}", database)
        with pytest.raises(AssertionError, match="password authentication failed"):
            await connect(database, database)


@pytest.mark.parametrize("service", CONTAINERS)
async def test_nothing_is_published_beyond_this_machine(installation: Composed, service: str) -> None:
    published = (await installation.inspected(service))["HostConfig"]["PortBindings"] or {}
    assert {bound["HostIp"] for ports in published.values() for bound in ports} <= {"127.0.0.1"}
    assert bool(published) == (service != "postgres")


async def test_no_secret_shows_in_logs_or_in_what_the_engine_tells(installation: Composed) -> None:
    kept = entries((installation.secrets / "operator.pgpass").read_text())
    users = logins((installation.secrets / "kafka.logins").read_text())
    ids = (await installation.compose("ps", "--all", "--quiet")).split()
    shown = await told("docker", "inspect", *ids) + await installation.compose("logs", "--no-color")
    assert len(kept) == 1 + len(SERVICES)
    assert len(users) == 2 + len(SERVICES)
    assert not [entry.role for entry in kept if entry.password in shown]
    assert not [user.name for user in users if user.password in shown]


async def test_a_topic_made_here_is_on_disk_before_it_is_acknowledged_and_none_makes_itself(
    installation: Composed,
) -> None:
    def kafka(program: str, *words: str) -> list[str]:
        return ["exec", "-T", "kafka", f"/opt/kafka/bin/{program}.sh", "--bootstrap-server", "localhost:9094", *words]

    found = await installation.compose(*kafka("kafka-configs", "--describe", "--entity-type", "topics"))
    topics = await installation.compose("run", "--rm", "tools", "topics", "list", "--json")
    described = re.findall(r"for topic (\S+) are:\n((?:  .*\n?)*)", found)
    ours = {name: settings for name, settings in described if not name.startswith("__")}
    assert {each["topic"] for each in json.loads(topics)} <= set(ours)
    assert not [name for name, settings in ours.items() if "flush.messages=1 " not in settings]
    broker = await installation.compose(
        *kafka("kafka-configs", "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
    )
    assert "auto.create.topics.enable=false" in broker
