"""Door 1: the register of a unit for any period equals the facts of that unit, and is for its officers alone."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from openpyxl import load_workbook

from services.intake.handlers import Desk, registers
from services.intake.tests.given import AN, BIRTH, OTHER_UNIT, RESIDENCE, UNIT, hanoi
from services.intake.tests.printed import standard, words
from services.intake.tests.talk import SUPPLEMENT, Talk, problem
from shared.law.zone import local
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

NOVEMBER = "from=2026-11-01&to=2026-11-30"
REFUSAL = {"reason_class": "wrong-place", "reason": "Nộp tại Sở Tư pháp"}
CODE, PROCEDURE, NAME, WHERE, DECIDES, RECEIVED, DUE, RETURNED, METHOD, NOTE = 1, 2, 4, 5, 6, 7, 8, 9, 10, 12


async def register(talk: Talk, period: str, unit: str = UNIT, kind: str = "xlsx", **headers: str) -> httpx.Response:
    token = talk.token("clerk", units=[UNIT, OTHER_UNIT])
    return await talk.get(f"/registers/07.{kind}?unit={unit}&{period}", token, **headers)


async def lines(talk: Talk, period: str, unit: str = UNIT) -> list[list[Any]]:
    answer = await register(talk, period, unit)
    assert answer.status_code == 200, answer.text
    active = load_workbook(io.BytesIO(answer.content)).active
    assert active is not None
    return [list(row) for row in active.iter_rows(min_row=9, values_only=True)]


async def counted(service: Service, unit: str, first: date, last: date) -> list[str]:
    """Codes of a unit's register by its facts alone, in the order of receipt."""
    desk: Desk = service.api.state.desk
    async with desk.works.reading() as connection:
        stated = await connection.fetch("SELECT envelope FROM fact WHERE type = 'vn.gandan.dossier-submitted.v1'")
    data = [msgspec.json.decode(row["envelope"])["data"] for row in stated]
    mine = [(local(datetime.fromisoformat(each["received_at"])), each["code"]) for each in data if each["unit"] == unit]
    return [code for at, code in sorted(mine) if first <= at.date() <= last]


async def test_the_register_of_any_period_and_unit_equals_its_facts(
    talk: Talk, service: Service, clock: StandingClock
) -> None:
    clock.at("2026-11-02T09:00:00+07:00")
    clerk = talk.token("clerk", units=[UNIT, OTHER_UNIT])
    for number in range(24):
        clock.move(hours=29)
        unit, channel = (UNIT, OTHER_UNIT)[number % 3 == 0], ("direct", "postal")[number % 2]
        earlier = (clock() - timedelta(hours=40)).isoformat() if number % 4 == 0 else None
        await talk.file(clerk, unit=unit, channel=channel, received_at=earlier, late_entry_reason="Mất điện")

    sizes = set()
    for unit in (UNIT, OTHER_UNIT):
        for first, last in (("2026-11-01", "2026-11-30"), ("2026-11-09", "2026-11-15"), ("2026-11-12", "2026-11-12")):
            told = [row[CODE] for row in await lines(talk, f"from={first}&to={last}", unit)]
            assert told == await counted(service, unit, date.fromisoformat(first), date.fromisoformat(last))
            page = words((await register(talk, f"from={first}&to={last}", unit, "pdf")).content)
            assert f"Tổng số: {len(told)} hồ sơ" in page
            assert all(code in page for code in told)
            sizes.add(len(told))
    assert {0, 8, 15} <= sizes  # the 24th came in December


async def test_a_day_ends_at_midnight_in_vietnam(talk: Talk) -> None:
    at = ["2026-11-20T00:00:00+07:00", "2026-11-20T23:59:59+07:00", "2026-11-21T00:00:00+07:00"]
    for each in at:
        await talk.file(received_at=each, late_entry_reason="Mất điện")

    told = await lines(talk, "from=2026-11-20&to=2026-11-20")

    assert [row[RECEIVED] for row in told] == [
        hanoi("2026-11-20 00:00").replace(tzinfo=None),
        hanoi("2026-11-20 23:59:59").replace(tzinfo=None),
    ]


async def test_a_line_follows_its_dossier_to_the_end(talk: Talk, clock: StandingClock) -> None:
    dossier = await talk.file(owner={"name": "Hồ Văn Đăk", "address": "Thôn A Xing"})
    waiting = await talk.file(procedure=RESIDENCE)
    online = await talk.file(talk.citizen(), procedure=BIRTH, channel="online")
    assert [row[NOTE] for row in await lines(talk, NOVEMBER)] == [None, None, "Chờ tiếp nhận"]

    await talk.act(waiting, "request-supplement", "clerk", SUPPLEMENT)
    await talk.act(online, "refuse", "clerk", REFUSAL)
    clock.at("2026-11-26T10:00:00+07:00")
    settled = await talk.act(dossier, "settle", "head", {"outcome": "granted"})
    await talk.act(settled, "return-result", "clerk", {"method": "post"})

    first, second, third = await lines(talk, NOVEMBER)
    assert (first[NAME], first[WHERE], first[DECIDES]) == (
        "Hồ Văn Đăk",
        "Thôn A Xing; +84912345678",
        "UBND phường Quảng Trị",
    )
    assert (first[DUE], first[RETURNED], first[METHOD], first[NOTE]) == (
        datetime.fromisoformat(dossier["due_on"]), hanoi("2026-11-26 00:00").replace(tzinfo=None), "Bưu chính công ích", None,
    )  # fmt: skip
    assert (second[NAME], second[DECIDES], second[NOTE]) == (AN.name, "Công an phường Quảng Trị", "Chờ bổ sung")
    assert (third[DUE], third[NOTE]) == (None, "Không tiếp nhận")


async def test_the_page_is_pdf_a_under_the_unit_s_heading(talk: Talk) -> None:
    await talk.file()

    answer = await register(talk, NOVEMBER, kind="pdf")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'inline; filename="so-07-19360-2026-11-01-2026-11-30.pdf"'
    assert standard(answer.content) == "2B"
    assert "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ" in words(answer.content)


async def test_every_person_in_a_register_was_read_and_whoever_was_forgotten_stays_a_line(
    talk: Talk, service: Service
) -> None:
    filed = [await talk.file(), await talk.file()]
    await talk.file(received_at="2026-10-30T08:00:00+07:00", late_entry_reason="Mất điện")
    desk: Desk = service.api.state.desk

    await lines(talk, NOVEMBER)

    async with desk.works.reading() as connection:
        read = await connection.fetch("SELECT envelope, topic FROM fact WHERE type LIKE '%identity-read%'")
        await connection.execute("UPDATE person SET data_key = NULL")
    told = [msgspec.json.decode(row["envelope"])["data"] for row in read]
    assert {(each["dossier"], each["purpose"]) for each in told} == {(each["id"], "register") for each in filed}
    assert {row["topic"] for row in read} == {None}
    assert [row[NAME] for row in await lines(talk, NOVEMBER)] == ["(đã xóa dữ liệu cá nhân)"] * 2


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
async def test_a_register_is_for_the_officers_of_its_unit(talk: Talk, service: Service, kind: str) -> None:
    await talk.file()
    path = f"/registers/07.{kind}?unit={UNIT}&{NOVEMBER}"

    async def answered(token: str | None) -> tuple[int, str]:
        answer = await talk.get(path, token)
        return answer.status_code, answer.json()["code"]

    assert await answered(None) == (401, "token-missing")
    assert await answered(talk.citizen()) == (403, "role-not-allowed")
    assert await answered(talk.token("publisher")) == (403, "role-not-allowed")
    assert await answered(talk.token("clerk", "head", units=[OTHER_UNIT])) == (403, "forbidden")
    for role in ("head", "handler", "inspector"):
        assert (await talk.get(path, talk.token(role))).status_code == 200
    assert (await talk.get(path, talk.token("admin", units=[]))).status_code == 200
    desk: Desk = service.api.state.desk
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact WHERE type LIKE '%identity-read%'") == 4


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("from=2026-11-30&to=2026-11-29", "bad-period"),
        ("from=2025-11-01&to=2026-11-02", "bad-period"),
        ("from=2026-02-30&to=2026-11-02", "invalid"),
        ("from=0001-01-01&to=0001-01-02", "invalid"),
        ("from=2026-11-01", "invalid"),
    ],
)
async def test_a_period_that_cannot_be_is_named(talk: Talk, asked: str, code: str) -> None:
    answer = await register(talk, asked)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await register(talk, "from=2025-11-01&to=2026-11-01")).status_code == 200


async def test_an_unknown_unit_is_named_to_whoever_may_see_all(talk: Talk) -> None:
    answer = await talk.get(f"/registers/07.pdf?unit=99999&{NOVEMBER}", talk.token("admin"))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-unit")


async def test_a_register_too_long_to_print_is_refused_and_nobody_s_name_was_read(
    talk: Talk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registers, "PRINTED", 1)
    monkeypatch.setattr(registers, "LISTED", 2)
    for _ in range(3):
        await talk.file()

    answers = [await register(talk, NOVEMBER, kind=kind) for kind in ("pdf", "xlsx")]

    assert [(answer.status_code, problem(answer)["code"]) for answer in answers] == [(422, "register-too-long")] * 2
    assert ["hơn 1 hồ sơ" in answers[0].json()["detail"], "hơn 2 hồ sơ" in answers[1].json()["detail"]] == [True, True]
    desk: Desk = service.api.state.desk
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact WHERE type LIKE '%identity-read%'") == 0
