"""`gandan sources report` and `gandan compare` on an installation with a source that promises other days than the law."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from deploy.cli.doctor import logs
from deploy.cli.tests.conftest import Gandan, Province
from services.intake import handlers
from services.intake.domain.sources import Delivered, Mandate, Source
from services.intake.handlers import Desk
from shared.bus import topics
from shared.bus.arrival import Raw, key_id
from shared.bus.held import Parked, park
from shared.kernel import Caller, Principal
from shared.moments import uuid7

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

_ADMIN = Principal("admin", frozenset({"admin"}), acting="admin")
_TABLES = ("source", "source_event", "source_feed", "source_tally", "source_hour", "dossier", "contact", "person")


def told(number: int, received: date, promised_in: int) -> bytes:
    """A dossier of that day, promised so many days later; as history."""
    data = {
        "code": f"H50.45.12-260302-{number:04}", "procedure": "1.004873", "unit": "19360", "channel": "direct", "status": 2, "backfill": True,
        "submitted_at": f"{received}T08:00:00+07:00", "appointment_at": f"{received + timedelta(days=promised_in)}T16:00:00+07:00",
    }  # fmt: skip
    made = {
        "specversion": "1.0", "id": f"c-{number}", "source": "/sources/tan-thanh", "type": "vn.gandan.source.dossier-upserted.v1",
        "subject": data["code"], "data": data,
    }  # fmt: skip
    return json.dumps(made).encode()


@pytest_asyncio.fixture
async def source(province: Province) -> AsyncIterator[str]:
    """Four dossiers received on Monday 2 March 2026 (lawful: Thursday 5), and an event that is no event."""
    works = province.works("intake")
    desk = Desk(works)
    await handlers.seed(desk)
    entry = Source("tan-thanh", "Một cửa xã Tân Thành", "tan-thanh", (Mandate("19360", date(2026, 1, 1)),))
    await handlers.put_source(desk, Caller(_ADMIN), entry, None)
    now = works.clock()
    events = [told(number, date(2026, 3, 2), days) for number, days in ((1, 3), (2, 7), (4, 7), (5, 1))]
    batch = [Delivered(each, now) for each in events] + [Delivered(b"no event", now)]
    await handlers.take_events(desk, Caller(_ADMIN), ("id", "tan-thanh"), "http", batch)
    yield "tan-thanh"
    for table in _TABLES:
        await province.pools["intake"].execute(f"DELETE FROM {table}")


async def test_the_report_shows_all_sources_or_one_in_full(gandan: Gandan, source: str) -> None:
    every = json.loads((await gandan("sources", "report", "--json")).stdout)
    one = json.loads((await gandan("sources", "report", "--source", source, "--json")).stdout)
    table = (await gandan("sources", "report")).stdout
    told_ = (await gandan("sources", "report", "--source", source)).stdout
    none = await gandan("sources", "report", "--source", "other")

    assert [(each["source"], each["accepted"], each["rejected"]) for each in every] == [(source, 4, 1)]
    assert (one["total"]["sent"], one["total"]["rejected"], one["reasons"][0]["reason"]) == (5, 1, "schema")
    assert "tan-thanh  learning" in table
    assert "5 events in 14 days: 4 accepted, 0 waiting, 1 rejected; 0 came again" in told_
    assert none.exit_code == 1


async def test_one_never_heard_with_a_limit_says_since_when_it_could_speak(
    gandan: Gandan, province: Province, source: str
) -> None:
    never = "UPDATE source SET heard_at = NULL, silence_hours = 1, topics_at = '2026-01-05T08:00:00+07:00'"
    await province.pools["intake"].execute(never)

    said = (await gandan("sources", "report", "--source", source)).stdout

    assert re.search(
        r"never heard, in [0-9.]+ h of office time since it could speak: silent; limit 1.0 h \(configured\)", said
    )


async def test_topics_sync_makes_the_two_topics_of_every_source_but_of_those_that_are_closed(gandan: Gandan, province: Province, source: str) -> None:  # fmt: skip
    made_for = "INSERT INTO source SELECT (jsonb_populate_record(s, $1)).* FROM source s WHERE id = 'tan-thanh'"
    await province.pools["intake"].execute(made_for, {"id": "da-dong", "principal": "da-dong", "state": "closed"})

    made, again = [json.loads((await gandan("topics", "sync", "--json")).stdout)["made"] for _ in range(2)]

    wanted = [f"{province.prefix}sources.{source}{what}" for what in ("", ".replies")]
    assert (sorted(made), again) == (wanted, [])


async def test_dates_are_compared_in_sum_as_a_file_and_as_a_picture(
    gandan: Gandan, source: str, tmp_path: Path
) -> None:
    file, picture = tmp_path / "so-sanh.csv", tmp_path / "so-sanh.svg"

    sums = json.loads(
        (await gandan("compare", "--source", source, "--csv", str(file), "--chart", str(picture), "--json")).stdout
    )
    told_ = await gandan("compare", "--source", source, "--lang", "en")

    assert (sums["dossiers"], sums["kinds"]["later"], sums["kinds"]["earlier"], sums["kinds"]["same"]) == (4, 2, 1, 1)
    assert (sums["differences"]["p3"], sums["procedures"][0]["usual_days"]) == (2, 4)
    head, *rows = csv.reader(io.StringIO(file.read_text("utf-8-sig")))
    assert head[0] == "Mã hồ sơ"
    assert [(row[0][-4:], row[5], row[6], row[7]) for row in rows] == [
        ("0001", "2026-03-05", "2026-03-05", "0"), ("0002", "2026-03-09", "2026-03-05", "4"), ("0004", "2026-03-09", "2026-03-05", "4"),
        ("0005", "2026-03-03", "2026-03-05", "-2"),
    ]  # fmt: skip
    assert all(row[12] for row in rows)
    drawn = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own picture
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 12
    assert "3–5 days later" in told_.stdout
    assert "late by the law and not by the source's slip" not in told_.stdout


@pytest.mark.full
async def test_the_file_goes_to_standard_output_and_a_folder_that_is_not_there_is_said(gandan: Gandan, source: str, tmp_path: Path) -> None:  # fmt: skip
    shown = await gandan("compare", "--source", source, "--csv", "-")
    lost = await gandan("compare", "--source", source, "--csv", str(tmp_path / "none" / "so-sanh.csv"))

    assert len(list(csv.reader(io.StringIO(shown.stdout)))) == 5
    assert (lost.exit_code, "so-sanh.csv: No such file or directory" in lost.stderr) == (2, True)


WRITTEN_AT = 1_763_000_000_123
"""When a source wrote the records that were set aside, in milliseconds."""


def _parked(topic: str, body: bytes, offset: int) -> Parked:
    raw = Raw(topic, 0, offset, b"H50.45.12-260302-0009", body, (), WRITTEN_AT)
    return Parked(raw, key_id(raw.key), None, "handler", "ValueError: mended since")


@pytest_asyncio.fixture
async def set_aside(province: Province, source: str) -> str:
    """Two records of a source's topic that its door could not take."""
    bodies = [told(9, date(2026, 3, 2), 3), b"no event"]
    records = [_parked(f"{province.prefix}sources.{source}", body, offset) for offset, body in enumerate(bodies)]
    async with province.works("intake").begin(Caller(_ADMIN)) as work:
        await park(work.db, "intake.sources", "cluster", records, work.now)
    return "intake/1"


async def test_records_that_the_door_of_sources_could_not_take_are_handed_to_it_again(gandan: Gandan, province: Province, set_aside: str) -> None:  # fmt: skip
    told_ = await gandan("parked", "retry", set_aside, "--json")

    assert (told_.exit_code, json.loads(told_.stdout)) == (0, {"applied": 2, "dropped": 0, "left": 0, "stopped": []})
    rows = await province.pools["intake"].fetch(
        "SELECT door, status, reason, (extract(epoch FROM received_at) * 1000)::bigint FROM source_event ORDER BY seq DESC LIMIT 2"
    )
    assert [tuple(row) for row in rows] == [
        ("kafka", "rejected", "schema", WRITTEN_AT), ("kafka", "accepted", None, WRITTEN_AT),
    ]  # fmt: skip
    assert (await gandan("parked", "list")).output == "nothing is parked\n"


@pytest.mark.full
async def test_one_of_them_is_discarded_and_the_other_stays(gandan: Gandan, province: Province, set_aside: str) -> None:
    told_ = await gandan("parked", "discard", set_aside, "--why", "test-data")

    assert told_.exit_code == 0, told_.output
    assert await province.pools["intake"].fetchval("SELECT count(*) FROM parked") == 1
    assert (
        await province.pools["intake"].fetchval("SELECT count(*) FROM fact WHERE type LIKE '%record-discarded%'") == 1
    )


async def test_a_topic_of_a_source_that_is_lost_is_named_until_it_is_made_again(
    gandan: Gandan, province: Province, source: str
) -> None:
    elsewhere = f"t{uuid7().hex[-12:]}."
    env = {"GANDAN_TOPIC_PREFIX": elsewhere}
    await topics.sync(province.bootstrap, prefix=elsewhere)

    lost, doctor = await gandan("topics", "list", env=env), await logs.check(province.seen(prefix=elsewhere), [])
    made = json.loads((await gandan("topics", "sync", "--json", env=env)).stdout)["made"]
    found = {topic["topic"]: topic["right"] for topic in json.loads((await gandan("topics", "list", "--json", env=env)).stdout)}  # fmt: skip

    own = [f"sources.{source}", f"sources.{source}.replies"]
    assert (lost.exit_code, lost.output.count("missing: run `gandan topics sync`")) == (1, 2)
    assert [each.words for each in doctor if not each.good] == [f"{', '.join(own)} are missing or differ"]
    assert made == [elsewhere + name for name in own]
    assert [found[name] for name in own] == [True, True]
