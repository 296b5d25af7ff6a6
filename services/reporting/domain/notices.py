"""One line per notice: who was told what about which matter, when they read it, and what became of it on its way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import Changes, Told
from shared.contracts.envelope import Fact
from shared.contracts.notifications import NoticeCreated, NoticeDelivered, NoticeFailed, NoticeRead


class NoticeLine(NamedTuple):
    """A row of `notice_line`, column by column; `channel` is the one that carried it last, or would not."""

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
    channel: str | None
    delivered_at: datetime | None
    failed_at: datetime | None
    failure: str | None


def fold_notice(line: NoticeLine | None, told: Told) -> NoticeLine:
    """The notice after this fact; a placeholder begins where its creation was not heard of."""
    fact: Any = told.fact
    before = line if line is not None else _begun(fact)
    return before._replace(**_FOLDS[type(fact)](before, fact), version=told.sequence, last_at=told.recorded_at)


def _begun(fact: Any) -> NoticeLine:
    return NoticeLine(
        id=fact.notice, code=fact.code, about=fact.aggregate, about_sequence=0, recipient=fact.recipient, unit=None, inbox=True, created_at=None,
        read_at=None, version=0, last_at=fact.occurred_at, channel=None, delivered_at=None, failed_at=None, failure=None,
    )  # fmt: skip


def _created(_line: NoticeLine, fact: NoticeCreated) -> Changes:
    return {
        "about_sequence": fact.aggregate_sequence,
        "unit": fact.unit,
        "inbox": fact.inbox,
        "created_at": fact.occurred_at,
    }


_FOLDS: Final[Mapping[type[Fact], Callable[[NoticeLine, Any], Changes]]] = {
    NoticeCreated: _created,
    NoticeRead: lambda line, f: {"read_at": line.read_at or f.occurred_at},
    NoticeDelivered: lambda line, f: {"channel": f.channel, "delivered_at": line.delivered_at or f.occurred_at},
    NoticeFailed: lambda _line, f: {"channel": f.channel, "failed_at": f.occurred_at, "failure": f.reason_class},
}

NOTICE_FACTS: Final[tuple[type[Fact], ...]] = tuple(_FOLDS)
