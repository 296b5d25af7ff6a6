"""Who we are to Kafka: nobody on the embedded broker, a user with a password where `GANDAN_KAFKA_LOGIN` names one.

Read when a client is made, as PostgreSQL's reads its password file: nothing of ours carries the password about.
"""

from __future__ import annotations

from typing import Any

from faststream.security import SASLScram512

from shared import settings


def of_client() -> dict[str, Any]:
    """What a client of aiokafka is told."""
    if (found := settings.kafka_login()) is None:
        return {}
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": found.name,
        "sasl_plain_password": found.password,
    }


def of_broker() -> SASLScram512 | None:
    """What FastStream's broker object is told."""
    found = settings.kafka_login()
    return None if found is None else SASLScram512(found.name, found.password, use_ssl=False)
