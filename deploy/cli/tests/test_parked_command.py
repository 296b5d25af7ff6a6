"""`gandan parked` on records that real consumers could not apply."""

import json
from uuid import UUID

import pytest
import pytest_asyncio

from deploy.cli.masking import masked, masked_detail, readable
from deploy.cli.screen import age
from deploy.cli.tests.conftest import Gandan, Province
from services.notifications.consumers import LISTENERS
from shared.bus.arrival import Raw
from shared.contracts.intake import DOSSIERS, DossierAssigned
from shared.moments import uuid7
from shared.testing.clock import MONDAY_MORNING
from shared.testing.records import Fed, Log, envelope_of, fed

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

LETTER = '{"name": "Nguyễn Văn An", "phone": "0912345678", "note": "số 079123456789"}'.encode()


def assigned(dossier: UUID) -> DossierAssigned:
    return DossierAssigned(occurred_at=MONDAY_MORNING, dossier=dossier, unit="19360", officer="o-1")


@pytest.fixture
def consumer(province: Province) -> Fed:
    """The consumer of dossiers in notifications, fed by hand."""
    listener = next(known for known in LISTENERS if DOSSIERS in known.topics)
    made = fed(province.works("notifications"), listener, province.telemetry.metrics)
    made.consumer.prefix = province.prefix
    return made


@pytest.fixture
def log(province: Province) -> Log:
    return Log(topic=province.prefix + DOSSIERS)


@pytest_asyncio.fixture
async def waiting(consumer: Fed, log: Log) -> UUID:
    """A dossier whose second fact came and whose first did not."""
    dossier = uuid7()
    await consumer.give(log.fact(assigned(dossier), 2))
    return dossier


@pytest_asyncio.fixture
async def letter(consumer: Fed, log: Log) -> UUID:
    """A letter with a name in it where the first fact of a dossier should be; the second waits behind it."""
    dossier = uuid7()
    await consumer.give(log.record(str(dossier).encode(), LETTER), log.fact(assigned(dossier), 2))
    return dossier


async def ids(gandan: Gandan) -> list[str]:
    return [record["id"] for record in json.loads((await gandan("parked", "list", "--json")).stdout)]


async def test_nothing_parked_is_said_so(gandan: Gandan) -> None:
    told = await gandan("parked", "list")
    assert (told.exit_code, told.output) == (0, "nothing is parked\n")


async def test_the_list_names_key_sequence_reason_and_age(gandan: Gandan, waiting: UUID) -> None:
    told = await gandan("parked", "list", "--service", "notifications")
    assert told.exit_code == 0, told.output
    head, line = told.output.splitlines()
    assert head.split() == ["ID", "CONSUMER", "TOPIC", "KEY", "SEQUENCE", "REASON", "AGE"]
    assert line.startswith("notifications/1 ")
    assert str(waiting) in line
    assert " gap " in line
    assert await ids(gandan) == ["notifications/1"]
    others = await gandan("parked", "list", "--consumer", "reporting.live")
    assert others.output == "nothing is parked\n"


async def test_a_fact_is_shown_readable(gandan: Gandan, waiting: UUID) -> None:
    told = await gandan("parked", "show", "notifications/1", "--json")
    assert told.exit_code == 0, told.output
    value = json.loads(told.stdout)["value"]
    assert (value["type"], value["sequence"]) == ("vn.gandan.dossier-assigned.v1", 2)
    assert value["data"]["dossier"] == str(waiting)
    assert value["data"]["officer"] == "o-1"
    assert "officer: o-1" in (await gandan("parked", "show", "notifications/1")).output


@pytest.mark.usefixtures("letter")
async def test_nothing_personal_of_a_strange_record_is_shown(gandan: Gandan) -> None:
    for words in (
        ("parked", "show", "notifications/1"),
        ("parked", "show", "notifications/1", "--json"),
        ("parked", "list", "--json"),
    ):
        told = await gandan(*words)
        assert told.exit_code == 0, told.output
        assert not {"Nguyễn", "0912345678", "079123456789", "phone"} & set(told.output.replace('"', " ").split())
    assert "unknown: 3 more fields" in (await gandan("parked", "show", "notifications/1")).output


async def test_a_retry_that_cannot_go_on_says_what_is_missing(gandan: Gandan, waiting: UUID) -> None:
    told = await gandan("parked", "retry", "--key", str(waiting))
    assert (told.exit_code, told.output) == (1, "0 applied, 0 dropped as known, 1 left\n  gap: 1 has not come\n")


async def test_a_retry_applies_what_can_be_applied_now(gandan: Gandan, province: Province, waiting: UUID) -> None:
    await province.pools["notifications"].execute("UPDATE applied SET sequence = 1 WHERE key = $1", waiting)
    told = await gandan("parked", "retry", "notifications/1", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"applied": 1, "dropped": 0, "left": 0, "stopped": []}
    assert await ids(gandan) == []


async def test_retrying_everything_takes_each_key_once(
    gandan: Gandan, consumer: Fed, log: Log, province: Province
) -> None:
    keys = [uuid7(), uuid7()]
    await consumer.give(*(log.fact(assigned(key), number) for key in keys for number in (2, 3)))
    await province.pools["notifications"].execute("UPDATE applied SET sequence = 1")
    told = await gandan("parked", "retry", "--all")
    assert (told.exit_code, told.output) == (0, "4 applied, 0 dropped as known, 0 left\n")


async def test_a_discarded_record_lets_the_next_one_run_and_leaves_who_and_why(
    gandan: Gandan, province: Province, letter: UUID
) -> None:
    told = await gandan("parked", "discard", "notifications/1", "--why", "unreadable")
    assert told.exit_code == 0, told.output
    assert told.output.startswith("notifications/1 is discarded; 1 applied")
    assert await ids(gandan) == []
    row = await province.pools["notifications"].fetchrow(
        "SELECT actor, topic, envelope FROM fact WHERE type LIKE '%record-discarded%'"
    )
    assert (row["actor"].split("|")[0], row["topic"]) == ("ops", None)
    assert b'"reason_class":"unreadable"' in row["envelope"]
    assert await province.pools["notifications"].fetchval("SELECT sequence FROM applied WHERE key = $1", letter) == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "notifications/99"), 1, "There is no such parked record."),
        (("retry", "notifications/99"), 1, "There is no such parked record."),
        (("retry", "--key", "nobody"), 1, "There is no such parked record."),
        (("discard", "notifications/99", "--why", "obsolete"), 1, "There is no such parked record."),
        (("show", "99"), 2, "'99': write it as `gandan parked list` does, for example reporting/12"),
        (("retry",), 2, "name one record, or --key KEY, or --all"),
        (("retry", "notifications/1", "--all"), 2, "name one record, or --key KEY, or --all"),
        (("discard", "notifications/1"), 2, "Missing option '--why'"),
        (("discard", "notifications/1", "--why", "boredom"), 2, "--why is one of: corrected-at-source, obsolete"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(
    gandan: Gandan, words: tuple[str, ...], code: int, sentence: str
) -> None:
    told = await gandan("parked", *words)
    assert (told.exit_code, sentence in told.output) == (code, True), told.output


async def test_a_record_of_a_consumer_that_is_no_more_can_only_be_looked_at(
    gandan: Gandan, province: Province, waiting: UUID
) -> None:
    await province.pools["notifications"].execute(
        "UPDATE parked SET consumer = 'notifications.old' WHERE key = $1", waiting
    )
    told = await gandan("parked", "retry", "--all")
    assert (told.exit_code, told.stderr) == (1, "gandan parked retry: no service has a consumer 'notifications.old'\n")


async def test_a_database_that_does_not_answer_is_named_without_its_password(gandan: Gandan) -> None:
    told = await gandan("parked", "list", env={"GANDAN_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/{service}"})
    assert (told.exit_code, "the database of intake does not answer" in told.stderr) == (3, True)
    assert "secret" not in told.output


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.004873", "1.004873"),
        ("2026-11-23T08:15:00+07:00", "2026-11-23T08:15:00+07:00"),
        ("Nguyễn Văn An", "[13 characters]"),
        ("an.nguyen@example.vn", "[20 characters]"),
        ("079123456789", "[12 characters]"),
        (12, 12),
        (79_123_456_789, "[…]"),
        (True, True),
        (None, None),
        (["An", "Bình"], "[2 entries]"),
    ],
)
def test_only_codes_ids_dates_and_amounts_are_shown(value: object, shown: object) -> None:
    assert masked(value) == shown


def test_what_a_sentence_quotes_of_a_record_is_hidden_unless_it_is_a_code() -> None:
    assert masked_detail("subject 'Nguyễn Văn An', sequence 1") == "subject […], sequence 1"
    assert masked_detail("Object missing required field `unit`") == "Object missing required field `unit`"


def test_headers_of_strangers_are_hidden_too() -> None:
    raw = Raw("t", 0, 0, b"k", b"\xff\x00", (("ce_id", b"1"), ("x-name", b"An"), ("content-type", None)), 0)
    shown = readable(raw)
    assert shown["headers"] == {"ce_id": "1", "[…]": "[…]", "content-type": None}
    assert shown["value"]["unreadable"] == "2 bytes"


def test_a_fact_in_binary_mode_is_read_by_its_headers() -> None:
    body = json.dumps({"officer": "o-1", "nickname": "Bé Ba"}).encode()
    raw = Raw("t", 0, 0, b"k", body, (("ce_specversion", b"1.0"), ("ce_type", b"vn.gandan.dossier-assigned.v1")), 0)
    assert readable(raw)["value"] == {"data": {"officer": "o-1", "unknown": "1 more fields"}}


def test_a_tombstone_and_a_bare_value_are_readable() -> None:
    assert readable(Raw("t", 0, 0, b"k", None, (), 0))["value"] is None
    assert readable(Raw("t", 0, 0, b"k", envelope_of(assigned(uuid7()), 1), (), 0))["value"]["data"]["unit"] == "19360"


def test_ages_are_told_in_their_largest_unit() -> None:
    assert [age(seconds) for seconds in (-3, 45, 200, 8_000, 400_000)] == ["0 s", "45 s", "3 min", "2 h", "4 d"]
