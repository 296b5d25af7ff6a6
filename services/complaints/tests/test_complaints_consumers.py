"""Units and procedures as they arrive from intake; contacts as they leave, sealed."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest
from nacl.public import PrivateKey, SealedBox

from services.complaints import consumers
from services.complaints.handlers import letters
from services.complaints.handlers.desk import Desk, nobody, refresh_law
from services.complaints.tests import given
from services.complaints.tests.given import CLERK, UNIT, rows
from shared.contracts.intake import CALENDAR, PROCEDURES, UNITS, CalendarChanged
from shared.law import YearStatus, shipped, year_record
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.records import Fed, Log

pytestmark = pytest.mark.postgres


async def names(works: Works, table: str = "unit") -> dict[str, str]:
    return {row["code"]: row["name"] for row in await rows(works, f"SELECT code, name FROM {table}")}


async def test_units_and_procedures_are_copied_and_the_newest_record_stands(works: Works, copying: Fed) -> None:
    units, procedures = Log(UNITS), Log(PROCEDURES)
    renamed = replace(given.unit(UNIT), name="Phường mới")
    await copying.give(
        *(units.fact(unit, 1) for unit in given.UNITS),
        units.fact(renamed, 2),
        procedures.fact(given.procedure(), 1),
    )
    assert await names(works) == {"44": "Phường", UNIT: "Phường mới", "18880": "Phường", "19564": "Phường"}
    assert await names(works, "procedure") == {given.PROCEDURE: "Cấp đổi Giấy chứng nhận"}


async def test_an_older_record_and_a_doubled_one_change_nothing(works: Works, copying: Fed) -> None:
    log = Log(UNITS)
    await copying.give(log.fact(replace(given.unit(UNIT), name="Phường mới"), 2))
    await copying.give(log.fact(given.unit(UNIT), 1), log.fact(given.unit(UNIT), 2))
    assert await names(works) == {UNIT: "Phường mới"}
    assert copying.counts() == {"applied": 1, "duplicate": 2, "consumed": 3}


async def test_a_withdrawn_unit_is_dropped_also_within_one_batch_and_may_come_back(works: Works, copying: Fed) -> None:
    log = Log(UNITS)
    await copying.give(*(log.fact(unit, 1) for unit in given.UNITS), log.record(b"18880", None))
    await copying.give(log.record(UNIT.encode(), None))
    assert set(await names(works)) == {"44", "19564"}
    await copying.give(log.fact(given.unit(UNIT), 2))
    assert set(await names(works)) == {"44", "19564", UNIT}


async def test_a_damaged_record_is_parked_and_stops_no_other(works: Works, copying: Fed) -> None:
    log = Log(UNITS)
    await copying.give(log.record(b"18880", b"not an envelope"), log.fact(given.unit(UNIT), 1))
    assert set(await names(works)) == {UNIT}
    assert [reason for _, reason in await copying.parked()] == ["not-an-envelope"]


async def test_letters_are_taken_as_soon_as_the_units_have_arrived(works: Works, copying: Fed) -> None:
    log = Log(UNITS)
    await copying.give(*(log.fact(unit, 1) for unit in given.UNITS))
    letter = await letters.register_letter(Desk(works), nobody(None), given.anonymous_letter())
    assert letter.unit == UNIT


async def test_contacts_leave_sealed_for_notifications_alone(desk: Desk, works: Works, keys: Keys) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    assert letter.recipient is not None
    async with works.reading() as db:
        sent = await consumers.seal_contacts(works, db, [letter.recipient])
    outgoing = sent[letter.recipient]
    assert (outgoing.topic, outgoing.key) == ("complaints.contacts", str(letter.recipient).encode())
    fact = msgspec.json.decode(outgoing.value or b"")["data"]
    opened = SealedBox(PrivateKey(keys.contact)).decrypt(base64.b64decode(fact["contact_sealed"]))
    assert msgspec.json.decode(opened) == {
        "name": "Nguyễn Văn An", "identity_no": "044085001234", "phone": "+84912345678", "email": "an@example.vn",
    }  # fmt: skip
    assert b"044085001234" not in (outgoing.value or b"")


async def test_a_forgotten_person_is_sent_as_a_tombstone(desk: Desk, works: Works) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    assert letter.recipient is not None
    async with works.begin(CLERK) as work:
        await work.db.execute("UPDATE contact SET forgotten_at = $1", work.now)
        sent = await consumers.seal_contacts(works, work.db, [letter.recipient])
    assert (sent[letter.recipient].topic, sent[letter.recipient].value) == ("complaints.contacts", None)


def storm(on: date) -> CalendarChanged:
    """A year with one day off more."""
    record = year_record(shipped().calendar.with_day_off(on, "Nghỉ tránh bão", "Storm"), on.year, "Công điện 12")
    return CalendarChanged(
        occurred_at=datetime(2026, 11, 23, tzinfo=UTC), key=f"year/{on.year}", act=UUID(int=1), **record
    )


async def test_a_day_taken_out_of_the_calendar_counts_here_once_the_timer_has_read_it(
    works: Works, desk: Desk, copying: Fed
) -> None:
    log, day = Log(CALENDAR), date(2026, 11, 26)

    await copying.give(log.fact(storm(day), 1))
    await refresh_law(desk)

    office = desk.office_at(works.clock())
    assert not office.calendar.is_working_day(day)
    assert office.calendar.status(2026) is YearStatus.PUBLISHED
    fresh = Desk(works)  # a process that starts
    await refresh_law(fresh)
    assert fresh.standing.law == desk.standing.law


async def test_an_older_year_and_one_that_was_withdrawn_change_nothing(works: Works, desk: Desk, copying: Fed) -> None:
    log, day = Log(CALENDAR), date(2026, 11, 26)
    await copying.give(log.fact(storm(day), 2))
    await copying.give(log.fact(storm(date(2026, 11, 27)), 1), log.record(b"year/2026", None))
    await refresh_law(desk)
    assert not desk.office_at(works.clock()).calendar.is_working_day(day)
    assert desk.office_at(works.clock()).calendar.is_working_day(date(2026, 11, 27))
