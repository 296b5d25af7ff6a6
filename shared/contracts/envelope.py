"""The envelope of a fact: CloudEvents 1.0, structured JSON. Encoded once, when the fact is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar, dataclass_transform
from uuid import UUID, uuid5

import msgspec

from shared.kernel import TENANT, kebab

NAMESPACE = UUID("b7d6f3f2-3c4e-5a55-9d0e-6c1d6f0a44a4")
"""Namespace of every derived id (uuid5); frozen by a test, since changing it would double facts."""

TYPE_PREFIX = "vn.gandan."
MEDIA_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened: what it says, where it is published, and the legal moment it happened."""

    topic: ClassVar[str]
    about: ClassVar[str]
    """Name of the field that holds the aggregate's id (also `subject` and the Kafka key)."""
    version: ClassVar[int] = 1

    occurred_at: datetime

    @property
    def subject(self) -> str:
        """The aggregate's id as written in the envelope."""
        return str(getattr(self, self.about))

    @property
    def sent_on(self) -> str:
        """The topic it is sent on; a family of topics has one for each member."""
        return self.topic


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CloudEvents attributes, the extensions of architecture section 4, and the fact as raw JSON."""

    specversion: str
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    sequence: int
    epoch: int = 1
    tenant: str = TENANT
    correlationid: str | None = None
    causationid: str | None = None
    data: msgspec.Raw


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader needs of an envelope, whoever wrote it and whatever else it holds."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: msgspec.Raw
    sequence: int
    epoch: int = 1
    correlationid: str | None = None


F = TypeVar("F", bound=Fact)
_encode = msgspec.json.Encoder().encode
decode_foreign = msgspec.json.Decoder(Foreign).decode


def fact_type(kind: type[Fact]) -> str:
    """`DossierSubmitted` -> `vn.gandan.dossier-submitted.v1`."""
    return f"{TYPE_PREFIX}{kebab(kind.__name__)}.v{kind.version}"


def family(type_: str) -> tuple[str, int]:
    """`vn.gandan.dossier-submitted.v1` -> (`vn.gandan.dossier-submitted`, 1)."""
    name, _, version = type_.rpartition(".v")
    return (name, int(version)) if version.isdigit() else (type_, 1)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The facts one reader or writer knows, by type; the same type on two topics is two facts."""

    kinds: Mapping[str, type[Fact]]
    on_topic: Mapping[tuple[str, str], type[Fact]] = field(default_factory=dict)

    @staticmethod
    def of(kinds: Iterable[type[Fact]]) -> Catalogue:
        """A catalogue of these classes."""
        known = list(kinds)
        return Catalogue(
            {fact_type(kind): kind for kind in known}, {(kind.topic, fact_type(kind)): kind for kind in known}
        )

    def find(self, topic: str, type_: str) -> type[Fact] | None:
        """The fact of this type as it is stated on this topic."""
        return self.on_topic.get((topic, type_)) or self.kinds.get(type_)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact(topic: str, about: str) -> Callable[[type[F]], type[F]]:
    """Make a frozen keyword-only dataclass published on `topic` under the id in its field `about`."""

    def build(kind: type[F]) -> type[F]:
        kind.topic, kind.about = topic, about
        return dataclass(frozen=True, kw_only=True)(kind)

    return build


def derived_id(*parts: object) -> UUID:
    """The id of a derived fact: uuid5 of its parts joined by `:`; the same parts give the same id for ever."""
    return uuid5(NAMESPACE, ":".join(str(part) for part in parts))


def encode(value: Any) -> bytes:
    """JSON of a fact, an envelope, or plain data."""
    return _encode(value)
