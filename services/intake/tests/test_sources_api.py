"""The HTTP door of source systems: registry, CloudEvents in every mode, the way back."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import msgspec
import pytest

from services.intake import handlers
from services.intake.api.pauses import MOST_WAITING, Pauses
from services.intake.domain.sources import PATIENCE, Quota, Reason
from services.intake.handlers import Desk
from services.intake.tests.given import OTHER_UNIT, UNIT
from services.intake.tests.talk import Talk
from services.intake.tests.vendor import CODE, QUOTA, TAN_THANH, event, every_reason, progressed, registered, upserted
from shared.runtime import Service
from shared.settings import Settings
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.waiting import wait_until
from shared.web.admission import Bounds
from shared.web.app import Probes, Readiness, root_app
from shared.web.devissuer import DevIssuer

pytestmark = pytest.mark.postgres

ENTRY: dict[str, Any] = {
    "name": "Một cửa xã Tân Thành",
    "principal": TAN_THANH,
    "units": [{"unit": UNIT, "valid_from": "2026-01-01"}],
}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


async def put(talk: Talk, body: dict[str, Any] | None = None, *, match: str = "*", role: str = "admin") -> Any:
    headers = {"authorization": f"Bearer {talk.token(role)}", "if-match": match}
    return await talk.http.put(f"/sources/{TAN_THANH}", json={**ENTRY, **(body or {})}, headers=headers)


async def send(talk: Talk, content: Any, kind: str = STRUCTURED, *, query: str = "", **headers: str) -> Any:
    token = talk.token("publisher", subject=TAN_THANH)
    said = {"authorization": f"Bearer {token}", "content-type": kind, **{n.replace("_", "-"): v for n, v in headers.items()}}  # fmt: skip
    body = content if isinstance(content, bytes | AsyncIterator) else msgspec.json.encode(content)
    return await talk.http.post(f"/source-events{query}", content=body, headers=said)


async def test_an_admin_registers_a_source_and_changes_it_by_its_version(talk: Talk) -> None:
    made = await put(talk)
    stale = await put(talk, match='"7"')
    changed = await put(talk, {"tells_citizens": True}, match=made.headers["etag"])

    assert (made.status_code, made.json()["topic"], made.json()["version"]) == (200, "sources.tan-thanh", 1)
    assert stale.status_code == 412
    assert (changed.json()["tells_citizens"], changed.json()["version"]) == (True, 2)
    assert (await put(talk, role="clerk")).status_code == 403


async def test_units_that_are_not_there_and_a_sandbox_that_changes_are_refused_by_name(talk: Talk) -> None:
    unknown = await put(talk, {"units": [{"unit": "00001", "valid_from": "2026-01-01"}]})
    await put(talk)
    other = await put(talk, {"sandbox": True})

    unread = await put(talk, {"units": UNIT})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-units")
    assert [each["code"] for each in unread.json()["errors"]] == ["wrong-type"]
    assert (other.status_code, other.json()["code"]) == (409, "sandbox-stays")


async def test_an_entry_that_says_nothing_new_keeps_its_version_and_an_account_speaks_for_one_source(
    talk: Talk, desk: Desk
) -> None:
    made, again = await put(talk), await put(talk)
    await registered(desk, "hai-lang")
    taken = await put(talk, {"principal": "hai-lang"})
    ended = await put(talk, {"units": [{"unit": UNIT, "valid_from": "2026-01-01", "valid_to": "2025-12-31"}]})

    assert (made.json()["version"], again.json()["version"], again.headers["etag"]) == (1, 1, made.headers["etag"])
    assert (taken.status_code, taken.json()["code"]) == (409, "principal-taken")
    assert (ended.status_code, ended.json()["code"]) == (422, "ends-before-it-begins")


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ({"valid_from": "2026-01-01"}, {"valid_from": "2026-06-01"}, "units-twice"),
        ({"valid_from": "2026-01-01", "valid_to": "2026-06-01"}, {"valid_from": "2026-06-01"}, "units-twice"),
        ({"valid_from": "2026-06-01"}, {"valid_from": "2026-01-01", "valid_to": "2026-05-31"}, None),
    ],
)
async def test_a_unit_is_spoken_for_once_on_each_day_so_that_its_end_is_an_end(
    talk: Talk, first: dict[str, str], second: dict[str, str], answer: str | None
) -> None:
    told = await put(
        talk, {"units": [{"unit": UNIT, **first}, {"unit": OTHER_UNIT, **first}, {"unit": UNIT, **second}]}
    )

    assert told.status_code == (422 if answer else 200)
    assert told.json().get("code") == answer


@pytest.mark.parametrize("principal", ["ANONYMOUS", "User:ANONYMOUS", "user:anonymous", "operator", "User:intake"])
async def test_an_account_of_this_installation_itself_speaks_for_no_source(talk: Talk, principal: str) -> None:
    refused = await put(talk, {"principal": principal})

    assert (refused.status_code, refused.json()["code"]) == (422, "principal-reserved")
    assert refused.json()["errors"][0]["pointer"] == "/principal"
    assert principal in refused.json()["detail"]
    assert (await put(talk, {"principal": f"{principal}-x"})).status_code == 200


async def test_one_event_is_taken_structured_and_binary_and_counts_once(talk: Talk) -> None:
    await put(talk)
    told = upserted()

    structured = await send(talk, told)
    attributes = {f"ce_{name}": told[name] for name in ("specversion", "id", "source", "type", "subject", "time")}
    binary = await send(talk, told["data"], "application/json", **attributes)

    (first,), (again,) = structured.json()["items"], binary.json()["items"]
    assert (first["status"], first["code"]) == ("accepted", CODE)
    assert (again["status"], again["duplicate"], again["dossier"]) == ("accepted", True, first["dossier"])


async def test_a_batch_answers_each_event_in_its_place_with_a_sentence(talk: Talk) -> None:
    await put(talk)

    answer = await send(talk, [upserted({"name": "An"}), upserted(), progressed(9), 7], BATCH, accept_language="en")

    items = answer.json()["items"]
    assert answer.status_code == 200
    assert [(each["status"], each["reason"]) for each in items] == [
        ("rejected", "clear-personal-data"), ("accepted", None), ("accepted", None), ("rejected", "schema"),
    ]  # fmt: skip
    assert (
        items[0]["detail"]
        == "The event holds personal data in clear and was not kept. Send it in contact_sealed, or not at all for a denunciation."
    )


async def test_what_is_no_cloud_event_or_too_much_is_refused_whole(talk: Talk) -> None:
    await put(talk)

    answers = [
        await send(talk, upserted(), "application/json"),
        await send(talk, {"a": 1}, BATCH),
        await send(talk, [1] * 501, BATCH),
        await send(talk, b"[" + b" " * (9 << 20) + b"]", BATCH),
    ]

    assert [answer.status_code for answer in answers] == [415, 422, 413, 413]


async def test_a_batch_nested_beyond_reading_is_no_batch(talk: Talk) -> None:
    await put(talk)

    answers = [await send(talk, body, BATCH) for body in (b"[" * 9000, b"[%s]" % (b"[" * 9000 + b"]" * 9000))]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "not-a-batch")] * 2


async def test_an_attribute_no_store_can_hold_is_no_event_of_its_form_in_binary_mode_either(talk: Talk) -> None:
    await put(talk)
    told = progressed(4)
    attributes = {f"ce_{name}": told[name] for name in ("specversion", "id", "source", "type", "subject")}

    answer = await send(talk, told["data"], "application/json", **attributes, ce_note="a%00b")

    assert [(each["status"], each["reason"]) for each in answer.json()["items"]] == [("rejected", "schema")]


async def test_a_packed_body_is_refused_by_what_it_is_and_counts_as_no_event(talk: Talk, desk: Desk) -> None:
    await put(talk)

    packed = await send(talk, gzip.compress(msgspec.json.encode(upserted())), content_encoding="gzip")
    plain = await send(talk, upserted(), content_encoding="identity")

    assert (packed.status_code, packed.json()["code"]) == (415, "encoded")
    assert plain.json()["items"][0]["status"] == "accepted"
    async with desk.works.reading() as db:
        assert await db.fetchval("SELECT count(*) FROM source_event") == 1


async def test_every_example_of_the_document_is_taken_as_it_stands(talk: Talk, service: Service) -> None:
    await put(talk)
    operation = service.api.openapi()["paths"]["/v1/source-events"]["post"]
    examples = {kind: content["example"] for kind, content in operation["requestBody"]["content"].items()}
    headers = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "header"}

    answers = [
        await send(talk, examples[STRUCTURED]),
        await send(talk, examples[BATCH], BATCH),
        await send(talk, examples["application/json"], "application/json", **headers),
    ]

    found = [(each["status"], each["duplicate"]) for answer in answers for each in answer.json()["items"]]
    assert found == [("accepted", False), ("accepted", True), ("accepted", False), ("accepted", True)]


async def test_a_dry_run_keeps_nothing(talk: Talk) -> None:
    await put(talk)
    told = upserted()

    tried = await send(talk, told, query="?dry_run=true")
    done = await send(talk, told)

    assert (tried.json()["items"][0]["status"], done.json()["items"][0]["duplicate"]) == ("accepted", False)


async def test_an_account_without_a_source_is_refused(talk: Talk) -> None:
    answer = await send(talk, upserted())

    assert (answer.status_code, answer.json()["code"]) == (403, "unknown-source")


async def test_a_source_reads_its_own_events_and_its_feed_and_nobody_elses(talk: Talk) -> None:
    await put(talk)
    await send(talk, [upserted({"appointment_at": "2026-11-30T16:00:00+07:00"}), progressed(11)], BATCH)
    await send(talk, [progressed(9)], BATCH)
    mine, other = (talk.token("publisher", subject=subject) for subject in (TAN_THANH, "hai-lang"))

    async def written() -> bool:
        found = await talk.get(f"/sources/{TAN_THANH}/feed", mine)
        return len(found.json()["items"]) == 5

    rejected = (await talk.get(f"/sources/{TAN_THANH}/events?status=rejected", mine)).json()["items"]
    await wait_until(written)
    feed = (await talk.get(f"/sources/{TAN_THANH}/feed?limit=2", mine)).json()
    rest = (await talk.get(f"/sources/{TAN_THANH}/feed?cursor={feed['next']}", mine)).json()

    assert [(each["reason"], each["fields"]) for each in rejected] == [("schema", ["/data/status"])]
    assert [each["kind"] for each in (*feed["items"], *rest["items"])] == [
        "dates", "accepted", "rejected", "dates", "accepted",
    ]  # fmt: skip
    said = {each["data"]["promised_at"] for each in (*feed["items"], *rest["items"]) if each["kind"] != "rejected"}
    assert said == {"2026-11-30T16:00:00+07:00"}
    assert (await talk.get(f"/sources/{TAN_THANH}/events", other)).status_code == 404


async def test_visits_are_read_by_the_officers_of_the_unit_with_their_sums(talk: Talk) -> None:
    await put(talk)
    first = {"unit": UNIT, "day": "2026-11-20", "window": "1", "visits": 30, "served": 30, "mean_wait_minutes": 10, "at": "2026-11-20T17:00:00+07:00"}  # fmt: skip
    second = {**first, "day": "2026-11-23", "visits": 12, "served": 10, "mean_wait_minutes": 30, "at": "2026-11-23T08:00:00+07:00"}  # fmt: skip
    sent = await send(talk, [event("visit-counted", each, subject=UNIT) for each in (first, second)], BATCH)
    mine, other = talk.token("clerk"), talk.token("clerk", units=["18880"])
    query = f"/visits?unit={UNIT}&from=2026-11-20&to=2026-11-23"

    shown = (await talk.get(query, mine)).json()

    assert [each["status"] for each in sent.json()["items"]] == ["accepted", "accepted"]
    assert [(each["day"], each["window"], each["visits"]) for each in shown["items"]] == [("2026-11-20", "1", 30), ("2026-11-23", "1", 12)]  # fmt: skip
    assert (shown["visits"], shown["served"], shown["mean_wait_minutes"]) == (42, 40, 15)
    assert (await talk.get(query, other)).status_code == 404
    too_long = await talk.get(f"/visits?unit={UNIT}&from=2025-01-01&to=2026-11-23", mine)
    assert (too_long.status_code, too_long.json()["code"]) == (422, "span-too-long")


async def test_the_states_of_a_letter_that_were_skipped_stand_apart_from_portal_statuses(talk: Talk) -> None:
    await put(talk)
    code = "DTTT-261123-0007"
    told = {"code": code, "unit": UNIT, "kind": "petition", "channel": "online", "received_at": "2026-11-23T08:00:00+07:00", "state": "answered", "outcome": "fixed"}  # fmt: skip

    (item,) = (await send(talk, event("submission-upserted", told))).json()["items"]

    assert (item["inferred"], item["inferred_states"], item["code"]) == ([], ["opened", "assigned"], code)


async def test_every_reason_of_the_closed_list_is_told_by_the_http_door(
    talk: Talk, desk: Desk, clock: StandingClock
) -> None:
    await registered(desk, quota=QUOTA)
    told = every_reason()

    answers = [await send(talk, event) for event, _ in told]
    clock.now += PATIENCE * 2
    await handlers.settle_waiting(desk)

    found = [answer.json()["items"][0] for answer in answers]
    assert [each["reason"] or each["status"] for each in found] == [ends for _, ends in told]
    assert all(each["detail"] for each in found if each["reason"])
    assert await reasons(desk) == set(Reason)


async def test_after_events_that_came_too_fast_all_wait_until_the_quota_has_room_for_as_many(
    talk: Talk, desk: Desk, clock: StandingClock
) -> None:
    await registered(desk, quota=Quota(events_per_second=2, burst=4))
    batch = [progressed(4, id=f"n{number}") for number in range(9)]

    begun = await send(talk, batch, BATCH)
    at_once = await send(talk, batch[:2], BATCH)
    clock.now += timedelta(milliseconds=1900)
    soon = await send(talk, b"{")
    clock.now += timedelta(milliseconds=100)
    later = await send(talk, batch[4:8], BATCH)

    assert [each["reason"] for each in begun.json()["items"]] == [None] * 4 + ["too-fast"] * 5
    assert (at_once.status_code, at_once.json()["code"], at_once.headers["retry-after"]) == (
        429,
        "too-many-requests",
        "2",
    )
    assert "Hãy đợi 2 giây rồi thử lại." in at_once.json()["detail"]
    assert (soon.status_code, soon.headers["retry-after"]) == (429, "1")
    assert [each["status"] for each in later.json()["items"]] == ["waiting"] * 4


async def test_who_is_too_fast_again_after_a_pause_waits_twice_as_long_and_a_minute_at_most(
    talk: Talk, desk: Desk, clock: StandingClock
) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=5))
    number, waits = count(), []
    for _ in range(6):
        await send(talk, [progressed(4, id=f"n{next(number)}") for _ in range(10)], BATCH)
        waits.append(int((await send(talk, progressed(4, id="again"))).headers["retry-after"]))
        clock.now += timedelta(seconds=waits[-1])
    slower = await send(talk, progressed(4, id="one"))
    await send(talk, [progressed(4, id=f"n{next(number)}") for _ in range(10)], BATCH)

    assert waits == [5, 10, 20, 40, 60, 60]
    assert slower.status_code == 200
    assert (await send(talk, progressed(4, id="again"))).headers["retry-after"] == "5"


async def test_requests_of_one_account_are_taken_one_at_a_time_and_those_behind_one_too_fast_wait_unread(
    talk: Talk, desk: Desk
) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=30))
    batches = [[progressed(4, id=f"n{request}-{number}") for number in range(25)] for request in range(4)]

    answers = await asyncio.gather(*(send(talk, batch, BATCH) for batch in batches))

    taken = [[item["reason"] for item in each.json()["items"]] for each in answers if each.status_code == 200]
    assert sorted(each.status_code for each in answers) == [200, 200, 429, 429]
    assert sorted(reasons.count("too-fast") for reasons in taken) == [0, 20]


async def test_of_very_many_requests_of_one_account_at_once_a_few_wait_and_the_others_come_again(
    talk: Talk, desk: Desk
) -> None:
    await registered(desk)
    events = [progressed(4, id=f"n{number}") for number in range(2 * MOST_WAITING)]

    answers = await asyncio.gather(*(send(talk, event) for event in events))
    again = await send(talk, events[-1])

    told = Counter(each.status_code for each in answers)
    assert told == {200: MOST_WAITING + 1, 429: MOST_WAITING - 1}
    assert {each.headers["retry-after"] for each in answers if each.status_code == 429} == {"1"}
    assert again.status_code == 200


async def test_whoever_waits_holds_up_no_other_account_and_no_other_address(talk: Talk, desk: Desk) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=1))
    await registered(desk, "hai-lang")
    await send(talk, [progressed(4, id="a"), progressed(9, id="b")], BATCH)
    other = {"authorization": f"Bearer {talk.token('publisher', subject='hai-lang')}", "content-type": STRUCTURED}

    refused = await send(talk, progressed(10, id="c"))
    taken = await talk.http.post(
        "/source-events", content=msgspec.json.encode(progressed(4) | {"source": "/sources/hai-lang"}), headers=other
    )
    feed = await talk.http.get(
        f"/sources/{TAN_THANH}/feed", headers={"authorization": f"Bearer {talk.token('publisher', subject=TAN_THANH)}"}
    )

    assert (refused.status_code, taken.status_code, feed.status_code) == (429, 200, 200)


async def reasons(desk: Desk) -> set[str]:
    async with desk.works.reading() as db:
        rows = await db.fetch(
            "SELECT DISTINCT data ->> 'reason_class' AS reason FROM source_feed WHERE kind = 'rejected'"
        )
    return {row["reason"] for row in rows}


async def test_a_pause_ends_where_the_clock_is_set_back(talk: Talk, desk: Desk, clock: StandingClock) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=1))
    clock.move(hours=1)
    await send(talk, [progressed(4, id="a"), progressed(9, id="b")], BATCH)

    clock.move(hours=-1)

    assert (await send(talk, progressed(9, id="b"))).status_code == 200


async def test_of_an_account_that_has_no_request_here_nothing_is_remembered(
    talk: Talk, desk: Desk, service: Service
) -> None:
    await registered(desk)
    pauses: Pauses = service.api.state.pauses

    answers = await asyncio.gather(*(send(talk, progressed(4, id=f"n{n}")) for n in range(3)))

    assert [each.status_code for each in answers] == [200] * 3
    assert not pauses.lines


async def test_whoever_waits_behind_a_slow_request_of_their_own_takes_nobodys_place(
    desk: Desk, service: Service, settings: Settings, telemetry: Telemetry
) -> None:
    async def ready(_service: str | None) -> Readiness:
        return Readiness("ready")

    bounds = Bounds(2, 1, telemetry.metrics.admission.refused)
    root = root_app({"intake": service.api}, probes=Probes(ready, telemetry.metrics_text), bounds=bounds)
    await registered(desk)
    begun, go = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.set()
        await go.wait()
        yield msgspec.json.encode(progressed(4, id="slow"))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test/intake/v1") as http:
        talk = Talk(http, DevIssuer.load_or_make(settings))
        slow = asyncio.create_task(send(talk, slowly()))
        await begun.wait()
        behind = [asyncio.create_task(send(talk, progressed(4, id=f"n{n}"))) for n in range(4)]
        others = [(await http.get("/units")).status_code for _ in range(4)]
        go.set()
        answers = [(await each).status_code for each in (slow, *behind)]

    assert (others, answers) == ([200] * 4, [200] * 5)
