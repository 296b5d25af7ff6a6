"""Which member of a group reads what, where a topic is one sender's: all partitions of a topic go to one member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment


class WholeTopicAssignor(RoundRobinPartitionAssignor):  # type: ignore[misc] # aiokafka is untyped
    """Topics in turns, by name: batches of one sender are taken one after the other, so two members would wait for each other."""

    name = "whole-topic"

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Each topic with all its partitions, in turns, to the members that subscribed to it."""
        found: dict[str, list[tuple[str, list[int]]]] = {member: [] for member in members}
        topics = sorted({topic for each in members.values() for topic in each.subscription})
        for turn, topic in enumerate(topics):
            readers = sorted(member for member, each in members.items() if topic in each.subscription)
            if partitions := cluster.partitions_for_topic(topic):
                found[readers[turn % len(readers)]].append((topic, sorted(partitions)))
        return {member: ConsumerProtocolMemberAssignment(cls.version, listed, b"") for member, listed in found.items()}
