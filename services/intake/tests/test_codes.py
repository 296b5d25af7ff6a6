"""Codes of dossiers: ours from a counter of fifty writers, and the shapes others write theirs in."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import count

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import data
from services.intake.domain import Dossier
from services.intake.domain.sources import Reason
from services.intake.handlers import Desk
from services.intake.handlers.codes import is_dossier_code
from services.intake.tests.given import OTHER_UNIT, UNIT, filed, officer, submit
from services.intake.tests.vendor import registered, send, upserted

UNPRINTABLE = "\0"
"""A text PostgreSQL refuses, after the number was taken."""


async def numbers(desk: Desk) -> dict[tuple[str, date], int]:
    async with desk.works.reading() as connection:
        rows = await connection.fetch("SELECT agency, day, last FROM code_counter")
    return {(row["agency"], row["day"]): row["last"] for row in rows}


@pytest.mark.postgres
async def test_fifty_writers_on_one_counter_leave_no_gap_and_no_duplicate(desk: Desk) -> None:
    """Five desks, as in five processes, ten writers each; every seventh filing fails when its number is already taken."""
    desks = [Desk(desk.works, desk.shelf) for _ in range(5)]
    filings = count(1)

    async def writer(number: int) -> list[Dossier | BaseException]:
        written: list[Dossier | BaseException] = []
        for _ in range(4):
            broken = next(filings) % 7 == 0
            filing = filed(summary=UNPRINTABLE if broken else "Xin cấp giấy xác nhận")
            written += await asyncio.gather(submit(desks[number % 5], officer("clerk"), filing), return_exceptions=True)
        return written

    outcomes = [each for written in await asyncio.gather(*map(writer, range(50))) for each in written]

    failed = [each for each in outcomes if not isinstance(each, Dossier)]
    codes = [each.code for each in outcomes if isinstance(each, Dossier)]
    assert {type(each) for each in failed} == {asyncpg.CharacterNotInRepertoireError}
    assert (len(failed), len(codes)) == (28, 172)
    assert sorted(codes) == [f"H50.144-261123-{number:04d}" for number in range(1, 173)]
    assert await numbers(desk) == {("H50.144", date(2026, 11, 23)): 172}
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dossier") == 172


@pytest.mark.postgres
async def test_writers_of_two_units_at_once_do_not_share_a_counter(desk: Desk) -> None:
    units = [UNIT, OTHER_UNIT] * 25

    made = await asyncio.gather(*(submit(desk, officer("clerk", unit=unit), filed(unit=unit)) for unit in units))

    for agency in ("H50.144", "H50.103"):
        mine = sorted(each.code for each in made if each.code.startswith(f"{agency}-"))
        assert mine == [f"{agency}-261123-{number:04d}" for number in range(1, 26)]


@pytest.mark.postgres
async def test_numbers_that_another_system_gave_before_us_are_passed_over(desk: Desk) -> None:
    """A commune's own system writes its agency in its codes, as we do: nobody's filing fails for that."""
    await registered(desk)
    taken = [f"H50.144-261123-{number:04d}" for number in (1, 2, 4)]
    await send(desk, *(upserted({"code": code}, subject=code) for code in taken))

    made = [await submit(desk, officer("clerk")) for _ in range(3)]
    at_once = await asyncio.gather(*(submit(desk, officer("clerk")) for _ in range(3)))

    assert [each.code for each in made] == [f"H50.144-261123-{number:04d}" for number in (3, 5, 6)]
    assert sorted(each.code for each in at_once) == [f"H50.144-261123-{number:04d}" for number in (7, 8, 9)]


@pytest.mark.postgres
async def test_a_number_of_ours_is_not_taken_by_another_system(desk: Desk) -> None:
    await registered(desk)
    ours = await submit(desk, officer("clerk"))

    (outcome,) = await send(desk, upserted({"code": ours.code}, subject=ours.code))

    assert (outcome.status, outcome.reason) == ("rejected", Reason.SOURCE_MISMATCH)


@pytest.mark.parametrize(
    "code",
    [
        "H50-261123-0001",
        "H50.144-261123-0007",
        "H56.12.34-250915-12345",
        "H50.44.12-261123-0007",
        "000.00.01.H56-200115-0042",
        "000.00.00.H50-191231-10000",
        "G01.001.02-260125-090001",
        "G09.20-20260609-0092637",
    ],
)
def test_codes_seen_in_other_systems_are_known(code: str) -> None:
    assert is_dossier_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "H50.144",
        "H50.144-261123",
        "H50.144-261123-007",
        "H50.144-2611-0007",
        "H50.144-2611231-0007",
        "h50.144-261123-0007",
        "H5.144-261123-0007",
        "H50.1-261123-0007",
        "H50.1234-261123-0007",
        "H50.11.22.33.44-261123-0007",
        "H50..144-261123-0007",
        "H50.144 261123 0007",
        "H50.144-261123-0007 ",
        "H50.144-261123-0007\n",
        "xH50.144-261123-0007",
        "H50.144-261123-0007; DROP TABLE dossier",
        "H50.144-261123-٠٠٠٧",
        "Đ50.144-261123-0007",
        "000.00.H56-200115-0042",
        "000.00.01-200115-0042",
        "00.00.01.H56-200115-0042",
        "H50.144-261123-" + "0" * 40,
        "000000001",
    ],
)
def test_anything_else_is_not_a_code(code: str) -> None:
    assert not is_dossier_code(code)


def test_what_our_own_units_give_has_a_lawful_shape() -> None:
    assert [unit.code for unit in data.units() if not is_dossier_code(f"{unit.agency}-261123-0001")] == []


@given(st.from_regex(r"[A-Z][0-9]{2}(\.[0-9]{2,3}){0,3}-[0-9]{6}([0-9]{2})?-[0-9]{4,7}", fullmatch=True))
def test_every_code_of_the_new_shape_is_known_and_its_day_is_not_read(code: str) -> None:
    assert is_dossier_code(code)
    assert not is_dossier_code(code.lower())
    assert not is_dossier_code(code.replace("-", "", 1))
