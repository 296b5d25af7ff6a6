"""The HTTP door: pages, counts, marks, rights, the contact key, officers' view."""

from __future__ import annotations

import base64
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.notifications.tests import samples
from services.notifications.tests.conftest import Client, records, rows
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, seal_contact
from shared.testing.records import Fed, Log
from shared.web.auth import routes_without_right
from shared.web.devissuer import DevIssuer
from shared.web.problems import missing_problem_texts, refusal_classes

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
async def told(dossiers: Fed, log: Log, citizen: UUID, neighbour: UUID) -> None:
    """Twelve items about two dossiers for me, one item for the neighbour."""
    await dossiers.give(*records(log, samples.life(citizen, 1)), *records(log, samples.life(citizen, 2)))
    await dossiers.give(log.fact(samples.accepted(neighbour, 3), 1))


def seqs(answer: httpx.Response) -> list[int]:
    return [item["seq"] for item in answer.json()["items"]]


async def test_the_inbox_shows_the_newest_first_in_vietnamese(me: Client) -> None:
    answer = await me.get("/v1/me/inbox")
    page = answer.json()
    assert (answer.status_code, seqs(answer), page["unread"]) == (200, list(range(12, 0, -1)), 12)
    assert page["self"] == "/v1/me/inbox?limit=20"
    assert (page["next"], page["prev"]) == (None, None)
    item = page["items"][-2]
    assert (item["code"], item["state"], item["severity"]) == ("HS-01", "unread", "info")
    assert item["title"] == f"Đã tiếp nhận hồ sơ {samples.code()}"
    assert item["created_at"] == "2026-11-23T08:15:00+07:00"
    assert [action["name"] for action in item["actions"]] == ["read", "archive"]


async def test_english_is_spoken_to_who_asks_for_it(me: Client) -> None:
    answer = await me.get("/v1/me/inbox", **{"accept-language": "en"})
    assert answer.json()["items"][-2]["title"] == f"Dossier {samples.code()} is accepted"


async def test_pages_lead_down_and_up_again_without_loss(me: Client) -> None:
    first = await me.get("/v1/me/inbox?limit=5")
    second = await me.get(first.json()["next"])
    third = await me.get(second.json()["next"])
    assert [seqs(each) for each in (first, second, third)] == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1]]
    assert third.json()["next"] is None
    back = await me.get(third.json()["prev"])
    assert seqs(back) == [7, 6, 5, 4, 3]
    top = await me.get(back.json()["prev"])
    assert (seqs(top), top.json()["prev"]) == ([12, 11, 10, 9, 8], None)


async def test_what_came_after_a_number_is_asked_for_with_before(me: Client) -> None:
    answer = await me.get("/v1/me/inbox?before=10")
    assert (seqs(answer), answer.json()["prev"]) == ([12, 11], None)
    assert seqs(await me.get(answer.json()["next"])) == list(range(10, 0, -1))


async def test_below_the_first_number_there_is_nothing(me: Client) -> None:
    assert [seqs(await me.get(f"/v1/me/inbox?after={place}")) for place in (0, 1, 2)] == [[], [], [1]]


async def test_filters_by_dossier_and_by_unread_stay_in_the_links(me: Client) -> None:
    await me.post("/v1/me/inbox/7/read")
    answer = await me.get(f"/v1/me/inbox?aggregate={samples.dossier(2)}&unread=true&limit=2")
    assert seqs(answer) == [12, 11]
    rest = await me.get(answer.json()["next"])
    assert seqs(rest) == [10, 9]
    assert seqs(await me.get(rest.json()["next"])) == [8]


async def test_the_count_answers_304_to_who_knows_it_already(me: Client) -> None:
    answer = await me.get("/v1/me/inbox/count")
    assert (answer.json(), answer.headers["etag"]) == ({"unread": 12, "capped": 12, "version": 1}, '"1"')
    assert (await me.get("/v1/me/inbox/count", **{"if-none-match": '"1"'})).status_code == 304
    await me.post("/v1/me/inbox/1/archive")
    assert (await me.get("/v1/me/inbox/count", **{"if-none-match": '"1"'})).json()["unread"] == 11


async def test_every_mark_answers_with_count_and_version(me: Client) -> None:
    answers = [await me.post(f"/v1/me/inbox/{path}") for path in ("3/read", "3/unread", "3/archive", "3/unread")]
    assert [answer.json() for answer in answers] == [
        {"unread": 11, "version": 2}, {"unread": 12, "version": 3}, {"unread": 11, "version": 4}, {"unread": 12, "version": 5},
    ]  # fmt: skip
    assert answers[-1].headers["etag"] == '"5"'


async def test_archived_items_are_left_out(me: Client) -> None:
    await me.post("/v1/me/inbox/11/archive")
    assert 11 not in seqs(await me.get("/v1/me/inbox"))


async def test_reading_all_takes_the_last_number_seen(me: Client) -> None:
    answer = await me.post("/v1/me/inbox/read-all", {"up_to_seq": 9})
    assert answer.json() == {"unread": 3, "version": 2}
    assert seqs(await me.get("/v1/me/inbox?unread=true")) == [12, 11, 10]


async def test_a_repeated_mark_is_replayed_and_a_mark_without_a_key_refused(me: Client) -> None:
    first = await me.post("/v1/me/inbox/1/read", key="k")
    again = await me.post("/v1/me/inbox/1/read", key="k")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = await me.post("/v1/me/inbox/2/read", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
    bare = await me.http.post("/v1/me/inbox/1/read", headers=me.headers)
    assert (bare.status_code, bare.json()["code"]) == (400, "idempotency-key-missing")


async def test_citizen_a_never_sees_the_inbox_of_citizen_b(me: Client, neighbours: Client, citizen: UUID) -> None:
    assert seqs(await neighbours.get("/v1/me/inbox")) == [1]
    for query in (f"aggregate={samples.dossier(1)}", f"recipient={citizen}", "after=13"):
        titles = [item["aggregate"] for item in (await neighbours.get(f"/v1/me/inbox?{query}")).json()["items"]]
        assert str(samples.dossier(1)) not in titles
    assert (await neighbours.get("/v1/me/inbox/count")).json()["unread"] == 1
    mine = await neighbours.post("/v1/me/inbox/5/read")
    nobodys = await me.post("/v1/me/inbox/99/read")
    assert (
        (mine.status_code, mine.json()["code"]) == (nobodys.status_code, nobodys.json()["code"]) == (404, "not-found")
    )
    await neighbours.post("/v1/me/inbox/read-all", {"up_to_seq": 12})
    assert (await me.get("/v1/me/inbox/count")).json()["unread"] == 12


@pytest.mark.parametrize("path", ["/v1/me/inbox", "/v1/me/inbox/count", "/v1/me/inbox/stream"])
async def test_an_inbox_needs_a_citizens_token(
    http: httpx.AsyncClient, issuer: DevIssuer, officer: Client, path: str
) -> None:
    nobody = Client(http, issuer.token("citizen", subject="no-person"), [])
    answers = [await Client(http, None, []).get(path), await officer.get(path), await nobody.get(path)]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (401, "token-missing"), (403, "role-not-allowed"), (403, "no-inbox"),
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=-1", "after=2147483648", "aggregate=x", "unread=x"])
async def test_a_question_that_makes_no_sense_is_refused_by_name(me: Client, query: str) -> None:
    answer = await me.get(f"/v1/me/inbox?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/" + query.partition("=")[0])


@pytest.mark.parametrize("seq", ["0", "-1", "2147483648", "x"])
async def test_a_number_no_item_can_have_is_refused(me: Client, seq: str) -> None:
    assert (await me.post(f"/v1/me/inbox/{seq}/read")).status_code == 422


async def test_the_contact_key_is_public_and_seals_what_this_service_opens(http: httpx.AsyncClient, keys: Keys) -> None:
    answer = (await http.get("/v1/keys/contact")).json()
    public = base64.b64decode(answer["public_key"])
    assert (public, answer["key_id"]) == (keys.contact_public, fingerprint(public))
    assert seal_contact(public, Details("A"))


async def test_officers_find_what_was_told_about_their_units_dossiers_without_words(
    me: Client, officer: Client, http: httpx.AsyncClient, issuer: DevIssuer
) -> None:
    await me.post("/v1/me/inbox/2/read")
    found = (await officer.get(f"/v1/notices?reference={samples.dossier(1)}")).json()["items"]
    assert [(row["code"], row["state"]) for row in found][:3] == [
        ("HS-00", "created"),
        ("HS-01", "read"),
        ("HS-02", "created"),
    ]
    assert set(found[0]) == {
        "id", "code", "template_version", "aggregate", "aggregate_seq", "unit", "state", "occurred_at", "created_at", "deliveries",
    }  # fmt: skip
    elsewhere = Client(http, issuer.token("clerk", units=["19361"]), [])
    operator = Client(http, issuer.token("ops"), [])
    path = f"/v1/notices?reference={samples.dossier(1)}"
    assert (await elsewhere.get(path)).json() == {"items": []}
    assert len((await operator.get(path)).json()["items"]) == 6
    assert (await me.get(path)).status_code == 403


async def test_the_inbox_of_a_stranger_to_us_is_empty(http: httpx.AsyncClient, issuer: DevIssuer) -> None:
    stranger = Client(http, issuer.token("citizen", person="044000000009"), [])
    page = (await stranger.get("/v1/me/inbox")).json()
    assert (page["items"], page["unread"], page["version"], page["next"], page["prev"]) == ([], 0, 0, None, None)
    assert (await stranger.post("/v1/me/inbox/read-all", {"up_to_seq": 3})).json() == {"unread": 0, "version": 0}


async def test_idempotency_rows_and_facts_hold_no_text(me: Client, works: Works) -> None:
    await me.post("/v1/me/inbox/1/read")
    (kept,) = await rows(works, "SELECT answer FROM idempotency")
    assert kept["answer"] == b'{"unread":11,"version":2}'


def test_every_route_declares_its_right(web: FastAPI) -> None:
    assert routes_without_right(web) == []


def test_every_refusal_has_its_words_in_both_languages(web: FastAPI) -> None:
    classes = refusal_classes("services.notifications")
    assert {cls.__name__ for cls in classes} == {
        "LinkInvalid", "NoInbox", "NoSuchDelivery", "NoSuchItem", "NoSuchNotice", "TicketInvalid",
    }  # fmt: skip
    own = {code: {"title": entry.title, "detail": entry.detail} for code, entry in web.state.catalogue.items()}
    assert missing_problem_texts(classes, own) == []


def test_the_document_of_the_door_can_be_made(web: FastAPI) -> None:
    paths = web.openapi()["paths"]
    assert {"/v1/me/inbox", "/v1/me/inbox/stream", "/v1/me/inbox/{seq}/read", "/v1/keys/contact", "/v1/notices"} <= set(
        paths
    )
    assert list(paths["/v1/me/inbox/stream"]["get"]["responses"]["200"]["content"]) == ["text/event-stream"]
