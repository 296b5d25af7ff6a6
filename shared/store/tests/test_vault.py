"""The vault: what it keeps can be read with the right row and key only, and not at all once forgotten."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from nacl.public import PrivateKey, SealedBox

from shared.kernel import system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import (
    Details,
    Forgotten,
    PersonRow,
    blind_index,
    disclose,
    enclose,
    fingerprint,
    recipient_of,
    seal_contact,
)

HOA = Details("Nguyễn Thị Hoa", "044190001234", "+84912345678", "hoa@example.vn", "Thôn 3, xã Tân Thành")
ROW, OTHER_ROW, RECIPIENT = UUID(int=1), UUID(int=2), UUID(int=3)


def as_row(person: PersonRow, **changes: Any) -> dict[str, Any]:
    return asdict(person) | changes


def test_what_is_enclosed_can_be_disclosed(keys: Keys) -> None:
    person = enclose(keys, ROW, RECIPIENT, HOA)
    assert disclose(keys, as_row(person)) == HOA
    assert disclose(keys, as_row(enclose(keys, ROW, RECIPIENT, Details("Nam")))) == Details("Nam")


def test_nothing_of_a_person_is_readable_in_their_row(keys: Keys) -> None:
    kept = b"".join(value for value in asdict(enclose(keys, ROW, RECIPIENT, HOA)).values() if isinstance(value, bytes))
    for word in ("Hoa", "044190001234", "912345678", "example.vn"):
        assert word.encode() not in kept


def test_two_rows_of_the_same_person_share_no_bytes_but_the_indices(keys: Keys) -> None:
    first, second = enclose(keys, ROW, RECIPIENT, HOA), enclose(keys, OTHER_ROW, RECIPIENT, HOA)
    assert first.sealed != second.sealed
    assert first.data_key != second.data_key
    assert (first.identity_index, first.phone_index) == (second.identity_index, second.phone_index)


def test_a_forgotten_person_cannot_be_disclosed(keys: Keys) -> None:
    person = enclose(keys, ROW, RECIPIENT, HOA)
    for lost in ({"data_key": None}, {"sealed": None}):
        with pytest.raises(Forgotten):
            disclose(keys, as_row(person, **lost))


def test_another_installation_cannot_disclose(keys: Keys) -> None:
    person = enclose(keys, ROW, RECIPIENT, HOA)
    with pytest.raises(Forgotten):
        disclose(replace(keys, vault=bytes(32)), as_row(person))


def test_details_moved_into_another_row_are_refused(keys: Keys) -> None:
    person = enclose(keys, ROW, RECIPIENT, HOA)
    with pytest.raises(InvalidTag):
        disclose(keys, as_row(person, id=OTHER_ROW))


def test_changed_details_are_refused(keys: Keys) -> None:
    person = enclose(keys, ROW, RECIPIENT, HOA)
    for at in (0, 20, len(person.sealed) - 1):
        spoilt = bytearray(person.sealed)
        spoilt[at] ^= 1
        with pytest.raises(InvalidTag):
            disclose(keys, as_row(person, sealed=bytes(spoilt)))


def test_a_blind_index_finds_equal_values_of_one_kind_and_tells_nothing(keys: Keys) -> None:
    index = blind_index(keys, "phone", "+84912345678")
    assert index == blind_index(keys, "phone", "+84912345678")
    assert index != blind_index(keys, "identity_no", "+84912345678")
    assert index != blind_index(replace(keys, index=bytes(32)), "phone", "+84912345678")
    assert len(index or b"") == 16
    assert blind_index(keys, "phone", None) is None
    assert blind_index(keys, "phone", "") is None


def test_a_recipient_is_the_same_for_ever_and_for_every_service(keys: Keys) -> None:
    assert str(recipient_of(keys.people, "044190001234")) == "660e3f16-00dd-8678-8a8d-bf072a0ee553"
    made = recipient_of(bytes(32), "044190001234")
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    assert made != recipient_of(keys.people, "044190001234")


def test_a_sealed_contact_is_read_by_notifications_only_and_has_no_address(keys: Keys) -> None:
    sealed = seal_contact(keys.contact_public, HOA)
    opened = msgspec.json.decode(SealedBox(PrivateKey(keys.contact)).decrypt(sealed))
    assert opened == {"name": HOA.name, "identity_no": HOA.identity_no, "phone": HOA.phone, "email": HOA.email}
    assert sealed != seal_contact(keys.contact_public, HOA)
    assert len(fingerprint(keys.contact_public)) == 16


def test_details_do_not_show_themselves() -> None:
    assert "Hoa" not in repr(HOA)


@pytest.mark.postgres
async def test_the_newest_row_of_a_recipient_is_their_contact_and_is_sent_each_time(
    probe_works: Works, keys: Keys
) -> None:
    for phone in ("+84911111111", "+84922222222"):
        async with probe_works.begin(system("handler")) as work:
            work.keep(enclose(keys, work.new_id(), RECIPIENT, replace(HOA, phone="+84900000000")))
            work.keep(enclose(keys, work.new_id(), RECIPIENT, replace(HOA, phone=phone)))
    async with probe_works.reading() as db:
        contact = await db.fetchrow("SELECT * FROM contact")
        person = await db.fetchrow("SELECT * FROM person WHERE id = $1", contact["person"])
        assert await db.fetchval("SELECT count(*) FROM person") == 4
        assert [row["contact"] for row in await db.fetch("SELECT contact FROM outbox")] == [RECIPIENT, RECIPIENT]
    assert (contact["sequence"], contact["forgotten_at"]) == (2, None)
    assert disclose(keys, person).phone == "+84922222222"


@pytest.mark.postgres
async def test_who_comes_back_after_being_forgotten_is_a_living_contact_again(probe_works: Works, keys: Keys) -> None:
    async def keep() -> None:
        async with probe_works.begin(system("handler")) as work:
            work.keep(enclose(keys, work.new_id(), RECIPIENT, HOA))

    await keep()
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE contact SET forgotten_at = now()")
        await db.execute("UPDATE person SET data_key = NULL, sealed = NULL")
    await keep()
    async with probe_works.reading() as db:
        row = await db.fetchrow("SELECT p.*, c.forgotten_at FROM contact c JOIN person p ON p.id = c.person")
    assert row["forgotten_at"] is None
    assert disclose(keys, row) == HOA
