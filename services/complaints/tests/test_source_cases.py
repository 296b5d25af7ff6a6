"""Letters and cases that other systems own: followed with our facts and the law's limits, worked on there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.complaints import consumers, domain
from services.complaints.domain import refusals
from services.complaints.handlers import commands, letters, reading
from services.complaints.handlers.commands import Asked
from services.complaints.handlers.desk import Desk
from services.complaints.store.cases import Wanted
from services.complaints.tests import given
from services.complaints.tests.given import HEAD, SCREENER, UNIT, hanoi, kinds, rows, stated
from services.complaints.tests.test_complaints_timers import swept
from shared.contracts.intake import LETTERS, LetterFollowed
from shared.contracts.letters import ARROWS, TOLD_ONLY
from shared.kernel import Caller
from shared.settings import Keys
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log, fed

pytestmark = pytest.mark.postgres

LETTER, CODE = UUID("019a0000-0000-7000-8000-000000000001"), "DTTT-261123-0007"
RECEIVED, AT = hanoi("2026-11-23 08:00"), hanoi("2026-11-23 08:30")
REASONS = {"refused": "in-court", "suspended": "force-majeure", "withdrawn": "own-wish"}


def followed(*steps: str, kind: str = "complaint", **changes: Any) -> LetterFollowed:
    """What intake states of a letter that came through these states."""
    said: dict[str, Any] = {
        "occurred_at": AT, "letter": LETTER, "code": CODE, "source": "tan-thanh", "unit": UNIT, "kind": kind, "channel": "direct",
        "received_at": RECEIVED, "state": steps[-1] if steps else "opened", "steps": list(steps), "recipient": UUID(int=5),
        "reason_class": REASONS.get(steps[-1] if steps else ""), "outcome": "upheld" if kind == "complaint" else "fixed",
    }  # fmt: skip
    return LetterFollowed(**{**said, **changes})


class Follower:
    """Intake's topic, one fact after the other."""

    def __init__(self, desk: Desk, telemetry: Telemetry) -> None:
        self.log, self.sequences = Log(LETTERS), dict[UUID, int]()
        self.fed: Fed = fed(desk.works, consumers.listeners(desk)[1], telemetry.metrics)

    async def __call__(self, *facts: LetterFollowed) -> None:
        """Give these facts."""
        for fact in facts:
            self.sequences[fact.letter] = self.sequences.get(fact.letter, 0) + 1
            await self.fed.give(self.log.fact(fact, self.sequences[fact.letter]))
        assert await self.fed.parked() == []


@pytest.fixture
def follow(desk: Desk, telemetry: Telemetry) -> Follower:
    return Follower(desk, telemetry)


async def the_case(desk: Desk, letter: UUID = LETTER) -> dict[str, Any]:
    (row,) = await rows(desk.works, 'SELECT * FROM "case" WHERE submission = $1', letter)
    return row


async def test_a_letter_of_a_source_is_registered_read_and_opened_with_our_facts(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened", promised_on=date(2026, 11, 30), subject_class="land"))

    case = await the_case(desk)
    assert await kinds(desk.works, LETTER) == ["submission-registered", "submission-split"]
    ((name, opened),) = await stated(desk.works, case["id"])
    assert (name, opened["code"], opened["source"]) == ("case-opened", f"{CODE}.1", "tan-thanh")
    assert (opened["deadline"], opened["due_on"], opened["promised_on"]) == ("acceptance", "2026-12-03", "2026-11-30")
    assert (case["due_on"], case["promised_on"], case["summary"]) == (date(2026, 12, 3), date(2026, 11, 30), "land")


async def test_states_that_were_left_out_are_stated_and_marked(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened", "accepted", "assigned", "resolved", outcome="dismissed"))

    case = await the_case(desk)
    said = [(name, data.get("inferred", False)) for name, data in await stated(desk.works, case["id"])]
    assert said == [("case-opened", True), ("case-accepted", True), ("case-assigned", True), ("complaint-resolved", False)]  # fmt: skip
    assert (case["state"], case["outcome"], case["handler"]) == ("decided", "dismissed", "tan-thanh")


async def test_a_fact_twice_is_followed_once(desk: Desk, follow: Follower) -> None:
    record = follow.log.fact(followed("received", "opened"), 1)

    await follow.fed.give(record, record)
    await follow.fed.give(record)

    assert await kinds(desk.works, (await the_case(desk))["id"]) == ["case-opened"]


async def test_a_suspended_complaint_stands_still_and_goes_on(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened", "accepted"), followed("assigned", "suspended"))
    assert ((await the_case(desk))["state"], (await the_case(desk))["due_on"]) == ("suspended", None)

    await follow(followed("assigned", occurred_at=AT + timedelta(days=2)))

    case = await the_case(desk)
    assert (case["state"], case["due_on"] is None) == ("verifying", False)
    assert (await kinds(desk.works, case["id"]))[-1] == "clock-resumed"


async def test_an_answer_ends_the_limit_and_says_whether_it_was_in_time(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened", kind="feedback"), followed("assigned", "answered", kind="feedback"))

    _, answered = (await stated(desk.works, (await the_case(desk))["id"]))[-1]
    assert (answered["outcome"], answered["timing"], answered["answer_due_on"]) == ("fixed", "before", "2026-12-08")


async def test_a_letter_that_is_not_settled_opens_no_case(desk: Desk, follow: Follower) -> None:
    for number, (state, name) in enumerate((("filed", "submission-filed"), ("guided", "submission-guided"), ("transferred", "submission-transferred"))):  # fmt: skip
        letter = UUID(int=100 + number)
        await follow(followed("received", state, letter=letter, code=f"DTTT-261123-{number}", reason_class="other"))
        assert await kinds(desk.works, letter) == ["submission-registered", name]
    assert await rows(desk.works, 'SELECT 1 FROM "case"') == []


async def test_a_denunciation_is_counted_and_nothing_of_it_is_told_on(desk: Desk, follow: Follower) -> None:
    told = followed("received", "opened", kind="denunciation", recipient=None, anonymous=True)

    await follow(told, replace(told, steps=["accepted", "assigned", "resolved"], state="resolved", outcome="upheld"))

    assert await kinds(desk.works, LETTER) == ["submission-registered", "submission-transferred"]
    (_, registered), (_, passed_on) = await stated(desk.works, LETTER)
    assert (registered.get("recipient"), passed_on["reason_class"]) == (None, "other")
    assert "denunciation" not in str(await stated(desk.works, LETTER))
    assert await rows(desk.works, 'SELECT 1 FROM "case"') == []


def _walks(kind: str) -> Iterator[tuple[str, ...]]:
    """Every way of a kind that comes to no state twice."""
    ways: list[tuple[str, ...]] = [("received",)]
    while ways:
        way = ways.pop()
        yield way
        ways += [(*way, state) for state in ARROWS[kind][way[-1]] if state not in way]


@pytest.mark.parametrize("kind", sorted(ARROWS))
async def test_whatever_way_intake_states_can_be_followed_at_once_and_step_by_step(
    desk: Desk, follow: Follower, kind: str
) -> None:
    for number, way in enumerate(_walks(kind)):
        at_once, stepwise = UUID(int=1000 + 2 * number), UUID(int=1001 + 2 * number)
        common: dict[str, Any] = {
            "kind": kind,
            **({"recipient": None, "anonymous": True} if kind == "denunciation" else {}),
        }
        if not TOLD_ONLY & set(way[:-1]):
            await follow(followed(*way, letter=at_once, code=f"DTTT-261123-1{number}", **common))
        for step in way:
            await follow(followed(step, letter=stepwise, code=f"DTTT-261123-2{number}", **common))
        if not TOLD_ONLY & set(way[:-1]):
            states = await rows(
                desk.works, 'SELECT state, due_on FROM "case" WHERE submission = ANY($1)', [at_once, stepwise]
            )
            assert len({tuple(row.values()) for row in states}) <= 1, way


@pytest.mark.parametrize(
    ("way", "back", "state", "deadline"),
    [
        (("opened", "accepted"), "opened", "opened", "acceptance"),
        (("opened", "accepted", "assigned", "resolved"), "assigned", "verifying", "settlement"),
        (("opened", "accepted", "assigned", "resolved"), "suspended", "suspended", "settlement"),
        (("opened", "accepted", "assigned", "resolved", "delivered"), "resolved", "decided", "delivery"),
        (("opened", "withdrawn"), "opened", "opened", "acceptance"),
        (("opened", "accepted", "assigned", "suspended", "withdrawn"), "assigned", "verifying", "settlement"),
        (("opened", "refused"), "opened", "opened", "acceptance"),
    ],
)
async def test_a_state_taken_back_lets_the_limit_run_as_if_never_ended(
    desk: Desk, follow: Follower, way: tuple[str, ...], back: str, state: str, deadline: str
) -> None:
    for step in ("received", *way):
        await follow(followed(step))

    await follow(followed(state=back, taken_back=True, reason_class="misread", occurred_at=AT + timedelta(hours=1)))

    case = await the_case(desk)
    name, corrected = (await stated(desk.works, case["id"]))[-1]
    assert (case["state"], case["deadline"], case["closed_at"]) == (state, deadline, None)
    assert (name, corrected["state"], corrected["reason_class"]) == ("case-corrected", state, "misread")
    open_ = await rows(desk.works, "SELECT kind FROM deadline WHERE aggregate = $1 AND closed_at IS NULL", case["id"])
    assert [row["kind"] for row in open_] == [deadline]


async def test_an_answer_taken_back_counts_no_more_and_the_next_is_the_first(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened", "assigned", "answered", kind="petition"))
    await follow(followed(kind="petition", state="assigned", taken_back=True, reason_class="misread", outcome=None))
    assert ((await the_case(desk))["answers"], (await the_case(desk))["outcome"]) == (0, None)

    await follow(followed("answered", kind="petition", outcome="explained"))

    _, answered = (await stated(desk.works, (await the_case(desk))["id"]))[-1]
    assert (answered["round"], answered["outcome"]) == (1, "explained")


async def test_a_promise_that_moves_is_stated_and_the_laws_date_stays(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", "opened"), followed(promised_on=date(2026, 12, 9)))

    case = await the_case(desk)
    name, promised = (await stated(desk.works, case["id"]))[-1]
    assert (name, promised["promised_on"], promised["due_on"]) == ("case-promised", "2026-12-09", "2026-12-03")
    assert (case["promised_on"], case["due_on"]) == (date(2026, 12, 9), date(2026, 12, 3))


async def test_history_is_marked_and_announces_nothing_that_was_past(
    desk: Desk, follow: Follower, clock: StandingClock
) -> None:
    old: dict[str, Any] = {
        "kind": "feedback",
        "received_at": hanoi("2026-03-02 08:00"),
        "occurred_at": hanoi("2026-03-02 09:00"),
    }
    await follow(followed("received", "opened", backfill=True, **old))

    clock.now += timedelta(days=60)
    await swept(desk)

    case = await the_case(desk)
    ((name, opened),) = await stated(desk.works, case["id"])
    assert (name, opened["backfill"]) == ("case-opened", True)


async def test_a_breach_says_whose_case_it_is_and_that_its_source_tells_its_citizens(
    desk: Desk, follow: Follower, clock: StandingClock
) -> None:
    await follow(followed("received", "opened", kind="feedback", tells_citizens=False))

    clock.now += timedelta(days=40)
    await swept(desk)

    case = await the_case(desk)
    name, breached = (await stated(desk.works, case["id"]))[-1]
    assert (name, breached["source"], breached["tells_citizens"]) == ("deadline-breached", "tan-thanh", False)


async def test_our_officers_do_not_work_on_it(desk: Desk, follow: Follower) -> None:
    await follow(followed("received", letter=UUID(int=9), code="DTTT-261123-0009"), followed("received", "opened"))
    case = await the_case(desk)

    with pytest.raises(refusals.OwnedBySource):
        await commands.refuse_case(desk, Asked(HEAD, case["id"], None), ground="in-court", reason="-")
    with pytest.raises(refusals.OwnedBySource):
        await letters.file_letter(desk, SCREENER, UUID(int=9), None, reason_class="other", reason="-")
    shown, _ = await reading.read_case(desk, HEAD.principal, case["id"])
    assert domain.snapshot(shown, HEAD.principal)["actions"] == []


async def test_what_its_citizen_wants_goes_to_its_source_and_a_rating_is_kept(
    desk: Desk, follow: Follower, keys: Keys
) -> None:
    person = given.citizen(keys)
    mine: dict[str, Any] = {"kind": "feedback", "recipient": person.recipient}
    await follow(followed("received", "opened", **mine))
    case = await the_case(desk)
    asked = Asked(Caller(person), case["id"], None)
    await commands.withdraw_case(desk, asked, reason_class="own-wish", reason="Tôi tự giải quyết.")
    assert (await the_case(desk))["state"] == "opened"
    await follow(followed("assigned", "answered", **mine))
    await commands.rate_case(desk, asked, score=4, comment=None)
    await commands.reopen_case(desk, asked, reason_class="not-fixed", reason="Vẫn ngập.")

    said = await stated(desk.works, case["id"])
    acts = [(name, data.get("act"), data["source"]) for name, data in said if name in {"citizen-act-requested", "outcome-rated"}]  # fmt: skip
    assert acts == [
        ("citizen-act-requested", "withdraw", "tan-thanh"), ("outcome-rated", None, "tan-thanh"), ("citizen-act-requested", "reopen", "tan-thanh"),
    ]  # fmt: skip
    assert (await the_case(desk))["state"] == "rated"
    await follow(followed("reopened", **mine, occurred_at=AT + timedelta(hours=2)))
    assert ((await the_case(desk))["state"], (await the_case(desk))["reopened"]) == ("opened", 1)


async def test_a_sender_named_later_finds_the_case_in_their_inbox(desk: Desk, follow: Follower, keys: Keys) -> None:
    person = given.citizen(keys)
    await follow(followed("received", "opened"), followed(recipient=person.recipient))

    (mine,) = await reading.list_own_cases(desk, person, Wanted(), after=None, back=False, limit=10)
    await follow(followed("accepted", recipient=person.recipient))

    assert mine.recipient == person.recipient
    _, accepted = (await stated(desk.works, mine.id))[-1]
    assert accepted["recipient"] == str(person.recipient)


async def test_a_unit_that_is_not_here_yet_parks_the_record_and_drops_nothing(desk: Desk, follow: Follower) -> None:
    unknown = follow.log.fact(followed("received", "opened", unit="19999"), 1)

    await follow.fed.offer(unknown)

    ((sequence, reason),) = await follow.fed.parked()
    assert (sequence, reason) == (1, "handler")
    assert await rows(desk.works, "SELECT 1 FROM submission") == []
