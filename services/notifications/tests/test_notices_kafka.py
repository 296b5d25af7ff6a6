"""All consumers on real topics."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
import pytest_asyncio

from services.notifications import consumers, handlers
from services.notifications.tests import letters, samples
from services.notifications.tests.conftest import codes
from shared.bus.broker import bounded_stop, connect_forever, make_broker, make_producer, stop_producer
from shared.bus.consumer import Consumer
from shared.contracts import intake
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, seal_contact
from shared.telemetry.setup import Telemetry
from shared.testing.records import envelope_of
from shared.testing.stack import TestStack
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]


@pytest_asyncio.fixture
async def running(works: Works, stack: TestStack, prefix: str, telemetry: Telemetry) -> AsyncIterator[str]:
    """All consumers on topics of this test's own; gives the prefix."""
    async with AsyncExitStack() as leaving:
        for listener in consumers.LISTENERS:
            broker = make_broker(stack.bootstrap, listener.name)
            consumer = Consumer(listener, works, stack.bootstrap, telemetry.metrics, prefix)
            consumer.subscribe(broker)
            leaving.push_async_callback(bounded_stop, broker)
            await connect_forever(broker, lambda _error: None)
        yield prefix


async def test_facts_and_a_contact_on_kafka_become_notices_and_a_known_recipient(
    works: Works, stack: TestStack, running: str, keys: Keys, citizen: UUID
) -> None:
    secret = Details("Nguyễn Văn Bình", "044085001234", "+84912345678")
    box = base64.b64encode(seal_contact(keys.contact_public, secret)).decode()
    contact = intake.ContactSealed(
        occurred_at=samples.AT, recipient=citizen, contact_sealed=box, key_id=fingerprint(keys.contact_public)
    )
    producer = await make_producer(stack.bootstrap, "test")
    told_twice = (1, samples.submitted(citizen))
    for sequence, fact in [
        (1, contact),
        *enumerate(samples.life(citizen), 1),
        told_twice,
        (1, letters.registered(citizen)),
    ]:
        await producer.send_and_wait(running + fact.topic, value=envelope_of(fact, sequence), key=fact.subject.encode())
    await stop_producer(producer, 3)

    async def told() -> bool:
        return len(await codes(works, citizen)) == 7 and await handlers.contact(works, citizen) == secret

    await wait_until(told, what="seven notices and a contact")
