"""AsyncAPI 3 of the installation: who sends which fact on which topic, and who listens; generated from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from deploy.cli import source_schemas
from services.intake.domain.source_shapes import SHAPES, Shape
from shared.bus import topics
from shared.bus.consumer import Listener
from shared.contracts.envelope import MEDIA_TYPE, Envelope, Fact, fact_type, family
from shared.contracts.schemas import every_kind, schema_of
from shared.contracts.sources import REPLY_FACTS

CHANNELS = frozenset(topic.name for topic in topics.CATALOGUE)
"""A topic enters when somebody writes it; facts stated nowhere yet are left out."""
REF = "#/components/schemas/{name}"
OF_SOURCE, REPLIES_OF_SOURCE = "sources.source", "sources.source.replies"
"""Each source system has two topics of its own; its id stands in their names."""
HEADERS: Mapping[str, Any] = {
    "type": "object",
    "required": ["ce_id", "ce_type", "ce_source", "content-type"],
    "properties": {
        "ce_id": {"type": "string", "description": "`id` of the envelope"},
        "ce_type": {"type": "string", "description": "`type` of the envelope"},
        "ce_source": {"type": "string", "description": "`source` of the envelope"},
        "content-type": {"type": "string", "const": MEDIA_TYPE},
        "traceparent": {"type": "string", "description": "W3C trace context of the transaction that stated the fact"},
        "x-replay": {
            "type": "string",
            "const": "1",
            "description": "Sent again from the kept facts: tell nobody a second time",
        },
    },
}


def document(listeners: Mapping[str, Iterable[Listener]]) -> dict[str, Any]:
    """The document; `listeners` by service."""
    kinds = [*(kind for topic in topics.CATALOGUE for kind in _on(topic.name)), *REPLY_FACTS]
    return {
        "asyncapi": "3.0.0",
        "id": "urn:vn:gandan",
        "info": {
            "title": "Gần Dân: facts",
            "version": "1",
            "description": "What the services state. CloudEvents 1.0 as structured JSON; key = subject; `sequence` counts the "
            "facts of one subject without a gap; within v1 only optional fields are added. No personal data.",
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {topic.name: _channel(topic) for topic in topics.CATALOGUE} | _channels_of_sources(),
        "operations": dict(sorted((*_sends(), *_receives(listeners), *_of_sources()))),
        "components": {
            "schemas": {
                "Envelope": _envelope(),
                **{_name(kind): _data(kind) for kind in kinds},
                **{_told(shape): _event(shape) for shape in SHAPES.values()},
            },
            "messages": {_name(kind): _message(kind) for kind in kinds}
            | {_told(shape): _source_message(shape) for shape in SHAPES.values()},
            "messageTraits": {"fact": {"headers": dict(HEADERS), "contentType": MEDIA_TYPE}},
        },
    }


def _name(kind: type[Fact]) -> str:
    """`intake.dossier-submitted.v1`: two producers may state facts of the same type."""
    name, version = family(fact_type(kind))
    return f"{_writer(kind.topic)}.{name.rpartition('.')[2]}.v{version}"


def _writer(topic: str) -> str:
    """The service a topic belongs to."""
    return topic.partition(".")[0]


def _on(topic: str) -> list[type[Fact]]:
    return [kind for kind in every_kind().values() if kind.topic == topic]


def _channel(topic: topics.Topic) -> dict[str, Any]:
    settings: dict[str, Any] = {"cleanup.policy": [topic.settings.get("cleanup.policy", "delete")]}
    if "retention.ms" in topic.settings:
        settings["retention.ms"] = int(topic.settings["retention.ms"])
    kept = "the newest record of each key; null forgets it" if topic.compacted else "kept for ever"
    return {
        "address": topic.name,
        "description": f"Written by {_writer(topic.name)}; {kept}.",
        "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in _on(topic.name)},
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": "0.5.0"}},
    }  # fmt: skip


def _channels_of_sources() -> dict[str, Any]:
    """Where any source sends, and where it is answered."""
    sent, answered = topics.of_source("{source}")
    who = {"source": {"description": "The id of the source system in the registry, such as tan-thanh."}}
    events = {_told(shape): {"$ref": f"#/components/messages/{_told(shape)}"} for shape in SHAPES.values()}
    told = "the topic is its identity, and whatever comes counts once by its id"
    replies = {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in REPLY_FACTS}
    return {
        OF_SOURCE: {**_channel(sent), "description": f"Written by that source system alone: {told}; kept for 14 days.", "parameters": who, "messages": events},
        REPLIES_OF_SOURCE: {
            **_channel(answered), "description": "Written by intake, what became of each event; kept for 14 days.", "parameters": who, "messages": replies,
        },
    }  # fmt: skip


def _of_sources() -> Iterable[tuple[str, dict[str, Any]]]:
    """Intake listens to all of them, and answers each."""
    events = [{"$ref": f"#/channels/{OF_SOURCE}/messages/{_told(shape)}"} for shape in SHAPES.values()]
    group = {"kafka": {"groupId": {"type": "string", "const": "intake.sources"}, "bindingVersion": "0.5.0"}}
    yield (
        f"intake.sources.receives.{OF_SOURCE}",
        {**_operation("receive", OF_SOURCE, ()), "messages": events, "bindings": group},
    )
    yield f"intake.sends.{REPLIES_OF_SOURCE}", _operation("send", REPLIES_OF_SOURCE, REPLY_FACTS)


def _told(shape: Shape) -> str:
    """`source.dossier-upserted.v1`."""
    return shape.type.removeprefix("vn.gandan.")


def _event(shape: Shape) -> dict[str, Any]:
    """The schema of a source's event without what belongs to a document of its own."""
    return {name: value for name, value in source_schemas.schema_of(shape).items() if not name.startswith("$")}


def _source_message(shape: Shape) -> dict[str, Any]:
    return {
        "name": shape.type, "title": shape.kind, "contentType": MEDIA_TYPE, "payload": {"$ref": REF.format(name=_told(shape))},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"`{shape.about}`"}, "bindingVersion": "0.5.0"}},
    }  # fmt: skip


def _message(kind: type[Fact]) -> dict[str, Any]:
    return {
        "name": fact_type(kind),
        "title": kind.__name__,
        "summary": (kind.__doc__ or "").strip(),
        "traits": [{"$ref": "#/components/messageTraits/fact"}],
        "payload": {
            "allOf": [{"$ref": REF.format(name="Envelope")}],
            "properties": {"type": {"const": fact_type(kind)}, "data": {"$ref": REF.format(name=_name(kind))}},
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": f"`{kind.about}`"}, "bindingVersion": "0.5.0"}},
    }


def _sends() -> Iterable[tuple[str, dict[str, Any]]]:
    for topic in CHANNELS:
        yield f"{_writer(topic)}.sends.{topic}", _operation("send", topic, _on(topic))


def _receives(listeners: Mapping[str, Iterable[Listener]]) -> Iterable[tuple[str, dict[str, Any]]]:
    for listener in (one for mine in listeners.values() for one in mine):
        for topic in CHANNELS.intersection(listener.topics):
            kinds = [kind for kind in listener.catalogue.kinds.values() if kind.topic == topic]
            made = _operation("receive", topic, kinds)
            group = {"kafka": {"groupId": {"type": "string", "const": listener.name}, "bindingVersion": "0.5.0"}}
            yield f"{listener.name}.receives.{topic}", {**made, "bindings": group}


def _operation(action: str, topic: str, kinds: Iterable[type[Fact]]) -> dict[str, Any]:
    place = f"#/channels/{topic}"
    return {
        "action": action,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{_name(kind)}"} for kind in kinds],
    }


def _envelope() -> dict[str, Any]:
    """The envelope, with room for the fact; unknown attributes are extensions and allowed."""
    made = msgspec.json.schema(Envelope)
    found: dict[str, Any] = made["$defs"]["Envelope"]
    return {
        **found,
        "properties": {
            **found["properties"],
            "time": {"type": "string", "format": "date-time"},
            "data": {"type": "object"},
        },
    }


def _data(kind: type[Fact]) -> dict[str, Any]:
    """The schema of a fact without its `$schema` and `$id`, which belong to a document of its own."""
    return {name: value for name, value in schema_of(kind).items() if not name.startswith("$")}
