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


CATALOGUE = Catalogue.of((NoticeCreated, NoticeRead))
