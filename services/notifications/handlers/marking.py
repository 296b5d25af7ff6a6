"""Marks: what a citizen does to the items of their own inbox."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.notifications import domain, store
from services.notifications.domain import Mark, NoSuchItem, Standing
from services.notifications.store import deliveries
from shared.contracts.notifications import NoticeRead
from shared.kernel import Caller
from shared.store.unit_of_work import Work, Works


async def mark(works: Works, who: Caller, seq: int, act: Mark) -> Standing:
    """Mark one item of the caller's own inbox; the answer is how the inbox stands then."""
    recipient = domain.inbox_of(who.principal)
    async with works.begin(who) as work:
        standing = await store.lock(work.db, recipient)
        found = await store.place_of(work.db, recipient, seq)
        if found is None:
            raise NoSuchItem
        notice, place = found
        marked = domain.mark(place, act, work.now)
        if marked != place:
            await store.save_place(work.db, recipient, seq, marked)
            standing = await store.change(work.db, recipient, marked.counts - place.counts)
        if act is Mark.READ:
            await _note_reading(work, recipient, [notice])
        work.answers(standing_answer(standing))
    return standing


async def read_all(works: Works, who: Caller, up_to: int) -> Standing:
    """Mark every unread item up to this number, not those that arrived meanwhile."""
    recipient = domain.inbox_of(who.principal)
    async with works.begin(who) as work:
        standing = await store.lock(work.db, recipient)
        if notices := await store.read_up_to(work.db, recipient, up_to, work.now):
            standing = await store.change(work.db, recipient, -len(notices))
            await _note_reading(work, recipient, notices)
        work.answers(standing_answer(standing))
    return standing


async def _note_reading(work: Work, recipient: UUID, notices: Sequence[UUID]) -> None:
    """State once that a notice was read, however often it is marked; what was to be sent only until then stays in."""
    read = await store.first_read(work.db, notices)
    await deliveries.read_in_inbox(work.db, [row["id"] for row in read])
    for row in read:
        work.record(
            NoticeRead(
                occurred_at=work.now,
                notice=row["id"],
                code=row["code"],
                aggregate=row["aggregate"],
                recipient=recipient,
            )
        )


def standing_answer(standing: Standing) -> dict[str, int]:
    """What every mark is answered with."""
    return {"unread": standing.unread, "version": standing.version}
