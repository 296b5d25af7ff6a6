from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from io import BytesIO, StringIO

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from services.reporting import handlers
from services.reporting.adapters import sheets
from services.reporting.domain import BadQuestion
from services.reporting.domain.form06 import Count, Form06, Line
from services.reporting.store import lines
from services.reporting.tests.conftest import describe_procedures, tell_all
from services.reporting.tests.facts import UNIT, Dossier, unit
from services.reporting.tests.letters import noon
from shared.contracts.envelope import Fact
from shared.kernel import NotFound, system
from shared.store.unit_of_work import Works

Sign = Callable[..., dict[str, str]]
Story = tuple[Dossier, list[Fact]]
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


class Filed:
    """Tells what happened to one dossier, by days."""

    def __init__(self, at: str, promised: str, channel: str = "direct", unit: str = UNIT) -> None:
        self.dossier = Dossier(unit=unit, at=noon(day(at)))
        self.promised = day(promised)
        self.facts: list[Fact] = [self.dossier.submitted(channel=channel), self.dossier.accepted(self.promised)]

    def asked(self, on: str) -> Filed:
        self.facts.append(self.dossier.supplement_requested(noon(day(on))))
        return self

    def supplied(self, on: str, promised: str) -> Filed:
        self.facts.append(self.dossier.supplied(day(promised), noon(day(on))))
        return self

    def settled(self, on: str) -> Filed:
        self.facts.append(self.dossier.settled(day(on), at=noon(day(on))))
        return self

    def withdrawn(self, on: str) -> Filed:
        self.facts.append(self.dossier.withdrawn(noon(day(on))))
        return self

    @property
    def story(self) -> Story:
        return self.dossier, self.facts


def autumn() -> list[Story]:
    """The dossiers of the hand-checked table, each with the columns of November it belongs to."""
    refused = Dossier(at=noon(day("11-04")))
    return [
        Filed("11-03", "11-06", "online").settled("11-05").story,  # 4, 8
        Filed("11-10", "11-13").settled("11-13").story,  # 5, 9
        Filed("11-12", "11-17", "postal").settled("11-20").story,  # 5, 10
        Filed("10-20", "10-27").settled("11-02").story,  # 6, 10
        Filed("10-26", "12-10").story,  # 6, 12
        Filed("11-16", "11-20", "online").story,  # 4, 13
        Filed("11-16", "11-27").asked("11-24").story,  # 5, 12 (paused before its day)
        Filed("11-02", "11-06").asked("11-09").story,  # 5, 13 (paused when it was late already)
        (refused, [refused.submitted(channel="online"), refused.refused()]),  # outside: never accepted
        Filed("11-10", "11-13").withdrawn("11-11").story,  # 5, 8
        Filed("11-20", "11-27").settled("12-03").story,  # 5, 13: settled only in December
        Filed("11-20", "11-27").asked("11-25").supplied("12-02", "12-04").settled("12-04").story,  # 5, 12 (paused on the 30th)
        Filed("12-01", "12-08").story,  # outside: received later
        Filed("10-05", "10-08").settled("10-08").story,  # outside: settled before
        Filed("11-03", "11-10", unit="44X11").settled("11-10").story,  # the province's own: 5, 9
    ]  # fmt: skip


async def describe(works: Works) -> None:
    """The province, one of its departments, one commune, and the procedure."""
    units = [unit("44", "Tỉnh Quảng Trị"), unit("44X11", "=Sở Tư pháp"), unit(UNIT, "Phường Quảng Trị")]
    made = {each.unit: each for each in units}
    async with works.begin(system("test")) as work:
        await lines.copy_units(work.db, 1, made)
        await work.db.execute("UPDATE unit_line_1 SET level = 'province' WHERE unit LIKE '44%'")
        await work.db.execute("UPDATE unit_line_1 SET parent = '44' WHERE unit <> '44'")
    await describe_procedures(works)


@pytest.mark.postgres
async def test_the_form_of_november_equals_the_table_checked_by_hand(works: Works) -> None:
    await describe(works)
    await tell_all(works, autumn())
    form = (await handlers.form06(works, "44", *NOVEMBER)).form
    commune = Count(online=2, other=7, carried=2, before=2, on=1, over=2, within=3, overdue=3, paused=2)
    province = Count(other=1, on=1)
    assert form.lines == [Line("commune", "ho-tich", commune), Line("province", "ho-tich", province)]
    assert form.rows() == [
        ("I", "Cấp tỉnh", 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0),
        (1, "ho-tich", 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0),
        ("II", "Cấp xã", 11, 2, 7, 2, 5, 2, 1, 2, 6, 3, 3),
        (1, "ho-tich", 11, 2, 7, 2, 5, 2, 1, 2, 6, 3, 3),
        ("", "Tổng cộng", 12, 2, 8, 2, 6, 2, 2, 2, 6, 3, 3),
    ]


@pytest.mark.postgres
async def test_payments_pauses_apologies_and_stops_stand_where_the_form_counts_them(works: Works) -> None:
    await describe(works)
    made = [Filed("11-16", "11-20") for _ in range(6)]
    paying, paid, paused, moved, late, stopped = (filed.dossier for filed in made)
    more: list[list[Fact]] = [
        [paying.payment_required(noon(day("11-18")))],  # 12: its clock stands still
        [paid.payment_required(noon(day("11-18"))), paid.payment_confirmed(day("12-04"), noon(day("11-25")))],  # 12
        [paused.paused(noon(day("11-23")))],  # 13: it was late already
        [moved.moved(day("12-02"), day("11-20"), noon(day("11-19")))],  # 12: judged by the slip's day
        [late.moved(day("11-25"), day("11-20"), noon(day("11-19")))],  # 13
        [stopped.stopped(noon(day("11-18")))],  # 8: settled on its day
    ]
    await tell_all(works, [(filed.dossier, [*filed.facts, *facts]) for filed, facts in zip(made, more, strict=True)])
    form = (await handlers.form06(works, UNIT, *NOVEMBER)).form.total
    assert form == Count(other=6, before=1, within=3, overdue=2, paused=1)


@pytest.mark.postgres
async def test_a_status_that_was_put_right_stands_where_it_belongs(works: Works) -> None:
    await describe(works)
    reopened, closed, unreturned = (Filed("11-16", "11-20").settled("11-18") for _ in range(3))
    reopened.facts.append(reopened.dossier.taken_back("in-progress", day("11-20"), noon(day("11-19"))))
    closed.facts.append(closed.dossier.taken_back("in-progress", day("11-20"), noon(day("11-19"))))
    closed.settled("11-23")
    unreturned.facts.append(unreturned.dossier.returned(noon(day("11-18"))))
    unreturned.facts.append(unreturned.dossier.taken_back("settled", None, noon(day("11-19"))))
    await tell_all(works, [reopened.story, closed.story, unreturned.story])
    form = (await handlers.form06(works, UNIT, *NOVEMBER)).form.total
    assert form == Count(other=3, before=1, over=1, overdue=1)


@pytest.mark.postgres
async def test_a_unit_alone_and_a_period_of_one_day(works: Works) -> None:
    await describe(works)
    await tell_all(works, autumn())
    alone = (await handlers.form06(works, "44X11", *NOVEMBER)).form
    assert alone.total.columns() == (1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0)
    one_day = (await handlers.form06(works, UNIT, day("11-20"), day("11-20"))).form.total
    assert (one_day.other, one_day.online, one_day.over, one_day.received) == (2, 0, 1, one_day.settled + one_day.pending)  # fmt: skip


@pytest.mark.postgres
async def test_what_is_in_progress_at_the_end_is_carried_over_into_the_next_period(works: Works) -> None:
    await describe(works)
    await tell_all(works, autumn())
    november, december = [(await handlers.form06(works, "44", *period)).form.total for period in (NOVEMBER, (day("12-01"), day("12-31")))]  # fmt: skip
    assert december.carried == november.pending == 6
    assert december.over == 1
    assert december.on == 1


DAYS = st.integers(0, 60)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A dossier with any history, in order."""
    start = draw(DAYS)
    steps = draw(st.lists(st.integers(0, 20), max_size=4))
    filed = Filed(
        _written(start),
        _written(start + draw(st.integers(0, 15))),
        draw(st.sampled_from(["direct", "online", "postal"])),
    )
    at, paused = start, False
    for step in steps:
        at += step
        paused = not paused
        if paused:
            filed.asked(_written(at))
        else:
            filed.supplied(_written(at), _written(at + 5))
    end = draw(st.sampled_from(["settled", "withdrawn", "open"]))
    if end != "open" and (end == "withdrawn" or not paused):
        getattr(filed, end)(_written(at + draw(st.integers(0, 20))))
    return filed.story


def _written(number: int) -> str:
    return (date(2026, 9, 1) + timedelta(days=number)).isoformat()[5:] if number < 120 else "12-30"


@pytest.mark.postgres
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(stories(), min_size=1, max_size=25), DAYS, st.integers(0, 40))
def test_the_identities_hold_whatever_happened(
    make_form: Callable[[list[Story], date, date], tuple[Form06, Form06]], told: list[Story], first: int, length: int
) -> None:
    begin = date(2026, 9, 1) + timedelta(days=first)
    form, following = make_form(told, begin, begin + timedelta(days=length))
    total = form.total
    assert total.received == total.settled + total.pending
    assert total.paused <= total.within
    assert following.total.carried == total.pending
    assert all(getattr(line.count, f.name) >= 0 for line in form.lines for f in fields(Count))


@pytest.fixture
async def make_form(works: Works) -> Callable[[list[Story], date, date], tuple[Form06, Form06]]:
    """Folds stories into an emptied read model and makes the forms of a period and of the one after it, from outside the loop."""
    await describe(works)

    async def make(told: list[Story], first: date, last: date) -> tuple[Form06, Form06]:
        async with works.begin(system("test")) as work:
            for table in ("dossier_line_1", "timeline_1", "unit_day_1"):
                await work.db.execute(f"DELETE FROM {table}")
        await tell_all(works, told)
        after = last + timedelta(days=1)
        return (await handlers.form06(works, "44", first, last)).form, (await handlers.form06(works, "44", after, after + timedelta(days=30))).form  # fmt: skip

    loop = asyncio.get_running_loop()

    def ask(told: list[Story], first: date, last: date) -> tuple[Form06, Form06]:
        return loop.run_until_complete(make(told, first, last))

    return ask


@pytest.mark.postgres
async def test_a_period_that_ends_before_it_begins_and_a_unit_nobody_knows_are_refused(works: Works) -> None:
    await describe(works)
    with pytest.raises(BadQuestion):
        await handlers.form06(works, "44", day("11-30"), day("11-01"))
    with pytest.raises(NotFound):
        await handlers.form06(works, "99999", *NOVEMBER)


@pytest.mark.postgres
async def test_the_form_comes_as_json_csv_and_xlsx_with_the_same_numbers(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    await describe(works)
    await tell_all(works, autumn())
    head = sign("head", units=["44"])
    asked = {"unit": "44", "from": "2026-11-01", "to": "2026-11-30"}
    plain = (await client.get("/v1/forms/06", params=asked, headers=head)).json()
    assert plain["total"] == {
        "received": 12, "online": 2, "other": 8, "carried": 2, "settled": 6, "before": 2, "on": 2, "over": 2, "pending": 6, "within": 3, "overdue": 3,
        "paused": 2,
    }  # fmt: skip
    assert [(level["level"], level["count"]["received"]) for level in plain["levels"]] == [("province", 1), ("commune", 11)]  # fmt: skip
    text = await client.get("/v1/forms/06", params=asked | {"format": "csv"}, headers=head)
    rows = list(csv.reader(StringIO(text.content.decode("utf-8-sig"))))
    assert rows[-1] == ["", "Tổng cộng", "12", "2", "8", "2", "6", "2", "2", "2", "6", "3", "3"]
    assert "bieu-06-44-2026-11-01-2026-11-30.csv" in text.headers["content-disposition"]
    sheet = await client.get("/v1/forms/06", params=asked | {"format": "xlsx"}, headers=head)
    opened = load_workbook(BytesIO(sheet.content)).active
    assert opened is not None
    cells = list(opened.iter_rows(values_only=True))
    assert cells[2][0] == "TÌNH HÌNH, KẾT QUẢ TIẾP NHẬN, GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH"
    assert cells[-1] == (None, "Tổng cộng", 12, 2, 8, 2, 6, 2, 2, 2, 6, 3, 3)
    assert (await client.get("/v1/forms/06", params=asked)).status_code == 401
    assert (await client.get("/v1/forms/06", params=asked, headers=sign("citizen"))).status_code == 403
    wrong = await client.get("/v1/forms/06", params=asked | {"to": "2026-10-01"}, headers=head)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-question")


@pytest.mark.postgres
async def test_the_league_is_served_to_officers(client: httpx.AsyncClient, works: Works, sign: Sign) -> None:
    await describe(works)
    many = [Filed("11-03", "11-10").settled("11-10" if n else "11-12").story for n in range(40)]
    await tell_all(works, [*many, *autumn()])
    found = (await client.get("/v1/league?from=2026-11-01&to=2026-11-30", headers=sign("clerk", units=[UNIT]))).json()
    first, second = found["items"]
    assert (first["place"], first["unit"], first["name"], first["settled"], first["on_time"]) == (1, UNIT, "Phường Quảng Trị", 44, 41)  # fmt: skip
    assert first["low"] < first["rate"] < first["high"]
    assert (first["median"], second["place"], second["unit"]) == (5.0, None, "44X11")
    assert (await client.get("/v1/league")).status_code == 401
    assert (await client.get("/v1/league?from=2026-12-01&to=2026-11-01", headers=sign("admin"))).status_code == 422


def test_a_name_that_looks_like_a_formula_stays_a_text() -> None:
    form = Form06("44X11", "=Sở", *NOVEMBER, [Line("province", "=SUM(A1:A9)", Count(online=1, before=1))])
    assert "'=SUM(A1:A9)" in sheets.csv_of(form).decode("utf-8-sig")
    opened = load_workbook(BytesIO(sheets.xlsx_of(form))).active
    assert opened is not None
    cells = [cell for row in opened.iter_rows() for cell in row if cell.value]
    assert all(cell.data_type != "f" for cell in cells)
