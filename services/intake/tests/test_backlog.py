"""The backlog: what a paper register tells becomes dossiers with their history, once each, and nobody is told of the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from services.intake import domain, handlers
from services.intake.domain import Past, State, Submission
from services.intake.handlers import Desk, PastLine
from services.intake.tests.given import AN, BIRTH, MARITAL_STATUS, UNIT, facts_of, hanoi, officer, short
from shared.kernel import Caller, Refused, system
from shared.law import CalendarNotPublished
from shared.store import vault
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK = officer("clerk")
RECEIVED = hanoi("2026-11-02 08:00")
CODE = "H50.44.12-261102-{:04d}"


def past(
    state: State = State.ACCEPTED, number: int = 1, *, procedure: str = MARITAL_STATUS, **changes: Any
) -> PastLine:
    """A line of the register of a ward, received on a Monday: three working days."""
    channel, received = changes.pop("channel", "direct"), changes.pop("received_at", RECEIVED)
    made = Past(CODE.format(number), Submission(procedure, UNIT, channel, (), received_at=received), state, received)
    return PastLine(replace(made, **changes), AN, summary="Xin cấp giấy xác nhận")


SETTLED: dict[str, Any] = {"settled_at": hanoi("2026-11-04 10:00"), "outcome": "granted", "handler": "cb-01"}
RETURNED: dict[str, Any] = {**SETTLED, "returned_at": hanoi("2026-11-05 10:00"), "method": "counter"}


async def enter(desk: Desk, *lines: PastLine) -> list[Any]:
    """Load them; what became of each, refusals by their names."""
    async with desk.works.begin(system("test")) as work:
        outcomes = await handlers.enter_backlog(desk, work, lines)
    return [(each.code, each.facts.get("field")) if isinstance(each, Refused) else each for each in outcomes]


async def found(desk: Desk, number: int = 1) -> domain.Dossier:
    async with desk.works.reading() as connection:
        dossier = await connection.fetchval("SELECT id FROM dossier WHERE code = $1", CODE.format(number))
    return await handlers.read_dossier(desk, CLERK, dossier)


async def swept(desk: Desk) -> list[str]:
    """What the sweeper announces now, by name."""
    async with desk.works.reading() as connection:
        before = await connection.fetchval("SELECT count(*) FROM fact")
        while await handlers.announce_stages(desk):
            pass
        rows = await connection.fetch("SELECT type FROM fact ORDER BY recorded_at, id OFFSET $1", before)
    return [short(row["type"]) for row in rows]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (past(State.SUBMITTED, channel="online", received_at=hanoi("2026-11-23 07:30")), ["dossier-submitted"]),
        (past(received_at=hanoi("2026-11-20 09:00")), ["dossier-submitted", "dossier-accepted"]),
        (past(), ["dossier-submitted", "dossier-accepted", "deadline-breached"]),
        (
            past(State.IN_PROGRESS, handler="cb-01"),
            ["dossier-submitted", "dossier-accepted", "dossier-assigned", "deadline-breached"],
        ),
        (
            past(State.AWAITING_SUPPLEMENT, since=hanoi("2026-11-03 09:00"), missing=("Căn cước",)),
            ["dossier-submitted", "dossier-accepted", "supplement-requested"],
        ),
        (
            past(State.AWAITING_PAYMENT, since=hanoi("2026-11-10 09:00"), amount=20_000),  # asked for when it was late already
            ["dossier-submitted", "dossier-accepted", "deadline-breached", "payment-required"],
        ),
        (
            past(State.PAUSED, since=hanoi("2026-11-03 09:00"), handler="cb-01"),
            ["dossier-submitted", "dossier-accepted", "dossier-assigned", "dossier-paused"],
        ),
        (
            past(State.SETTLED, **SETTLED),
            ["dossier-submitted", "dossier-accepted", "dossier-assigned", "dossier-settled"],
        ),
        (
            past(State.RETURNED, **{**RETURNED, "settled_at": hanoi("2026-11-06 10:00"), "returned_at": hanoi("2026-11-06 11:00")}),
            ["dossier-submitted", "dossier-accepted", "dossier-assigned", "deadline-breached", "dossier-settled", "result-returned"],
        ),
        (
            past(State.REFUSED, channel="postal", since=hanoi("2026-11-02 10:00")),
            ["dossier-submitted", "dossier-refused"],
        ),
        (
            past(State.WITHDRAWN, since=hanoi("2026-11-03 10:00")),
            ["dossier-submitted", "dossier-accepted", "dossier-withdrawn"],
        ),
        (
            past(State.STOPPED, since=hanoi("2026-11-03 10:00")),
            ["dossier-submitted", "dossier-accepted", "dossier-stopped"],
        ),
    ],
    ids=lambda value: value.past.state.value if isinstance(value, PastLine) else "",
)  # fmt: skip
async def test_a_line_becomes_a_dossier_with_its_history_and_nothing_old_is_announced(
    desk: Desk, line: PastLine, names: list[str]
) -> None:
    assert await enter(desk, line) == ["created"]

    dossier = await found(desk)
    told = await facts_of(desk.works, dossier.id)
    moments = [datetime.fromisoformat(fact["occurred_at"]) for _, fact in told]
    assert dossier.state is line.past.state
    assert [name for name, _ in told] == names
    assert moments == sorted(moments)
    assert all(fact["backfill"] for _, fact in told)
    assert "deadline-breached" not in await swept(desk)


async def test_what_is_due_later_is_announced_like_any_other(desk: Desk, clock: StandingClock) -> None:
    await enter(desk, past(received_at=hanoi("2026-11-20 09:00")))
    assert await swept(desk) == []

    clock.at("2026-11-25T07:00:00+07:00")
    assert await swept(desk) == ["deadline-warned"]
    clock.at("2026-11-27T00:00:00+07:00")
    assert await swept(desk) == ["deadline-breached"]
    assert await swept(desk) == []
    told = await facts_of(desk.works, (await found(desk)).id)
    assert [fact.get("backfill") for _, fact in told] == [True, True, None, False]


async def test_a_late_dossier_of_the_past_goes_on_like_any_other(desk: Desk) -> None:
    await enter(desk, past(State.IN_PROGRESS, handler="cb-01"))
    dossier = await found(desk)

    await handlers.settle_dossier(desk, Caller(officer("handler")), dossier.id, None, outcome="granted", number=None)

    name, settled = (await facts_of(desk.works, dossier.id))[-1]
    assert (name, settled["timing"], settled["backfill"]) == ("dossier-settled", "over", False)
    assert await swept(desk) == []


async def test_the_date_of_the_paper_slip_is_the_promise_and_the_lawful_one_stands_beside_it(desk: Desk) -> None:
    early, late = date(2026, 11, 4), date(2026, 11, 10)
    await enter(desk, past(number=1, promised_on=early), past(number=2, promised_on=late), past(number=3))

    for number, day in ((1, early), (2, late), (3, date(2026, 11, 5))):
        dossier = await found(desk, number)
        assert (dossier.promised_on, dossier.due_on, dossier.first_promised_on) == (day, day, day)
        assert dossier.lawful_due_on == date(2026, 11, 5)
        accepted = (await facts_of(desk.works, dossier.id))[1][1]
        assert (accepted["promised_on"], accepted["lawful_due_on"]) == (day.isoformat(), "2026-11-05")
        assert ("Giấy hẹn ghi ngày trả kết quả" in handlers.explanation(desk, dossier, "vi")[-1]) == (number < 3)


async def test_a_line_is_loaded_once_for_its_code(desk: Desk) -> None:
    line = past(State.RETURNED, **RETURNED)
    other = replace(line, past=replace(line.past, number="12/XN"))

    assert await enter(desk, line, line, other) == ["created", "same", ("code-taken", "/code")]
    assert await enter(desk, line, other, past(number=2)) == ["same", ("code-taken", "/code"), "created"]
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dossier") == 2


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (past(code="hồ sơ số 7"), ("code-malformed", "/code")),
        (past(code="H50.144-261123-0007"), ("code-reserved", "/code")),
        (past(procedure="9.999999"), ("unknown-procedure", "/procedure")),
        (past(received_at=hanoi("2025-06-30 08:00")), ("not-in-force", "/procedure")),
        (past(received_at=hanoi("2026-11-24 08:00")), ("in-the-future", "/received_at")),
        (past(State.SUBMITTED), ("past-contradicts", "/state")),
        (past(State.IN_PROGRESS), ("past-incomplete", "/handler")),
        (past(State.SETTLED, outcome="granted"), ("past-incomplete", "/settled_at")),
        (past(State.ACCEPTED, **SETTLED), ("past-contradicts", "/settled_at")),
        (past(State.SETTLED, **{**SETTLED, "settled_at": hanoi("2026-11-01 08:00")}), ("past-out-of-order", "/settled_at")),
        (past(promised_on=date(2026, 11, 8)), ("not-a-working-day", "/promised_on")),
        (past(promised_on=date(2026, 10, 30)), ("past-out-of-order", "/promised_on")),
        (past(State.AWAITING_SUPPLEMENT, since=RECEIVED), ("past-incomplete", "/missing")),
    ],
)  # fmt: skip
async def test_a_bad_line_is_refused_by_name_and_the_others_are_loaded(
    desk: Desk, line: PastLine, refusal: tuple[str, str]
) -> None:
    assert await enter(desk, past(number=8), line, past(number=9)) == ["created", refusal, "created"]

    async with desk.works.reading() as connection:
        counts = "SELECT (SELECT count(*) FROM dossier), (SELECT count(*) FROM person), (SELECT count(*) FROM deadline)"
        assert tuple(await connection.fetchrow(counts)) == (2, 2, 2)


async def test_a_year_the_calendar_does_not_know_is_refused_by_its_number(desk: Desk) -> None:
    desk.shelf.units = {UNIT: replace(desk.shelf.units[UNIT], valid_from=date.min)}
    marital = [replace(each, valid_from=date.min) for each in desk.shelf.procedures[MARITAL_STATUS]]
    desk.shelf.procedures = {MARITAL_STATUS: marital}

    async with desk.works.begin(system("test")) as work:
        [refused] = await handlers.enter_backlog(desk, work, [past(received_at=hanoi("2019-11-04 08:00"))])

    assert isinstance(refused, CalendarNotPublished)
    assert refused.facts == {"year": 2019}


async def test_people_go_into_the_vault_and_only_those_who_may_still_be_told_to_notifications(desk: Desk) -> None:
    owner = vault.Details("Hồ Văn Đăk", address="Thôn A Xing")
    open_, closed = replace(past(number=1, procedure=BIRTH), owner=owner), past(State.RETURNED, 2, **RETURNED)
    closed = replace(closed, submitter=vault.Details("Lê Thị Cúc", "044190005679"))

    await enter(desk, open_, closed)

    papers = await handlers.read_papers(desk, CLERK, (await found(desk)).id)
    assert (papers.submitter, papers.owner, papers.summary) == (AN, owner, "Xin cấp giấy xác nhận")
    recipient = vault.recipient_of(desk.works.keys.people, AN.identity_no or "")
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT array_agg(recipient) FROM contact") == [recipient]
        envelopes = await connection.fetch("SELECT envelope FROM fact WHERE topic = 'intake.dossiers'")
    assert not any("Văn".encode() in row["envelope"] or b"044085001234" in row["envelope"] for row in envelopes)
