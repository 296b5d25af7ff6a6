"""Use cases on a real database: one transaction each, people in the vault alone, texts never in facts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.complaints.domain import About, Kind, Part, Stage, State, refusals
from services.complaints.domain.complaint import Finding
from services.complaints.handlers import commands, letters, reading
from services.complaints.handlers.desk import Desk, nobody
from services.complaints.handlers.lookups import look_up
from services.complaints.tests import given
from services.complaints.tests.given import (
    AN,
    BINH,
    CLERK,
    HANDLER,
    HEAD,
    OTHER_UNIT,
    REMOTE_UNIT,
    SCREENER,
    UNIT,
    by,
    kinds,
    rows,
    stated,
)
from shared.kernel import Caller, IdempotencyMismatch, NotFound, Repeated, Stale
from shared.settings import Keys
from shared.store.lookups import LookupLocked, LookupRefused, lookup_secret
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

SECRETS = (AN.name, "Nguy", "044085001234", "912345678", "an@example.vn", "Trần Hưng Đạo", given.TEXT, "ngập")


# -- letters ---------------------------------------------------------------------------------------------------------


async def test_a_letter_is_registered_with_everything_it_needs_in_one_transaction(desk: Desk, works: Works) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter(people=(AN, BINH)))
    ((kind, fact),) = await stated(works, letter.id)
    assert (kind, fact["code"], fact["parties"], fact["due_on"]) == (
        "submission-registered",
        "DT.19360-261123-0001",
        2,
        "2026-12-01",
    )
    assert fact["lookup_verifier"]
    (deadline,) = await rows(works, "SELECT kind, rule, stage, due_on FROM deadline WHERE aggregate = $1", letter.id)
    assert deadline == {
        "kind": "screening",
        "rule": "petition.transfer",
        "stage": "warn",
        "due_on": date(2026, 12, 1),
    }
    assert len(await rows(works, "SELECT * FROM outbox")) == 3  # the fact and two contacts


async def test_people_and_texts_stand_in_the_vault_and_the_letters_row_and_nowhere_else(
    desk: Desk, works: Works
) -> None:
    about = About(project=f"Nhà {AN.name}", decision_no=f"12 {AN.name}")
    filer, head = Caller(CLERK.principal, given.once()), Caller(HEAD.principal, given.once())
    case = await given.opened(desk, filing=given.letter(about=about, late_reason=AN.name), filer=filer)
    await commands.refuse_case(desk, by(head, case), ground="unsigned", reason=f"{AN.name} không ký")
    assert len(await rows(works, "SELECT * FROM idempotency")) == 2
    for statement in (
        "SELECT convert_from(envelope, 'UTF8') AS said FROM fact",
        "SELECT row_to_json(d)::text AS said FROM deadline d",
        "SELECT row_to_json(p)::text AS said FROM party p",
        "SELECT convert_from(answer, 'UTF8') AS said FROM idempotency",
    ):
        for row in await rows(works, statement):
            assert not [secret for secret in SECRETS if secret in row["said"]], statement
    ((row),) = await rows(works, "SELECT encode(sealed, 'escape') AS said FROM person")
    assert not [secret for secret in SECRETS if secret in row["said"]]


async def test_an_officers_word_opens_anothers_inbox_and_a_citizens_does_not(desk: Desk, keys: Keys) -> None:
    by_clerk = await letters.register_letter(desk, CLERK, given.letter(people=(AN, BINH)))
    assert by_clerk.recipient == recipient_of(keys.people, AN.identity_no or "")
    assert recipient_of(keys.people, BINH.identity_no or "") in by_clerk.parties
    me = Caller(given.citizen(keys))
    by_me = await letters.register_letter(desk, me, given.letter(channel="online", people=(BINH, BINH)))
    assert by_me.recipient == me.principal.recipient
    assert recipient_of(keys.people, BINH.identity_no or "") not in by_me.parties


async def test_an_anonymous_letter_keeps_nothing_of_who_was_signed_in(desk: Desk, works: Works, keys: Keys) -> None:
    me = Caller(given.citizen(keys), given.once())
    signed_in = await letters.register_letter(desk, me, given.anonymous_letter())
    stranger = await letters.register_letter(desk, nobody(given.once("other")), given.anonymous_letter())
    actors = {row["actor"] for row in await rows(works, "SELECT actor FROM fact")}
    assert len(actors) == 1
    assert next(iter(actors)).startswith("anonymous|")
    assert (signed_in.recipient, stranger.recipient, signed_in.parties) == (None, None, frozenset())
    assert await rows(works, "SELECT * FROM person") == await rows(works, "SELECT * FROM party") == []


async def test_anonymous_keys_do_not_meet_and_a_repeated_letter_is_one_letter(desk: Desk, works: Works) -> None:
    for body in (b"one", b"two"):
        await letters.register_letter(desk, nobody(given.once(body=body)), given.anonymous_letter())
    with pytest.raises(Repeated):
        await letters.register_letter(desk, nobody(given.once(body=b"one")), given.anonymous_letter())
    assert len(await rows(works, "SELECT * FROM submission")) == 2


async def test_before_any_unit_has_arrived_a_letter_is_asked_to_come_again(works: Works) -> None:
    with pytest.raises(refusals.ReferenceNotThere):
        await letters.register_letter(Desk(works), CLERK, given.letter())


async def test_a_letter_to_or_about_something_unknown_is_refused_by_field(desk: Desk) -> None:
    with pytest.raises(refusals.UnknownUnit) as caught:
        await letters.register_letter(desk, nobody(None), given.letter(unit="99999", anonymous=True, people=(), channel="online"))  # fmt: skip
    assert caught.value.facts == {"field": "/unit", "unit": "99999"}
    known = await letters.register_letter(desk, CLERK, given.letter(about=About(procedure=given.PROCEDURE)))
    assert known.about_procedure == given.PROCEDURE


async def test_a_mixed_letter_becomes_cases_with_the_units_that_are_competent(desk: Desk, works: Works) -> None:
    received = given.hanoi("2026-11-20 09:00")
    letter = await letters.register_letter(desk, CLERK, given.letter(received_at=received))
    parts = [Part(Kind.COMPLAINT, "Đất", UNIT), Part(Kind.FEEDBACK, "Cống", OTHER_UNIT)]
    after, (first, second) = await letters.split_letter(desk, SCREENER, letter.id, 1, parts)
    assert (after.state, after.cases) == (Stage.SPLIT, 2)
    assert [(c.code, c.unit, c.deadline) for c in (first, second)] == [
        (f"{letter.receipt_no}.1", UNIT, "acceptance"), (f"{letter.receipt_no}.2", OTHER_UNIT, "answer"),
    ]  # fmt: skip
    assert (first.due_on, second.due_on) == (date(2026, 12, 2), date(2026, 12, 7))  # both from the receipt on the 20th
    assert await kinds(works, letter.id) == ["submission-registered", "submission-split"]
    assert await kinds(works, first.id) == ["case-opened"]
    assert (await rows(works, "SELECT closed_at FROM deadline WHERE kind = 'screening'"))[0]["closed_at"] is not None


@pytest.mark.parametrize(
    ("part", "refusal"),
    [
        (Part(Kind.DENUNCIATION, "", UNIT), refusals.DenunciationNotTakenHere),
        (Part(Kind.CONDUCT_REPORT, "", UNIT), refusals.KindNotTakenHere),
        (Part(Kind.FEEDBACK, "", "99999"), refusals.UnknownUnit),
    ],
)
async def test_a_split_that_is_refused_opens_nothing(
    desk: Desk, works: Works, part: Part, refusal: type[Exception]
) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    with pytest.raises(refusal):
        await letters.split_letter(desk, SCREENER, letter.id, 1, [Part(Kind.FEEDBACK, "", UNIT), part])
    assert await rows(works, 'SELECT * FROM "case"') == []
    assert await kinds(works, letter.id) == ["submission-registered"]


async def test_a_letter_is_guided_or_filed_with_a_reason_that_stays_here(desk: Desk, works: Works) -> None:
    first, second = [await letters.register_letter(desk, CLERK, given.letter()) for _ in range(2)]
    await letters.guide_letter(desk, HEAD, first.id, 1, reason_class="denunciation-in-writing", reason="Mời đến")
    await letters.file_letter(desk, SCREENER, second.id, 1, reason_class="repeated", reason="Trùng đơn")
    assert await kinds(works, first.id) == ["submission-registered", "submission-guided"]
    assert (await stated(works, second.id))[-1][1]["reason_class"] == "repeated"
    _, texts, _ = await reading.read_letter(desk, given.officer("inspector", unit="44"), second.id)
    assert texts is None
    assert [row["reason"] for row in await rows(works, "SELECT reason FROM submission ORDER BY id")] == ["Mời đến", "Trùng đơn"]  # fmt: skip


async def test_only_the_screeners_of_its_unit_screen_a_letter_and_see_the_version_they_read(desk: Desk) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    for who in (CLERK, HANDLER, given.of_unit("screener", OTHER_UNIT)):
        with pytest.raises(NotFound):
            await letters.guide_letter(desk, who, letter.id, 1, reason_class="court", reason="x")
    with pytest.raises(Stale):
        await letters.guide_letter(desk, SCREENER, letter.id, 2, reason_class="court", reason="x")


# -- complaints ------------------------------------------------------------------------------------------------------


async def test_a_complaint_lives_from_the_letter_to_the_delivered_decision(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.verifying(desk)
    meeting = works.clock() + timedelta(days=7)
    await commands.schedule_dialogue(desk, by(HANDLER, case), to_meet_at=meeting, place="Phòng tiếp công dân")
    clock.move(days=7)
    await commands.record_dialogue(desk, by(HANDLER, case), held_on=date(2026, 11, 30), outcome="differs", minutes="…")
    found = [Finding(1, "right"), Finding(2, "wrong")]
    decided = await commands.decide_case(
        desk, by(HEAD, case), number="15/QĐ-UBND", findings=found, reasonings=["Đúng", None], text="Điều 1…"
    )
    delivered = await commands.deliver_decision(desk, by(CLERK, case), method="in-person")
    assert (decided.outcome, delivered.state, delivered.version) == ("partly-upheld", State.DELIVERED, 7)
    said = await stated(works, case.id)
    assert [kind for kind, _ in said] == [
        "case-opened", "case-accepted", "case-assigned", "dialogue-scheduled", "dialogue-held", "complaint-resolved", "decision-delivered",
    ]  # fmt: skip
    resolved = said[5][1]
    assert {name: resolved[name] for name in ("contents", "right", "wrong", "timing", "settlement_due_on", "deliver_by")} == {
        "contents": 2, "right": 1, "wrong": 1, "timing": "before", "settlement_due_on": "2026-12-23", "deliver_by": "2026-12-03",
    }  # fmt: skip
    states = {row["kind"]: row for row in await rows(works, "SELECT * FROM deadline WHERE aggregate = $1", case.id)}
    assert set(states) == {"acceptance", "settlement", "delivery"}
    assert all(row["closed_at"] is not None and row["stage"] is None for row in states.values())
    _, texts = await reading.read_case(desk, HEAD.principal, case.id)
    assert [each["command"] for each in texts.written] == ["accept", "schedule-dialogue", "record-dialogue", "decide"]
    assert texts.written[-1]["findings"][0] == {"content": 1, "finding": "right", "reasoning": "Đúng"}
    assert texts.points == ["Nội dung 1", "Nội dung 2"]


async def test_a_decision_that_is_refused_changes_nothing(desk: Desk, works: Works) -> None:
    case = await given.verifying(desk)
    with pytest.raises(refusals.FindingMissing):
        await commands.decide_case(desk, by(HEAD, case), number="1", findings=[], reasonings=[], text=None)
    with pytest.raises(refusals.DialogueNotHeld):
        await commands.decide_case(
            desk, by(HEAD, case), number="1", findings=[Finding(1, "wrong"), Finding(2, "right")], reasonings=[None, None], text=None
        )  # fmt: skip
    read, _ = await reading.read_case(desk, HEAD.principal, case.id)
    assert (read.state, read.version) == (State.VERIFYING, case.version)
    assert "complaint-resolved" not in await kinds(works, case.id)


async def test_a_far_away_unit_has_more_time(desk: Desk) -> None:
    near, far = await given.verifying(desk), await given.verifying(desk, unit=REMOTE_UNIT)
    assert (near.due_on, far.due_on) == (date(2026, 12, 23), date(2027, 1, 7))
    assert far.remote


async def test_suspension_and_resumption_move_the_deadline_row_once_each(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.verifying(desk)
    clock.move(days=10)
    await commands.suspend_case(desk, by(HEAD, case), ground="awaiting-other-body", reason="Chờ kết quả đo đạc")
    paused = "SELECT due_at, stage, revision FROM deadline WHERE kind = 'settlement'"
    assert await rows(works, paused) == [{"due_at": None, "stage": None, "revision": 1}]
    clock.move(days=5)
    resumed = await commands.resume_case(desk, by(HEAD, case), reason="Đã có kết quả")
    (row,) = await rows(works, paused)
    assert (row["stage"], row["revision"], resumed.due_on) == ("warn", 2, date(2026, 12, 28))


async def test_a_second_complaint_goes_to_the_province_and_one_out_of_time_is_refused(
    desk: Desk, works: Works, clock: StandingClock, keys: Keys
) -> None:
    me, found = Caller(given.citizen(keys)), [Finding(1, "right")]
    cases = [await given.verifying(desk, points=1) for _ in range(2)]
    for case in cases:
        await commands.decide_case(desk, by(HEAD, case), number="1", findings=found, reasonings=[None], text=None)
        await commands.deliver_decision(desk, by(CLERK, case), method="post")
    appealed = await commands.appeal_case(desk, by(me, cases[0]), reason="Không đồng ý")
    assert appealed.state is State.APPEALED
    assert (await stated(works, cases[0].id))[-1][1]["to_unit"] == "44"
    clock.at("2026-12-24T00:00:00+07:00")
    with pytest.raises(refusals.AppealOutOfTime):
        await commands.appeal_case(desk, by(me, cases[1]), reason="Không đồng ý")


# -- feedback --------------------------------------------------------------------------------------------------------


async def test_feedback_is_answered_rated_reopened_and_in_the_end_goes_up(desk: Desk, works: Works, keys: Keys) -> None:
    me, up = Caller(given.citizen(keys)), given.of_unit("head", "44")
    case = await given.answered(desk)
    await commands.publish_case(desk, by(HEAD, case), text="Đã khơi thông cống thôn")
    await commands.rate_case(desk, by(me, case), score=2, comment="Vẫn ngập")
    for _ in range(2):
        await commands.reopen_case(desk, by(me, case), reason_class="not-fixed", reason="Vẫn ngập")
        await commands.assign_case(desk, by(HEAD, case), officer="cb-01")
        await commands.answer_case(desk, by(HANDLER, case), outcome="planned", text="Đã đưa vào kế hoạch")
    reopened = await commands.reopen_case(desk, by(me, case), reason_class="not-fixed", reason="Vẫn ngập")
    assert (reopened.unit, reopened.handler, reopened.reopened) == ("44", None, 3)
    with pytest.raises(NotFound):
        await commands.assign_case(desk, by(HEAD, case), officer="cb-01")
    assert (await commands.assign_case(desk, by(up, case), officer="cb-44")).state is State.IN_PROGRESS
    assert (await kinds(works, case.id))[-3:] == ["case-reopened", "case-escalated", "case-assigned"]
    rounds = [data["round"] for kind, data in await stated(works, case.id) if kind == "answer-sent"]
    assert rounds == [1, 2, 3]
    _, texts = await reading.read_case(desk, up.principal, case.id)
    answers = [each["text"] for each in texts.written if each["command"] == "answer"]
    assert answers == ["Đã khơi thông cống.", "Đã đưa vào kế hoạch", "Đã đưa vào kế hoạch"]


async def test_anonymous_feedback_is_answered_and_read_with_the_receipt_alone(desk: Desk, keys: Keys) -> None:
    case = await given.answered(desk, filing=given.anonymous_letter(), filer=nobody(None))
    secret = lookup_secret(keys, case.submission, 0)
    receipt = case.code.removesuffix(".1")
    standing = await look_up(desk, f" {receipt.lower()} ", secret.lower(), "vi")
    ((only),) = standing.cases
    assert (only.case.state, only.texts.written[-1]["text"]) == (State.ANSWERED, "Đã khơi thông cống.")


async def test_a_transfer_is_taken_by_the_unit_asked_or_goes_up_after_two_rejections(desk: Desk, works: Works) -> None:
    case = await given.opened(desk, Kind.FEEDBACK)
    asked, far = given.of_unit("head", OTHER_UNIT), given.of_unit("head", REMOTE_UNIT)
    for to, who in ((OTHER_UNIT, asked), (REMOTE_UNIT, far)):
        passed = await commands.transfer_case(
            desk, by(HEAD, case), to_unit=to, reason_class="not-competent", reason="x"
        )
        assert passed.unit == UNIT
        with pytest.raises(NotFound):
            await commands.accept_transfer(desk, by(HEAD, case))
        after = await commands.reject_transfer(desk, by(who, case), reason_class="not-competent", reason="x")
    assert (after.unit, after.state) == ("44", State.OPENED)
    up = given.of_unit("head", "44")
    await commands.transfer_case(desk, by(up, case), to_unit=OTHER_UNIT, reason_class="not-competent", reason="x")
    taken = await commands.accept_transfer(desk, by(asked, case))
    assert (taken.unit, taken.due_on) == (OTHER_UNIT, case.due_on)
    assert await kinds(works, case.id) == [
        "case-opened", "case-transferred", "case-transfer-rejected", "case-transferred", "case-transfer-rejected", "case-escalated",
        "case-transferred", "case-transfer-accepted",
    ]  # fmt: skip


# -- rights, versions, repeats ---------------------------------------------------------------------------------------


async def test_who_may_not_command_is_told_the_same_as_if_there_were_no_case(desk: Desk, keys: Keys) -> None:
    case = await given.verifying(desk)
    for who in (
        given.of_unit("head", OTHER_UNIT),
        Caller(given.officer("handler", subject="cb-02")),
        Caller(given.citizen(keys, BINH)),
        Caller(given.officer("inspector", unit="44")),
    ):
        with pytest.raises(NotFound):
            await commands.suspend_case(desk, by(who, case), ground="force-majeure", reason="x")


async def test_a_repeated_command_is_answered_from_the_first_and_another_body_is_refused(
    desk: Desk, works: Works
) -> None:
    case = await given.opened(desk)
    who = Caller(HEAD.principal, given.once())
    await commands.refuse_case(desk, by(who, case), ground="unsigned", reason="Không ký")
    with pytest.raises(Repeated):
        await commands.refuse_case(desk, by(who, case), ground="unsigned", reason="Không ký")
    with pytest.raises(IdempotencyMismatch):
        await commands.refuse_case(desk, by(Caller(HEAD.principal, given.once(body=b"other")), case), ground="in-court", reason="x")  # fmt: skip
    assert await kinds(works, case.id) == ["case-opened", "case-refused"]


async def test_somebody_who_read_an_older_version_is_stopped(desk: Desk) -> None:
    case = await given.opened(desk, Kind.FEEDBACK)
    await commands.assign_case(desk, by(HEAD, case, seen=1), officer="cb-01")
    with pytest.raises(Stale):
        await commands.assign_case(desk, by(HEAD, case, seen=1), officer="cb-02")


async def test_the_head_opens_names_for_a_purpose_and_each_opening_is_kept_unpublished(
    desk: Desk, works: Works
) -> None:
    case = await given.verifying(desk)
    (opened,) = await reading.open_people(desk, HEAD.principal, case.id, "delivery")
    assert (opened.role, opened.details) == ("sender", AN)
    (fact,) = await rows(works, "SELECT topic, actor FROM fact WHERE type = 'vn.gandan.identity-read.v1'")
    assert (fact["topic"], fact["actor"].split("|")[0]) == (None, "head")
    for who in (HANDLER, CLERK, given.of_unit("head", OTHER_UNIT)):
        with pytest.raises(NotFound):
            await reading.open_people(desk, who.principal, case.id, "delivery")
    async with works.begin(CLERK) as work:
        await work.db.execute("UPDATE person SET data_key = NULL, sealed = NULL")
    with pytest.raises(refusals.PersonForgotten):
        await reading.open_people(desk, HEAD.principal, case.id, "delivery")


# -- lookups ---------------------------------------------------------------------------------------------------------


async def test_five_wrong_secrets_lock_a_receipt_for_a_quarter_of_an_hour(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    secret = lookup_secret(works.keys, letter.id, 0)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(LookupRefused) as caught:
            await look_up(desk, letter.receipt_no, "WRONG000", "vi")
        assert caught.value.facts == {"left": left}
    with pytest.raises(LookupLocked):
        await look_up(desk, letter.receipt_no, secret, "vi")
    clock.move(minutes=15)
    assert (await look_up(desk, letter.receipt_no, secret, "vi")).submission.id == letter.id


async def test_a_receipt_that_does_not_exist_is_refused_and_locked_like_one_that_does(desk: Desk, works: Works) -> None:
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(LookupRefused) as caught:
            await look_up(desk, "DT.19360-261123-9999", "WRONG000", "vi")
        assert caught.value.facts == {"left": left}
    with pytest.raises(LookupLocked):
        await look_up(desk, "DT.19360-261123-9999", "WRONG000", "vi")
    assert len(await rows(works, "SELECT * FROM lookup_lock")) == 1
