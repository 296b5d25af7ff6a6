"""The HTTP door to deliveries: what officers see of every try, and the link that stops what may be stopped."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.notifications import handlers
from services.notifications.handlers import Mailroom
from services.notifications.tests import samples
from services.notifications.tests.conftest import Client, Know, codes, records, rows, send_all, sent
from services.notifications.tests.postoffice import PostOffice
from shared.runtime.discretion import discreet_path
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.records import Fed, Log
from shared.web.devissuer import DevIssuer

pytestmark = pytest.mark.postgres

ANNA = "anna@example.vn"
CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def sent_after_all(
    dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID, works: Works
) -> str:
    """A delivery that was refused for a moment and then accepted."""
    office.on_rcpt[ANNA] = ["451 4.2.0 later"]
    await open_contact(citizen, ANNA)
    await dossiers.give(log.fact(samples.accepted(citizen), 1))
    await send_all(room)
    async with works.reading() as db:
        await db.execute("UPDATE delivery SET next_at = now()")
    await send_all(room)
    return str((await sent(works, "id"))[0][0])


async def test_an_officer_reads_every_try_of_a_delivery_by_its_codes(officer: Client, sent_after_all: str) -> None:
    found = (await officer.get(f"/v1/notices?reference={samples.dossier()}")).json()
    (delivery,) = found["items"][0]["deliveries"]
    assert delivery == {
        "id": sent_after_all, "channel": "email", "state": "accepted", "held_for": None, "code": None, "attempts": 2,
    }  # fmt: skip
    answer = (await officer.get(f"/v1/deliveries/{sent_after_all}/attempts")).json()
    assert (answer["state"], answer["notice"]) == ("accepted", found["items"][0]["id"])
    assert [(each["n"], each["outcome"], each["code"]) for each in answer["attempts"]] == [
        (1, "temporary", "451 4.2.0"), (2, "accepted", None),
    ]  # fmt: skip
    assert all(re.search(r"\+07:00$", each[at]) for each in answer["attempts"] for at in ("started_at", "finished_at"))
    assert ANNA not in str(answer)


async def test_a_delivery_of_another_unit_is_not_there_and_an_operator_sees_all(
    http: httpx.AsyncClient, issuer: DevIssuer, sent_after_all: str
) -> None:
    stranger = Client(http, issuer.token("clerk", units=["18880"]), [])
    operator = Client(http, issuer.token("ops"), [])
    path = f"/v1/deliveries/{sent_after_all}/attempts"
    assert [(await each.get(path)).status_code for each in (stranger, operator)] == [404, 200]
    missing = await operator.get(f"/v1/deliveries/{samples.dossier()}/attempts")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


async def test_citizens_and_strangers_read_no_attempts(
    me: Client, http: httpx.AsyncClient, sent_after_all: str
) -> None:
    path = f"/v1/deliveries/{sent_after_all}/attempts"
    assert [(await each.get(path)).status_code for each in (me, Client(http, None, []))] == [403, 401]


async def test_why_a_notice_went_out_or_stayed_in_is_explained(works: Works, sent_after_all: str) -> None:
    (notice,) = await rows(works, "SELECT id FROM notification")
    (way,) = (await handlers.explain(works, notice["id"]))["deliveries"]
    assert (way["id"], way["channel"], way["state"]) == (sent_after_all, "email", "accepted")
    assert [(each["provider"], each["outcome"]) for each in way["attempts"]] == [
        ("smtp", "temporary"),
        ("smtp", "accepted"),
    ]


# -- the link in the message -------------------------------------------------------------------------------------------


@pytest.fixture
async def link(
    dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know, clock: StandingClock, citizen: UUID
) -> str:
    """The path behind `List-Unsubscribe` of an invitation to rate that was sent."""
    await open_contact(citizen, ANNA)
    await dossiers.give(log.fact(samples.returned(citizen, 1), 1))
    clock.move(hours=1)
    await send_all(room)
    (message,) = office.box
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address: str = message["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://gandan.example/notifications/v1/u/")
    return address.removeprefix("https://gandan.example/notifications")


async def test_opening_the_link_changes_nothing_and_shows_a_button(
    works: Works, http: httpx.AsyncClient, link: str
) -> None:
    answer = await http.get(link)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert await rows(works, "SELECT * FROM preference") == []


async def test_one_click_stops_what_may_be_stopped_and_nothing_else(
    works: Works, http: httpx.AsyncClient, link: str, dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, clock: StandingClock, citizen: UUID
) -> None:  # fmt: skip
    clock.move(days=31)
    await dossiers.give(log.fact(samples.returned(citizen, 2), 1))
    assert [(await http.post(link, data=CLICK)).status_code for _ in range(2)] == [200, 200]
    await dossiers.give(log.fact(samples.returned(citizen, 3), 1), log.fact(samples.accepted(citizen, 4), 1))
    clock.move(days=1)
    await send_all(room)
    assert await sent(works, "state", "code") == [
        ("accepted", None), ("cancelled", "unsubscribed"), ("cancelled", "unsubscribed"), ("accepted", None),
    ]  # fmt: skip
    assert office.subjects()[1:] == [f"Đã tiếp nhận hồ sơ {samples.code(4)}"]
    assert len(await codes(works, citizen)) == 4
    assert not await handlers.wants_email(works, citizen)


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "No"}, {"x": "y"}])
async def test_a_post_that_is_not_the_one_click_is_refused(
    works: Works, http: httpx.AsyncClient, link: str, body: dict[str, str]
) -> None:
    answer = await http.post(link, data=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert await rows(works, "SELECT * FROM preference") == []


async def test_a_link_somebody_made_up_or_shortened_stops_nobody(
    works: Works, http: httpx.AsyncClient, link: str, keys: Keys
) -> None:
    head, _, token = link.rpartition("/")
    other = handlers.muting.stop_token(keys.contact, samples.dossier())
    nobody = handlers.muting.stop_token(keys.cursor, samples.dossier())
    swapped = token[:-1] + ("A" if token[-1] != "A" else "Q")
    wrong: list[Any] = [
        await http.post(f"{head}/{each}", data=CLICK) for each in (token[:-3], swapped, other, "%C3%A9", nobody)
    ]
    assert [(each.status_code, each.json()["code"]) for each in wrong] == [(404, "link-invalid")] * 5
    assert await rows(works, "SELECT * FROM preference") == []


def test_the_link_is_not_shown_in_traces(keys: Keys) -> None:
    token = handlers.muting.stop_token(keys.cursor, samples.dossier())
    assert discreet_path(f"/notifications/v1/u/{token}") == "/notifications/v1/u/[…]"


async def test_a_statutory_message_offers_no_way_to_stop_it(
    dossiers: Fed, log: Log, room: Mailroom, office: PostOffice, open_contact: Know, citizen: UUID
) -> None:
    await open_contact(citizen, ANNA)
    await dossiers.give(*records(log, [samples.accepted(citizen)]))
    await send_all(room)
    assert office.box[0]["List-Unsubscribe"] is None
    assert "/u/" not in str(office.box[0])
