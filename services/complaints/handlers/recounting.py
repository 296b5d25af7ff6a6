"""Count open limits again after an act changed the law's data: in batches, each limit that moved stated once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from services.complaints.domain import Case, Submission
from services.complaints.domain.recounting import Counting, count_case_again, count_letter_again
from services.complaints.handlers.desk import Desk, state_case, state_letter
from services.complaints.store import cases, submissions
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.law import CalendarNotPublished, Law, standing
from shared.store import law as law_store
from shared.store import recount
from shared.store.recount import Recount, Tally
from shared.store.unit_of_work import Work

BATCH = 500
_DUE = "SELECT aggregate, kind, due_on FROM deadline WHERE aggregate = ANY($1::uuid[]) AND closed_at IS NULL AND due_on IS NOT NULL"

A = TypeVar("A", Submission, Case)
Again = Callable[[A, Counting, Mapping[str, date]], tuple[A, Sequence[Fact]]]
Counted = tuple[Sequence[tuple[A, A, Sequence[Fact]]], int]
"""Each before and after with what is stated of it, and how many stay since they would end in a year without a calendar."""


async def count_limits_again(desk: Desk, batch: int = BATCH) -> bool:
    """One batch of the oldest counting whose time has come; False when there is none. A stopped process goes on where it was."""
    async with desk.works.begin(system("complaints.calendar")) as work:
        asked = await recount.take(work)
        if asked is None:
            return False
        ids = await recount.spanning(work, asked, batch)
        tally = await recount.count_each(work, ids, partial(_count, work, asked))
        await recount.advance(work, asked.went_on(ids, tally), finished=len(ids) < batch)
    return True


async def _count(work: Work, asked: Recount, ids: Sequence[UUID]) -> Tally:
    """Count the limits of these again; letters and cases that end in an unknown year stay."""
    law = standing(record for _, record in await law_store.read(work.db))
    found_letters, found_cases = await submissions.load_many(work, ids), await cases.load_many(work, ids)
    due = await _due(work, ids)  # behind the locks: what another command moved meanwhile is no news of this act
    letters, lost = _again(work, asked, law, found_letters, due, count_letter_again)
    for letter, now, stated in letters:
        state_letter(work, letter, now, stated)
    await submissions.move(work, [now for _, now, _ in letters])
    counted, more = _again(work, asked, law, found_cases, due, count_case_again)
    for case, then, said in counted:
        state_case(work, case, then, said)
    await cases.move(work, [then for _, then, _ in counted])
    return Tally(sum(len(stated) for *_, stated in (*letters, *counted)), lost + more)


def _again(
    work: Work, asked: Recount, law: Law, found: Sequence[A], due: Mapping[UUID, Mapping[str, date]], again: Again[A]
) -> Counted[A]:
    counted, unknown = [], 0
    for each in found:
        counting = Counting(law.office_at(each.received_at), asked.act, asked.reason_class, work.now)
        try:
            after, stated = again(each, counting, due.get(each.id, {}))
        except CalendarNotPublished:
            unknown += 1
            continue
        counted.append((each, after, stated))
    return counted, unknown


async def _due(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, date]]:
    """On which days the open limits of these were due until now, by kind."""
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for row in await work.db.fetch(_DUE, ids):
        found[row["aggregate"]][row["kind"]] = row["due_on"]
    return found
