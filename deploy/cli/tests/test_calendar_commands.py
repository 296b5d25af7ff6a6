"""`gandan calendar` and `gandan import rules` on a real installation: two people, by name; an unknown year, by its number."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.cli.tests.conftest import Gandan, Province

pytestmark = pytest.mark.postgres

TABLES = ("law_act", "law_record", "recount")
STORM = (
    "calendar", "override", "2026-11-26", "--vi", "Nghỉ tránh bão", "--en", "Storm", "--number", "Công điện 12", "--basis", "Luật PCTT",
)  # fmt: skip
RULE: dict[str, Any] = {
    "id": "one-stop.online-answer", "version": 3, "valid_from": "2027-01-01", "amounts": {"normal": "4wh"}, "legal_basis": "Nghị định 400/2026/NĐ-CP, Điều 3",
    "verified": True, "kinds": ["dossier"], "vi": "Trả lời hồ sơ trực tuyến", "en": "Answer to an online dossier",
}  # fmt: skip
TWO = ("--proposed-by", "ad-1", "--confirmed-by", "ad-2")


@pytest_asyncio.fixture
async def desk(province: Province) -> AsyncIterator[Province]:
    """The installation, with no act left behind."""
    yield province
    for table in TABLES:
        await province.pools["intake"].execute(f"DELETE FROM {table}")


async def test_a_day_is_off_here_when_a_second_person_confirmed_it(desk: Province, gandan: Gandan) -> None:
    proposed = await gandan(*STORM, "--as", "ad-1")
    assert proposed.exit_code == 0, proposed.output
    act = proposed.output.split()[4]

    own = await gandan("calendar", "confirm", act, "--as", "ad-1")
    assert (own.exit_code, "another person" in own.output) == (1, True)
    assert (await gandan("calendar", "confirm", act, "--as", "ad-2")).output == "confirmed\n"

    days = {
        day["on"]
        for day in json.loads((await gandan("calendar", "show", "2026", "--here", "--json")).output)["days_off"]
    }
    assert "2026-11-26" in days
    assert await desk.pools["intake"].fetchval("SELECT count(*) FROM recount") == 2


@pytest.mark.parametrize(
    "words", [("show", "2031"), ("show", "2031", "--here"), ("override", "2031-03-03", *STORM[3:], "--as", "ad-1")]
)
async def test_a_year_nobody_knows_is_refused_by_its_number(
    desk: Province, gandan: Gandan, words: tuple[str, ...]
) -> None:
    refused = await gandan("calendar", *words)
    assert refused.exit_code == 1
    assert "2031" in refused.output
    assert await desk.pools["intake"].fetchval("SELECT count(*) FROM law_act") == 0


ANNOUNCED = {"off": [{"on": "2029-01-01", "vi": "Tết Dương lịch", "en": "New Year"}], "makeup": []}


async def test_a_year_is_published_once_from_a_file_and_its_days_are_known_here(
    desk: Province, gandan: Gandan, tmp_path: Path
) -> None:
    file = tmp_path / "2029.json"
    file.write_text(json.dumps(ANNOUNCED), encoding="utf-8")
    asked = ("calendar", "publish", "2029", str(file), "--number", "Thông báo 9", "--as", "ad-1")

    published, again = await gandan(*asked), await gandan(*asked)

    assert (published.exit_code, published.output) == (0, "2029: published, 260 working days\n")
    assert (again.exit_code, "published" in again.output) == (1, True)
    shown = json.loads((await gandan("calendar", "show", "2029", "--here", "--json")).output)
    assert [day["on"] for day in shown["days_off"] if day["weekday"] < 6] == ["2029-01-01"]
    assert await desk.pools["intake"].fetchval("SELECT proposed_by FROM law_act") == "ad-1"


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "no JSON"), ("[]", "no table"), ('{"off": []}', "off"), ('{"off": [{"on": "2029-01-01", "vi": "x"}]}', "off.0.en")],
)  # fmt: skip
async def test_a_file_that_announces_no_year_is_refused_field_by_field(
    desk: Province, gandan: Gandan, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "2029.json"
    file.write_text(text, encoding="utf-8")
    refused = await gandan("calendar", "publish", "2029", str(file), "--number", "9", "--as", "ad-1")
    assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert await desk.pools["intake"].fetchval("SELECT count(*) FROM law_act") == 0


SUMMER = (
    "calendar", "hours", "province", "--from", "2027-04-16", "--to", "2027-10-15", "--period", "06:30-11:00", "--period", "13:30-17:00",
    "--saturday", "07:30-11:00", "--number", "Quyết định 21", "--basis", "Mùa hè",
)  # fmt: skip


async def test_office_hours_of_a_season_count_when_a_second_person_confirmed_them(
    desk: Province, gandan: Gandan
) -> None:
    proposed = await gandan(*SUMMER, "--as", "ad-1")
    assert proposed.exit_code == 0, proposed.output
    confirmed = await gandan("calendar", "confirm", proposed.output.split()[4], "--as", "ad-2")

    assert confirmed.output == "confirmed\n"
    record = await desk.pools["intake"].fetchval("SELECT record FROM law_record WHERE key = 'hours/province'")
    (profile,) = record["profiles"]
    assert (profile["periods"], profile["saturday"]) == (
        [["06:30", "11:00"], ["13:30", "17:00"]],
        [["07:30", "11:00"]],
    )
    assert (profile["valid_from"], profile["valid_to"], profile["same_day_until"]) == ("2027-04-16", "2027-10-15", "15:00")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(("--period", "05:00-06:00"), 2, "follow each other"), (("--period", "noon"), 2, "periods.2"), (("--to", "2027-01-01"), 2, "valid_to")],
)  # fmt: skip
async def test_hours_that_cannot_be_are_refused_by_their_field(
    desk: Province, gandan: Gandan, words: tuple[str, ...], code: int, said: str
) -> None:
    refused = await gandan(*SUMMER, *words, "--as", "ad-1")
    assert (refused.exit_code, said in " ".join(refused.output.split())) == (code, True), refused.output
    assert await desk.pools["intake"].fetchval("SELECT count(*) FROM law_act") == 0


async def test_hours_of_a_unit_that_is_not_there_are_refused(desk: Province, gandan: Gandan) -> None:
    refused = await gandan("calendar", "hours", "00000", *SUMMER[3:], "--as", "ad-1")
    assert (refused.exit_code, await desk.pools["intake"].fetchval("SELECT count(*) FROM law_act")) == (1, 0)


async def test_rules_are_taken_in_cited_and_signed_by_two(desk: Province, gandan: Gandan, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(
        json.dumps([RULE, {**RULE, "version": 4, "legal_basis": ""}, {**RULE, "version": 2}]), encoding="utf-8"
    )

    assert (await gandan("import", "rules", str(file))).exit_code == 2
    alone = json.loads(
        (await gandan("import", "rules", str(file), "--proposed-by", "a", "--confirmed-by", "a", "--json")).output
    )
    both = json.loads((await gandan("import", "rules", str(file), *TWO, "--json")).output)
    again = json.loads((await gandan("import", "rules", str(file), *TWO, "--json")).output)

    assert [line["code"] for line in alone["refused"]] == ["second-person-needed", "rule-uncited", "version-known"]
    assert (both["created"], [(line["row"], line["code"]) for line in both["refused"]]) == (
        1,
        [(2, "rule-uncited"), (3, "version-known")],
    )
    assert (again["created"], again["same"]) == (0, 1)
    kept = await desk.pools["intake"].fetchrow("SELECT proposed_by, confirmed_by, state FROM law_act")
    assert tuple(kept) == ("ad-1", "ad-2", "confirmed")
