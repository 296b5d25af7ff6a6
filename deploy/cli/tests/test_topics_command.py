"""`gandan topics` on real Kafka and the kept facts."""

import json

import pytest

from deploy.cli import topics
from deploy.cli.tests.conftest import Gandan, Province
from shared.bus import topics as catalogue
from shared.moments import uuid7

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

NOWHERE = {"GANDAN_KAFKA": "127.0.0.1:1"}


async def outbox(province: Province) -> list[tuple[int, bool]]:
    """Sequence and replay mark of what intake will send, in order."""
    rows = await province.pools["intake"].fetch(
        "SELECT f.sequence, o.replay FROM outbox o JOIN fact f ON f.id = o.fact ORDER BY o.position"
    )
    return [(row["sequence"], row["replay"]) for row in rows]


async def test_topics_that_are_as_they_should_be_are_listed_with_their_records(gandan: Gandan) -> None:
    told = await gandan("topics", "list", "--json")
    assert told.exit_code == 0, told.output
    found = {topic["topic"]: topic for topic in json.loads(told.stdout)}
    assert set(found) == set(topics.NAMES)
    assert found["intake.dossiers"]["partitions"] == 12
    assert all(topic["right"] for topic in found.values())
    assert "as it should be" in (await gandan("topics", "list")).output


async def test_missing_topics_are_named_with_what_to_do_and_sync_makes_them_once(gandan: Gandan) -> None:
    elsewhere = {"GANDAN_TOPIC_PREFIX": f"t{uuid7().hex[-12:]}."}
    missing = await gandan("topics", "list", env=elsewhere)
    assert (missing.exit_code, missing.output.count("missing: run `gandan topics sync`")) == (1, len(topics.NAMES))
    made = json.loads((await gandan("topics", "sync", "--json", env=elsewhere)).stdout)
    assert (len(made["made"]), made["wrong"]) == (len(topics.NAMES), [])
    again = await gandan("topics", "sync", env=elsewhere)
    assert (again.exit_code, again.output) == (0, "every topic is there\n")


async def test_a_topic_with_other_settings_is_named_and_left_alone(gandan: Gandan, province: Province) -> None:
    prefix = f"t{uuid7().hex[-12:]}."
    odd = [catalogue.Topic("intake.dossiers", 3), catalogue.Topic("intake.units", 1)]
    await catalogue.sync(province.bootstrap, prefix=prefix, topics=odd)
    told = await gandan("topics", "sync", env={"GANDAN_TOPIC_PREFIX": prefix})
    assert told.exit_code == 1
    assert "intake.dossiers differs: 3 partitions instead of 12" in told.output
    assert "intake.units differs: cleanup.policy is delete: set it to compact" in told.output


async def test_without_kafka_a_sentence_says_so(gandan: Gandan) -> None:
    told = await gandan("topics", "sync", env=NOWHERE)
    assert (told.exit_code, told.stderr) == (3, "gandan topics sync: Kafka at 127.0.0.1:1 does not answer\n")


async def test_refill_puts_every_kept_fact_back_with_its_sequence(gandan: Gandan, province: Province) -> None:
    await province.tell(3)
    await province.pools["intake"].execute("TRUNCATE outbox")
    told = await gandan("topics", "refill", "--topic", "intake.dossiers", "--yes", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == [{"service": "intake", "topics": ["intake.dossiers"], "facts": 3, "contacts": 0}]
    assert await outbox(province) == [(1, True), (2, True), (3, True)]


async def test_refill_asks_first_and_no_means_no(gandan: Gandan, province: Province) -> None:
    await province.tell()
    await province.pools["intake"].execute("TRUNCATE outbox")
    told = await gandan("topics", "refill", "--service", "intake", input="n\n")
    assert (told.exit_code, "nothing was done" in told.output, "1 facts" in told.output) == (1, True, True)
    assert await outbox(province) == []


async def test_refill_sends_contacts_again_by_their_recipient(gandan: Gandan, province: Province) -> None:
    db, recipient = province.pools["intake"], uuid7()
    await db.execute("INSERT INTO contact (recipient, person, sequence) VALUES ($1, $2, 1)", recipient, uuid7())
    told = await gandan("topics", "refill", "--topic", "intake.contacts", "--yes")
    assert (told.exit_code, "0 facts and 1 contacts" in told.output) == (0, True)
    assert [row["contact"] for row in await db.fetch("SELECT contact FROM outbox")] == [recipient]
    await db.execute("DELETE FROM contact")


async def test_with_nothing_kept_refill_says_so(gandan: Gandan) -> None:
    told = await gandan("topics", "refill", "--service", "reporting", "--yes")
    assert (told.exit_code, told.output) == (0, "there is nothing to send again\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("refill", "--topic", "intake.dosiers"), "there is no topic intake.dosiers; there are intake.dossiers"),
        (("refill", "--service", "intakes"), "there is no service intakes; there are intake"),
        (("refill", "--json"), "--json asks nothing, so it needs --yes"),
    ],
)
async def test_wrong_words_are_named(gandan: Gandan, words: tuple[str, ...], sentence: str) -> None:
    told = await gandan("topics", *words)
    assert (told.exit_code, sentence in told.output) == (2, True), told.output
