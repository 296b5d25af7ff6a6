from typing import Any

import pytest
from aiokafka.protocol.admin import DescribeClientQuotasRequest

from deploy.kafka import quotas
from shared.bus import topics
from shared.testing.stack import TestStack
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.kafka

_EXACTLY = 0


async def rate_of(bootstrap: str, user: str) -> float | None:
    """What Kafka says this user may send a second."""
    async with topics.admin(bootstrap) as client:
        answer: Any = await client._send_request(DescribeClientQuotasRequest([("user", _EXACTLY, user)], strict=True))
    found = [dict(values) for entity, values in answer.entries]
    return found[0].get(quotas.RATE) if found else None


async def test_each_user_has_the_bytes_a_second_that_were_last_said(stack: TestStack) -> None:
    await quotas.limit(stack.bootstrap, {"quota@tan": 1000.0, "quota@hai": 2000.0})
    await quotas.limit(stack.bootstrap, {"quota@tan": 1500.0})

    async def known() -> bool:  # a broker answers from what it has heard of the controller
        found = [await rate_of(stack.bootstrap, f"quota@{name}") for name in ("tan", "hai", "ba")]
        assert found == [1500.0, 2000.0, None]
        return True

    await wait_until(known)


async def test_a_rate_that_kafka_refuses_is_named_with_its_user(stack: TestStack) -> None:
    with pytest.raises(quotas.QuotaRefused, match=r"quota@tan: .+ \(Kafka error \d+\)"):
        await quotas.limit(stack.bootstrap, {"quota@tan": -1.0})


async def test_a_broker_that_is_not_there_is_said_so() -> None:
    with pytest.raises(ConnectionError, match="does not answer"):
        await quotas.limit("127.0.0.1:1", {"quota@tan": 1.0})
