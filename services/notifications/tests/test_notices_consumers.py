"""Facts and contacts as they arrive: twice, late, in bulk, damaged, forgotten."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import structs

from services.notifications import handlers
from services.notifications.tests import samples
from services.notifications.tests.conftest import codes, records, rows, stated
from shared.contracts import intake
from shared.kernel import system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, seal_contact
from shared.testing.records import Fed, Log

pytestmark = pytest.mark.postgres

DETAILS = Details("Nguyễn Thị Ánh", "044085001234", "+84912345678", "anh@example.vn")


async def test_a_dossiers_life_is_told_in_order_and_owed_facts_only(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))
    assert await codes(works, citizen) == [
        (1, "HS-00"), (2, "HS-01"), (3, "HS-02"), (4, "HS-06a"), (5, "HS-07"), (6, "HS-08"),
    ]  # fmt: skip
    assert dossiers.counts() == {"applied": 7, "ignored": 1, "consumed": 8}


async def test_nobody_is_told_of_what_was_loaded_as_history_but_of_what_comes_after_it(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    *past, last, _returned = samples.life(citizen)
    loaded: dict[str, Any] = {"backfill": True}
    history = [replace(fact, **loaded) for fact in past]

    await dossiers.give(*records(log, history))
    assert (await codes(works, citizen), await stated(works, "notice-created")) == ([], [])

    await dossiers.give(*records(log, [last], first=len(history) + 1))
    assert await codes(works, citizen) == [(1, "HS-07")]


async def test_a_redelivered_fact_makes_no_second_notice(works: Works, dossiers: Fed, log: Log, citizen: UUID) -> None:
    facts = samples.life(citizen)
    await dossiers.give(*records(log, facts))
    await dossiers.give(*records(log, facts))
    assert len(await codes(works, citizen)) == 6
    assert len(await stated(works, "notice-created")) == 6


async def test_a_topic_replayed_into_a_consumer_that_forgot_its_sequences_tells_nobody_twice(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    facts = samples.life(citizen)
    await dossiers.give(*records(log, facts))
    async with works.begin(system("test")) as work:
        await work.db.execute("DELETE FROM applied")
        await work.db.execute("DELETE FROM inbox_item")
    await dossiers.give(*records(log, facts))
    assert dossiers.counts()["applied"] == 14
    assert await codes(works, citizen) == []
    assert len(await stated(works, "notice-created")) == 6


async def test_the_second_supplement_request_makes_a_second_notice(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    facts = [samples.submitted(citizen), *(samples.supplement_requested(citizen, components=n) for n in (2, 1))]
    await dossiers.give(*records(log, facts))
    await dossiers.give(*records(log, facts))
    assert await codes(works, citizen) == [(1, "HS-00"), (2, "HS-02"), (3, "HS-02")]


async def test_each_notice_states_its_own_fact_caused_by_the_fact_it_tells(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    record = log.fact(samples.accepted(citizen), 1, correlationid="one-story")
    await dossiers.give(record)
    (fact,) = await stated(works, "notice-created")
    envelope, cause = msgspec.json.decode(fact["envelope"]), msgspec.json.decode(record.value or b"")
    assert (envelope["causationid"], envelope["correlationid"]) == (cause["id"], "one-story")
    assert (envelope["sequence"], fact["aggregate"]) == (1, UUID(envelope["data"]["notice"]))
    assert {name: envelope["data"][name] for name in ("code", "aggregate", "aggregate_sequence", "recipient", "unit", "inbox")} == {
        "code": "HS-01", "aggregate": str(samples.dossier()), "aggregate_sequence": 1, "recipient": str(citizen), "unit": samples.UNIT, "inbox": True,
    }  # fmt: skip


async def test_no_fact_of_this_service_holds_a_text_or_a_dossier_code(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    await dossiers.give(*records(log, samples.life(citizen)))
    for fact in await stated(works, "notice-created"):
        text = fact["envelope"].decode()
        assert samples.code() not in text
        assert "title" not in text
        assert text.isascii()


async def test_a_batch_of_500_with_every_fact_doubled_tells_each_citizen_once_and_in_order(
    works: Works, dossiers: Fed, log: Log
) -> None:
    people = [samples.dossier(1000 + n) for n in range(25)]
    lives = [records(log, samples.life(people[n % 25], n)) for n in range(31)]
    mixed = [record for step in zip(*lives, strict=True) for record in step for _ in range(2)]
    batch = [structs.replace(record, offset=offset) for offset, record in enumerate(mixed)]
    await dossiers.give(*batch)
    assert len(batch) == 496
    assert dossiers.counts() == {"applied": 217, "ignored": 31, "duplicate": 248, "consumed": 496}
    told = await rows(works, "SELECT recipient, array_agg(seq ORDER BY seq) AS seqs FROM inbox_item GROUP BY 1")
    assert {row["recipient"]: row["seqs"] for row in told} == {
        person: list(range(1, 13 if n < 6 else 7)) for n, person in enumerate(people)
    }
    standings = await rows(works, "SELECT ref, seq, unread, version FROM recipient")
    assert all((row["seq"], row["unread"], row["version"]) == (row["seq"], row["seq"], 1) for row in standings)
    assert len(await stated(works, "notice-created")) == 186


async def test_a_batch_that_is_rolled_back_and_comes_again_leaves_one_notice_each(
    works: Works, dossiers: Fed, log: Log, citizen: UUID
) -> None:
    def fail(where: str) -> None:
        if where == "effects":
            raise ConnectionError("gone")

    batch = records(log, samples.life(citizen))
    dossiers.consumer.failpoint = fail
    await dossiers.offer(*batch)
    assert await codes(works, citizen) == []
    dossiers.consumer.failpoint = lambda _where: None
    await dossiers.give(*batch)
    assert [seq for seq, _ in await codes(works, citizen)] == [1, 2, 3, 4, 5, 6]


async def test_a_poisoned_record_delays_only_its_own_dossier(
    works: Works, dossiers: Fed, log: Log, citizen: UUID, neighbour: UUID
) -> None:
    bad = log.record(str(samples.dossier(1)).encode(), b"not an envelope")
    await dossiers.give(bad, *records(log, samples.life(citizen, 1)), *records(log, samples.life(neighbour, 2)))
    assert await codes(works, citizen) == []
    assert len(await codes(works, neighbour)) == 6


def sealed(keys: Keys, recipient: UUID, details: Details = DETAILS, box: bytes | None = None) -> intake.ContactSealed:
    content = box if box is not None else seal_contact(keys.contact_public, details)
    return intake.ContactSealed(
        occurred_at=samples.AT, recipient=recipient, contact_sealed=base64.b64encode(content).decode(), key_id=fingerprint(keys.contact_public)
    )  # fmt: skip


async def test_a_sealed_contact_is_opened_here_and_kept_encrypted(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID
) -> None:
    await contacts.give(Log(intake.CONTACTS).fact(sealed(keys, citizen), 1))
    assert await handlers.contact(works, citizen) == DETAILS
    (kept,) = await rows(works, "SELECT contact::text AS all FROM contact")
    everything = kept["all"] + "".join(
        str(row) for row in await rows(works, "SELECT encode(sealed, 'escape') FROM contact")
    )
    for secret in ("Nguy", "0912345678", "84912345678", "example.vn", "044085001234"):
        assert secret not in everything


async def test_the_newest_contact_replaces_the_older_one_also_within_a_batch(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID
) -> None:
    log = Log(intake.CONTACTS)
    moved = replace(DETAILS, phone="+84999999999")
    await contacts.give(log.fact(sealed(keys, citizen), 1), log.fact(sealed(keys, citizen, moved), 2))
    assert await handlers.contact(works, citizen) == moved
    await contacts.give(log.fact(sealed(keys, citizen), 3), log.fact(sealed(keys, citizen, moved), 2))
    assert await handlers.contact(works, citizen) == DETAILS


async def test_a_tombstone_forgets_the_contact_and_destroys_its_key(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID, neighbour: UUID
) -> None:
    log = Log(intake.CONTACTS)
    await contacts.give(log.fact(sealed(keys, citizen), 1), log.fact(sealed(keys, neighbour), 1))
    await contacts.give(log.record(str(citizen).encode(), None))
    assert await handlers.contact(works, citizen) is None
    assert await handlers.contact(works, neighbour) == DETAILS
    (kept,) = await rows(works, "SELECT * FROM contact WHERE recipient = $1", citizen)
    assert (kept["data_key"], kept["sealed"], kept["forgotten_at"]) == (None, None, samples.AT)


async def test_a_contact_and_its_tombstone_in_one_batch_leave_nothing(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID
) -> None:
    log = Log(intake.CONTACTS)
    await contacts.give(log.fact(sealed(keys, citizen), 1), log.record(str(citizen).encode(), None))
    assert await handlers.contact(works, citizen) is None


async def test_a_person_who_files_again_after_being_forgotten_is_known_again(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID
) -> None:
    log = Log(intake.CONTACTS)
    await contacts.give(log.fact(sealed(keys, citizen), 1))
    await contacts.give(log.record(str(citizen).encode(), None))
    await contacts.give(log.fact(sealed(keys, citizen), 2))
    assert await handlers.contact(works, citizen) == DETAILS


@pytest.mark.parametrize("box", [b"damaged", b"x" * 200, b""])
async def test_a_contact_we_cannot_open_is_parked_without_a_word_of_it_and_stops_no_other(
    works: Works, contacts: Fed, keys: Keys, citizen: UUID, neighbour: UUID, box: bytes
) -> None:
    log = Log(intake.CONTACTS)
    await contacts.give(log.fact(sealed(keys, citizen, box=box), 1), log.fact(sealed(keys, neighbour), 1))
    assert await handlers.contact(works, neighbour) == DETAILS
    (parked,) = await rows(works, "SELECT reason, detail FROM parked")
    assert (parked["reason"], parked["detail"].split(":")[0]) == ("handler", "SealedForAnother")


async def test_a_fact_that_comes_before_its_contact_is_told_all_the_same(
    works: Works, dossiers: Fed, contacts: Fed, log: Log, keys: Keys, citizen: UUID
) -> None:
    await dossiers.give(log.fact(samples.accepted(citizen), 1))
    await contacts.give(Log(intake.CONTACTS).fact(sealed(keys, citizen), 1))
    assert await codes(works, citizen) == [(1, "HS-01")]
    assert await handlers.contact(works, citizen) == DETAILS
