"""What is done with a letter before it is split, on a real database: one transaction each, texts never in facts."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

import pytest

from services.complaints.domain import Stage, Submission, refusals
from services.complaints.handlers import letters, lookups, reading
from services.complaints.handlers.announcing import announce_stages
from services.complaints.handlers.desk import Desk, nobody
from services.complaints.tests import given
from services.complaints.tests.given import (
    AN,
    BINH,
    CLERK,
    HEAD,
    OTHER_UNIT,
    SCREENER,
    kinds,
    of_unit,
    officer,
    rows,
    stated,
)
from shared.kernel import Caller, NotFound, Repeated, Stale
from shared.settings import Keys
from shared.store.lookups import LookupLocked, LookupRefused, lookup_secret
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

MISSING = "Xin gửi bản sao quyết định số 12"
LIMIT = "SELECT due_on, stage, revision, closed_at FROM deadline WHERE kind = 'screening'"


async def arrived(desk: Desk, **more: object) -> Submission:
    """A letter handed in at the counter."""
    return await letters.register_letter(desk, CLERK, given.letter(**more))  # type: ignore[arg-type] # passed on as given


async def waiting(desk: Desk, respond_by: date | None = None, **more: object) -> Submission:
    """A letter whose sender was asked for something."""
    letter = await arrived(desk, **more)
    return await letters.request_supplement(desk, SCREENER, letter.id, 1, reason=MISSING, respond_by=respond_by)


async def read(desk: Desk, letter: Submission) -> Submission:
    """The letter as it stands."""
    found, _, _ = await reading.read_letter(desk, officer("inspector", unit="44"), letter.id)
    return found


# -- supplements -----------------------------------------------------------------------------------------------------


async def test_a_letter_waits_for_its_sender_and_goes_on_with_a_later_day(
    desk: Desk, works: Works, clock: StandingClock, keys: Keys
) -> None:
    letter = await waiting(desk)
    assert await rows(works, LIMIT) == [{"due_on": None, "stage": None, "revision": 1, "closed_at": None}]
    clock.move(days=2)
    me = Caller(given.citizen(keys))
    supplied = await letters.supply_letter(desk, me, letter.id, None, text=f"Bản sao, {AN.name}")
    assert (supplied.state, supplied.due_on, supplied.version) == (
        Stage.REGISTERED,
        date(2026, 12, 2),
        3,
    )  # 24/11 is a day off
    (row,) = await rows(works, LIMIT)
    assert (row["due_on"], row["stage"], row["revision"]) == (date(2026, 12, 2), "warn", 2)
    said = await stated(works, letter.id)
    assert [kind for kind, _ in said] == ["submission-registered", "submission-supplement-requested", "submission-supplied"]  # fmt: skip
    assert (said[1][1]["respond_by"], said[2][1]["due_on"]) == ("2026-12-23", "2026-12-02")
    assert not [data for _, data in said if MISSING in str(data) or AN.name in str(data)]


async def test_what_was_asked_and_what_came_stands_in_the_letters_row_alone(desk: Desk, works: Works) -> None:
    letter = await waiting(desk)
    await letters.supply_letter(desk, CLERK, letter.id, 2, text="Quyết định số 12")
    _, texts, _ = await reading.read_letter(desk, SCREENER.principal, letter.id)
    assert texts is not None
    assert [(each["command"], each["text"]) for each in texts.written] == [
        ("request-supplement", MISSING), ("supply", "Quyết định số 12"),
    ]  # fmt: skip
    assert texts.body == given.TEXT
    for statement in ("SELECT convert_from(envelope, 'UTF8') AS said FROM fact", "SELECT row_to_json(d)::text AS said FROM deadline d"):  # fmt: skip
        assert not [row for row in await rows(works, statement) if MISSING in row["said"]]


async def test_while_a_letter_waits_no_limit_is_announced_and_after_that_it_is(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    letter = await waiting(desk, respond_by=date(2026, 12, 31))
    clock.at("2026-12-20T09:00:00+07:00")
    assert await announce_stages(desk) is False
    assert "submission-deadline-breached" not in await kinds(works, letter.id)
    await letters.supply_letter(desk, CLERK, letter.id, None, text="…")
    clock.at("2027-01-04T09:00:00+07:00")
    for _ in range(2):
        await announce_stages(desk)
    assert (await kinds(works, letter.id))[-2:] == ["submission-deadline-warned", "submission-deadline-breached"]


async def test_a_letter_nobody_supplied_is_filed_once_its_day_has_passed(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    letter = await waiting(desk, respond_by=date(2026, 11, 30))

    async def file() -> Submission:
        return await letters.file_letter(desk, HEAD, letter.id, None, reason_class="not-supplemented", reason="Không bổ sung")  # fmt: skip

    with pytest.raises(refusals.SupplementNotLapsed):
        await file()
    clock.at("2026-12-01T08:00:00+07:00")
    assert (await file()).state is Stage.FILED
    assert (await stated(works, letter.id))[-1][1]["reason_class"] == "not-supplemented"
    assert (await rows(works, LIMIT))[0]["closed_at"] is not None


async def test_only_its_people_and_the_unit_supply_and_strangers_are_told_there_is_no_letter(
    desk: Desk, keys: Keys
) -> None:
    letter = await waiting(desk)
    for who in (Caller(given.citizen(keys, BINH)), of_unit("clerk", OTHER_UNIT), Caller(officer("inspector", unit="44"))):  # fmt: skip
        with pytest.raises(NotFound):
            await letters.supply_letter(desk, who, letter.id, None, text="…")
    with pytest.raises(Stale):
        await letters.supply_letter(desk, CLERK, letter.id, 1, text="…")
    with pytest.raises(NotFound):
        await letters.request_supplement(desk, CLERK, letter.id, None, reason="…", respond_by=None)


async def test_who_has_the_receipt_supplies_an_anonymous_letter_once_and_leaves_no_trace_of_a_sign_in(
    desk: Desk, works: Works, keys: Keys
) -> None:
    letter = await letters.register_letter(desk, nobody(None), given.anonymous_letter())
    await letters.request_supplement(desk, SCREENER, letter.id, 1, reason=MISSING, respond_by=None)
    secret = lookup_secret(keys, letter.id, 0)
    assert await lookups.identify(desk, letter.receipt_no.lower(), f"{secret[:4]}-{secret[4:]}") == letter.id
    await letters.supply_by_receipt(desk, given.once(), letter.id, text="Ảnh chụp đường ngập")
    with pytest.raises(Repeated):
        await letters.supply_by_receipt(desk, given.once(), letter.id, text="Ảnh chụp đường ngập")
    actors = {row["actor"].split("|")[0] for row in await rows(works, "SELECT actor FROM fact WHERE type LIKE '%supplied%'")}  # fmt: skip
    assert actors == {"anonymous"}
    standing = await lookups.look_up(desk, letter.receipt_no, secret, "vi")
    assert (standing.submission.state, [each["command"] for each in standing.written]) == (
        Stage.REGISTERED, ["request-supplement", "supply"],
    )  # fmt: skip


async def test_five_wrong_secrets_lock_supplying_too(desk: Desk, keys: Keys) -> None:
    letter = await waiting(desk)
    for _ in range(5):
        with pytest.raises(LookupRefused):
            await lookups.identify(desk, letter.receipt_no, "WRONG000")
    with pytest.raises(LookupLocked):
        await lookups.identify(desk, letter.receipt_no, lookup_secret(keys, letter.id, 0))


# -- links -----------------------------------------------------------------------------------------------------------


async def link(desk: Desk, letter: Submission, to: UUID, who: Caller = SCREENER) -> Submission:
    return await letters.link_letter(desk, who, letter.id, None, with_submission=to, reason="Trùng nội dung")


async def test_a_letter_is_linked_with_one_of_ones_own_units_and_nothing_is_merged(desk: Desk, works: Works) -> None:
    first, second = await arrived(desk), await arrived(desk, people=(BINH,))
    linked = await link(desk, second, first.id)
    assert (linked.state, linked.linked_with, (await read(desk, first)).version) == (Stage.LINKED, first.id, 1)
    assert (await stated(works, second.id))[-1] == (
        "submission-linked",
        {
            "occurred_at": "2026-11-23T01:15:00Z", "submission": str(second.id), "code": second.receipt_no, "unit": second.unit,
            "recipient": str(second.recipient), "with_submission": str(first.id), "source": None, "backfill": False, "inferred": False,
            "tells_citizens": True,
        },
    )  # fmt: skip


async def test_a_letter_one_does_not_screen_is_as_unknown_as_none(desk: Desk) -> None:
    here, elsewhere = await arrived(desk), await letters.register_letter(desk, of_unit("clerk", OTHER_UNIT), given.letter(unit=OTHER_UNIT))  # fmt: skip
    said = []
    for to in (elsewhere.id, UUID(int=7)):
        with pytest.raises(refusals.UnknownLetter) as caught:
            await link(desk, here, to)
        said.append(caught.value.facts)
    assert said[0] == said[1]


async def test_links_make_no_chain_and_cross_no_confidentiality(desk: Desk) -> None:
    first, second, third = [await arrived(desk) for _ in range(3)]
    hidden = await letters.register_letter(desk, CLERK, given.letter(people=(), anonymous=True))
    await link(desk, second, first.id)
    for letter, to, refusal in (
        (third, second, refusals.LinkedInChain),
        (first, third, refusals.LinkedInChain),
        (third, hidden, refusals.AcrossConfidentiality),
        (third, third, refusals.SameLetter),
    ):
        with pytest.raises(refusal):
            await link(desk, letter, to.id)


async def test_two_letters_linked_with_each_other_at_once_are_linked_one_way(desk: Desk) -> None:
    one, two = await arrived(desk), await arrived(desk)
    done = await asyncio.gather(link(desk, one, two.id), link(desk, two, one.id), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["LinkedInChain", "Submission"]


# -- passing on ------------------------------------------------------------------------------------------------------


async def test_the_other_unit_screens_what_it_was_passed_and_the_first_sees_it_no_more(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    letter = await arrived(desk)
    clock.move(days=2)
    moved = await letters.transfer_letter(
        desk, SCREENER, letter.id, 1, to_unit=OTHER_UNIT, to_body=None, reason_class="not-competent", reason="Ở phường khác"
    )  # fmt: skip
    assert (moved.unit, moved.state, moved.due_on) == (OTHER_UNIT, Stage.REGISTERED, date(2026, 12, 2))
    (row,) = await rows(works, LIMIT)
    assert (row["due_on"], row["revision"]) == (date(2026, 12, 2), 2)
    with pytest.raises(NotFound):
        await reading.read_letter(desk, SCREENER.principal, letter.id)
    theirs = of_unit("screener", OTHER_UNIT)
    _, texts, _ = await reading.read_letter(desk, theirs.principal, letter.id)
    assert texts is not None
    assert texts.written[-1]["text"] == "Ở phường khác"
    guided = await letters.guide_letter(desk, theirs, letter.id, 2, reason_class="court", reason="…")
    assert guided.state is Stage.GUIDED
    said = await stated(works, letter.id)
    assert [(kind, data["unit"]) for kind, data in said] == [
        ("submission-registered", letter.unit), ("submission-transferred", letter.unit), ("submission-guided", OTHER_UNIT),
    ]  # fmt: skip
    assert said[1][1]["to_unit"] == OTHER_UNIT


async def test_what_is_passed_to_a_body_outside_ends_and_its_name_stays_here(desk: Desk, works: Works) -> None:
    letter = await arrived(desk)
    ended = await letters.transfer_letter(
        desk, HEAD, letter.id, 1, to_unit=None, to_body="Tòa án nhân dân khu vực 3", reason_class="not-competent", reason="…"
    )  # fmt: skip
    assert (ended.state, ended.closed_at) == (Stage.TRANSFERRED, works.clock())
    (kind, data) = (await stated(works, letter.id))[-1]
    assert (kind, data.get("to_unit"), data["reason_class"]) == ("submission-transferred", None, "not-competent")
    assert "Tòa án" not in str(data)
    with pytest.raises(refusals.AlreadyScreened):
        await letters.guide_letter(desk, HEAD, letter.id, None, reason_class="court", reason="…")


async def test_an_unknown_unit_takes_no_letter(desk: Desk, works: Works) -> None:
    letter = await arrived(desk)
    with pytest.raises(refusals.UnknownUnit):
        await letters.transfer_letter(
            desk, HEAD, letter.id, 1, to_unit="99999", to_body=None, reason_class="not-competent", reason="…"
        )
    assert await kinds(works, letter.id) == ["submission-registered"]
