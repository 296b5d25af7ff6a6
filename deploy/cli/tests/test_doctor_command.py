"""`gandan doctor`: everything that is wrong is named, with what to do; a healthy installation is left in peace."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from deploy.cli.doctor import databases, law, logs, setting
from deploy.cli.stack import Finding
from deploy.cli.tests.conftest import Gandan, Province
from services.__main__ import app
from services.notifications.consumers import LISTENERS
from shared import settings
from shared.bus import relay, topics
from shared.bus.broker import make_producer, stop_producer
from shared.law import YearStatus, official_calendar
from shared.moments import system_clock, uuid7
from shared.store.db import open_direct

MARCH, DECEMBER = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)


async def wrong(gandan: Gandan, *words: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Subject -> finding, of what is wrong here; the calendar of the test machine's year is left out."""
    told = await gandan("doctor", "--json", *words, **more)
    found = json.loads(told.stdout)
    assert told.exit_code == (0 if all(f["good"] for f in found) else 3 if any(f["unreachable"] for f in found) else 1)
    return {f["subject"]: f for f in found if not f["good"] and not f["subject"].startswith("calendar")}


PARK = """INSERT INTO parked (consumer, topic, partition, "offset", cluster, reason, headers, parked_at)
VALUES ('intake.x', 't', 0, 0, 'c', 'gap', '[]', $1)"""
CONSUMER = "consumer notifications.dossiers"


def bad(found: Sequence[Finding]) -> Mapping[str, Finding]:
    return {finding.subject: finding for finding in found if not finding.good}


def all_of(found: Any) -> Mapping[str, Finding]:
    return {finding.subject: finding for finding in found}


@pytest.mark.kafka
@pytest.mark.postgres
class TestTheCommand:
    async def test_an_installation_at_rest_only_lacks_its_processes(self, gandan: Gandan) -> None:
        found = await wrong(gandan)
        assert set(found) == {"intake: relay", "complaints: relay", "notifications: relay", "reporting: relay"}
        assert found["intake: relay"]["remedy"] == "gandan up intake"

    async def test_a_relay_at_work_is_seen_and_all_is_told_in_words(self, gandan: Gandan, province: Province) -> None:
        connection = await open_direct(province.url.replace("{service}", "intake"), name="test-relay")
        try:
            assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", relay.LOCK)
            told = await gandan("doctor", "--service", "intake")
        finally:
            await connection.close()
        assert "✓ intake: relay: one process sends the outbox" in told.output
        assert "• keys: " in told.output

    async def test_servers_that_do_not_answer_end_with_three_and_the_rest_is_told_all_the_same(
        self, gandan: Gandan
    ) -> None:
        nowhere = {"GANDAN_DATABASE_URL": "postgresql://127.0.0.1:1/{service}", "GANDAN_KAFKA": "127.0.0.1:1"}
        told = await gandan("doctor", env=nowhere)
        assert told.exit_code == 3
        assert told.output.count("the database of") == 4
        assert "kafka: Kafka at 127.0.0.1:1 does not answer" in told.output
        assert "rules:" in told.output


@pytest.mark.postgres
class TestDatabases:
    async def test_an_empty_database_only_lacks_its_relay(self, province: Province) -> None:
        assert set(await self.wrong(province)) == {"intake: relay"}

    async def test_an_old_outbox_a_late_stage_and_an_old_gap_are_named(self, province: Province) -> None:
        db, hour_ago = province.pools["intake"], system_clock() - timedelta(hours=1)
        await province.tell()
        await db.execute("UPDATE outbox SET added_at = $1", hour_ago)
        await db.execute(
            """INSERT INTO deadline (aggregate, kind, rule, rule_version, clock, stage, stage_at)
            VALUES ($1, 'settlement', 'r', 1, '{}', 'breach', $2)""", uuid7(), hour_ago,
        )  # fmt: skip
        await db.execute(PARK, hour_ago)
        found = await self.wrong(province)
        assert found["intake: outbox"].words == "1 facts wait, the oldest for 1 h"
        assert found["intake: deadlines"].words == "a stage came 1 h ago and is not announced"
        assert found["intake: parked"].words == "1 records of intake.x (gap), the oldest for 1 h"
        assert "gandan parked list --consumer intake.x" in found["intake: parked"].remedy

    async def test_limits_that_were_passed_over_are_named_and_counted_again_when_asked(
        self, gandan: Gandan, province: Province
    ) -> None:
        db = province.pools["complaints"]
        look = """INSERT INTO recount (id, act, reason_class, first_day, last_day, not_before, cursor, finished_at, failed)
            VALUES ($1, $2, 'calendar', '2026-11-26', '2026-11-26', $3, $1, $3, $4)"""
        act, now = uuid7(), system_clock()
        await db.execute(look, uuid7(), act, now, 3)
        await db.execute(look, uuid7(), act, now + timedelta(seconds=90), 2)
        found = bad(await databases.check(province.seen(), "complaints"))["complaints: limits"]
        assert found.words == "2 were passed over when limits were counted again: they stand as before"
        assert "gandan calendar recount" in found.remedy
        assert (await gandan("calendar", "recount")).output == "2 countings begin again\n"
        assert "complaints: limits" not in bad(await databases.check(province.seen(), "complaints"))
        assert await db.fetchval("SELECT count(*) FROM recount WHERE finished_at IS NULL") == 2
        assert (await gandan("calendar", "recount")).output == "nobody was passed over\n"

    async def test_a_fresh_gap_is_no_trouble_yet(self, province: Province) -> None:
        await province.pools["intake"].execute(PARK, system_clock())
        assert "intake: parked" not in await self.wrong(province)

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE fact SET actor = 'somebody' WHERE sequence = 2",
            "DELETE FROM fact WHERE sequence = 2",
            "DELETE FROM fact WHERE sequence = 3",
            "DELETE FROM stream",
        ],
    )
    async def test_a_broken_chain_is_named(self, province: Province, damage: str) -> None:
        dossier = await province.tell(3)
        assert "intake: history" not in await self.wrong(province)
        await province.pools["intake"].execute(damage)
        assert (await self.wrong(province))["intake: history"].words == f"the chain of {dossier} is broken"

    async def test_a_database_of_another_version_is_named_and_asked_nothing_else(self, province: Province) -> None:
        db = province.pools["reporting"]
        await db.execute("ALTER TABLE alembic_version RENAME TO elsewhere")
        try:
            found = await databases.check(province.seen(), "reporting")
        finally:
            await db.execute("ALTER TABLE elsewhere RENAME TO alembic_version")
        assert [finding.remedy for finding in found] == ["gandan migrate --service reporting"]

    @staticmethod
    async def wrong(province: Province) -> Mapping[str, Finding]:
        return bad(await databases.check(province.seen(), "intake"))


@pytest.mark.kafka
@pytest.mark.postgres
class TestLogs:
    async def test_a_consumer_is_late_only_by_the_age_of_what_it_has_not_read(self, province: Province) -> None:
        await send(province, age_seconds=1)
        assert CONSUMER not in await self.wrong(province)
        await send(province, age_seconds=3 * 3600)
        assert (await self.wrong(province))[CONSUMER].words == "2 records behind, the oldest waits for 3 h"
        await stand_at_the_end(province)
        assert CONSUMER not in await self.wrong(province)

    async def test_places_of_another_kafka_are_named(self, province: Province) -> None:
        await province.pools["notifications"].execute(
            "INSERT INTO offsets VALUES ('notifications.dossiers', $1, 0, 'lost', 7)",
            province.prefix + "intake.dossiers",
        )
        assert "gandan topics refill" in (await self.wrong(province))[CONSUMER].remedy

    async def test_missing_topics_are_named(self, province: Province) -> None:
        found = bad(await logs.check(province.seen(prefix=f"t{uuid7().hex[-12:]}."), []))
        assert "gandan topics sync" in found["topics"].remedy

    @staticmethod
    async def wrong(province: Province) -> Mapping[str, Finding]:
        return bad(await logs.check(province.seen(), ["notifications"]))


async def send(province: Province, age_seconds: float) -> None:
    """A record of that age at the end of a partition of its own."""
    producer = await make_producer(province.bootstrap, "test")
    try:
        written = int((time.time() - age_seconds) * 1000)
        partition = 11 if age_seconds > 60 else 10
        await producer.send_and_wait(
            province.prefix + "intake.dossiers", b"{}", key=b"k", partition=partition, timestamp_ms=written
        )
    finally:
        await stop_producer(producer, 3)


async def stand_at_the_end(province: Province) -> None:
    cluster = await topics.cluster_id(province.bootstrap)
    listener = next(known for known in LISTENERS if known.name == "notifications.dossiers")
    assert set(listener.topics) == {"intake.dossiers"}
    for partition in (10, 11):
        part = TopicPartition(province.prefix + "intake.dossiers", partition)
        await province.pools["notifications"].execute(
            "INSERT INTO offsets VALUES ('notifications.dossiers', $1, $2, $3, 1)", part.topic, partition, cluster
        )


def test_a_sleeping_embedded_stack_is_not_started(runner: Any, tmp_path: Path) -> None:
    told = runner.invoke(app, ["doctor", "--home", str(tmp_path), "--json"])
    found = {f["subject"]: f for f in json.loads(told.stdout)}
    assert (told.exit_code, found["servers"]["remedy"]) == (3, f"gandan up --home {tmp_path}")
    assert not (tmp_path / "state.json").exists()


def test_a_wrong_setting_is_wrong_usage(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDAN_PORT", "many")
    told = runner.invoke(app, ["doctor"])
    assert (told.exit_code, "GANDAN_PORT" in told.stderr) == (2, True)


class TestSettings:
    @pytest.fixture(autouse=True)
    def nothing_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("GANDAN_") and not name.startswith("GANDAN_TEST")]:
            monkeypatch.delenv(name)

    def test_the_defaults_are_well(self, tmp_path: Path) -> None:
        assert all(finding.good for finding in setting.check(settings.load(home=tmp_path)))

    def test_a_misspelt_name_is_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GANDAN_PROVINZ", "44")
        found = all_of(setting.check(settings.load(home=tmp_path)))["settings"]
        assert (found.good, found.words) == (False, "nobody reads GANDAN_PROVINZ")

    def test_what_the_vendors_guide_sets_is_no_misspelt_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GANDAN_URL", "http://127.0.0.1:8000")
        monkeypatch.setenv("GANDAN_TOKEN", "a.b.c")
        assert all_of(setting.check(settings.load(home=tmp_path)))["settings"].good

    def test_unknown_parts_open_keys_and_a_dev_issuer_in_the_open_are_found(self, tmp_path: Path) -> None:
        (tmp_path / "keys.json").write_text("{}")
        (tmp_path / "keys.json").chmod(0o640)
        found = all_of(setting.check(settings.load(home=tmp_path, parts="api,party", host="0.0.0.0")))  # noqa: S104 - that is what is found
        assert [found[name].good for name in ("parts", "keys", "issuer")] == [False, False, False]
        assert found["keys"].remedy == f"chmod 600 {tmp_path / 'keys.json'}"

    def test_a_moved_clock_is_found(self, tmp_path: Path) -> None:
        (tmp_path / "clock").write_text("-172800")
        found = all_of(setting.check(settings.load(home=tmp_path, clock=tmp_path / "clock")))["clock"]
        assert (found.good, found.words[:11]) == (False, "2 d behind ")

    def test_a_clock_that_is_no_number_is_a_wrong_setting(self, tmp_path: Path) -> None:
        (tmp_path / "clock").write_text("tomorrow")
        with pytest.raises(settings.WrongSetting, match="GANDAN_CLOCK"):
            list(setting.check(settings.load(home=tmp_path, clock=tmp_path / "clock")))


class TestLaw:
    def test_a_provisional_next_year_is_a_note_until_december(self) -> None:
        calendar = official_calendar().with_year(2027, YearStatus.PROVISIONAL)
        assert all_of(law.check(MARCH, calendar))["calendar 2027"].good
        found = all_of(law.check(DECEMBER, calendar))["calendar 2027"]
        assert (found.good, "should be published by now" in found.words) == (False, True)

    def test_an_unknown_next_year_is_wrong_and_a_published_one_is_well(self) -> None:
        calendar = official_calendar()
        beyond = datetime(calendar.years[-1][0], 3, 1, tzinfo=UTC)
        found = all_of(law.check(beyond, calendar))[f"calendar {beyond.year + 1}"]
        assert (found.good, found.remedy.startswith("seed it")) == (False, True)
        assert all_of(law.check(MARCH, calendar))["calendar 2026"].words == "published"

    def test_rules_nobody_has_checked_are_counted_as_a_note(self) -> None:
        found = all_of(law.check(MARCH))["rules"]
        assert found.good
        assert found.words.endswith("are not yet checked against their text") == bool(found.remedy)
