"""The queue to the national portal: each dossier's facts in their order, each once, whatever the portal or we do in between."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from services.intake import handlers
from services.intake.adapters import portal_gateway
from services.intake.handlers import Desk, Egress
from services.intake.handlers.egress import MOST_DECLINED
from services.intake.store import portal as portal_store
from services.intake.tests.given import AN, BINH, filed, submit
from services.intake.tests.portal_server import BABBLES, DECLINES, DROPS, FAILS, HANGS, Portal, portal
from services.intake.tests.sending import (
    CLERK,
    PROGRESS,
    SYNC,
    assigned,
    consumed,
    lived,
    queue,
    states,
    until_idle,
    way,
)
from services.intake.tests.talk import Talk
from services.intake.tests.vendor import registered, send, upserted
from shared.telemetry.setup import Telemetry

pytestmark = pytest.mark.postgres


async def test_a_dossier_is_told_from_its_first_fact_to_its_last_in_order(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await lived(desk)
    await consumed(desk, telemetry)

    await until_idle(way(desk, server))

    assert server.told(dossier.code) == ["1", "2", "4", "9", "10"]
    assert [service for service, _ in server.taken] == [SYNC, SYNC, PROGRESS, SYNC, SYNC]
    assert [call.get("isUpdating") for call in server.calls if call["service"] == SYNC] == [
        "False",
        "True",
        "True",
        "True",
    ]
    assert await states(desk) == ["sent"] * 5


async def test_nobody_stands_in_the_queue_and_each_opening_of_the_vault_is_a_fact(
    desk: Desk, telemetry: Telemetry, server: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    dossier = await submit(desk, CLERK)
    await consumed(desk, telemetry)
    server.moods.extend([FAILS, DECLINES, BABBLES])

    for _ in range(6):
        await until_idle(way(desk, server))

    async with desk.works.reading() as connection:
        kept = [row["t"] for row in await connection.fetch("SELECT e::text AS t FROM egress e")]
        purposes = [row["p"] for row in await connection.fetch(
            "SELECT convert_from(envelope, 'UTF8')::jsonb -> 'data' ->> 'purpose' AS p FROM fact WHERE type LIKE '%identity-read%'"
        )]  # fmt: skip
    assert set(purposes) == {"portal"}
    assert len(purposes) >= 2
    assert [text for text in (*kept, caplog.text) for each in (AN.name, AN.identity_no) if each and each in text] == []
    assert server.told(dossier.code) == ["1", "2"]


@pytest.mark.parametrize("mood", [FAILS, HANGS, DROPS, BABBLES, DECLINES])
async def test_whatever_the_portal_does_each_step_is_there_once_and_in_order(
    desk: Desk, telemetry: Telemetry, server: Portal, mood: str
) -> None:
    dossier = await lived(desk)
    await consumed(desk, telemetry)
    sending = way(desk, server, answer_seconds=0.3) if mood == HANGS else way(desk, server)

    for _ in range(5):
        server.moods.append(mood)
        await handlers.send_due(sending)
        await until_idle(sending)

    told = server.told(dossier.code)
    assert list(dict.fromkeys(told)) == ["1", "2", "4", "9", "10"]
    assert [service for service, _ in server.taken].count(PROGRESS) == 1
    assert await states(desk) == ["sent"] * 5


async def test_nothing_overtakes_a_step_that_the_portal_does_not_take_and_other_dossiers_go_on(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    first, second = await submit(desk, CLERK), await submit(desk, CLERK, filed(submitter=BINH))
    await consumed(desk, telemetry)
    async with desk.works.reading() as connection:
        await connection.execute("UPDATE egress SET state = 'refused' WHERE dossier = $1 AND sequence = 1", first.id)

    await until_idle(way(desk, server))

    assert (server.told(first.code), server.told(second.code)) == ([], ["1", "2"])
    assert await states(desk) == ["refused", "queued", "sent", "sent"]


async def test_a_step_refused_again_and_again_waits_for_a_person(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await submit(desk, CLERK)
    await consumed(desk, telemetry)
    sending = way(desk, server)
    server.moods.extend([DECLINES] * MOST_DECLINED)

    for _ in range(MOST_DECLINED + 2):
        await handlers.send_due(sending)
    refused = (await queue(desk))[0]
    async with desk.works.reading() as connection:
        again = await portal_store.retry(connection, refused["id"])
    await until_idle(sending)

    assert (refused["state"], refused["answer_code"], refused["attempts"]) == ("refused", "07", MOST_DECLINED)
    assert (again, server.told(dossier.code)) == (1, ["1", "2"])


async def test_what_a_killed_process_had_in_hand_is_taken_again_in_doubt(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier, sending = await assigned(desk, telemetry, server)
    async with desk.works.reading() as connection:
        (held,) = await portal_store.claim(connection, 8, 0.0)
    server.take({"service": PROGRESS, "data": [{"MaHoSo": dossier.code, "TrangThai": "4"}]})

    await until_idle(sending)
    async with desk.works.reading() as connection:
        await portal_store.later(connection, held, "queued", code=None, error="late", wait_seconds=0)

    row = (await queue(desk))[-1]
    assert (row["state"], row["found"]) == ("sent", True)
    assert server.told(dossier.code) == ["1", "2", "4"]


async def test_two_senders_at_once_send_each_step_once(desk: Desk, telemetry: Telemetry, server: Portal) -> None:
    dossiers = [await lived(desk) for _ in range(4)]
    await consumed(desk, telemetry)

    await asyncio.gather(*(until_idle(way(desk, server)) for _ in range(3)))
    await until_idle(way(desk, server))

    assert [server.told(each.code) for each in dossiers] == [["1", "2", "4", "9", "10"]] * 4


async def test_facts_that_come_twice_are_queued_once_and_those_of_other_systems_never(
    desk: Desk, telemetry: Telemetry
) -> None:
    await registered(desk)
    await send(desk, upserted())
    await submit(desk, CLERK)

    await consumed(desk, telemetry)
    await consumed(desk, telemetry)
    async with desk.works.reading() as connection:
        await connection.execute("DELETE FROM applied")
    await consumed(desk, telemetry)

    assert [(row["sequence"], row["status"]) for row in await queue(desk)] == [(1, 1), (2, 2)]


async def test_nothing_more_goes_out_of_somebody_who_was_forgotten(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await submit(desk, CLERK)
    await consumed(desk, telemetry)
    async with desk.works.reading() as connection:
        await connection.execute("UPDATE person SET data_key = NULL, sealed = NULL")

    await until_idle(way(desk, server))

    assert (await states(desk), server.told(dossier.code)) == (["dropped", "dropped"], [])


async def test_the_gauges_tell_how_many_wait_and_how_long(desk: Desk, telemetry: Telemetry, clock: Any) -> None:
    await submit(desk, CLERK)
    await consumed(desk, telemetry)
    clock.move(minutes=2)
    async with portal() as gone:
        address = gone.url
    away = Egress(desk, partial(portal_gateway.opened, address), telemetry.metrics.egress.stands)

    await handlers.send_due(away)

    told = telemetry.metrics_text().decode()
    assert 'gandan_egress_rows{state="queued"} 2.0' in told
    assert "gandan_egress_oldest_seconds 120.0" in told


async def test_the_queue_is_read_by_those_who_run_the_installation(
    desk: Desk, telemetry: Telemetry, talk: Talk
) -> None:
    filed_ = await talk.file()
    await consumed(desk, telemetry)

    seen = await talk.get("/egress?state=queued&limit=1", talk.token("ops"))
    more = await talk.http.get(
        f"http://test{seen.json()['next']}", headers={"authorization": f"Bearer {talk.token('ops')}"}
    )

    assert [(each["code"], each["status"]) for each in (*seen.json()["items"], *more.json()["items"])] == [
        (filed_["code"], 2), (filed_["code"], 1),
    ]  # fmt: skip
    assert (await talk.get("/egress", talk.token("clerk"))).status_code == 403
    assert (await talk.get("/egress?state=lost", talk.token("ops"))).status_code == 422
