"""What the broker lets each user do: a source system speaks on its own topic and hears its own replies, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from confluent_kafka import Consumer
from gandan_publisher import DossierUpserted, KafkaDoor
from gandan_publisher.doors import Refused, Unreached
from gandan_publisher.events import cloud_event

from deploy.compose.prepare import prepare
from deploy.kafka.principals import logins
from deploy.tests.containers.engine import Composed
from deploy.tests.province import UNIT
from shared.law import ZONE
from shared.moments import system_clock
from shared.testing.clients import local_client
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

OURS, OTHER = "tan-thanh", "dong-ha"
PATIENCE = 300
"""Seconds; intake finds a new topic within half a minute, and its watchdog has a minute more where that failed."""
REFUSED = "Topic authorization failed"
_SEND = """
import asyncio
from shared.bus.broker import make_producer
async def send():
    producer = await make_producer('kafka:9092', 'test')
    try:
        await producer.send_and_wait('{topic}', b'{{}}', key=b'k')
    finally:
        await producer.stop()
asyncio.run(send())
"""


def settings_of(installation: Composed, source: str, **other: Any) -> dict[str, Any]:
    """As a vendor configures its client; the principal is not the id."""
    kept = {login.name: login.password for login in logins((installation.secrets / "sources.logins").read_text())}
    return {
        "bootstrap.servers": f"127.0.0.1:{installation.ports['kafka']}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": f"system@{source}",
        "sasl.password": kept[source],
        **other,
    }


async def registered(installation: Composed, *sources: str, quota: Mapping[str, int] | None = None) -> None:
    """Sources in the registry, with a user of Kafka each, as an operator makes them."""
    headers = {"authorization": f"Bearer {installation.token('admin')}", "if-match": "*"}
    async with local_client() as http:
        for source in sources:
            units = [{"unit": UNIT, "valid_from": "2026-01-01"}]
            body = {"name": source, "principal": f"system@{source}", "units": units, "quota": quota or {}}
            url = f"{installation.url('intake')}/intake/v1/sources/{source}"
            (await http.put(url, json=body, headers=headers)).raise_for_status()

            async def has_topics(url: str = url) -> bool:
                return (await http.get(url, headers=headers)).json()["topics_at"] is not None

            await wait_until(has_topics, seconds=60, every=0.5, what=f"topics of {source}")
    prepare(installation.secrets, installation.environment, sources)
    await installation.compose("run", "--rm", "--no-deps", "principals")


async def sent(door: KafkaDoor) -> None:
    """Send one dossier of the first source; `Refused` where the broker does not let this user, `Unreached` where it knows no such user."""
    now = system_clock().astimezone(ZONE)
    told = DossierUpserted(
        code=f"H50.44.12-{now:%y%m%d}-0001", procedure="1.004873", unit=UNIT, channel="direct", subject_kind="citizen",
        submitted_at=now, received_at=now, status=2,
    )  # fmt: skip
    await asyncio.to_thread(door.deliver, [cloud_event(told, OURS, at=now)])


def heard(settings: dict[str, str], group: str, seconds: float) -> dict[str, Any]:
    """The first record of the first source's replies, or the error that came in its place."""
    consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([f"sources.{OURS}.replies"])
    try:
        message = consumer.poll(seconds)
        assert message is not None, "nothing came"
        error = message.error()
        return {"error": str(error)} if error else json.loads(message.value() or b"{}")
    finally:
        consumer.close()


async def test_a_source_writes_its_own_topic_and_hears_its_own_replies_and_the_broker_refuses_all_else(
    installation: Composed,
) -> None:
    await registered(installation, OURS, OTHER)
    ours, other = settings_of(installation, OURS), settings_of(installation, OTHER)
    await sent(KafkaDoor(OURS, ours))
    reply = await asyncio.to_thread(heard, ours, f"sources.{OURS}", PATIENCE)
    assert reply["type"] == "vn.gandan.source-event-accepted.v1"
    for door in (KafkaDoor(OURS, other, seconds=60), KafkaDoor(OTHER, ours, seconds=60)):
        with pytest.raises(Refused, match=REFUSED):
            await sent(door)
    fact = KafkaDoor(OURS, ours, seconds=60)
    fact.topic = "intake.dossiers"
    with pytest.raises(Refused, match=REFUSED):
        await sent(fact)
    assert REFUSED in (await asyncio.to_thread(heard, other, f"sources.{OTHER}", PATIENCE))["error"]
    assert "Group authorization failed" in (await asyncio.to_thread(heard, ours, "intake.sources", PATIENCE))["error"]
    await _left_out(installation, ours)
    await installation.kill("kafka")
    await sent(KafkaDoor(OTHER, other, seconds=60))  # whoever was locked out before the kill took nobody along


async def _left_out(installation: Composed, ours: dict[str, str]) -> None:
    """Nobody sends with a wrong password, without one, or with one that was taken away."""
    wrong = [ours | {"sasl.password": "guess"}, {"bootstrap.servers": ours["bootstrap.servers"]}]
    for settings in wrong:
        with pytest.raises(Unreached):
            await sent(KafkaDoor(OURS, settings, seconds=5))
    kept = installation.secrets / "sources.logins"
    kept.write_text("".join(line for line in kept.read_text().splitlines(keepends=True) if OURS not in line))
    told = await installation.compose("run", "--rm", "--no-deps", "principals")
    assert "5 others taken away" in told
    with pytest.raises(Unreached):
        await sent(KafkaDoor(OURS, ours, seconds=5))


async def test_a_source_that_sends_more_bytes_than_its_quota_comes_to_is_slowed_down_by_the_broker(
    installation: Composed,
) -> None:
    slow = {"events_per_second": 1, "burst": 1, "max_bytes": 1024}
    await registered(installation, "hai-lang", quota=slow)
    slowed: list[float] = []
    settings = settings_of(installation, "hai-lang", throttle_cb=lambda event: slowed.append(event.throttle_time))
    door = KafkaDoor("hai-lang", settings, seconds=60)
    for _ in range(100):
        await sent(door)
    assert max(slowed) > 0


async def test_a_service_writes_its_own_topics_and_no_other(installation: Composed) -> None:
    for service, topic in (("complaints", "intake.dossiers"), ("intake", "complaints.cases"), ("reporting", "notifications.notices")):  # fmt: skip
        with pytest.raises(AssertionError, match="TopicAuthorizationFailedError"):
            await installation.compose("exec", "-T", service, "python", "-c", _SEND.format(topic=topic))
