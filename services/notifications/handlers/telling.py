"""Telling: facts of other services become notices, inbox items and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifications import domain, store
from services.notifications.data import book
from services.notifications.domain import Channel, Notice
from services.notifications.store import deliveries
from shared.contracts.envelope import Fact
from shared.contracts.notifications import NoticeCreated
from shared.store.unit_of_work import Cause, Work


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact another service stated, as this one needs it."""

    type: str
    fact: Fact
    sequence: int
    cause: Cause


async def tell(work: Work, heard: Sequence[Heard]) -> None:
    """Make the notices these facts owe, but none that was made before, nor of what was loaded as history; in the order they came."""
    if quiet := sorted({each.fact.subject for each in heard if getattr(each.fact, "tells_citizens", True) is False}):
        await deliveries.note_told_elsewhere(work.db, [UUID(aggregate) for aggregate in quiet])
    news = [each for each in heard if not getattr(each.fact, "backfill", False)]
    owed = {n.id: (n, each.cause) for each in news for n in domain.owed(book(), each.type, each.fact, each.sequence)}
    if not owed:
        return
    fresh = await store.claim(work.db, [notice for notice, _ in owed.values()])
    new = [pair for id_, pair in owed.items() if id_ in fresh]
    if not new:
        return
    for notice, cause in new:
        work.starts(notice.id)
        work.record(_created(work, notice), cause=cause)
    notices = [notice for notice, _ in new]
    texts = [domain.render(book(), notice.template, notice.variables, domain.OFFICIAL) for notice in notices]
    await store.tell(work.db, notices, texts, work.now)
    await _route(work, notices)


def _created(work: Work, notice: Notice) -> NoticeCreated:
    return NoticeCreated(
        occurred_at=work.now, notice=notice.id, code=notice.code, aggregate=notice.aggregate, aggregate_sequence=notice.sequence,
        recipient=notice.recipient, unit=notice.unit,
    )  # fmt: skip


async def _route(work: Work, notices: Sequence[Notice]) -> None:
    """Begin the deliveries of new notices; what is kept in is written down with its reason."""
    ways = book().ways
    capped = [
        (class_, work.now - step.once_per)
        for class_, steps in ways.items()
        for step in steps
        if step.once_per is not None
    ]
    known = await deliveries.circumstances(
        work.db, {n.aggregate for n in notices}, {n.recipient for n in notices}, Channel.EMAIL, capped
    )
    begun = domain.routed([(notice, ways[notice.rule.class_]) for notice in notices], known, work.now)
    await deliveries.begin(work.db, begun, work.now)
