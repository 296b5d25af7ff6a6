"""Servers that are killed, held down, or find their port taken."""

import json
import os
import socket
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import local
from deploy.local.probe import cluster_id
from deploy.local.tests.conftest import is_alive

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]


def pid_of(stack: local.Stack, server: str) -> int | None:
    return local.status(stack.home).server(server).pid


def port_of(stack: local.Stack, server: str) -> int:
    return local.status(stack.home).server(server).port


async def create_topic(stack: local.Stack, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"flush.messages": "1"})])
    await admin.close()


async def read_one(stack: local.Stack, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    record = await consumer.getone()
    await consumer.stop()
    value: bytes | None = record.value
    return value


async def test_a_killed_kafka_is_back_with_its_messages(stack: local.Stack) -> None:
    await create_topic(stack, "kept")
    async with AIOKafkaProducer(bootstrap_servers=stack.bootstrap) as producer:
        await producer.send_and_wait("kept", b"a fact")
    before = pid_of(stack, "kafka")
    local.kill(stack.home, "kafka")
    assert not is_alive(before)
    local.wait_ready(stack.home, "kafka")
    assert pid_of(stack, "kafka") != before
    assert await read_one(stack, "kept") == b"a fact"
    assert local.status(stack.home).server("kafka").restarts >= 1


async def test_a_killed_postgres_is_back_on_its_port(stack: local.Stack) -> None:
    before = pid_of(stack, "postgres")
    local.kill(stack.home, "postgres")
    local.wait_ready(stack.home, "postgres")
    assert pid_of(stack, "postgres") != before
    connection = await asyncpg.connect(stack.database_urls["reporting"])
    await connection.close()


@pytest.mark.parametrize(("server", "abruptly"), [("kafka", False), ("kafka", True), ("postgres", True)])
def test_a_held_server_stays_down_until_it_is_released(stack: local.Stack, server: str, *, abruptly: bool) -> None:
    local.hold(stack.home, server, abruptly=abruptly)
    seen = local.status(stack.home).server(server)
    assert (seen.state, seen.pid) == ("held", None)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", seen.port), 1):
        pass
    with local.start(stack.home) as late:  # who attaches during an outage is not kept waiting
        assert late.attached
    local.release(stack.home, server)
    assert is_alive(pid_of(stack, server))


def test_a_hold_ends_with_its_supervisor(stack: local.Stack) -> None:
    local.hold(stack.home, "postgres")
    local.stop(stack.home)
    with local.start(stack.home):
        assert local.status(stack.home).server("postgres").state == "ready"


def test_orders_for_what_does_not_exist_are_refused(stack: local.Stack, tmp_path: Path) -> None:
    with pytest.raises(local.StackError, match="no server 'redis'"):
        local.hold(stack.home, "redis")
    with pytest.raises(local.StackError, match="not running"):
        local.kill(tmp_path, "kafka")


def test_a_restart_waits_while_another_program_has_the_port(stack: local.Stack) -> None:
    local.hold(stack.home, "postgres")
    with socket.create_server(("127.0.0.1", port_of(stack, "postgres"))):
        with pytest.raises(local.StackError, match="postgres is not back within 1 s"):
            local.release(stack.home, "postgres", timeout=1)
        assert local.status(stack.home).server("postgres").state == "blocked"
    local.wait_ready(stack.home, "postgres")


def test_taken_ports_are_replaced_with_a_line_in_the_log(stack: local.Stack) -> None:
    taken = {name: port_of(stack, name) for name in ("postgres", "kafka")}
    local.stop(stack.home)
    with (
        socket.create_server(("127.0.0.1", taken["kafka"])),
        socket.create_server(("127.0.0.1", taken["postgres"])),
        local.start(stack.home) as moved,
    ):
        for name, port in taken.items():
            assert f"port {port} belongs to another program: {name} now" in (stack.home / "supervisor.log").read_text()
            assert port_of(moved, name) != port
        made = json.loads((stack.home / "settings.json").read_text())
        assert cluster_id(made["kafka"]) == made["cluster_id"]


def test_a_pid_file_that_names_another_program_does_not_block_postgres(stack: local.Stack) -> None:
    pid_file = stack.home / "pgdata" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    local.stop(stack.home)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with local.start(stack.home):
        assert pid_file.read_text().splitlines()[0] != str(os.getpid())
