"""The national portal's items as they are, through the same rule book as any source event."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

import msgspec
import pytest

from services.intake import handlers, store
from services.intake.domain import Dossier, State
from services.intake.domain.sources import Quota
from services.intake.handlers import Desk
from services.intake.handlers.portal import TRANSLATED, Sync
from services.intake.tests.given import AN, BIRTH, citizen, facts_of, hanoi, names_of
from services.intake.tests.portal_items import AGENCY, CODE, dossier_item, progress_item
from services.intake.tests.vendor import PUBLISHER, TAN_THANH, registered
from shared.kernel import Caller
from shared.settings import Keys
from shared.store import vault
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

SYNC, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"


async def send(desk: Desk, *items: Any, service: str = SYNC, madonvi: str = AGENCY, **more: Any) -> list[Any]:
    """Hand items over; how each ended, by its reason or status, and which fields were wrong."""
    source = await handlers.own_source(desk, PUBLISHER)
    sync = Sync(service, madonvi, items, backfill=more.pop("backfill", False))
    answers, _ = await handlers.take_portal_items(desk, Caller(PUBLISHER), source, sync, **more)
    return list(answers)


def word(answer: Any) -> str:
    return str(answer.outcome.reason or answer.outcome.status)


async def the_dossier(desk: Desk, code: str = CODE) -> Dossier:
    async with desk.works.reading() as connection:
        found = await store.dossier_by_code(connection, code)
    assert found is not None
    return found


async def test_the_slip_is_the_promise_and_the_lawful_date_stands_beside_it(desk: Desk) -> None:
    await registered(desk)

    await send(desk, dossier_item())

    dossier = await the_dossier(desk)
    assert (dossier.promised_on, dossier.lawful_due_on) == (date(2026, 11, 30), date(2026, 11, 27))
    assert (dossier.source, dossier.state, dossier.channel) == (TAN_THANH, State.ACCEPTED, "direct")


async def test_a_make_up_saturday_counts_and_the_day_it_was_given_for_does_not(
    desk: Desk, clock: StandingClock
) -> None:
    await registered(desk)
    clock.at("2026-08-31T08:00:00+07:00")

    await send(
        desk, dossier_item(NgayTiepNhan="20260821080000", NgayHenTra=""), dossier_item(MaHoSo=f"{CODE}1", NgayTiepNhan="20260828080000", NgayHenTra="")
    )  # fmt: skip

    assert (await the_dossier(desk)).lawful_due_on == date(2026, 8, 25)
    assert (await the_dossier(desk, f"{CODE}1")).lawful_due_on == date(2026, 9, 7)


async def test_days_off_of_the_next_year_are_known_when_the_old_one_ends(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    clock.at("2026-12-30T09:00:00+07:00")

    await send(desk, dossier_item(NgayTiepNhan="20261230080000", NgayHenTra=""))

    assert (await the_dossier(desk)).lawful_due_on == date(2027, 1, 5)


async def test_received_on_a_make_up_saturday_is_received_on_a_working_day(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    clock.at("2026-08-24T08:00:00+07:00")

    await send(desk, dossier_item(MaTTHC=BIRTH, NgayTiepNhan="20260822100000", NgayHenTra=""))

    assert (await the_dossier(desk)).lawful_due_on == date(2026, 8, 22)


async def test_hours_go_on_at_the_opening_of_the_next_working_day(desk: Desk) -> None:
    await registered(desk)

    late = dossier_item(
        KenhThucHien="2", TrangThaiHoSo="1", NgayTiepNhan="", NgayNopHoSo="20261120180000", NgayHenTra=""
    )
    await send(desk, late)

    assert (await the_dossier(desk)).answer_due_at == hanoi("2026-11-23 17:00")


@pytest.mark.parametrize(
    ("status", "state"), [("5", State.AWAITING_SUPPLEMENT), ("6", State.AWAITING_PAYMENT), ("8", State.PAUSED)]
)
async def test_a_file_that_stands_still_is_never_made_one_that_is_done(desk: Desk, status: str, state: State) -> None:
    await registered(desk)

    await send(desk, dossier_item(TrangThaiHoSo=status))
    await send(desk, dossier_item(TrangThaiHoSo=status, GhiChu="gửi lại"))

    dossier = await the_dossier(desk)
    assert (dossier.state, dossier.due_at, dossier.settled_at) == (state, None, None)
    assert "dossier-settled" not in await names_of(desk.works, dossier.id)


async def test_the_pause_begins_when_the_papers_were_asked_for(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    clock.at("2026-11-26T08:00:00+07:00")
    asked = {"NgayBoSung": "20261123090000", "NoiDungBoSung": "Bổ sung căn cước của An"}

    await send(desk, dossier_item(TrangThaiHoSo="5", DanhSachHoSoBoSung=[asked]))

    (fact,) = [
        data
        for name, data in await facts_of(desk.works, (await the_dossier(desk)).id)
        if name == "supplement-requested"
    ]
    assert datetime.fromisoformat(fact["occurred_at"]) == hanoi("2026-11-23 09:00")


async def test_the_same_dummy_number_makes_no_common_inbox(desk: Desk, keys: Keys) -> None:
    await registered(desk)

    await send(desk, *(dossier_item(MaHoSo=f"{CODE}{n}", SoGiayToChuHoSo="000000001") for n in (1, 2)))
    await send(desk, dossier_item(MaHoSo=f"{CODE}3"))

    recipients = [(await the_dossier(desk, f"{CODE}{n}")).recipient for n in (1, 2, 3)]
    assert len(set(recipients)) == 3
    assert recipients[2] == citizen(keys).recipient


async def test_people_stand_in_the_vault_and_nowhere_else(desk: Desk) -> None:
    await registered(desk)

    await send(desk, progress_item("4", "20261123081400"), service=PROGRESS)
    await send(desk, dossier_item(), dossier_item(MaHoSo="", ChuHoSo=AN.name), dossier_item(NgayHenTra="An"))

    dossier = await the_dossier(desk)
    async with desk.works.reading() as connection:
        ((_, _, details),) = await handlers.contact_details(desk.works, connection, [dossier.recipient])
        tables = [
            row["table_name"]
            for row in await connection.fetch(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
        ]
        kept = [row["t"] for table in tables for row in await connection.fetch(f'SELECT x::text AS t FROM "{table}" x')]
        facts = [row["t"] for row in await connection.fetch("SELECT convert_from(envelope, 'UTF8') AS t FROM fact")]
    assert details is not None
    assert (details.name, details.phone, details.email, details.identity_no) == (
        AN.name, AN.phone, AN.email, AN.identity_no,
    )  # fmt: skip
    personal = ("Văn An", "912345678", "044085001234", "an@example", "Văn Cường")
    assert [text for text in (*kept, *facts) for each in personal if each in text] == []


WRONG: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    (SYNC, {"MaHoSo": "123"}, "schema", ("/MaHoSo",)),
    (SYNC, {"MaTTHC": ""}, "schema", ("/MaTTHC",)),
    (SYNC, {"LoaiDoiTuong": "9", "KenhThucHien": "7"}, "schema", ("/KenhThucHien", "/LoaiDoiTuong")),
    (SYNC, {"TrangThaiHoSo": "0"}, "schema", ("/TrangThaiHoSo",)),
    (SYNC, {"NgayTiepNhan": ""}, "schema", ("/NgayTiepNhan",)),
    (SYNC, {"NgayTiepNhan": "20261124080000"}, "future-time", ("/NgayTiepNhan",)),
    (SYNC, {"NgayTiepNhan": "20251231080000"}, "foreign-unit", ("/madonvi",)),
    (PROGRESS, {"ThoiDiemXuLy": "", "NgayBatDau": ""}, "schema", ("/NgayBatDau",)),
    (PROGRESS, {"TrangThai": "x"}, "schema", ("/TrangThai",)),
    (SYNC, {"MaHoSo": "044085001234"}, "clear-personal-data", ("/MaHoSo",)),
]


@pytest.mark.parametrize(("service", "changes", "reason", "fields"), WRONG)
async def test_a_wrong_item_is_refused_by_its_reason_and_its_own_names(
    desk: Desk, service: str, changes: dict[str, Any], reason: str, fields: tuple[str, ...]
) -> None:
    await registered(desk)
    item = {**(dossier_item() if service == SYNC else progress_item("4")), **changes}

    (answer,) = await send(desk, item, service=service)

    assert (word(answer), set(answer.fields)) == (reason, set(fields))


async def test_items_of_agencies_that_are_not_ours_or_not_theirs_are_refused(desk: Desk) -> None:
    await registered(desk)

    (nobody,) = await send(desk, dossier_item(), madonvi="H99.999")
    (other,) = await send(desk, dossier_item(), madonvi="18880")

    assert [(word(each), each.fields) for each in (nobody, other)] == [
        ("unknown-unit", ("/madonvi",)), ("foreign-unit", ("/madonvi",)),
    ]  # fmt: skip


async def test_an_item_that_is_no_object_is_refused_and_the_others_are_taken(desk: Desk) -> None:
    await registered(desk)

    answers = await send(
        desk, 7, None, [], {}, {"MaHoSo": "\ud800"}, {"MaHoSo": 10**5000}, dossier_item(ChuHoSo="An\x00")
    )

    assert [word(each) for each in answers] == ["schema"] * 6 + ["accepted"]


async def test_a_waiting_step_sent_twice_at_once_is_one_and_is_taken_with_its_dossier(desk: Desk) -> None:
    await registered(desk)
    step = progress_item("4")

    first, again = await send(desk, step, dict(reversed(step.items())), service=PROGRESS)
    await send(desk, dossier_item())
    (later,) = await send(desk, step, service=PROGRESS)

    assert [(word(each), each.outcome.duplicate) for each in (first, again, later)] == [
        ("waiting", False), ("waiting", True), ("accepted", True),
    ]  # fmt: skip
    assert (await the_dossier(desk)).state is State.IN_PROGRESS


async def test_history_is_marked_and_told_to_nobody(desk: Desk) -> None:
    await registered(desk)

    await send(desk, dossier_item(TrangThaiHoSo="9", NgayKetThucXuLy="20261123081000"), backfill=True)

    stated = await facts_of(desk.works, (await the_dossier(desk)).id)
    assert [(name, data["backfill"]) for name, data in stated] == [
        ("dossier-submitted", True), ("dossier-accepted", True), ("dossier-settled", True),
    ]  # fmt: skip


async def test_unknown_fields_are_counted_once(desk: Desk) -> None:
    await registered(desk)

    for _ in range(2):
        await send(desk, dossier_item(MauSac="đỏ", KichThuoc="to"))

    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT number FROM source_tally WHERE what = 'unknown-fields'") == 2


def odd_and_broken(number: int) -> list[tuple[str, Any]]:
    """Five items about one dossier: whole, odd, broken, a step, and one that goes back."""
    code = f"H50.44.12-261123-{number:06d}"
    return [
        (SYNC, dossier_item(MaHoSo=code, SoGiayToChuHoSo="000000001" if number % 3 else "044085001234")),
        (SYNC, dossier_item(MaHoSo=code, TrangThaiHoSo="5", GhiChu="bổ sung", MauSac="x")),
        (SYNC, dossier_item(MaHoSo="" if number % 2 else code, TrangThaiHoSo="12")),
        (PROGRESS, progress_item("4", "20261123081300", MaHoSo=code)),
        (PROGRESS, progress_item("2", "20261123081400", MaHoSo=code)),
    ]


_STANDING = """SELECT (SELECT count(*) FROM fact WHERE type NOT LIKE '%source-event%') AS facts, (SELECT count(*) FROM person) AS people,
(SELECT count(*) FROM source_event WHERE status <> 'rejected') AS taken, (SELECT count(*) FROM portal_item) AS items,
(SELECT md5(string_agg(d::text, '' ORDER BY id)) FROM dossier d) AS dossiers, (SELECT md5(string_agg(d::text, '' ORDER BY d::text)) FROM deadline d) AS deadlines,
(SELECT number FROM source_tally WHERE what = 'unknown-fields') AS unknown"""


async def test_two_thousand_items_twice_change_nothing_the_second_time(desk: Desk) -> None:
    await registered(desk, quota=Quota(burst=100_000))
    items = [each for number in range(400) for each in odd_and_broken(number)]

    async def hand_over() -> tuple[list[str], dict[str, Any]]:
        words: list[str] = []
        for service in (SYNC, PROGRESS):
            mine = [item for kind, item in items if kind == service]
            for start in range(0, len(mine), 500):
                words += [word(each) for each in await send(desk, *mine[start : start + 500], service=service)]
        async with desk.works.reading() as connection:
            return words, dict(await connection.fetchrow(_STANDING))

    first, standing = await hand_over()
    again, after = await hand_over()

    assert len(first) == 2000
    assert {each: first.count(each) for each in set(first)} == {"accepted": 1200, "schema": 400, "backward-status": 400}
    assert again == first
    assert after == standing
    assert (standing["taken"], standing["items"], standing["unknown"]) == (1200, 1200, 400)


async def test_the_rejections_of_items_hold_nothing_of_them(desk: Desk) -> None:
    await registered(desk)

    await send(desk, dossier_item(MaHoSo="Nguyễn Văn An"))

    async with desk.works.reading() as connection:
        rows = await connection.fetch(
            "SELECT e::text AS t FROM source_event e UNION ALL SELECT f::text FROM source_feed f"
        )
    assert [row["t"] for row in rows if "Văn An" in row["t"]] == []
    assert msgspec.json.encode([row["t"] for row in rows]).count(b"schema") >= 2


async def test_others_have_their_turn_while_many_items_are_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await registered(desk)
    sealed, at_once, seal = [0], [0], vault.seal_contact

    def counted(*given: Any) -> bytes:
        sealed[0] += 1
        return seal(*given)

    async def others() -> None:
        while True:
            before = sealed[0]
            await asyncio.sleep(0)
            at_once.append(sealed[0] - before)

    monkeypatch.setattr(vault, "seal_contact", counted)
    watching = asyncio.create_task(others())
    await send(desk, *(dossier_item(MaHoSo=f"H50.44.12-261123-{number:04}") for number in range(100)))
    watching.cancel()

    assert (sealed, max(at_once)) == ([100], TRANSLATED)
