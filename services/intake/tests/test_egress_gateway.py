"""What the national portal is sent, and how its answers and its silence are taken."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from services.intake import consumers, handlers
from services.intake.adapters import portal_gateway
from services.intake.adapters.portal_gateway import PortalGateway
from services.intake.domain.egress import STEPS, Declined, InDoubt, NotReached
from services.intake.handlers import Desk, Egress
from services.intake.handlers.egress import MOST_DECLINED, back_off
from services.intake.tests.given import BINH, OTHER_UNIT, filed, officer, submit
from services.intake.tests.portal_server import DROPS, Portal, portal
from services.intake.tests.sending import (
    CLERK,
    HEAD,
    PROGRESS,
    SYNC,
    assigned,
    consumed,
    queue,
    states,
    until_idle,
    way,
)
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller
from shared.telemetry.setup import Telemetry

pytestmark = pytest.mark.postgres


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


def test_every_fact_that_is_told_has_a_service_and_a_status_of_the_ten() -> None:
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
