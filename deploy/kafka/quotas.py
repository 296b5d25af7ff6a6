"""How many bytes a second a user may send: Kafka itself slows down whoever sends more (KIP-13, `producer_byte_rate`).

Neither aiokafka nor confluent-kafka can set it; the request is of Kafka's protocol (AlterClientQuotas, key 49, version 0), sent by aiokafka's admin client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from shared.bus import topics

RATE = "producer_byte_rate"
_TEXT = String("utf-8")
_ENTITY = ("entity", Array(("entity_type", _TEXT), ("entity_name", _TEXT)))


class QuotaRefused(Exception):  # noqa: N818 - Kafka's answer
    """Kafka refused to set a quota; the message says whose and why."""


class _Answer(Response):  # type: ignore[misc] # aiokafka is untyped
    API_KEY, API_VERSION = 49, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32), ("entries", Array(("error_code", Int16), ("error_message", _TEXT), _ENTITY))
    )


class _Body(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = 49, 0, _Answer
    SCHEMA = Schema(
        ("entries", Array(_ENTITY, ("ops", Array(("key", _TEXT), ("value", Float64), ("remove", Boolean))))),
        ("validate_only", Boolean),
    )


class _AlterClientQuotas(Request[_Body]):  # type: ignore[misc]
    API_KEY = 49

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._rates = rates

    def build(self, request_struct_class: type[_Body]) -> _Body:
        entries = [([("user", user)], [(RATE, float(rate), False)]) for user, rate in sorted(self._rates.items())]
        return request_struct_class(entries, False)


async def limit(bootstrap: str, rates: Mapping[str, float]) -> None:
    """Set the bytes a second of these users, where nobody needs a name; `QuotaRefused`, ConnectionError."""
    if not rates:
        return
    async with topics.admin(bootstrap, nameless=True) as client:
        answer: Any = await client._send_to_controller(_AlterClientQuotas(rates))  # noqa: SLF001 - it has no call of its own for it
    for code, message, entity in answer.entries:
        if code:
            raise QuotaRefused(f"{entity[0][1]}: {message} (Kafka error {code})")
