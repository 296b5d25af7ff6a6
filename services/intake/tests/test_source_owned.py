"""A dossier that another system owns: every command of ours is refused by that name, and what its citizen does travels back."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from services.intake import consumers, handlers, store
from services.intake.domain import State
from services.intake.domain.states import ARROWS, OF_THE_CITIZEN, roles_of
from services.intake.handlers import Desk
from services.intake.tests.given import BIRTH, OTHER_UNIT, citizen
from services.intake.tests.talk import SUPPLEMENT, Talk
from services.intake.tests.vendor import CODE, TAN_THANH, heard_back, registered, sealed, send, upserted
from shared.contracts import complaints as cases
from shared.contracts.complaints import CASES
from shared.kernel import Caller
from shared.moments import uuid7
from shared.runtime import Service
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.clock import MONDAY_MORNING
from shared.testing.records import Log, fed

pytestmark = pytest.mark.postgres

DONE = f"{CODE[:-4]}0008"
WHY: dict[str, Any] = {"reason_class": "other", "reason": "-"}
BODIES: dict[str, Any] = {
    "accept": None, "refuse": WHY, "assign": {"officer": "cb-01"}, "request-supplement": SUPPLEMENT,
    "supply": {"components": [{"name": "Căn cước", "kind": "copy", "count": 1}]}, "require-payment": {"amount": 20_000, "purpose": "Lệ phí"},
    "confirm-payment": {"reference": "1", "paid_at": "2026-11-23T08:20:00+07:00"}, "pause": WHY, "resume": None,
    "move-appointment": {"new_due_on": "2026-12-02", "reason_class": "overload", "reason": "-", "signer": "ld-01"},
    "settle": {"outcome": "granted"}, "return-result": {"method": "counter"}, "withdraw": WHY, "stop": WHY,
    "correct": {"field": "summary", "value": "x", "reason_class": "typing-error", "reason": "-"}, "rate": {"score": 5},
    "transfer": {"to_unit": OTHER_UNIT, "reason_class": "not-competent", "reason": "-", "papers": 1}, "accept-transfer": None,
    "reject-transfer": WHY,
}  # fmt: skip


async def test_every_command_of_every_role_is_refused_but_what_its_citizen_may_do(
    talk: Talk, desk: Desk, keys: Keys, service: Service
) -> None:
    await registered(desk)
    (outcome,) = await send(desk, upserted({"contact_sealed": sealed(keys.contact_public)}))
    path = f"/dossiers/{outcome.dossier}"
    routes = {each.rpartition("/")[2] for each in service.api.openapi()["paths"] if "/dossiers/{id}/" in each and "post" in service.api.openapi()["paths"][each]}  # fmt: skip

    said = {}
    for command, body in BODIES.items():
        for role in roles_of(command):
            token = talk.citizen() if role == "citizen" else talk.token(role)
            answer = await talk.post(
                f"{path}/{command}", body, token=token, if_match="*" if command == "rate" else '"2"'
            )
            said[command, role] = answer.status_code if answer.is_success else answer.json()["code"]

    assert BODIES.keys() == ARROWS.keys()
    assert routes & ARROWS.keys() == ARROWS.keys()
    citizens = {(command, "citizen"): said.pop((command, "citizen")) for command in OF_THE_CITIZEN}
    assert {each: code for each, code in said.items() if code != "owned-by-source"} == {}
    assert citizens == {("withdraw", "citizen"): 200, ("rate", "citizen"): "not-yet-settled"}
    shown = (await talk.get(path, talk.token("clerk", "head", "handler"))).json()
    assert (shown["state"], shown["actions"]) == ("accepted", [])


async def replies(works: Works) -> list[tuple[str | None, dict[str, Any]]]:
    """What was stated of citizens on topics of replies, in order."""
    rows = await works.pool.fetch(
        "SELECT topic, envelope FROM fact WHERE type LIKE '%source-citizen-acted%' ORDER BY key, sequence"
    )
    return [(row["topic"], msgspec.json.decode(row["envelope"])["data"]) for row in rows]


async def test_what_a_citizen_does_stands_in_the_feed_and_on_the_topic_of_replies(
    desk: Desk, works: Works, keys: Keys
) -> None:
    await registered(desk)
    box = {"contact_sealed": sealed(keys.contact_public)}
    mine, done = await send(
        desk, upserted(box), upserted({**box, "code": DONE, "procedure": BIRTH, "status": 10}, subject=DONE)
    )
    me = Caller(citizen(keys))
    assert mine.dossier is not None
    assert done.dossier is not None

    await handlers.rate_dossier(desk, me, done.dossier, None, score=4, comment="Nguyễn Văn An khen")
    await handlers.topics_made(desk, [TAN_THANH])
    await handlers.withdraw_dossier(desk, me, mine.dossier, None, reason_class="own-wish", reason="Không cần nữa")

    told = {
        each["code"]: (topic, each["act"], each["reason_class"], each["score"]) for topic, each in await replies(works)
    }
    assert told == {
        DONE: (None, "rate", None, 4), CODE: (f"sources.{TAN_THANH}.replies", "withdraw", "own-wish", None),
    }  # fmt: skip
    feed = await heard_back(desk, "withdrawal-requested")
    assert {(row["kind"], row["code"]) for row in feed} >= {("dossier-rated", DONE), ("withdrawal-requested", CODE)}
    async with desk.works.reading() as connection:
        assert (await store.dossier(connection, mine.dossier)).state is State.ACCEPTED


async def test_citizens_of_one_source_who_act_at_once_are_all_told_of_one_after_the_other(
    desk: Desk, works: Works, keys: Keys
) -> None:
    await registered(desk)
    await handlers.topics_made(desk, [TAN_THANH])
    box, codes = sealed(keys.contact_public), [f"{CODE[:-4]}{number:04}" for number in range(20, 26)]
    found = await send(desk, *(upserted({"contact_sealed": box, "code": code}, subject=code) for code in codes))
    me, before = Caller(citizen(keys)), await sequences(works)

    await asyncio.gather(
        *(
            handlers.withdraw_dossier(desk, me, each.dossier, None, reason_class="own-wish", reason="-")
            for each in found
            if each.dossier is not None
        )
    )

    assert sorted(told["code"] for _, told in await replies(works)) == codes
    assert (before, await sequences(works)) == ([*range(1, 7)], [*range(1, 13)])


async def sequences(works: Works) -> list[int]:
    """The places of what was stated on the source's topic of replies."""
    topic = f"sources.{TAN_THANH}.replies"
    rows = await works.pool.fetch("SELECT sequence FROM fact WHERE topic = $1 ORDER BY sequence", topic)
    return [row["sequence"] for row in rows]


async def test_what_the_sender_of_a_letter_wants_is_told_there_too_once(
    desk: Desk, works: Works, telemetry: Telemetry
) -> None:
    await registered(desk)
    await handlers.topics_made(desk, [TAN_THANH])
    feeding, log, case = fed(works, consumers.LISTENERS[0], telemetry.metrics), Log(CASES), uuid7()
    common: dict[str, Any] = {
        "occurred_at": MONDAY_MORNING,
        "case": case,
        "code": "DTTT-261123-0007.1",
        "unit": "19360",
    }
    wish = cases.CitizenActRequested(**common, act="reopen", reason_class="other", source=TAN_THANH)
    rated = cases.OutcomeRated(**common, score=2, source=TAN_THANH)
    ours = cases.OutcomeRated(**common, score=1)
    stated = [log.fact(fact, number) for number, fact in enumerate((wish, rated, ours), 1)]

    for _ in range(2):
        await feeding.give(*stated)

    found = await replies(works)
    assert [(topic, each["code"], each["act"], each["score"]) for topic, each in found] == [
        (f"sources.{TAN_THANH}.replies", "DTTT-261123-0007", "reopen", None), (f"sources.{TAN_THANH}.replies", "DTTT-261123-0007", "rate", 2),
    ]  # fmt: skip
