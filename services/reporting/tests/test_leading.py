from __future__ import annotations

from datetime import date, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting import handlers
from services.reporting.domain import BadQuestion
from services.reporting.domain.league import LEAST_SETTLED, Standing, ranking, wilson
from services.reporting.tests.conftest import describe_units, tell_all
from services.reporting.tests.facts import MONDAY, UNIT, Dossier
from services.reporting.tests.seeing import Seen, sign_in, words_of
from services.reporting.tests.test_store import mixed
from shared.contracts.envelope import Fact
from shared.kernel import Principal
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

HEAD = Principal("head", frozenset({"head"}), frozenset({UNIT}))
CHAIR = Principal("chair", frozenset({"head"}), frozenset({"44"}))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (90, 100, 0.8256, 0.9448), (1, 2, 0.0945, 0.9055)],
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-4)


@given(st.integers(0, 400).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_lies_in_its_interval_and_more_cases_make_it_narrower(case: tuple[int, int]) -> None:
    part, whole = case
    low, high = wilson(part, whole)
    assert 0 <= low <= high <= 1
    if whole:
        assert low - 1e-9 <= part / whole <= high + 1e-9
        wider = wilson(part * 4, whole * 4)
        assert wider[1] - wider[0] <= high - low + 1e-9


def standing(unit: str, settled: int, on_time: int, median: float = 3.0) -> Standing:
    return Standing(unit, settled, on_time, median, 5.0, 0, 0, None)


def test_a_unit_with_few_cases_is_shown_and_not_ranked() -> None:
    few, many = standing("a", LEAST_SETTLED - 1, LEAST_SETTLED - 1), standing("b", LEAST_SETTLED, 10)
    assert ranking([few, many]) == [(1, many), (None, few)]


def test_surety_goes_before_luck_and_speed_decides_between_equals() -> None:
    lucky, sure = standing("lucky", 30, 30), standing("sure", 300, 297)
    slow, fast, same = standing("slow", 50, 40, 6), standing("fast", 50, 40, 2), standing("twin", 50, 40, 2)
    assert ranking([lucky, sure])[0] == (1, sure)
    assert ranking([slow, same, fast]) == [(1, fast), (1, same), (3, slow)]


def settled(unit: str, received: date, done: date, promised: date, *stops: date) -> tuple[Dossier, list[Fact]]:
    """A dossier received and settled at noon of these days, standing still between the stops."""
    begun = noon(received)
    dossier = Dossier(unit=unit, at=begun)
    facts: list[Fact] = [dossier.submitted(at=begun), dossier.accepted(promised, begun)]
    for number, day in enumerate(stops):
        facts.append(dossier.supplied(promised, noon(day)) if number % 2 else dossier.supplement_requested(noon(day)))
    return dossier, [*facts, dossier.settled(done, at=noon(done))]


def noon(day: date) -> datetime:
    return MONDAY + timedelta(days=(day - date(2026, 11, 23)).days, hours=4)


@pytest.mark.postgres
async def test_the_league_counts_working_days_without_pauses_and_days_off(works: Works) -> None:
    monday = date(2026, 11, 2)
    await tell_all(
        works,
        [
            settled("1", monday, monday, monday),  # the same day: 0
            settled("1", monday, date(2026, 11, 9), date(2026, 11, 6)),  # a week with its weekend: 5, late
            settled(
                "1", monday, date(2026, 11, 20), date(2026, 11, 20), date(2026, 11, 4), date(2026, 11, 18)
            ),  # 14 - 10 = 4
            settled("2", date(2026, 11, 20), date(2026, 11, 25), date(2026, 11, 25)),  # the 24th is a day off: 2
        ],
    )
    league = await handlers.league(works, date(2026, 11, 1), date(2026, 11, 30))
    found = {each.unit: (each.settled, each.on_time, each.median) for _, each in league.places}
    assert found == {"1": (3, 2, 4.0), "2": (1, 1, 2.0)}
    assert {place for place, _ in league.places} == {None}
    one = next(each for _, each in league.places if each.unit == "1")
    assert one.p90 == pytest.approx(4.8)


@pytest.mark.postgres
async def test_what_is_open_counts_as_backlog_by_its_age(works: Works, clock: StandingClock) -> None:
    old, young = Dossier(at=MONDAY - timedelta(days=20)), Dossier()
    await tell_all(works, [(old, [old.submitted(), old.accepted(date(2026, 11, 6))]), (young, [young.submitted(), young.accepted()])])  # fmt: skip
    (_, found), *_ = (await handlers.league(works, None, None)).places
    assert (found.open, found.overdue, found.backlog_days, found.settled, found.median) == (2, 1, 10.0, 0, None)
    clock.move(days=2)
    assert (await handlers.league(works, None, None)).places[0][1].backlog_days == 12.0


@pytest.mark.postgres
async def test_a_period_that_ends_before_it_begins_is_refused(works: Works) -> None:
    with pytest.raises(BadQuestion):
        await handlers.league(works, date(2026, 11, 30), date(2026, 11, 1))


@pytest.mark.postgres
async def test_a_head_sees_the_own_unit_on_the_board_and_the_chair_all(works: Works) -> None:
    await tell_all(works, mixed())
    mine, all_ = await handlers.board(works, HEAD), await handlers.board(works, CHAIR)
    assert (mine.figures["overdue"], all_.figures["overdue"]) == (2, 3)
    assert [(row["unit"], row["late"]) for row in all_.holders] == [(UNIT, 2), ("18880", 1)]
    assert sum(all_.due.values()) == all_.figures["due_today"] == 3
    assert sum(all_.figures[f"age-{low}"] for low, _ in handlers.AGES) == all_.figures["open"]
    assert (mine.weeks[-1]["received"], all_.weeks[-1]["received"]) == (16, 24)


@pytest.mark.postgres
async def test_the_board_names_who_holds_what_is_late(
    site: httpx.AsyncClient, works: Works, clock: StandingClock
) -> None:
    held, loose = Dossier(), Dossier()
    await tell_all(works, [(held, [held.submitted(), held.accepted(), held.assigned()]), (loose, [loose.submitted(), loose.accepted()])])  # fmt: skip
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    clock.at("2026-12-01T08:00:00+07:00")
    await sign_in(site, "head", UNIT)
    answer = await site.get("/bang-dieu-hanh")
    said = words_of(answer)
    assert "Phường Quảng Trị officer-7 1 4 ngày" in said
    assert "Phường Quảng Trị chưa giao cho ai 1 4 ngày" in said
    link = next(path for path, _ in Seen(answer.text).links if "assigned=false" in path)
    assert str(loose.id) in (await site.get(link)).text
    assert str(held.id) not in (await site.get(link)).text


@pytest.mark.postgres
async def test_a_quiet_province_has_a_board_too(site: httpx.AsyncClient) -> None:
    await sign_in(site, "head", "44")
    said = words_of(await site.get("/bang-dieu-hanh"))
    assert "Không có hồ sơ nào quá hạn." in said
    assert "Chưa có số liệu." in said
    assert "Chưa đơn vị nào có đủ 30 hồ sơ đã xong." in said
