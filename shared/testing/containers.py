"""The container ring: PostgreSQL 18 and Apache Kafka 4.3.1 by testcontainers, for those who have an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

POSTGRES = "postgres:18"
KAFKA = "apache/kafka:4.3.1"
RUN = "/etc/kafka/docker/run"
"""Where the official image starts the broker from its environment."""
START_SECONDS = 180
"""A broker starts in six seconds; a machine that tests everything at once needs more than the library's thirty."""


class ApacheKafka(KafkaContainer):
    """testcontainers knows Confluent's image; the official one starts from another script and has KRaft only."""

    def __init__(self, image: str = KAFKA) -> None:
        super().__init__(image)
        self.with_kraft()
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        self.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        self.with_env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")

    def _verify_min_kraft_version(self) -> None:
        """Any version of the official image has KRaft."""

    def start(self, timeout: int = START_SECONDS) -> Self:
        """Wait until the broker says that it has started."""
        super().start(timeout)
        return self

    def tc_start(self) -> None:
        """Write the script the container waits for: the port on this machine is known only now."""
        advertised = f"PLAINTEXT://{self.get_bootstrap_server()},BROKER://$(hostname -i):9092"
        script = f"#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS={advertised}\nexec {RUN}\n"
        self.create_file(script.encode(), KafkaContainer.TC_START_SCRIPT)


@contextmanager
def containers() -> Iterator[tuple[str, str]]:
    """Both servers, fresh; gives the superuser's URL and the bootstrap address."""
    database = PostgresContainer(POSTGRES, driver=None).with_command("postgres -c fsync=off -c max_connections=200")
    with database, ApacheKafka() as kafka:
        yield database.get_connection_url(), kafka.get_bootstrap_server()
