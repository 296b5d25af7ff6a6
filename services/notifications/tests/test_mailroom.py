"""How the e-mail worker is put together: which provider, what runs beside the doors, and its spans."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from services.notifications import app
from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.adapters.settings import MailSettings
from services.notifications.adapters.smtp import SmtpProvider
from services.notifications.handlers import Mailroom
from services.notifications.tests import samples
from services.notifications.tests.conftest import Know, later, send_all
from services.notifications.tests.postoffice import PostOffice
from shared.runtime import Service
from shared.store.unit_of_work import Works
from shared.testing.records import Fed, Log

pytestmark = pytest.mark.postgres

ANNA = "anna@example.vn"


async def test_the_service_sends_and_sweeps_beside_its_doors(service: Service) -> None:
    assert [timer.name for timer in service.timers] == ["notifications.email", "notifications.deliveries"]
    for timer in service.timers:
        assert await timer.once() is False
        assert timer.error is None


async def test_when_the_process_ends_the_kept_connections_are_closed(room: Mailroom) -> None:
    assert isinstance(room.provider, SmtpProvider)
    line = await room.provider._line()
    room.provider._idle.append(line)
    keeping = asyncio.create_task(app.until_the_end(room)())
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert not line.client.is_connected


def test_a_server_makes_mail_leave_and_none_simulates_it() -> None:
    real = MailSettings.of("smtp://mail.example", "Tin <tin@quangtri.example>")
    assert isinstance(app.provider_of(real), SmtpProvider)
    assert isinstance(app.provider_of(MailSettings.of(None, None)), SandboxProvider)


async def test_sending_goes_on_with_the_trace_of_the_fact_and_a_second_try_only_links_to_it(
    works: Works, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider(ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    room.tracer = provider.get_tracer("test")
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await open_contact(citizen, ANNA)
    await dossiers.give(log.fact(samples.accepted(citizen), 1))
    await send_all(room)
    await later(works, minutes=1)
    await send_all(room)
    first, second = spans.get_finished_spans()
    origin = await _trace_of(works)
    assert (_trace(first), _trace(second) == origin) == (origin, False)
    assert [f"{link.context.trace_id:032x}" for link in second.links] == [origin]
    assert ANNA not in str([dict(each.attributes or {}) for each in (first, second)])


def _trace(span: ReadableSpan) -> str:
    context = span.get_span_context()
    return f"{context.trace_id:032x}" if context else ""


async def _trace_of(works: Works) -> str:
    async with works.reading() as db:
        row: Any = await db.fetchrow(
            "SELECT traceparent, envelope FROM fact WHERE type = 'vn.gandan.notice-created.v1'"
        )
    assert msgspec.json.decode(row["envelope"])["sequence"] == 1
    return str(row["traceparent"]).split("-")[1]
