"""Events of a source that are not taken: each reason of the closed list, and what is kept of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.intake import handlers
from services.intake.domain import State
from services.intake.domain.source_shapes import is_event_id
from services.intake.domain.sources import Mandate, Quota, Reason
from services.intake.handlers import Desk
from services.intake.tests.given import OTHER_UNIT, UNIT, facts_of, officer, submit
from services.intake.tests.vendor import (
    PUBLISHER,
    event,
    progressed,
    registered,
    sealed,
    send,
    the_dossier,
    upserted,
    word,
)
from shared.kernel import Forbidden
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


WRONG: list[tuple[Reason, Any, tuple[str, ...]]] = [
    (Reason.SCHEMA, b"no json", ("",)),
    (Reason.SCHEMA, b"\xff\xfe", ("",)),
    (Reason.SCHEMA, {}, ("/specversion", "/id", "/source", "/type", "/data")),
    (Reason.SCHEMA, upserted({"status": 11, "channel": "fax"}), ("/data/channel", "/data/status")),
    (Reason.SCHEMA, upserted({"colour": "red"}), ("/data/colour",)),
    (
        Reason.SCHEMA,
        upserted(datacontenttype=[{}], time={}, specversion=[]),
        ("/specversion", "/time", "/datacontenttype"),
    ),
    (Reason.SCHEMA, upserted(subject="H50.44.12-261123-0008"), ("/subject",)),
    (Reason.SCHEMA, upserted({"submitted_at": "2026-11-23 08:00"}), ("/data/submitted_at",)),
    (Reason.SCHEMA, upserted({"contact_sealed": "AAAA"}), ("/data/contact_sealed",)),
    (Reason.SCHEMA, progressed(1, data={"correction": True}), ("/data/reason_class",)),
    (Reason.SCHEMA, upserted({"appointment_at": "2062-12-01T16:00:00+07:00"}), ("/data/appointment_at",)),
    (Reason.TOO_LARGE, upserted({"note_code": "x" * 70_000}), ()),
    (Reason.FOREIGN_UNIT, upserted({"unit": OTHER_UNIT}), ("/data/unit",)),
    (Reason.FOREIGN_UNIT, upserted({"received_at": "2025-12-31T08:00:00+07:00"}), ("/data/unit",)),
    (Reason.UNKNOWN_UNIT, upserted({"unit": "00001"}), ("/data/unit",)),
    (Reason.FUTURE_TIME, upserted(time="2026-11-23T09:20:00+07:00"), ("/time",)),
    (Reason.FUTURE_TIME, upserted({"received_at": "2026-11-24T08:00:00+07:00"}), ("/data/received_at",)),
    (Reason.SOURCE_MISMATCH, upserted(source="hai-lang"), ("/source",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"name": "Nguyễn Văn An"}), ("/data/name",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"người": {"Họ_Tên": "An"}}), ("/data/?/?",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"note_code": "cccd-044085001234"}), ("/data/note_code",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"note_code": "0912.345.678"}), ("/data/note_code",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted({"extra": [{"a": "an@example.vn"}]}), ("/data/extra/0/a",)),
    (Reason.CLEAR_PERSONAL_DATA, upserted(email="an@example.vn"), ("/email",)),
]


@pytest.mark.parametrize(("reason", "told", "fields"), WRONG)
async def test_a_wrong_event_is_rejected_by_its_reason_and_fields_and_only_its_hash_is_kept(
    desk: Desk, reason: Reason, told: Any, fields: tuple[str, ...]
) -> None:
    await registered(desk)

    (outcome,) = await send(desk, told)

    assert (outcome.status, outcome.reason, outcome.fields) == ("rejected", reason.value, fields)
    async with desk.works.reading() as db:
        (row,) = await db.fetch("SELECT * FROM source_event")
    assert (row["status"], row["reason"], row["payload"], len(row["body_hash"])) == ("rejected", reason.value, None, 32)


async def test_what_is_rejected_leaves_no_word_of_it_in_the_database(desk: Desk) -> None:
    await registered(desk)

    await send(desk, upserted({"name": "Nguyễn Văn An"}), upserted({"Nguyễn Văn An": 1}), upserted(id="0912345678"))

    async with desk.works.reading() as db:
        kept = await db.fetch("SELECT e::text AS t FROM source_event e UNION ALL SELECT f::text FROM source_feed f")
        facts = await db.fetch("SELECT convert_from(envelope, 'UTF8') AS t FROM fact WHERE type LIKE '%source-event%'")
    assert len(facts) == 3
    assert [row["t"] for row in [*kept, *facts] if "Văn An" in row["t"] or "0912345678" in row["t"]] == []


@pytest.mark.parametrize(
    ("before", "then", "said"),
    [
        (4, 2, "backward-status"),
        (9, 4, "backward-status"),
        (10, 9, "backward-status"),
        (4, 3, "impossible-status"),
        (10, 7, "impossible-status"),
        (3, 9, "impossible-status"),
        (7, 4, "backward-status"),
        (4, 4, "accepted"),
    ],
)
async def test_a_status_moves_along_the_arrows_only(desk: Desk, before: int, then: int, said: str) -> None:
    await registered(desk)
    await send(desk, upserted({"status": 1, "channel": "online", "received_at": None}), progressed(before))

    (outcome,) = await send(desk, progressed(then, "2026-11-23T08:14:00+07:00"))

    assert word(outcome) == said


async def test_a_backward_status_is_taken_as_a_correction_with_its_reason(desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted({"status": 9}))

    (outcome,) = await send(desk, progressed(4, data={"correction": True, "reason_class": "typing-error"}))

    dossier = await the_dossier(desk)
    assert (outcome.status, dossier.state, dossier.settled_at) == ("accepted", State.IN_PROGRESS, None)
    assert dossier.due_on == date(2026, 11, 27)
    name, corrected = (await facts_of(desk.works, dossier.id))[-1]
    assert (name, corrected["field"], corrected["state"], corrected["reason_class"]) == (
        "dossier-corrected", "status", "in-progress", "typing-error",
    )  # fmt: skip


async def test_an_id_used_for_another_event_is_rejected(desk: Desk) -> None:
    await registered(desk)

    _, other = await send(desk, upserted(id="one"), progressed(4, id="one"))

    assert other.reason == "id-reused"


async def test_a_rejected_event_may_be_put_right_under_its_id(desk: Desk) -> None:
    await registered(desk)

    wrong, right = await send(desk, upserted({"status": 0}, id="one"), upserted(id="one"))

    assert (wrong.reason, right.status) == ("schema", "accepted")


async def test_more_than_the_quota_is_too_fast_until_time_passes(desk: Desk, clock: StandingClock) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=2))

    outcomes = await send(desk, upserted(), progressed(4, id="four"), progressed(9, id="nine"))
    clock.now += timedelta(seconds=1)
    (again,) = await send(desk, progressed(9, id="nine"))

    assert [word(each) for each in outcomes] == ["accepted", "accepted", "too-fast"]
    assert again.status == "accepted"


async def test_a_dossier_of_ours_or_of_another_source_is_not_touched(desk: Desk) -> None:
    await registered(desk)
    await registered(desk, "hai-lang")
    await send(desk, upserted())

    (theirs,) = await send(desk, progressed(9, source="hai-lang"), source="hai-lang")
    ours = await submit(desk, officer("clerk"))
    taken = progressed(9, data={"code": ours.code}, subject=ours.code)
    (mine,) = await send(desk, taken)

    assert (theirs.reason, mine.reason) == ("source-mismatch", "source-mismatch")


async def test_an_account_of_no_source_is_turned_away(desk: Desk) -> None:
    await registered(desk, state="suspended")

    with pytest.raises(Forbidden):
        await send(desk, upserted())
    with pytest.raises(Forbidden):
        await handlers.own_source(desk, PUBLISHER)


@pytest.mark.parametrize("year", ["1990", "2035"])
async def test_a_promise_for_a_year_without_a_calendar_is_refused_by_its_own_name(desk: Desk, year: str) -> None:
    await registered(desk)

    (outcome,) = await send(desk, upserted({"appointment_at": f"{year}-03-01T17:00:00+07:00"}))

    assert (outcome.reason, outcome.fields) == ("schema", ("/data/appointment_at",))


async def test_a_source_says_nothing_more_of_what_it_told_once_a_unit_is_not_its_own(desk: Desk) -> None:
    letter = {"code": "DTTT-261123-0007", "unit": UNIT, "kind": "petition", "channel": "online", "received_at": "2026-11-23T08:00:00+07:00", "state": "received"}  # fmt: skip
    later = {"code": letter["code"], "state": "answered", "outcome": "fixed", "at": "2026-11-23T08:10:00+07:00"}
    await registered(desk)
    await send(desk, upserted(), event("submission-upserted", letter))
    ended = Mandate(UNIT, date(2026, 1, 1), date(2026, 11, 23))
    told = (progressed(4), event("submission-progressed", later))

    await registered(desk, units=(Mandate(OTHER_UNIT, date(2026, 1, 1)),))
    refused = await send(desk, *told)
    await registered(desk, units=(ended,))
    taken = await send(desk, *told)

    assert [(each.reason, each.fields) for each in refused] == [("foreign-unit", ("/data/code",))] * 2
    assert [each.status for each in taken] == ["accepted"] * 2


async def test_a_box_for_another_key_is_refused(desk: Desk) -> None:
    await registered(desk)
    other = bytes(range(32))

    (outcome,) = await send(desk, upserted({"contact_sealed": sealed(other)}))

    assert (outcome.reason, outcome.fields) == ("schema", ("/data/contact_sealed",))


def test_an_id_that_is_a_uuid_is_nobodys_number_whatever_its_digits() -> None:
    assert is_event_id("01938f0e-aaaa-7bbb-8ccc-044085001234")
    assert not is_event_id("hs-044085001234")


async def test_a_clock_that_was_ahead_and_is_set_back_stops_no_source(desk: Desk, clock: StandingClock) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=2))
    clock.move(hours=1)
    await send(desk, upserted(), progressed(4, id="four"))

    clock.move(hours=-1)
    (at_once,) = await send(desk, progressed(9, id="nine"))
    clock.move(seconds=1)
    (again,) = await send(desk, progressed(9, id="nine"))

    assert (at_once.reason, again.status) == ("too-fast", "accepted")
