"""Units over time: names and remote areas by day, successors, and dossiers that go over with every date kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake import data, domain, handlers
from services.intake.domain import Succession, UnitRecord
from services.intake.handlers import Desk, center_of
from services.intake.handlers.catalogue import version_of
from services.intake.store import units
from services.intake.tests.given import (
    OTHER_UNIT,
    RESIDENCE,
    UNIT,
    complete,
    facts_of,
    filed,
    hanoi,
    names_of,
    officer,
    submit,
)
from services.intake.tests.talk import Talk, body, problem
from shared.contracts.envelope import derived_id
from shared.contracts.intake import UNITS
from shared.kernel import Caller, Invalid, Stale
from shared.testing.clock import StandingClock

CLERK, ADMIN = officer("clerk"), Caller(officer("admin"))
HOI = "20001"
PROVINCE = UnitRecord("44", "Tỉnh Quảng Trị", "province", "province", "H50.00", None, date(2025, 7, 1))
OLD = UnitRecord("19360", "Phường Quảng Trị", "commune", "ward", "H50.144", "44", date(2025, 7, 1))
NEW = UnitRecord(HOI, "Phường Hội", "commune", "ward", "H50.201", "44", date(2027, 1, 1))
KNOWN = {unit.code: unit for unit in (PROVINCE, OLD, NEW)}
MERGER = Succession("19360", HOI, date(2027, 1, 1), "Nghị quyết sáp nhập")
JANUARY = date(2027, 1, 1)


def test_a_name_counts_from_its_day_and_papers_of_before_keep_the_old_one() -> None:
    renamed, outcome = domain.put_unit(KNOWN, replace(OLD, name="Phường Thành Cổ"), renamed_on=JANUARY)
    assert (outcome, renamed.version) == ("changed", 2)
    assert [renamed.name_on(day) for day in (date(2026, 12, 31), JANUARY)] == [OLD.name, "Phường Thành Cổ"]
    assert (
        domain.put_unit({**KNOWN, OLD.code: renamed}, replace(OLD, name="Phường Thành Cổ"), renamed_on=JANUARY)[1]
        == "same"
    )


def test_an_area_is_remote_for_as_long_as_it_is_said() -> None:
    unit = replace(OLD, remote=True, remote_from=date(2026, 1, 1), remote_to=date(2026, 12, 31))
    assert [unit.remote_on(day) for day in (date(2025, 12, 31), date(2026, 6, 1), JANUARY)] == [False, True, False]


@pytest.mark.parametrize(
    ("change", "refusal", "field"),
    [
        ({"kind": "commune"}, domain.FixedForGood, "/kind"),
        ({"agency": "H50.999"}, domain.FixedForGood, "/agency"),
        ({"code": "20009", "agency": "H50.144"}, domain.AgencyTaken, "/agency"),
        ({"parent": "99"}, domain.UnknownUnit, "/parent"),
        ({"parent": "19360"}, domain.NotItsOwn, "/parent"),
        ({"valid_to": date(2025, 6, 30)}, domain.EndsBeforeItBegins, "/valid_to"),
        ({"remote_from": date(2026, 1, 1), "remote_to": date(2025, 1, 1)}, domain.EndsBeforeItBegins, "/remote_to"),
    ],
)
def test_a_unit_out_of_shape_is_refused_by_name(change: dict[str, Any], refusal: type[Invalid], field: str) -> None:
    with pytest.raises(refusal) as refused:
        domain.put_unit(KNOWN, replace(OLD, **change), renamed_on=JANUARY)
    assert refused.value.facts["field"] == field


def test_a_unit_that_is_followed_ends_the_day_before() -> None:
    old, outcome = domain.succeed(KNOWN, [], MERGER)
    assert (outcome, old.valid_to) == ("created", date(2026, 12, 31))
    assert domain.succeed({**KNOWN, OLD.code: old}, [MERGER], MERGER)[1] == "same"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"old": "99999"}, domain.UnknownUnit),
        ({"new": "99999"}, domain.UnknownUnit),
        ({"new": "19360"}, domain.NotItsOwn),
        ({"valid_from": date(2026, 12, 1)}, domain.UnitNotYetThere),
        ({"old": HOI, "new": "19360"}, domain.UnitNotYetThere),
    ],
)
def test_a_succession_out_of_time_is_refused_by_name(change: dict[str, Any], refusal: type[Invalid]) -> None:
    with pytest.raises(refusal):
        domain.succeed(KNOWN, [], replace(MERGER, **change))


def test_a_unit_that_ended_has_no_second_end_and_is_no_successor() -> None:
    ended = {**KNOWN, OLD.code: replace(OLD, valid_to=date(2026, 6, 30))}
    with pytest.raises(domain.UnitNoLongerThere):
        domain.succeed(ended, [], MERGER)
    with pytest.raises(domain.UnitNoLongerThere):
        domain.succeed(ended, [], Succession(HOI, OLD.code, date(2027, 6, 1), "-"))


def test_sectors_go_to_whom_they_were_given_and_the_rest_to_the_largest_share() -> None:
    shares = [replace(MERGER, new=code, share=share, sectors=sectors) for code, share, sectors in (
        ("a", 0.2, ()), ("b", 0.7, ()), ("c", 0.1, ("land",)),
    )]  # fmt: skip
    assert [domain.successor(shares, sector) for sector in ("land", "residence")] == ["c", "b"]
    assert domain.successor([], "land") is None


async def merge(desk: Desk) -> None:
    """Two wards become one in January, which takes over everything."""
    async with desk.works.begin(ADMIN) as work:
        await handlers.keep_unit(desk, work, NEW)
    for old in (UNIT, OTHER_UNIT):
        async with desk.works.begin(ADMIN) as work:
            await handlers.keep_succession(desk, work, replace(MERGER, old=old))
    await handlers.refresh(desk)


@pytest.mark.postgres
class TestMerger:
    """Two communes become one."""

    async def test_open_dossiers_go_over_on_the_day_with_their_dates(self, desk: Desk, clock: StandingClock) -> None:
        clock.at("2026-12-30T09:00:00+07:00")
        filed_at = {
            unit: await submit(desk, officer("clerk", unit=unit), filed(RESIDENCE, unit=unit))
            for unit in (UNIT, OTHER_UNIT)
        }
        closed = await submit(desk, CLERK, filed(channel="postal"))
        await handlers.withdraw_dossier(desk, Caller(CLERK), closed.id, None, reason_class="own-wish", reason="-")
        await handlers.assign_dossier(desk, Caller(CLERK), filed_at[UNIT].id, None, officer="cb-1")
        await merge(desk)
        assert await handlers.keep_up(desk) is False
        clock.at("2027-01-01T00:00:10+07:00")
        assert [await handlers.keep_up(desk), await handlers.keep_up(desk)] == [True, False]

        now = officer("clerk", unit=HOI)
        for unit, before in filed_at.items():
            after = await handlers.read_dossier(desk, now, before.id)
            assert (after.unit, after.handler, after.state, after.due_at, after.promised_on, after.lawful_due_on) == (
                HOI, None, "in-progress" if unit == UNIT else "accepted", before.due_at, before.promised_on, before.lawful_due_on,
            )  # fmt: skip
            assert (await names_of(desk.works, before.id))[-1] == "dossier-succeeded"
            assert (await facts_of(desk.works, before.id))[-1][1]["from_unit"] == unit
        assert (await handlers.read_dossier(desk, CLERK, closed.id)).unit == UNIT

    async def test_a_dossier_of_a_district_goes_to_its_commune_with_its_date(
        self, desk: Desk, clock: StandingClock
    ) -> None:
        clock.at("2025-06-20T09:00:00+07:00")
        district = UnitRecord("47001", "Huyện Hải Lăng", "district", "district", "H50.20", None, date(2015, 1, 1))
        seed = version_of(next(each for each in data.procedures() if each.code == RESIDENCE))
        older = replace(
            seed, code="9.000009", version=0, levels=("district",), limit="20wd", valid_from=date(2020, 1, 1)
        )
        follows = Succession("47001", UNIT, date(2025, 7, 1), "Luật 72/2025/QH15, Điều 54")
        await handlers.put_unit(desk, ADMIN, district, renamed_on=None, seen=0)
        await handlers.put_procedure(desk, ADMIN, older, 0)
        await handlers.refresh(desk)
        before = await submit(
            desk, officer("clerk", unit="47001"), filed("9.000009", unit="47001", components=complete(RESIDENCE))
        )
        assert (before.code, before.due_on) == ("H50.20-250620-0001", date(2025, 7, 18))  # four weeks without a holiday
        async with desk.works.begin(ADMIN) as work:
            await handlers.keep_succession(desk, work, follows)
        clock.at("2025-07-01T00:00:10+07:00")
        await handlers.keep_up(desk)

        after = await handlers.read_dossier(desk, CLERK, before.id)
        assert (after.unit, after.receiving_unit, after.code) == (UNIT, "47001", before.code)
        assert [
            (each.due_at, each.promised_on, each.lawful_due_on, each.first_promised_on) for each in (before, after)
        ] == [(hanoi("2025-07-18 17:00"), *[date(2025, 7, 18)] * 3)] * 2
        clock.at("2025-07-18T16:00:00+07:00")
        await handlers.settle_dossier(desk, Caller(officer("handler")), before.id, None, outcome="granted", number=None)
        assert (await facts_of(desk.works, before.id))[-1][1]["timing"] == "on"

    async def test_the_deadline_is_announced_for_the_successor(self, desk: Desk, clock: StandingClock) -> None:
        clock.at("2026-12-31T09:00:00+07:00")
        dossier = await submit(desk, CLERK, filed(RESIDENCE))
        await merge(desk)
        clock.at("2027-01-01T08:00:00+07:00")
        await handlers.keep_up(desk)
        clock.at("2027-02-01T08:00:00+07:00")
        while await handlers.announce_stages(desk):
            pass
        breached = [fact for name, fact in await facts_of(desk.works, dossier.id) if name == "deadline-breached"]
        assert [(fact["unit"], fact["due_on"]) for fact in breached] == [(HOI, str(dossier.due_on))]

    async def test_many_go_over_in_batches(self, desk: Desk, clock: StandingClock) -> None:
        clock.at("2026-12-30T09:00:00+07:00")
        for _ in range(5):
            await submit(desk, CLERK, filed(RESIDENCE))
        await merge(desk)
        clock.at("2027-01-01T08:00:00+07:00")
        assert [await handlers.hand_over_dossiers(desk, batch=2) for _ in range(4)] == [2, 2, 1, 0]

    async def test_nothing_is_received_by_a_unit_that_ended_or_is_not_there_yet(
        self, desk: Desk, clock: StandingClock
    ) -> None:
        await merge(desk)
        with pytest.raises(domain.UnitNotYetThere):
            await submit(desk, officer("clerk", unit=HOI), filed(unit=HOI))
        clock.at("2027-01-04T08:00:00+07:00")
        with pytest.raises(domain.UnitNoLongerThere) as refused:
            await submit(desk, CLERK)
        assert refused.value.facts["until"] == "2026-12-31"
        with pytest.raises(domain.UnitNotYetThere):
            await submit(desk, officer("clerk", unit=HOI), filed(unit=HOI, received_at=hanoi("2026-12-31 09:00")))

    async def test_the_slip_and_the_register_keep_who_received_it_under_the_name_of_that_day(
        self, desk: Desk, clock: StandingClock
    ) -> None:
        clock.at("2026-12-30T09:00:00+07:00")
        dossier = await submit(desk, CLERK, filed(RESIDENCE))
        await merge(desk)
        clock.at("2027-01-01T08:00:00+07:00")
        await handlers.keep_up(desk)

        papers = await handlers.read_papers(desk, officer("clerk", unit=HOI), dossier.id)
        assert papers.dossier.receiving_unit == UNIT
        period = (date(2026, 12, 1), date(2027, 1, 31))
        entries = [
            await handlers.read_register(desk, officer("clerk", unit=unit), unit, *period) for unit in (UNIT, HOI)
        ]
        assert [[entry.code for entry in found] for found in entries] == [[dossier.code], []]


@pytest.mark.postgres
async def test_a_new_name_is_printed_from_its_day_and_published_then(desk: Desk, clock: StandingClock) -> None:
    async with desk.works.reading() as connection:
        known = (await units.units(connection))[UNIT]
    await handlers.put_unit(desk, ADMIN, replace(known, name="Phường Thành Cổ"), renamed_on=date(2026, 12, 1), seen=1)
    clock.at("2026-12-01T00:00:30+07:00")
    await handlers.keep_up(desk)

    centers = [center_of(desk.shelf.units[UNIT].as_of(date(2026, month, 1))).name for month in (11, 12)]
    assert centers == [f"Trung tâm Phục vụ hành chính công phường {name}" for name in ("Quảng Trị", "Thành Cổ")]
    told = [fact["name"] for _, fact in await facts_of(desk.works, derived_id(UNITS, UNIT))]
    assert told == ["Phường Quảng Trị", "Phường Thành Cổ"]
    with pytest.raises(Stale):
        await handlers.put_unit(desk, ADMIN, replace(known, name="X"), renamed_on=None, seen=1)


@pytest.mark.postgres
class TestOverHttp:
    """What an admin and everybody else can do."""

    async def test_a_unit_is_put_and_read_as_of_a_day_and_by_kind(self, talk: Talk) -> None:
        made = {
            "name": "Phường Hội",
            "level": "commune",
            "kind": "ward",
            "agency": "H50.201",
            "parent": "44",
            "valid_from": "2027-01-01",
        }
        path, admin = f"/units/{HOI}", talk.token("admin")
        assert (await talk.put(path, made, token=admin)).status_code == 428
        assert (await talk.put(path, made, token=talk.token("head"), seen=0)).status_code == 403
        answer = await talk.put(path, made, token=admin, seen=0)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"'), answer.text
        assert (await talk.put(path, made, token=admin, seen=0)).status_code == 412
        counts = [
            len((await talk.get(f"/units?{query}")).json()["items"])
            for query in ("on=2026-12-31", "on=2027-01-01", "kind=ward", "on=2020-01-01")
        ]
        assert counts == [91, 92, 8, 0]

    async def test_nothing_is_entered_for_a_day_before_its_unit_existed(self, talk: Talk) -> None:
        made = {
            "name": "Phường Hội",
            "level": "commune",
            "kind": "ward",
            "agency": "H50.201",
            "valid_from": "2026-11-20",
        }
        assert (await talk.put(f"/units/{HOI}", made, token=talk.token("admin"), seen=0)).status_code == 200
        clerk = talk.token("clerk", units=[HOI])

        async def entered(day: str) -> Any:
            late = {"received_at": f"{day}T09:00:00+07:00", "late_entry_reason": "Mất điện"}
            return await talk.post("/dossiers", body(unit=HOI, **late), token=clerk)

        before, first = await entered("2026-11-19"), await entered("2026-11-20")
        assert (before.status_code, before.json()["code"], before.json()["errors"][0]["pointer"]) == (
            422, "unit-not-yet-there", "/unit",
        )  # fmt: skip
        assert (first.status_code, first.json()["due_on"]) == (201, "2026-11-26")

    async def test_a_non_state_body_receives_no_dossiers(self, talk: Talk) -> None:
        made = {
            "name": "Bưu điện tỉnh",
            "level": "province",
            "kind": "non-state",
            "parent": "44",
            "valid_from": "2025-07-01",
        }
        assert (await talk.put("/units/44X50", made, token=talk.token("admin"), seen=0)).status_code == 200
        answer = await talk.post("/dossiers", body(unit="44X50"), token=talk.token("clerk", units=["44X50"]))
        assert (answer.status_code, problem(answer)["code"]) == (422, "not-offered-here")

    async def test_what_is_fixed_is_refused_with_its_field(self, talk: Talk) -> None:
        made = {"name": "Phường", "level": "commune", "kind": "ward", "agency": "H50.199", "valid_from": "2025-07-01"}
        answer = await talk.put(f"/units/{UNIT}", made, token=talk.token("admin"), seen=1)
        assert (answer.status_code, problem(answer)["code"]) == (422, "fixed-for-good")
