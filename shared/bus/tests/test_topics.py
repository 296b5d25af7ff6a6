"""Topics as code."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.bus import topics
from shared.bus.topics import Topic, TopicRefused, compacted, facts
from shared.moments import uuid7
from shared.testing.stack import TestStack


def a_prefix() -> str:
    return f"t{uuid7().hex[-12:]}."


async def settings_of(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}


@pytest.mark.kafka
async def test_what_is_missing_is_made_once_with_its_settings(stack: TestStack) -> None:
    prefix = a_prefix()
    mine = [facts("some.facts"), compacted("some.records", max_lag_ms=1000)]
    assert sorted(await topics.sync(stack.bootstrap, prefix=prefix, topics=mine[:1])) == [prefix + "some.facts"]
    assert await topics.sync(stack.bootstrap, prefix=prefix, topics=mine) == [prefix + "some.records"]
    assert await topics.sync(stack.bootstrap, prefix=prefix, topics=mine) == []
    async with topics.admin(stack.bootstrap) as admin:
        described = await admin.describe_topics([prefix + topic.name for topic in mine])
        kept = await settings_of(admin, prefix + "some.facts")
        newest = await settings_of(admin, prefix + "some.records")
    assert [len(topic["partitions"]) for topic in described] == [12, 1]
    assert (kept["retention.ms"], kept["retention.bytes"], kept["flush.messages"]) == ("-1", "-1", "1")
    assert (newest["cleanup.policy"], newest["max.compaction.lag.ms"]) == ("compact", "1000")


@pytest.mark.kafka
async def test_several_processes_that_start_at_once_make_each_topic_once(stack: TestStack) -> None:
    prefix = a_prefix()
    made = await asyncio.gather(
        *(topics.sync(stack.bootstrap, prefix=prefix, topics=[facts("raced")]) for _ in range(4))
    )
    assert [name for names in made for name in names] == [prefix + "raced"]


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("topic", "replication", "code"),
    [
        (facts("too.many.copies"), 3, 38),
        (facts("a name with spaces"), 1, 17),
        (Topic("odd", settings={"cleanup.policy": "burn"}), 1, 40),
    ],
)
async def test_what_kafka_refuses_is_raised_with_its_name_and_reason(
    stack: TestStack, topic: Topic, replication: int, code: int
) -> None:
    prefix = a_prefix()
    with pytest.raises(TopicRefused, match=rf"{prefix}{topic.name}: .*\(Kafka error {code}\)"):
        await topics.sync(stack.bootstrap, prefix=prefix, topics=[topic], replication=replication)


@pytest.mark.kafka
async def test_the_cluster_has_an_id_that_stays(stack: TestStack) -> None:
    first = await topics.cluster_id(stack.bootstrap)
    assert len(first) == 22
    assert await topics.cluster_id(stack.bootstrap) == first


def test_several_brokers_keep_two_copies_in_sync() -> None:
    assert topics._wanted("p.", facts("a"), 3).topic_configs["min.insync.replicas"] == "2"
    assert "flush.messages" not in topics._wanted("p.", facts("a"), 3).topic_configs


def test_only_topics_of_current_records_are_compacted() -> None:
    assert {topic.name for topic in topics.CATALOGUE if topic.partitions == 1} == topics.COMPACTED
    assert all(topic.settings["retention.ms"] == "-1" for topic in topics.CATALOGUE if not topic.compacted)
