"""Payments, pauses, apologies, corrections and ratings on a real database: clocks, texts that stay here, announcements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.intake import domain, handlers
from services.intake.domain import Dossier, State
from services.intake.handlers import Desk
from services.intake.tests.given import (
    MARITAL_STATUS,
    OTHER_UNIT,
    citizen,
    facts_of,
    filed,
    hanoi,
    names_of,
    officer,
    submit,
)
from shared.kernel import Caller, NotFound, Once, Principal, Repeated
from shared.settings import Keys
from shared.store.facts import verify
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK, HEAD = officer("clerk"), officer("head", subject="head")
SECRET_TEXT = "Lê Văn Thạch ở số 12 Trần Hưng Đạo"


async def assigned(desk: Desk, who: Principal = CLERK) -> Dossier:
    filed_ = await submit(desk, who)
    return await handlers.assign_dossier(desk, Caller(CLERK), filed_.id, None, officer="cb-1")


async def move(desk: Desk, id: UUID, to: date = date(2026, 12, 2), who: Principal = HEAD) -> Dossier:
    return await handlers.move_appointment(
        desk, Caller(who), id, None, new_due_on=to, reason_class="overload", reason=SECRET_TEXT, signer="ld-1"
    )


async def require(desk: Desk, id: UUID) -> Dossier:
    return await handlers.require_payment(
        desk, Caller(CLERK), id, None, amount=20000, purpose=SECRET_TEXT, notice_no="12/TB", respond_by=None
    )


async def returned(desk: Desk, who: Principal) -> Dossier:
    dossier = await submit(desk, who, filed(channel="online"))
    await handlers.accept_dossier(desk, Caller(CLERK), dossier.id, None)
    await handlers.settle_dossier(desk, Caller(HEAD), dossier.id, None, outcome="granted", number="7/GXN")
    return await handlers.return_result(desk, Caller(CLERK), dossier.id, None, method="counter")


async def deadline(desk: Desk, id: UUID) -> Any:
    async with desk.works.reading() as connection:
        return await connection.fetchrow("SELECT * FROM deadline WHERE aggregate = $1 AND kind = 'settlement'", id)


async def announced(desk: Desk, id: UUID) -> list[str]:
    await handlers.announce_stages(desk)
    return [name for name in await names_of(desk.works, id) if name.startswith("deadline-")]


async def test_a_payment_stops_the_clock_and_its_proof_starts_the_second_appointment(
    desk: Desk, keys: Keys, clock: StandingClock
) -> None:
    dossier = await assigned(desk)
    clock.at("2026-11-26T10:00:00+07:00")
    waiting = await require(desk, dossier.id)
    row = await deadline(desk, dossier.id)
    assert (waiting.state, waiting.remaining_working_hours) == (State.AWAITING_PAYMENT, 13.0)
    assert (row["due_at"], row["stage_at"]) == (None, None)

    clock.at("2026-12-07T09:00:00+07:00")
    assert await announced(desk, dossier.id) == []
    paid = await handlers.confirm_payment(
        desk, Caller(citizen(keys)), dossier.id, None, reference="0012345", paid_at=hanoi("2026-12-05 10:00")
    )

    assert paid.due_at == (await deadline(desk, dossier.id))["due_at"] == hanoi("2026-12-10 17:00")
    read = await handlers.read_dossier(desk, CLERK, dossier.id)
    assert (read.promised_on, read.first_promised_on) == (date(2026, 12, 10), date(2026, 11, 27))
    _, texts = await handlers.read_dossier_texts(desk, CLERK, dossier.id)
    assert texts.payment == {
        "amount": 20000, "purpose": SECRET_TEXT, "notice_no": "12/TB", "reference": "0012345", "paid_at": "2026-12-05T10:00:00+07:00",
    }  # fmt: skip


async def test_a_pause_is_outlived_by_the_clock(desk: Desk, clock: StandingClock) -> None:
    dossier = await assigned(desk)
    clock.at("2026-11-26T10:00:00+07:00")
    paused = await handlers.pause_dossier(
        desk, Caller(HEAD), dossier.id, None, reason_class="other-agency", reason=SECRET_TEXT
    )
    assert (paused.state, paused.due_at) == (State.PAUSED, None)

    clock.at("2026-12-03T10:00:00+07:00")
    assert await announced(desk, dossier.id) == []
    resumed = await handlers.resume_dossier(desk, Caller(HEAD), dossier.id, paused.version)

    assert resumed.due_at == (await deadline(desk, dossier.id))["due_at"] == hanoi("2026-12-04 17:00")
    assert (await handlers.read_dossier(desk, CLERK, dossier.id)).due_at == resumed.due_at


@pytest.mark.parametrize(("mode", "due"), [("pause", "2026-12-04 17:00"), ("restart", "2026-12-08 17:00")])
async def test_a_pause_keeps_the_time_left_or_counts_anew_as_the_procedure_s_version_said_at_receipt(
    desk: Desk, clock: StandingClock, mode: str, due: str
) -> None:
    versions = desk.shelf.procedures[MARITAL_STATUS]
    desk.shelf.procedures = {MARITAL_STATUS: [replace(each, pause_mode=mode) for each in versions]}
    dossier = await assigned(desk)
    desk.shelf.procedures = {MARITAL_STATUS: versions}
    clock.at("2026-11-26T10:00:00+07:00")
    await handlers.pause_dossier(desk, Caller(HEAD), dossier.id, None, reason_class="court", reason="x")
    clock.at("2026-12-03T10:00:00+07:00")

    resumed = await handlers.resume_dossier(desk, Caller(HEAD), dossier.id, None)

    assert resumed.due_at == (await deadline(desk, dossier.id))["due_at"] == hanoi(due)


async def test_a_moved_appointment_is_warned_of_and_breached_by_its_new_date_alone(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await assigned(desk)
    clock.at("2026-11-25T10:00:00+07:00")
    moved = await move(desk, dossier.id)
    row = await deadline(desk, dossier.id)
    assert (moved.promised_on, moved.lawful_due_on, row["due_on"]) == (
        date(2026, 12, 2),
        date(2026, 11, 27),
        date(2026, 12, 2),
    )
    assert row["revision"] == 2

    clock.at("2026-11-30T23:00:00+07:00")
    assert await announced(desk, dossier.id) == []
    clock.at("2026-12-01T07:00:00+07:00")
    assert await announced(desk, dossier.id) == ["deadline-warned"]
    clock.at("2026-12-03T00:00:00+07:00")
    assert await announced(desk, dossier.id) == ["deadline-warned", "deadline-breached"]
    assert (await facts_of(desk.works, dossier.id))[-1][1]["due_on"] == "2026-12-02"


async def test_a_moved_appointment_keeps_its_date_through_every_later_command(desk: Desk, clock: StandingClock) -> None:
    dossier = await assigned(desk)
    clock.at("2026-11-25T10:00:00+07:00")
    await move(desk, dossier.id)

    clock.at("2026-12-02T10:00:00+07:00")
    settled = await handlers.settle_dossier(desk, Caller(HEAD), dossier.id, None, outcome="granted", number=None)

    row = await deadline(desk, dossier.id)
    assert (row["due_on"], row["closed_at"], row["stage"]) == (date(2026, 12, 2), hanoi("2026-12-02 10:00"), None)
    assert (settled.promised_on, settled.lawful_due_on) == (date(2026, 12, 2), date(2026, 11, 27))
    said = (await facts_of(desk.works, dossier.id))[-1][1]
    assert (said["timing"], said["promised_on"], said["lawful_due_on"]) == ("on", "2026-12-02", "2026-11-27")
    clock.move(days=30)
    assert await announced(desk, dossier.id) == []


async def test_the_reason_of_an_apology_and_its_signer_are_read_with_the_dossier(desk: Desk) -> None:
    dossier = await assigned(desk)
    await move(desk, dossier.id, who=CLERK)

    shown, texts = await handlers.read_dossier_texts(desk, CLERK, dossier.id)

    assert texts.apology == {
        "new_due_on": "2026-12-02", "reason_class": "overload", "reason": SECRET_TEXT, "signer": "ld-1",
    }  # fmt: skip
    *_, last = handlers.explanation(desk, shown, "vi")
    assert last == "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: 02/12/2026; hạn theo luật ở trên không thay đổi."
    assert handlers.explanation(desk, await submit(desk, CLERK), "vi")[-1] != last


async def test_an_appointment_moved_twice_or_too_late_is_refused_and_nothing_is_written(
    desk: Desk, clock: StandingClock
) -> None:
    once, late = await assigned(desk), await assigned(desk)
    await move(desk, once.id)
    clock.at("2026-11-27T08:00:00+07:00")

    with pytest.raises(domain.AlreadyMoved):
        await move(desk, once.id, date(2026, 12, 9))
    with pytest.raises(domain.TooLateToMove):
        await move(desk, late.id)

    assert (await names_of(desk.works, once.id)).count("appointment-moved") == 1
    assert (await handlers.read_dossier_texts(desk, CLERK, late.id))[1].apology is None


async def test_a_correction_is_a_fact_beside_what_was_written(desk: Desk) -> None:
    dossier = await submit(desk, CLERK, filed(summary="Xin cấp giấy cho ông Thạc"))
    rightly = f"Xin cấp giấy cho {SECRET_TEXT}"

    for value in ("Xin cấp giấy cho ông Thách", rightly):
        await handlers.correct_dossier(
            desk,
            Caller(CLERK),
            dossier.id,
            None,
            field="summary",
            value=value,
            reason_class="typing-error",
            reason="Gõ sai",
        )

    _, texts = await handlers.read_dossier_texts(desk, CLERK, dossier.id)
    assert texts.summary == "Xin cấp giấy cho ông Thạc"
    assert [each["value"] for each in texts.corrections] == ["Xin cấp giấy cho ông Thách", rightly]
    assert (await handlers.read_papers(desk, CLERK, dossier.id)).summary == rightly
    names = await names_of(desk.works, dossier.id)
    assert names.count("dossier-corrected") == 2


async def test_only_the_citizen_of_the_dossier_rates_and_once(desk: Desk, keys: Keys) -> None:
    an = citizen(keys)
    dossier = await returned(desk, an)
    assert [action["name"] for action in domain.actions(dossier, an)] == ["rate"]

    with pytest.raises(NotFound):
        await handlers.rate_dossier(desk, Caller(CLERK), dossier.id, None, score=5, comment=None)
    rated = await handlers.rate_dossier(desk, Caller(an), dossier.id, None, score=4, comment=SECRET_TEXT)
    with pytest.raises(domain.AlreadyRated):
        await handlers.rate_dossier(desk, Caller(an), dossier.id, None, score=1, comment=None)

    assert (rated.rating, domain.actions(rated, an)) == (4, [])
    assert (await handlers.read_dossier_texts(desk, an, dossier.id))[1].comment == SECRET_TEXT


async def test_what_is_stopped_on_request_is_closed_and_announces_nothing_more(
    desk: Desk, keys: Keys, clock: StandingClock
) -> None:
    dossier = await assigned(desk)
    await require(desk, dossier.id)

    stopped = await handlers.stop_dossier(
        desk, Caller(citizen(keys)), dossier.id, None, reason_class="own-wish", reason=SECRET_TEXT
    )

    assert (stopped.state, stopped.phase, stopped.closed_at) == (State.STOPPED, "closed", clock.now)
    assert (await deadline(desk, dossier.id))["closed_at"] == clock.now
    clock.move(days=60)
    assert await announced(desk, dossier.id) == []


async def test_no_text_of_a_command_is_in_any_fact_and_the_history_verifies(
    desk: Desk, keys: Keys, clock: StandingClock
) -> None:
    an = citizen(keys)
    done, ended = await returned(desk, an), await assigned(desk)
    await handlers.rate_dossier(desk, Caller(an), done.id, None, score=4, comment=SECRET_TEXT)
    await move(desk, ended.id)
    await handlers.correct_dossier(
        desk,
        Caller(CLERK),
        ended.id,
        None,
        field="summary",
        value=SECRET_TEXT,
        reason_class="misread",
        reason=SECRET_TEXT,
    )
    await handlers.pause_dossier(desk, Caller(HEAD), ended.id, None, reason_class="court", reason=SECRET_TEXT)
    clock.move(days=3)
    await handlers.resume_dossier(desk, Caller(HEAD), ended.id, None)
    await require(desk, ended.id)
    await handlers.confirm_payment(desk, Caller(CLERK), ended.id, None, reference="Thạch", paid_at=clock.now)
    await handlers.stop_dossier(desk, Caller(CLERK), ended.id, None, reason_class="other", reason=SECRET_TEXT)

    said = str(await facts_of(desk.works, done.id)) + str(await facts_of(desk.works, ended.id))

    assert "Thạch" not in said
    assert (await names_of(desk.works, ended.id))[3:] == [
        "appointment-moved", "dossier-corrected", "dossier-paused", "dossier-resumed", "payment-required", "payment-confirmed",
        "dossier-stopped",
    ]  # fmt: skip
    async with desk.works.reading() as connection:
        assert [each async for each in verify(connection) if not isinstance(each, int)] == []


async def test_each_command_sent_twice_is_done_once(desk: Desk) -> None:
    dossier = await assigned(desk)
    again = Caller(HEAD, Once.of("same", "POST", f"/v1/dossiers/{dossier.id}/pause", b"{}", 200))

    async def pause() -> Dossier:
        return await handlers.pause_dossier(desk, again, dossier.id, dossier.version, reason_class="court", reason="x")

    await pause()
    with pytest.raises(Repeated):
        await pause()

    assert (await names_of(desk.works, dossier.id)).count("dossier-paused") == 1


async def test_an_officer_of_another_unit_finds_no_dossier_to_pause_or_to_move(desk: Desk) -> None:
    dossier = await assigned(desk)
    stranger = officer("head", "clerk", "handler", unit=OTHER_UNIT)

    with pytest.raises(NotFound):
        await move(desk, dossier.id, who=stranger)
    with pytest.raises(NotFound):
        await handlers.pause_dossier(desk, Caller(stranger), dossier.id, None, reason_class="court", reason="x")


async def test_papers_are_asked_for_only_as_often_as_the_procedure_allows(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    async def ask() -> Dossier:
        return await handlers.request_supplement(
            desk, Caller(CLERK), dossier.id, None, components=["Căn cước"], reason="Thiếu", respond_by=None
        )

    await ask()
    supplied = await handlers.supply_components(desk, Caller(CLERK), dossier.id, None, components=[])

    assert "request-supplement" not in {action["name"] for action in domain.actions(supplied, CLERK)}
    with pytest.raises(domain.TooManySupplements):
        await ask()
