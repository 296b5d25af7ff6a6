"""One line per notice: who was told what about which matter, and when they read it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import Told
from shared.contracts.envelope import Fact
from shared.contracts.notifications import NoticeCreated, NoticeRead


class NoticeLine(NamedTuple):
    """A row of `notice_line`, column by column."""

    id: UUID
    code: str
    about: UUID
    about_sequence: int
    recipient: UUID
    unit: str | None
    inbox: bool
    created_at: datetime | None
    read_at: datetime | None
    version: int
    last_at: datetime


NOTICE_FACTS: Final[tuple[type[Fact], ...]] = (NoticeCreated, NoticeRead)


def fold_notice(line: NoticeLine | None, told: Told) -> NoticeLine:
    """The notice after this fact; a placeholder begins where its creation was not heard of."""
    fact = told.fact
    if isinstance(fact, NoticeCreated):
        made, read_at = _begun(fact), line.read_at if line is not None else None
        after = made._replace(about_sequence=fact.aggregate_sequence, unit=fact.unit, inbox=fact.inbox, created_at=fact.occurred_at, read_at=read_at)  # fmt: skip
    elif isinstance(fact, NoticeRead):
        before = line if line is not None else _begun(fact)
        after = before._replace(read_at=before.read_at or fact.occurred_at)
    else:
        raise TypeError(type(fact))
    return after._replace(version=told.sequence, last_at=told.recorded_at)


def _begun(fact: NoticeCreated | NoticeRead) -> NoticeLine:
    return NoticeLine(
        id=fact.notice, code=fact.code, about=fact.aggregate, about_sequence=0, recipient=fact.recipient, unit=None, inbox=True, created_at=None,
        read_at=None, version=0, last_at=fact.occurred_at,
    )  # fmt: skip
