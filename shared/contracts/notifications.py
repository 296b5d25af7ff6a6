"""Facts stated by notifications: what happened to a notice, ids and codes only."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.envelope import Catalogue, Fact, fact

NOTICES = "notifications.notices"


@fact(NOTICES, "notice")
class NoticeCreated(Fact):
    """A notice was put into the recipient's inbox."""

    notice: UUID
    code: str
    aggregate: UUID
    aggregate_sequence: int
    recipient: UUID
    unit: str | None = None
    inbox: bool = True


@fact(NOTICES, "notice")
class NoticeRead(Fact):
    """The recipient opened the notice."""

    notice: UUID
    code: str
    aggregate: UUID
    recipient: UUID


@fact(NOTICES, "notice")
class NoticeDelivered(Fact):
    """A provider took the notice for this channel, or its receipt says it arrived; `attempts` counts from 1."""

    notice: UUID
    code: str
    aggregate: UUID
    recipient: UUID
    channel: str
    attempts: int


@fact(NOTICES, "notice")
class NoticeFailed(Fact):
    """This channel will not carry the notice any more; what stays is the inbox. `reason_class` is never a provider's text."""

    notice: UUID
    code: str
    aggregate: UUID
    recipient: UUID
    channel: str
    attempts: int
    reason_class: str


NOTICE_FACTS: tuple[type[Fact], ...] = (NoticeCreated, NoticeRead, NoticeDelivered, NoticeFailed)
CATALOGUE = Catalogue.of(NOTICE_FACTS)
