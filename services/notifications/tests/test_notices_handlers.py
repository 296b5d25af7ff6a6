"""Marks, what is stated about them, and what an operator is told about a notice."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import pytest

from services.notifications import handlers
from services.notifications.domain import Mark, NoSuchItem, NoSuchNotice, Standing
from services.notifications.tests import samples
from services.notifications.tests.conftest import codes, records, rows, stated
from shared.kernel import Caller, Once, Principal, Repeated
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log

pytestmark = pytest.mark.postgres


def by(recipient: UUID, key: str | None = None) -> Caller:
    once = Once.of(key, "POST", "/x", b"") if key else None
    return Caller(Principal("me", frozenset({"citizen"}), recipient=recipient, acting="citizen"), once)


@pytest.fixture(autouse=True)
async def six_notices(dossiers: Fed, log: Log, citizen: UUID) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))


async def counted(works: Works, recipient: UUID) -> int:
    found = await rows(
        works, "SELECT count(*) AS n FROM inbox_item WHERE recipient = $1 AND read_at IS NULL AND archived_at IS NULL", recipient
    )  # fmt: skip
    number: int = found[0]["n"]
    return number


async def test_a_mark_changes_count_and_version_together(works: Works, citizen: UUID) -> None:
    assert await handlers.mark(works, by(citizen), 2, Mark.READ) == Standing(6, 5, 2)
    assert await handlers.mark(works, by(citizen), 3, Mark.ARCHIVE) == Standing(6, 4, 3)
    assert await handlers.mark(works, by(citizen), 2, Mark.UNREAD) == Standing(6, 5, 4)


async def test_a_mark_given_twice_changes_nothing_the_second_time(works: Works, citizen: UUID) -> None:
    for act in Mark:
        first = await handlers.mark(works, by(citizen), 1, act)
        assert await handlers.mark(works, by(citizen), 1, act) == first


async def test_the_count_is_the_number_of_unread_items_after_any_marks(works: Works, citizen: UUID) -> None:
    acts = [
        (1, Mark.READ),
        (1, Mark.ARCHIVE),
        (2, Mark.ARCHIVE),
        (2, Mark.READ),
        (1, Mark.UNREAD),
        (3, Mark.READ),
        (2, Mark.UNREAD),
    ]
    for seq, act in acts:
        standing = await handlers.mark(works, by(citizen), seq, act)
        assert standing.unread == await counted(works, citizen)


async def test_marks_at_the_same_moment_take_turns(works: Works, citizen: UUID) -> None:
    done = await asyncio.gather(*(handlers.mark(works, by(citizen), seq, Mark.READ) for seq in range(1, 7)))
    assert sorted(standing.unread for standing in done) == [0, 1, 2, 3, 4, 5]
    assert await counted(works, citizen) == 0


async def test_reading_all_leaves_what_arrived_meanwhile(works: Works, dossiers: Fed, log: Log, citizen: UUID) -> None:
    await dossiers.give(*records(log, samples.life(citizen, 2)[:2]))
    assert await handlers.read_all(works, by(citizen), 6) == Standing(8, 2, 3)
    assert await handlers.read_all(works, by(citizen), 6) == Standing(8, 2, 3)
    assert await counted(works, citizen) == 2


async def test_that_a_notice_was_read_is_stated_once(works: Works, citizen: UUID) -> None:
    for act in (Mark.READ, Mark.UNREAD, Mark.READ):
        await handlers.mark(works, by(citizen), 2, act)
    await handlers.read_all(works, by(citizen), 6)
    read = [msgspec.json.decode(fact["envelope"]) for fact in await stated(works, "notice-read")]
    assert read[0]["data"]["code"] == "HS-01"
    assert sorted(envelope["data"]["code"] for envelope in read) == [
        "HS-00",
        "HS-01",
        "HS-02",
        "HS-06a",
        "HS-07",
        "HS-08",
    ]
    assert {envelope["sequence"] for envelope in read} == {2}


async def test_archiving_unread_states_no_reading(works: Works, citizen: UUID) -> None:
    await handlers.mark(works, by(citizen), 2, Mark.ARCHIVE)
    assert await stated(works, "notice-read") == []


async def test_a_neighbours_item_is_not_there(works: Works, neighbour: UUID) -> None:
    with pytest.raises(NoSuchItem):
        await handlers.mark(works, by(neighbour), 1, Mark.READ)
    assert await handlers.read_all(works, by(neighbour), 6) == Standing(0, 0, 0)


async def test_a_repeated_command_is_answered_as_it_was(works: Works, citizen: UUID) -> None:
    await handlers.mark(works, by(citizen, "k"), 1, Mark.READ)
    await handlers.mark(works, by(citizen), 2, Mark.READ)
    with pytest.raises(Repeated) as repeated:
        await handlers.mark(works, by(citizen, "k"), 1, Mark.READ)
    assert msgspec.json.decode(repeated.value.answer) == {"unread": 5, "version": 2}


async def test_why_a_notice_exists_is_explained_by_rule_guard_key_cause_and_times(
    works: Works, clock: StandingClock, citizen: UUID
) -> None:
    (item,) = await rows(works, "SELECT notification FROM inbox_item WHERE code = 'HS-06a'")
    clock.move(hours=1)
    await handlers.mark(works, by(citizen), 4, Mark.READ)
    told = await handlers.explain(works, item["notification"])
    assert told["rules"] == [
        {"topic": "intake.dossiers", "when": "vn.gandan.deadline-breached.v1", "guard": "kind = settlement", "audience": "recipient", "class": "statutory"}
    ]  # fmt: skip
    assert told["dedupe_key"] == f"HS-06a:{samples.dossier()}:6:{citizen}"
    assert (told["code"], told["state"], told["template_version"], told["aggregate_seq"]) == ("HS-06a", "read", 1, 6)
    assert told["inbox"] == {"seq": 4, "state": "read", "read_at": clock(), "archived_at": None}
    assert (told["created_at"], told["caused_by"] is not None) == (samples.AT, True)
    assert told["variables"]["due_on"] == "2026-11-26"


async def test_a_notice_nobody_made_cannot_be_explained(works: Works) -> None:
    with pytest.raises(NoSuchNotice):
        await handlers.explain(works, samples.dossier())


async def test_what_was_told_stays_as_it_was_and_english_says_the_same(works: Works, citizen: UUID) -> None:
    asked = handlers.Asked(limit=10)
    _, vietnamese, _ = await handlers.inbox(works, citizen, asked, "vi")
    _, english, _ = await handlers.inbox(works, citizen, asked, "en")
    assert (
        [item.code for item in vietnamese]
        == [item.code for item in english]
        == [code for _, code in reversed(await codes(works, citizen))]
    )
    assert all(item.body.startswith("Dear citizen: ") and samples.code() in item.title for item in english)
    assert [item.variables for item in vietnamese] == [None] * 6
