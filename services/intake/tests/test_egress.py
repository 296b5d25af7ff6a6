"""The way out to the national portal: in the order of each dossier's facts, whatever the portal or we do in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake import consumers, handlers
from services.intake.adapters import portal_gateway
from services.intake.adapters.portal_gateway import PortalGateway
from services.intake.domain import Dossier
from services.intake.domain.egress import STEPS, Declined, InDoubt, NotReached
from services.intake.handlers import Desk, Egress
from services.intake.handlers.egress import MOST_DECLINED, back_off
from services.intake.store import portal as portal_store
from services.intake.tests.given import AN, BINH, OTHER_UNIT, filed, officer, submit
from services.intake.tests.portal_server import BABBLES, DECLINES, DROPS, FAILS, HANGS, Portal, portal
from services.intake.tests.talk import Talk
from services.intake.tests.vendor import registered, send, upserted
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.contracts.intake import DOSSIERS
from shared.kernel import Caller
from shared.telemetry.setup import Telemetry
from shared.testing.records import Log, fed

pytestmark = pytest.mark.postgres

CLERK, HEAD, HANDLER = (Caller(officer(role)) for role in ("clerk", "head", "handler"))
SYNC, PROGRESS, LOOKUP = "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Portal]:
    async with portal() as made:
        yield made


def way(desk: Desk, server: Portal, **more: Any) -> Egress:
    """As the service reaches the portal, impatient and without waiting between tries."""
    opened = partial(portal_gateway.opened, server.url, "s-1", answer_seconds=0.3)
    return Egress(desk, opened, **{"back_off": lambda _attempts: 0.0, **more})


async def until_idle(sending: Egress) -> None:
    """Tick until nothing was done."""
    while await handlers.send_due(sending):
        pass


async def consumed(desk: Desk, telemetry: Telemetry) -> None:
    """Everything stated so far, read by intake's own consumer as Kafka would bring it."""
    reader, log = fed(desk.works, consumers.PORTAL, telemetry.metrics), Log()
    async with desk.works.reading() as connection:
        rows = await connection.fetch(
            "SELECT envelope, key FROM fact WHERE topic = $1 ORDER BY recorded_at, sequence", DOSSIERS
        )
        log.end = await connection.fetchval("SELECT coalesce(max(next), 0) FROM offsets")
    await reader.give(*(log.record(row["key"].encode(), bytes(row["envelope"])) for row in rows))


async def lived(desk: Desk) -> Dossier:
    """A dossier from the counter to the result in the hand."""
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, None, officer="cb-01")
    await handlers.settle_dossier(desk, HANDLER, dossier.id, None, outcome="granted", number="12/XN")
    return await handlers.return_result(desk, CLERK, dossier.id, None, method="counter")


async def assigned(desk: Desk, telemetry: Telemetry, server: Portal) -> tuple[Dossier, Egress]:
    """A dossier somebody has in hand: the portal heard its first two steps, and its third is to be sent."""
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, None, officer="cb-01")
    await consumed(desk, telemetry)
    sending = way(desk, server)
    await handlers.send_due(sending)
    await handlers.send_due(sending)
    return dossier, sending


async def queue(desk: Desk) -> list[Any]:
    async with desk.works.reading() as connection:
        return list(await connection.fetch("SELECT * FROM egress ORDER BY dossier, sequence"))


async def states(desk: Desk) -> list[str]:
    return [row["state"] for row in await queue(desk)]


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


async def test_an_item_is_written_as_the_adapter_takes_it(desk: Desk, telemetry: Telemetry, server: Portal) -> None:
    dossier = await submit(desk, CLERK, filed(owner=BINH, summary="Xin cấp giấy"))
    await consumed(desk, telemetry)

    await until_idle(way(desk, server))

    item = server.taken[-1][1]
    assert [server.calls[-1][name] for name in ("madonvi", "session")] == ["H50.144", "s-1"]
    assert dossier.due_at is not None
    assert {name: value for name, value in item.items() if name.startswith(("Ma", "Kenh", "Loai", "Chu", "So", "Trich"))} == {
        "MaHoSo": dossier.code, "MaTTHC": dossier.procedure, "MaLinhVuc": item["TenLinhVuc"], "KenhThucHien": "1", "LoaiDoiTuong": "1",
        "ChuHoSo": BINH.name, "SoGiayToChuHoSo": BINH.identity_no, "SoDienThoai": BINH.phone, "TrichYeuHoSo": "Xin cấp giấy",
    }  # fmt: skip
    assert (item["NgayTiepNhan"], item["TrangThaiHoSo"], item["NgayKetThucXuLy"]) == ("20261123081500", "2", "")
    assert item["NgayHenTra"] == f"{dossier.promised_on:%Y%m%d}170000"
    assert all(isinstance(value, str) for value in item.values() if not isinstance(value, list))


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
    sending = way(desk, server)

    for _ in range(5):
        server.moods.append(mood)
        await handlers.send_due(sending)
        await until_idle(sending)

    told = server.told(dossier.code)
    assert list(dict.fromkeys(told)) == ["1", "2", "4", "9", "10"]
    assert [service for service, _ in server.taken].count(PROGRESS) == 1
    assert await states(desk) == ["sent"] * 5


async def test_a_step_that_was_taken_before_the_line_broke_is_found_and_not_sent_again(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier, sending = await assigned(desk, telemetry, server)
    server.moods.append(DROPS)

    await handlers.send_due(sending)
    assert (await states(desk))[-1] == "in-doubt"
    await until_idle(sending)

    row = (await queue(desk))[-1]
    assert (row["state"], row["found"], row["doubt"], row["answer_code"]) == ("sent", True, False, "00")
    assert server.told(dossier.code) == ["1", "2", "4"]


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


async def test_a_door_that_is_shut_to_everything_parks_nothing(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await submit(desk, CLERK)
    await consumed(desk, telemetry)
    sending = way(desk, server)

    server.shut = 401
    for _ in range(MOST_DECLINED + 1):
        await handlers.send_due(sending)
    first, _ = await queue(desk)
    server.shut = None
    await until_idle(sending)

    assert (first["state"], first["doubt"], first["error"]) == ("queued", False, "NotReached: HTTP 401")
    assert (server.told(dossier.code), await states(desk)) == (["1", "2"], ["sent", "sent"])


@pytest.mark.parametrize(
    ("status", "trouble"),
    [(401, NotReached), (403, NotReached), (408, NotReached), (425, NotReached), (429, NotReached), (404, Declined), (422, Declined), (503, InDoubt)],
)  # fmt: skip
async def test_a_status_is_about_the_door_or_about_the_item(status: int, trouble: type[Exception]) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _asked: httpx.Response(status))) as http:
        with pytest.raises(trouble, match=f"HTTP {status}"):
            await PortalGateway(http, "http://portal.test/", None).send("H50.144", PROGRESS, {}, updating=None)


async def test_nobody_is_read_in_the_vault_for_a_portal_that_is_away(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    await submit(desk, CLERK)
    await consumed(desk, telemetry)
    opened = "SELECT count(*) FROM fact WHERE type LIKE '%identity-read%'"

    server.shut = 500
    for _ in range(3):
        await handlers.send_due(way(desk, server))
    before = await desk.works.pool.fetchval(opened)
    server.shut = None
    await until_idle(way(desk, server))

    assert (before, await desk.works.pool.fetchval(opened)) == (0, 2)
    assert await states(desk) == ["sent", "sent"]


async def test_a_portal_that_is_away_is_tried_again_later_and_later(desk: Desk, telemetry: Telemetry) -> None:
    async with portal() as gone:
        address = gone.url
    await submit(desk, CLERK)
    await consumed(desk, telemetry)
    away = Egress(desk, partial(portal_gateway.opened, address))

    await handlers.send_due(away)
    await handlers.send_due(away)

    row = (await queue(desk))[0]
    assert (row["state"], row["attempts"], row["doubt"], row["error"]) == (
        "queued",
        1,
        False,
        "NotReached: ConnectError",
    )
    assert [back_off(each) for each in (1, 2, 3, 20)] == [5, 10, 20, 900]


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


async def test_a_user_and_password_of_the_address_are_sent_and_never_logged(
    desk: Desk, telemetry: Telemetry, server: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    await submit(desk, CLERK)
    await consumed(desk, telemetry)
    caplog.set_level("DEBUG")
    address = server.url.replace("http://", "http://gandan:s3cret@")

    await handlers.send_due(Egress(desk, partial(portal_gateway.opened, address)))

    assert server.authorised == ["basic z2fuzgfuonmzy3jlda=="] * 2
    assert "s3cret" not in caplog.text


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


async def test_a_file_that_stands_still_is_told_as_it_is_and_has_no_end(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await submit(desk, CLERK)
    await handlers.request_supplement(
        desk, CLERK, dossier.id, None, components=["Căn cước"], reason="mờ", respond_by=None
    )
    await consumed(desk, telemetry)

    await until_idle(way(desk, server))

    item = server.taken[-1][1]
    assert (item["TrangThaiHoSo"], item["NgayKetThucXuLy"], item["NgayTra"]) == ("5", "", "")


async def test_a_correction_tells_the_dossier_again_with_the_status_it_had(
    desk: Desk, telemetry: Telemetry, server: Portal
) -> None:
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, None, officer="cb-01")
    await handlers.correct_dossier(
        desk,
        CLERK,
        dossier.id,
        None,
        field="summary",
        value="Xin cấp giấy",
        reason_class="typing-error",
        reason="gõ nhầm",
    )
    await consumed(desk, telemetry)

    await until_idle(way(desk, server))

    assert server.told(dossier.code) == ["1", "2", "4", "4"]
    assert server.taken[-1][1]["TrichYeuHoSo"] == "Xin cấp giấy"


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


def test_every_fact_that_is_told_has_a_service_and_a_status_of_the_ten() -> None:
    from services.intake.domain.egress import STEPS  # noqa: PLC0415 - beside its only use

    assert {service for service, _ in STEPS.values()} == {SYNC, PROGRESS}
    assert {status for _, status in STEPS.values() if status is not None} == set(range(1, 11))


async def test_a_dossier_passed_on_to_another_unit_is_told_with_its_new_unit(desk: Desk, telemetry: Telemetry, server: Portal) -> None:  # fmt: skip
    dossier = await submit(desk, CLERK)
    await handlers.transfer_dossier(
        desk, HEAD, dossier.id, None, to_unit=OTHER_UNIT, reason_class="wrong-place", reason="Nộp nhầm nơi", papers=1
    )
    other = Caller(officer("head", unit=OTHER_UNIT, subject="other"))
    await handlers.accept_transfer(desk, other, dossier.id, None)
    await consumed(desk, telemetry)

    await until_idle(way(desk, server))

    assert server.told(dossier.code) == ["1", "2", "2"]
    assert [item["DonViXuLy"] for _, item in server.taken][-2:] == [desk.shelf.units[OTHER_UNIT].name] * 2
    assert [row["service"] for row in await queue(desk)] == [SYNC] * 3


@pytest.mark.parametrize("kind", [facts.DeadlineMoved, facts.DossierSucceeded, facts.DossierEscalated])
def test_a_limit_that_moved_and_a_unit_that_changed_are_told_with_the_last_status(kind: type[Fact]) -> None:
    assert STEPS[kind] == (SYNC, None)
    assert kind in consumers.PORTAL.catalogue.kinds.values()
