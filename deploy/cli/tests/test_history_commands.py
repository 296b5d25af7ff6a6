"""`gandan verify`, `migrate`, `notices why` and `rebuild` on real databases."""

import json
from uuid import UUID

import asyncpg
import pytest

from deploy.cli.rebuild import KNOWN
from deploy.cli.tests.conftest import Gandan, Province
from deploy.cli.up import SERVICES
from services.notifications.consumers import LISTENERS
from shared.bus import topics
from shared.contracts.intake import DOSSIERS, DossierRefused
from shared.moments import uuid7
from shared.testing.clock import MONDAY_MORNING
from shared.testing.records import Log, fed

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


async def test_whole_histories_are_counted(gandan: Gandan, province: Province) -> None:
    await province.tell(3)
    told = await gandan("verify")
    assert told.exit_code == 0, told.output
    assert "intake: 3 facts, every link holds" in told.output
    assert [one["service"] for one in json.loads((await gandan("verify", "--json")).stdout)] == list(SERVICES)


async def test_each_damage_is_named_by_aggregate_and_sequence_and_nothing_is_changed(
    gandan: Gandan, province: Province
) -> None:
    changed, shortened = await province.tell(3), await province.tell(2)
    db = province.pools["intake"]
    await db.execute("UPDATE fact SET actor = 'somebody' WHERE aggregate = $1 AND sequence = 2", changed)
    await db.execute("DELETE FROM fact WHERE aggregate = $1 AND sequence = 2", shortened)
    told = await gandan("verify", "--service", "intake")
    assert told.exit_code == 1
    assert f"{changed} at sequence 2: its content was changed" in told.output
    assert f"{shortened} at sequence 2: the last 1 facts are missing" in told.output
    again = json.loads((await gandan("verify", "--service", "intake", "--json")).stdout)
    assert [(d["aggregate"], d["sequence"]) for d in again[0]["damages"]] == [(str(changed), 2), (str(shortened), 2)]


async def test_migrating_a_database_that_is_new_and_one_that_is_not(gandan: Gandan, province: Province) -> None:
    told = await gandan("migrate", "--service", "intake", "--json")
    known = json.loads(told.stdout)
    assert (told.exit_code, known[0]["before"]) == (0, known[0]["now"])
    name = f"{uuid7().hex[-12:]}_intake"
    admin = await asyncpg.connect(province.url.rpartition("/")[0] + "/postgres")
    try:
        await admin.execute(f'CREATE DATABASE "t_{name}"')
        url = f"{province.url.rpartition('/')[0]}/t_{name.removesuffix('intake')}{{service}}"
        unready = await gandan("verify", "--service", "intake", env={"GANDAN_DATABASE_URL": url})
        assert (unready.exit_code, unready.stderr) == (
            1,
            "gandan verify: a database is not at this version: run `gandan migrate`\n",
        )
        made = await gandan("migrate", "--service", "intake", env={"GANDAN_DATABASE_URL": url})
        assert (made.exit_code, made.output.splitlines()[1].split()) == (0, ["intake", "empty", known[0]["now"]])
    finally:
        await admin.execute(f'DROP DATABASE "t_{name}" WITH (FORCE)')
        await admin.close()


async def test_a_database_that_is_not_there_is_unreachable(gandan: Gandan, province: Province) -> None:
    url = province.url.rpartition("/")[0] + "/t_nothing_{service}"
    told = await gandan("migrate", env={"GANDAN_DATABASE_URL": url})
    assert (told.exit_code, "the database of intake does not answer" in told.stderr) == (3, True)


async def told_of_a_refusal(province: Province) -> UUID:
    """The id of the notice that a refused dossier made."""
    listener = next(known for known in LISTENERS if DOSSIERS in known.topics)
    consumer = fed(province.works("notifications"), listener, province.telemetry.metrics)
    fact = DossierRefused(
        occurred_at=MONDAY_MORNING, dossier=uuid7(), code="H50.12-261123-0001", unit="19360", recipient=uuid7(), reason_class="wrong-place"
    )  # fmt: skip
    await consumer.give(Log().fact(fact, 1))
    notice: UUID = await province.pools["notifications"].fetchval("SELECT id FROM notification")
    return notice


async def test_why_a_notice_exists_is_told_with_its_rule_and_cause(gandan: Gandan, province: Province) -> None:
    notice = await told_of_a_refusal(province)
    try:
        told = await gandan("notices", "why", str(notice), "--json")
        assert told.exit_code == 0, told.output
        found = json.loads(told.stdout)
        assert (found["id"], found["inbox"]["state"]) == (str(notice), "unread")
        plain = await gandan("notices", "why", str(notice))
        assert plain.exit_code == 0, plain.output
        assert f"once per: {found['dedupe_key']}" in plain.output
        assert found["rules"][0]["when"] in plain.output
    finally:
        await province.pools["notifications"].execute(
            "TRUNCATE notification, notification_key, inbox_item, recipient CASCADE"
        )


async def test_a_notice_that_is_not_there_is_refused_and_an_id_that_is_none_is_wrong_usage(gandan: Gandan) -> None:
    told = await gandan("notices", "why", str(uuid7()))
    assert (told.exit_code, told.stderr) == (1, "gandan notices why: There is no such notice.\n")
    assert (await gandan("notices", "why", "12")).exit_code == 2


async def test_a_read_model_is_made_anew_and_swapped_in(gandan: Gandan, province: Province) -> None:
    await province.pools["reporting"].execute(
        "INSERT INTO offsets VALUES ('reporting.live', $1, 0, $2, 0)",
        province.prefix + DOSSIERS, await topics.cluster_id(province.bootstrap),
    )  # fmt: skip
    before = await province.pools["reporting"].fetchval("SELECT version FROM projection_active")
    told = await gandan("rebuild", "dossiers", "--json")
    assert told.exit_code == 0, told.output
    made = json.loads(told.stdout)
    assert (made["version"], made["swapped"]) == (before + 1, True)
    plain = await gandan("rebuild", "timeline")
    assert (plain.exit_code, f"version {before + 2} from 0 records" in plain.output) == (0, True)


async def test_an_unknown_read_model_is_wrong_usage_and_the_known_ones_are_named(gandan: Gandan) -> None:
    told = await gandan("rebuild", "dosiers")
    assert (told.exit_code, ", ".join(KNOWN) in told.output) == (2, True)
