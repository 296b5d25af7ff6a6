from itertools import count
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.semconv._incubating.attributes import messaging_attributes
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from shared.telemetry import attributes
from shared.telemetry.tracing import Arrival, Carrier, Tracing, current_trace_id, parse_carrier
from shared.testing.spans import Recorder

FACT = UUID("0190a1b2-1234-7abc-9abc-0123456789ab")
CAUSE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DEPRECATED = {
    "messaging.operation",
    "messaging.kafka.message.offset",
    "messaging.kafka.destination.partition",
    "messaging.kafka.consumer.group",
    "messaging.client_id",
    "messaging.destination_publish.name",
    "messaging.destination_publish.anonymous",
}


def off() -> Tracing:
    provider = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    return Tracing(provider.get_tracer("gandan"), "intake", recording=False)


def context_of(span: ReadableSpan) -> SpanContext:
    context: SpanContext | None = span.context
    assert context is not None
    return context


def about(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def consume(tracing: Tracing, topic: str, group: str, arrival: Arrival) -> None:
    with tracing.process_batch([topic], group, [arrival], 1), tracing.process_one(topic, group, arrival):
        pass


async def submit_over_http(recorder: Recorder) -> Carrier:
    stored: list[Carrier] = []
    app = FastAPI(telemetry={"tracer_provider": recorder.provider, "metrics": False, "operation_spans": False})

    @app.post("/intake/v1/dossiers")
    async def submit() -> None:
        stored.append(recorder.tracing("intake").create("intake.dossiers", FACT))

    async with AsyncClient(transport=ASGITransport(app), base_url="http://intake.test") as client:
        await client.post("/intake/v1/dossiers")
    return stored[0]


async def test_one_trace_leads_from_the_request_through_two_topics_to_the_report(recorder: Recorder) -> None:
    dossier = await submit_over_http(recorder)
    notifications, reporting = recorder.tracing("notifications"), recorder.tracing("reporting")
    arrival = Arrival(FACT, dossier.traceparent, dossier.tracestate)
    with (
        notifications.process_batch(["intake.dossiers"], "notifications.dossiers", [arrival], 1),
        notifications.process_one("intake.dossiers", "notifications.dossiers", arrival),
    ):
        notice = notifications.create("notifications.notices", "notice-1")
    consume(reporting, "notifications.notices", "reporting.notices", Arrival("notice-1", notice.traceparent))

    server = recorder.only("POST /intake/v1/dossiers")
    chain = [
        server,
        recorder.only("create intake.dossiers"),
        recorder.spans("process intake.dossiers")[0],
        recorder.only("create notifications.notices"),
        recorder.spans("process notifications.notices")[0],
    ]
    assert [span.kind for span in chain] == [
        SpanKind.SERVER,
        SpanKind.PRODUCER,
        SpanKind.CONSUMER,
        SpanKind.PRODUCER,
        SpanKind.CONSUMER,
    ]
    assert {context_of(span).trace_id for span in chain} == {context_of(server).trace_id}
    parents = [span.parent.span_id if span.parent else None for span in chain]
    assert parents == [None, *(context_of(span).span_id for span in chain[:-1])]
    assert [about(span).get("gandan.service") for span in chain[1:]] == [
        "intake",
        "notifications",
        "notifications",
        "reporting",
    ]


def test_a_consumed_fact_is_linked_to_its_creation_and_named_by_today_s_conventions(recorder: Recorder) -> None:
    arrival = Arrival(FACT, CAUSE, "vendor=1", partition=3, offset=41, key="dossier-1")
    with recorder.tracing("reporting").process_one("intake.dossiers", "reporting.dossiers", arrival):
        pass
    span = recorder.only("process intake.dossiers")
    assert about(span) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "intake.dossiers",
        "messaging.destination.partition.id": "3",
        "messaging.consumer.group.name": "reporting.dossiers",
        "messaging.message.id": str(FACT),
        "messaging.kafka.offset": 41,
        "messaging.kafka.message.key": "dossier-1",
        "gandan.service": "reporting",
    }
    (link,) = span.links
    assert span.parent is not None
    assert link.context.span_id == span.parent.span_id == 0xB7AD6B7169203331
    assert dict(link.attributes or {}) == {"messaging.message.id": str(FACT)}
    assert dict(context_of(span).trace_state) == {"vendor": "1"}


@pytest.mark.parametrize("circumstance", [{"timer": True}, {"retried": True}, {"replayed": True}, {"age": 3601.0}])
def test_a_late_fact_starts_a_new_trace_that_links_to_the_old_one(
    recorder: Recorder, circumstance: dict[str, Any]
) -> None:
    with recorder.tracing("notifications").process_one("intake.dossiers", "g", Arrival(FACT, CAUSE, **circumstance)):
        pass
    span = recorder.only("process intake.dossiers")
    assert span.parent is None
    assert context_of(span).trace_id != 0x0AF7651916CD43DD8448EB211C80319C
    assert [link.context.trace_id for link in span.links] == [0x0AF7651916CD43DD8448EB211C80319C]


def test_a_fact_an_hour_old_still_belongs_to_its_trace(recorder: Recorder) -> None:
    with recorder.tracing("notifications").process_one("intake.dossiers", "g", Arrival(FACT, CAUSE, age=3600.0)):
        assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("traceparent", [None, "", "garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", CAUSE + "-x"])
def test_a_fact_without_a_usable_context_starts_a_trace_without_links(
    recorder: Recorder, traceparent: str | None
) -> None:
    consume(recorder.tracing("notifications"), "complaints.denunciations", "g", Arrival(FACT, traceparent))
    assert [span.parent for span in recorder.spans("process complaints.denunciations")] == [None, None]
    assert all(not span.links for span in recorder.spans("process complaints.denunciations"))


def test_a_context_of_a_later_version_of_the_standard_is_understood() -> None:
    assert parse_carrier(CAUSE.replace("00-", "01-", 1) + "-more") == parse_carrier(CAUSE)
    assert parse_carrier(CAUSE.replace("00-", "ff-", 1)) is None


def test_a_relay_batch_is_a_root_of_its_own_with_at_most_128_links(recorder: Recorder) -> None:
    tracing = recorder.tracing("intake")
    rows: list[tuple[str, str | None]] = [(f"f{n}", CAUSE) for n in range(200)]
    around = recorder.provider.get_tracer("t").start_as_current_span("around")
    with around, tracing.send_batch(["intake.dossiers"], rows):
        inside = current_trace_id()
    span = recorder.only("send intake.dossiers")
    assert span.kind is SpanKind.CLIENT
    assert span.parent is None
    assert inside == f"{context_of(span).trace_id:032x}"
    assert [dict(link.attributes or {})["messaging.message.id"] for link in span.links] == [f"f{n}" for n in range(128)]
    assert about(span)["messaging.batch.message_count"] == 200


def test_a_relay_batch_for_several_topics_names_none_of_them(recorder: Recorder) -> None:
    with recorder.tracing("intake").send_batch(["intake.dossiers", "intake.visits"], [("a", None), ("b", CAUSE)]):
        pass
    span = recorder.only("send")
    assert "messaging.destination.name" not in about(span)
    assert len(span.links) == 1


def test_a_consumed_batch_is_a_root_of_its_own_and_reads_no_more_than_it_links(recorder: Recorder) -> None:
    read = count()
    arrivals = (Arrival(f"f{next(read)}", CAUSE) for _ in range(500))
    with recorder.tracing("reporting").process_batch(["intake.dossiers"], "reporting.dossiers", arrivals, 500):
        pass
    span = recorder.only("process intake.dossiers")
    assert span.parent is None
    assert span.kind is SpanKind.CONSUMER
    assert len(span.links) == 128
    assert about(span)["messaging.batch.message_count"] == 500
    assert next(read) == 128


def test_a_batch_of_several_topics_is_named_after_none(recorder: Recorder) -> None:
    with recorder.tracing("reporting").process_batch(
        ["intake.dossiers", "complaints.cases"], "g", [Arrival(FACT, CAUSE)], 2
    ):
        pass
    span = recorder.only("process")
    assert "messaging.destination.name" not in about(span)
    assert len(span.links) == 1


def process_badly(tracing: Tracing, arrival: Arrival) -> None:
    with tracing.process_batch(["t"], "g", [arrival], 1), tracing.process_one("t", "g", arrival):
        raise ValueError("044078001234")


def test_a_failing_handler_marks_its_span_and_the_batch_without_its_message(recorder: Recorder) -> None:
    with pytest.raises(ValueError, match="044078001234"):
        process_badly(recorder.tracing("reporting"), Arrival(FACT, CAUSE))
    one, whole = recorder.spans("process t")
    for span in (one, whole):
        assert span.status.status_code is StatusCode.ERROR
        assert about(span)["error.type"] == "ValueError"
        assert "044078001234" not in span.to_json()


def test_after_a_span_the_context_around_it_is_back(recorder: Recorder) -> None:
    with recorder.provider.get_tracer("t").start_as_current_span("around"):
        before = current_trace_id()
        consume(recorder.tracing("reporting"), "t", "g", Arrival(FACT, CAUSE))
        assert current_trace_id() == before
    assert current_trace_id() is None


def test_deprecated_names_never_appear(recorder: Recorder) -> None:
    tracing = recorder.tracing("intake")
    carrier = tracing.create("intake.dossiers", FACT)
    with tracing.send_batch(["intake.dossiers"], [(FACT, carrier.traceparent)]):
        pass
    consume(tracing, "intake.dossiers", "g", Arrival(FACT, carrier.traceparent, partition=1, offset=2, key="k"))
    spans = recorder.memory.get_finished_spans()
    emitted = {name for span in spans for name in about(span)}
    assert len(spans) == 4
    assert emitted.isdisjoint(DEPRECATED)
    assert emitted == {
        value for name, value in vars(attributes).items() if name.isupper() and "." in value and "://" not in value
    } - {"error.type"}


def test_our_names_are_those_of_the_conventions() -> None:
    official = {value for name, value in vars(messaging_attributes).items() if name.isupper()}
    official |= {error_attributes.ERROR_TYPE, Schemas.V1_44_0.value, "gandan.service"}
    assert {value for name, value in vars(attributes).items() if name.isupper()} <= official


def test_without_recording_ids_still_lead_from_fact_to_fact() -> None:
    tracing = off()
    first = tracing.create("intake.dossiers", FACT)
    arrival = Arrival(FACT, first.traceparent, "vendor=1")
    with (
        tracing.process_batch(["intake.dossiers"], "g", iter([arrival]), 1),
        tracing.process_one("intake.dossiers", "g", arrival),
    ):
        seen = current_trace_id()
        second = tracing.create("notifications.notices", "n")
    assert first.traceparent[3:35] == second.traceparent[3:35] == seen
    assert first.traceparent[36:52] != second.traceparent[36:52]
    assert second.tracestate == "vendor=1"
    contexts = parse_carrier(first.traceparent), parse_carrier(second.traceparent)
    assert [context is not None and context.trace_flags.sampled for context in contexts] == [False, False]


def test_without_recording_a_timer_result_still_gets_a_trace_of_its_own() -> None:
    tracing = off()
    with tracing.process_one("intake.dossiers", "g", Arrival(FACT, CAUSE, timer=True)):
        inside = current_trace_id()
        made = tracing.create("t", "n"), tracing.create("t", "m")
    assert inside is not None
    assert inside != CAUSE[3:35]
    assert {carrier.traceparent[3:35] for carrier in made} == {inside}


def test_without_recording_a_batch_reads_no_arrival() -> None:
    arrivals = iter([Arrival(FACT, CAUSE)])
    with off().process_batch(["t"], "g", arrivals, 1), off().send_batch(["t"], [("a", CAUSE)]):
        assert current_trace_id() is None
    assert next(arrivals).traceparent == CAUSE
