"""Letters and visits of a source: what is taken, what waits, what is refused, and what complaints is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.intake import consumers, handlers
from services.intake.domain import letters
from services.intake.domain.sources import Event, Rejected
from services.intake.handlers import Desk
from services.intake.tests.given import AN, OTHER_UNIT, UNIT, citizen
from services.intake.tests.vendor import Json, delivered, event, registered, sealed, send
from shared.contracts import complaints as cases
from shared.contracts.complaints import CASES
from shared.contracts.letters import ARROWS
from shared.kernel import system
from shared.law import shipped
from shared.settings import Keys
from shared.store.vault import Details
from shared.telemetry.setup import Telemetry
from shared.testing.clock import MONDAY_MORNING, StandingClock
from shared.testing.records import Log, fed

pytestmark = pytest.mark.postgres

LETTER = "DTTT-261123-0007"


def written(data: Json | None = None, **changes: Any) -> Json:
    """A complaint received at the counter this morning."""
    said = {"code": LETTER, "unit": UNIT, "kind": "complaint", "channel": "direct", "received_at": "2026-11-23T08:00:00+07:00", "state": "opened"}  # fmt: skip
    return event("submission-upserted", {**said, **(data or {})}, **changes)


def came_to(state: str, data: Json | None = None, **changes: Any) -> Json:
    """The letter came to this state."""
    said = {"code": LETTER, "state": state, "at": "2026-11-23T08:10:00+07:00", **(data or {})}
    return event("submission-progressed", said, **changes)


def counted(data: Json | None = None, **changes: Any) -> Json:
    """What a window counted until now."""
    said = {"unit": UNIT, "day": "2026-11-23", "window": "3", "visits": 12, "served": 9, "mean_wait_minutes": 14, "at": "2026-11-23T08:15:00+07:00"}  # fmt: skip
    return event("visit-counted", {**said, **(data or {})}, subject=UNIT, **changes)


async def told(desk: Desk) -> list[dict[str, Any]]:
    """What complaints is told, in order."""
    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT envelope FROM fact WHERE type LIKE '%letter-followed%' ORDER BY sequence")
    return [msgspec.json.decode(row["envelope"])["data"] for row in rows]


async def test_a_letter_of_a_source_is_stated_for_complaints_with_the_states_it_came_through(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(desk, written({"appointment_at": "2026-12-01T16:00:00+07:00", "subject_class": "land"}))

    (fact,) = await told(desk)
    assert (outcome.status, outcome.code, outcome.inferred) == ("accepted", LETTER, ())
    assert (fact["steps"], fact["state"], fact["kind"]) == (["received", "opened"], "opened", "complaint")
    assert (fact["promised_on"], fact["subject_class"], fact["tells_citizens"]) == ("2026-12-01", "land", True)


async def test_skipped_states_are_inferred_and_named(desk: Desk) -> None:
    await registered(desk)

    (outcome,) = await send(desk, written({"state": "delivered", "outcome": "partly-upheld"}))

    (fact,) = await told(desk)
    assert outcome.inferred == ("opened", "accepted", "assigned", "resolved")
    assert fact["steps"] == ["received", "opened", "accepted", "assigned", "resolved", "delivered"]
    assert fact["outcome"] == "partly-upheld"


async def test_a_letter_twice_counts_once_and_a_state_again_says_nothing(desk: Desk) -> None:
    await registered(desk)
    once = written()

    first, again = await send(desk, once, once)
    (same,) = await send(desk, came_to("opened"))

    assert (first.duplicate, again.duplicate, same.status) == (False, True, "accepted")
    assert len(await told(desk)) == 1


async def test_progress_before_its_letter_waits_and_is_taken_with_it(desk: Desk) -> None:
    await registered(desk)
    (waiting,) = await send(desk, came_to("accepted"))

    await send(desk, written())

    assert (waiting.status, waiting.waits_for) == ("waiting", "letter")
    assert [fact["state"] for fact in await told(desk)] == ["opened", "accepted"]


async def test_progress_without_a_letter_is_rejected_after_seven_days(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    await send(desk, came_to("accepted"))

    clock.now += timedelta(days=7, hours=1)
    await handlers.settle_waiting(desk)

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, reason, payload FROM source_event")
    assert [tuple(row) for row in rows] == [("rejected", "waited-too-long", None)]


WRONG: list[tuple[str, Any, tuple[str, ...]]] = [
    ("schema", written({"kind": "information-request"}), ("/data/kind",)),
    ("schema", written({"code": "DT.19360-261123-0001"}, subject="DT.19360-261123-0001"), ("/data/code",)),
    ("schema", written({"state": "resolved"}), ("/data/outcome",)),
    ("schema", written({"state": "refused", "note_code": "typing"}), ("/data/note_code",)),
    ("schema", written({"anonymous": True}), ("/data/anonymous",)),
    ("schema", written({"received_at": "2019-05-02T08:00:00+07:00", "kind": "petition"}), ("/data/received_at",)),
    ("schema", counted({"served": 13}), ("/data/served",)),
    ("schema", counted({"day": "2026-02-30"}), ("/data/day",)),
    ("impossible-status", written({"state": "answered"}), ("/data/state",)),
    ("foreign-unit", written({"unit": OTHER_UNIT}), ("/data/unit",)),
    ("unknown-unit", written({"unit": "00001"}), ("/data/unit",)),
    ("foreign-unit", counted({"day": "2025-12-31"}), ("/data/unit",)),
    ("future-time", counted({"day": "2026-11-24"}), ("/data/day",)),
    ("future-time", written({"received_at": "2026-11-24T08:00:00+07:00"}), ("/data/received_at",)),
    ("source-mismatch", written(source="hai-lang"), ("/source",)),
    ("clear-personal-data", written({"sender": {"họ tên": "An"}}), ("/data/sender/?",)),
    ("clear-personal-data", written({"subject_class": "dt-0912345678"}), ("/data/subject_class",)),
    ("clear-personal-data", written({"kind": "denunciation", "contact_sealed": sealed(bytes(range(32)))}), ("/data/contact_sealed",)),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "sent", "fields"), WRONG)
async def test_a_wrong_letter_is_rejected_by_its_reason_and_only_its_hash_is_kept(
    desk: Desk, reason: str, sent: Any, fields: tuple[str, ...]
) -> None:
    await registered(desk, units=(*_since_2019(),)) if "2019" in str(sent) else await registered(desk)

    (outcome,) = await send(desk, sent)

    assert (outcome.status, outcome.reason, outcome.fields) == ("rejected", reason, fields)
    async with desk.works.reading() as db:
        (row,) = await db.fetch("SELECT status, payload FROM source_event")
    assert tuple(row) == ("rejected", None)
    assert await told(desk) == []


def _since_2019() -> Any:
    from services.intake.domain.sources import Mandate  # noqa: PLC0415 - beside its only use

    return (Mandate(UNIT, date(2019, 1, 1)),)


@pytest.mark.parametrize(
    ("kind", "before", "then", "said"),
    [
        ("complaint", {"state": "accepted"}, {"state": "opened"}, "backward-status"),
        ("complaint", {"state": "accepted"}, {"state": "received"}, "impossible-status"),
        ("complaint", {"state": "refused", "note_code": "in-court"}, {"state": "accepted"}, "impossible-status"),
        ("complaint", {"state": "assigned"}, {"state": "suspended", "note_code": "force-majeure"}, "accepted"),
        ("petition", {"state": "answered", "outcome": "fixed"}, {"state": "assigned"}, "backward-status"),
        ("petition", {"state": "answered", "outcome": "fixed"}, {"state": "reopened"}, "accepted"),
        ("petition", {"state": "answered", "outcome": "fixed"}, {"state": "answered"}, "accepted"),
        ("feedback", {"state": "filed"}, {"state": "opened"}, "impossible-status"),
        ("feedback", {"state": "opened"}, {"kind": "petition"}, "schema"),
    ],
)
async def test_a_letter_moves_along_the_arrows_of_its_kind(
    desk: Desk, kind: str, before: Json, then: Json, said: str
) -> None:
    await registered(desk)
    await send(desk, written({"kind": kind, **before}))

    sent = written(then) if "kind" in then else came_to(then.pop("state"), then)
    (outcome,) = await send(desk, sent)

    assert (outcome.reason or outcome.status) == said


async def test_a_wrong_state_is_taken_back_with_its_reason(desk: Desk) -> None:
    await registered(desk)
    await send(desk, written({"state": "resolved", "outcome": "upheld"}))

    (outcome,) = await send(desk, came_to("assigned", {"correction": True, "reason_class": "misread"}))

    _, fact = await told(desk)
    assert outcome.status == "accepted"
    assert (fact["state"], fact["taken_back"], fact["reason_class"], fact["steps"]) == ("assigned", True, "misread", [])
    assert fact["outcome"] is None


async def test_a_letter_of_another_source_is_not_touched(desk: Desk) -> None:
    await registered(desk)
    await registered(desk, "hai-lang")
    await send(desk, written())

    (outcome,) = await send(desk, came_to("accepted", source="hai-lang"), source="hai-lang")

    assert outcome.reason == "source-mismatch"


async def test_the_sender_is_kept_in_the_vault_and_only_their_inbox_is_stated(desk: Desk, keys: Keys) -> None:
    await registered(desk, tells_citizens=True)

    await send(desk, written({"contact_sealed": sealed(keys.contact_public)}))

    (fact,) = await told(desk)
    assert (fact["recipient"], fact["tells_citizens"]) == (str(citizen(keys).recipient), False)
    async with desk.works.reading() as connection:
        ((_, _, details),) = await handlers.contact_details(desk.works, connection, [UUID(fact["recipient"])])
    assert details is not None
    assert details.name == AN.name


async def test_a_sender_named_later_is_told_from_then_on(desk: Desk, keys: Keys) -> None:
    await registered(desk)
    await send(desk, written())

    await send(desk, written({"contact_sealed": sealed(keys.contact_public)}))

    first, second = await told(desk)
    assert first["recipient"] != second["recipient"] == str(citizen(keys).recipient)
    assert second["steps"] == []


async def test_a_sender_without_a_number_keeps_their_inbox_and_naming_them_again_says_nothing(
    desk: Desk, keys: Keys
) -> None:
    await registered(desk)
    an = Details(AN.name, phone=AN.phone)

    await send(desk, written({"contact_sealed": sealed(keys.contact_public, an)}))
    await send(desk, written({"contact_sealed": sealed(keys.contact_public, an)}))
    await send(desk, written({"state": "accepted", "contact_sealed": sealed(keys.contact_public, an)}))

    first, second = await told(desk)
    assert first["recipient"] == second["recipient"]
    assert (first["state"], second["state"]) == ("opened", "accepted")


async def test_a_denunciation_names_nobody(desk: Desk) -> None:
    await registered(desk)

    await send(desk, written({"kind": "denunciation"}))

    (fact,) = await told(desk)
    assert (fact["recipient"], fact["anonymous"]) == (None, True)


async def test_a_sandbox_letter_stays_here(desk: Desk) -> None:
    await registered(desk, sandbox=True)

    (outcome,) = await send(desk, written())
    await send(desk, counted())

    async with desk.works.reading() as db:
        published = await db.fetchval("SELECT count(*) FROM fact WHERE topic LIKE '%intake.letters'")
        visits = await db.fetchval("SELECT count(*) FROM visit_count")
    assert (outcome.status, published, visits) == ("accepted", 0, 0)


async def test_the_newest_count_of_a_window_stands_whatever_comes_late(desk: Desk) -> None:
    await registered(desk)

    await send(desk, counted(), counted({"visits": 20, "served": 19, "at": "2026-11-23T08:19:00+07:00"}))
    (late,) = await send(desk, counted({"visits": 1, "served": 0, "at": "2026-11-23T08:01:00+07:00"}))

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT unit, counter, visits, served FROM visit_count")
    assert late.status == "accepted"
    assert [tuple(row) for row in rows] == [(UNIT, "3", 20, 19)]


async def test_both_doors_say_the_same_of_letters_and_visits(desk: Desk) -> None:
    await registered(desk)
    sent = [written(id="a"), came_to("opened", id="a"), counted(id="v"), came_to("accepted", id="b")]
    (_, over_http, *_) = http = await send(desk, *sent)

    async with desk.works.begin(system("test")) as work:
        batch = [delivered(each, work.now) for each in sent]
        over_kafka = (await handlers.take(desk, work, ("id", "tan-thanh"), "kafka", batch)).outcomes

    assert over_http.reason == "id-reused"
    assert [(each.status, each.reason) for each in over_kafka] == [(each.status, each.reason) for each in http]
    assert [each.duplicate for each in over_kafka] == [True, False, True, True]


async def test_what_complaints_says_of_a_sources_case_goes_into_its_feed(desk: Desk, telemetry: Telemetry) -> None:
    await registered(desk)
    feeding, log = fed(desk.works, consumers.LISTENERS[0], telemetry.metrics), Log(CASES)
    case, at = UUID(int=7), MONDAY_MORNING
    common: dict[str, Any] = {"occurred_at": at, "case": case, "code": f"{LETTER}.1", "unit": UNIT}
    opened = cases.CaseOpened(**common, submission=UUID(int=8), kind="feedback", level=1, received_at=at, deadline="answer", due_at=at, due_on=date(2026, 12, 4), source="tan-thanh")  # fmt: skip
    rated = cases.OutcomeRated(**common, score=4, source="tan-thanh")
    ours = cases.OutcomeRated(**common, score=1)
    wish = cases.CitizenActRequested(**common, act="withdraw", reason_class="own-wish", source="tan-thanh")

    await feeding.give(*(log.fact(fact, number) for number, fact in enumerate((opened, rated, ours, wish), 1)))

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT kind, code, data FROM source_feed ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        ("dates", LETTER, {"state": "opened", "lawful_due_on": "2026-12-04"}),
        ("outcome-rated", LETTER, {"score": 4}),
        ("citizen-act-requested", LETTER, {"act": "withdraw", "reason_class": "own-wish"}),
    ]


def test_every_state_of_every_kind_can_be_reached_from_received() -> None:
    for kind, arrows in ARROWS.items():
        wanted = set(arrows) - {"received"} - ({"delivered"} if kind == "denunciation" else set())
        assert {to for to in wanted if _reachable(kind, to)} == wanted


def _reachable(kind: str, to: str) -> bool:
    at = datetime.fromisoformat("2026-11-23T08:00:00+07:00")
    outcome = "upheld" if kind in {"complaint", "denunciation"} else "fixed"
    note = {"refused": "in-court", "suspended": "force-majeure"}.get(to, "other")
    data = {
        "unit": UNIT,
        "kind": kind,
        "channel": "direct",
        "received_at": at,
        "state": to,
        "outcome": outcome,
        "note_code": note,
    }
    told = Event("1", "", "", LETTER, None, data, b"", {})
    try:
        heard = letters.begin(
            told, id=UUID(int=1), source="s", recipient=None, office=shipped().office_at(at, UNIT), now=at
        )
    except Rejected:
        return False
    return heard.steps[-1] == to and heard.letter.state == to
