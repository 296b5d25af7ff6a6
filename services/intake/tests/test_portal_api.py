"""`POST /portal-sync` over HTTP: who may send, how it is answered, and how an agency's own codes are said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.domain.sources import Quota
from services.intake.handlers import Desk
from services.intake.tests.given import UNIT
from services.intake.tests.portal_items import AGENCY, CODE, dossier_item, progress_item
from services.intake.tests.talk import Talk
from services.intake.tests.test_portal_sync import PROGRESS, SYNC
from services.intake.tests.vendor import TAN_THANH, registered

pytestmark = pytest.mark.postgres

ENTRY: dict[str, Any] = {
    "name": "Một cửa",
    "principal": TAN_THANH,
    "units": [{"unit": UNIT, "valid_from": "2026-01-01"}],
    "quota": {"burst": 100_000},
}


async def put(talk: Talk, path: str = f"/sources/{TAN_THANH}", body: Any = ENTRY, match: str = "*") -> Any:
    headers = {"authorization": f"Bearer {talk.token('admin')}", "if-match": match}
    return await talk.http.put(path, json=body, headers=headers)


async def post(talk: Talk, *items: Any, query: str = "", role: str = "publisher", **changes: Any) -> Any:
    body = {"service": SYNC, "madonvi": AGENCY, "isUpdating": "False", "data": list(items), "session": "x", **changes}
    token = talk.token(role, subject=TAN_THANH)
    return await talk.http.post(f"/portal-sync{query}", json=body, headers={"authorization": f"Bearer {token}"})


async def test_a_request_is_answered_item_by_item_in_the_adapters_manner(talk: Talk) -> None:
    await put(talk)

    answer = await post(
        talk, dossier_item(MauSac="đỏ"), dossier_item(MaHoSo=""), dossier_item(NgayTiepNhan="23/11/2026")
    )

    said = answer.json()
    assert (answer.status_code, said["error_code"]) == (200, "01")
    assert [(each["MaHoSo"], each["error_code"], each["reason"], each["fields"]) for each in said["data"]] == [
        (CODE, "00", None, []), (None, "01", "schema", ["/MaHoSo"]), (CODE, "01", "schema", ["/NgayTiepNhan"]),
    ]  # fmt: skip
    assert said["data"][0]["unknown_fields"] == ["MauSac"]
    assert said["data"][1]["message"] == "Sự kiện không đúng cấu trúc; các trường sai được nêu trong fields."


async def test_a_step_before_its_dossier_waits_and_is_done_as_the_adapter_says_it(talk: Talk) -> None:
    await put(talk)

    step = await post(talk, progress_item("4"), service=PROGRESS)
    whole = await post(talk, dossier_item())

    assert [(each["status"], each["error_code"]) for each in step.json()["data"]] == [("waiting", "00")]
    assert (step.json()["error_code"], whole.json()["error_code"]) == ("00", "00")


async def test_only_a_publisher_with_a_source_may_send_and_at_most_five_hundred(talk: Talk) -> None:
    without = await post(talk, dossier_item())
    await put(talk)
    answers = [
        await post(talk, dossier_item(), role="clerk"), await post(talk, *[dossier_item()] * 501),
        await post(talk, dossier_item(), service="LayThuTuc"), await post(talk, dossier_item(), data="x"),
    ]  # fmt: skip

    assert [answer.status_code for answer in (without, *answers)] == [403, 403, 413, 422, 422]


async def test_a_dry_run_says_the_same_and_keeps_nothing(talk: Talk) -> None:
    await put(talk)

    tried = await post(talk, dossier_item(), query="?dry_run=true")
    done = await post(talk, dossier_item())

    assert [answer.json()["data"][0]["duplicate"] for answer in (tried, done)] == [False, False]


async def test_how_a_source_writes_is_said_by_an_admin_and_by_its_version(talk: Talk) -> None:
    await put(talk)
    path = f"/sources/{TAN_THANH}/portal"
    made = await put(talk, path, {"form": "lgsp-2026", "units": {"44.12": UNIT}})
    stale = await put(talk, path, {"form": "adapter"}, match='"7"')
    unknown = await put(talk, path, {"units": {"44.12": "00001"}})
    read = await talk.get(path, talk.token("publisher", subject=TAN_THANH))

    answer = await post(talk, dossier_item(LoaiDoiTuong="0"), madonvi="44.12")

    assert (made.status_code, stale.status_code, unknown.json()["code"]) == (200, 412, "unknown-units")
    assert read.json() == {"form": "lgsp-2026", "units": {"44.12": UNIT}, "version": 1}
    assert answer.json()["data"][0]["status"] == "accepted"


async def test_attachments_come_back_as_references_to_the_source_alone(talk: Talk) -> None:
    await put(talk)
    await post(
        talk, dossier_item(TaiLieuNop=[{"TepDinhKemId": "F-17", "MaThanhPhanHoSo": "TP01", "TenTepDinhKem": "An.pdf"}])
    )
    path = f"/sources/{TAN_THANH}/portal-items?code={CODE}"

    mine = await talk.get(path, talk.token("publisher", subject=TAN_THANH))
    other = await talk.get(path, talk.token("publisher", subject="hai-lang"))

    (item,) = mine.json()["items"]
    assert (item["service"], item["refs"]) == (SYNC, [{"id": "F-17", "list": "TaiLieuNop", "component": "TP01"}])
    assert other.status_code == 404


async def test_of_an_account_that_waits_no_item_is_read(talk: Talk, desk: Desk) -> None:
    await registered(desk, quota=Quota(events_per_second=1, burst=1))
    read: list[bytes] = []

    async def items() -> AsyncIterator[bytes]:
        read.append(b"{}")
        yield read[-1]

    begun = await post(talk, dossier_item(), dossier_item(MaHoSo=""))
    headers = {
        "authorization": f"Bearer {talk.token('publisher', subject=TAN_THANH)}",
        "content-type": "application/json",
    }
    answer = await talk.http.post("/portal-sync", content=items(), headers=headers)

    assert [each["reason"] for each in begun.json()["data"]] == [None, "too-fast"]
    assert (answer.status_code, read) == (429, [])


@pytest.mark.parametrize(
    ("content", "kind", "status", "place"),
    [
        (b'{"service": ', "application/json", 422, ("body", "", "bad-json")),
        (b"[]", "application/json", 422, ("body", "", "wrong-type")),
        (b'{"service": "x", "madonvi": "H50.144", "data": []}', "application/json", 422, ("body", "/service", "not-one-of")),
        (b"{}", "text/plain", 415, None),
        (b'"\xff"', "application/json", 400, None),
        (b"[" * 100_000, "application/json", 400, None),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_request_of_the_form_is_refused_by_what_is_wrong_in_it(
    talk: Talk, content: bytes, kind: str, status: int, place: tuple[str, str, str] | None
) -> None:
    await put(talk)
    headers = {"authorization": f"Bearer {talk.token('publisher', subject=TAN_THANH)}", "content-type": kind}

    answer = await talk.http.post("/portal-sync", content=content, headers=headers)

    errors = [(each["in"], each["pointer"], each["code"]) for each in answer.json().get("errors", [])]
    assert (answer.status_code, errors[:1]) == (status, [] if place is None else [place])
