"""Door 2: contacts leave sealed, for notifications alone, and are forgotten on demand."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import msgspec
import pytest
from nacl.public import PrivateKey, SealedBox

from services.intake import consumers
from services.intake.handlers import Desk
from services.intake.tests.given import AN, BINH, citizen, filed, officer, submit
from shared.bus.relay import Outgoing
from shared.settings import Keys
from shared.store.vault import Details, fingerprint

pytestmark = pytest.mark.postgres

CLERK = officer("clerk")


async def sealed(desk: Desk, *recipients: UUID | None) -> dict[UUID, Outgoing]:
    async with desk.works.reading() as connection:
        wanted = [recipient for recipient in recipients if recipient is not None]
        return await consumers.seal_contacts(desk.works, connection, wanted)


def opened(keys: Keys, outgoing: Outgoing) -> tuple[int, dict[str, Any]]:
    """The envelope's sequence, and the contact as notifications reads it."""
    assert outgoing.value is not None
    envelope = msgspec.json.decode(outgoing.value)
    box = base64.b64decode(envelope["data"]["contact_sealed"])
    return envelope["sequence"], msgspec.json.decode(SealedBox(PrivateKey(keys.contact)).decrypt(box))


async def test_a_contact_travels_sealed_and_opens_with_the_private_key(desk: Desk, keys: Keys) -> None:
    dossier = await submit(desk, CLERK)

    outgoing = (await sealed(desk, dossier.recipient))[dossier.recipient]

    assert (outgoing.topic, outgoing.key) == ("intake.contacts", str(dossier.recipient).encode())
    assert opened(keys, outgoing) == (
        1,
        {"name": AN.name, "phone": AN.phone, "email": AN.email, "identity_no": AN.identity_no},
    )
    assert outgoing.value is not None
    assert [text for text in (AN.name, AN.phone, AN.identity_no) if text and text.encode() in outgoing.value] == []
    assert msgspec.json.decode(outgoing.value)["data"]["key_id"] == fingerprint(keys.contact_public)


async def test_the_newest_contact_of_a_person_counts(desk: Desk, keys: Keys) -> None:
    await submit(desk, CLERK)
    moved = Details(AN.name, AN.identity_no, "+84900111222")
    newest = await submit(desk, CLERK, filed(submitter=moved))

    sequence, contact = opened(keys, (await sealed(desk, newest.recipient))[newest.recipient])

    assert (sequence, contact["phone"]) == (2, "+84900111222")


@pytest.mark.parametrize("gone", ["UPDATE contact SET forgotten_at = now()", "UPDATE person SET data_key = NULL"])
async def test_a_person_forgotten_leaves_a_tombstone(desk: Desk, keys: Keys, gone: str) -> None:
    an, binh = await submit(desk, CLERK), await submit(desk, CLERK, filed(submitter=BINH))
    async with desk.works.reading() as connection:
        table = "contact.recipient" if "contact" in gone else "person.recipient"
        await connection.execute(f"{gone} WHERE {table} = $1", an.recipient)

    found = await sealed(desk, an.recipient, binh.recipient)

    assert found[an.recipient] == Outgoing("intake.contacts", str(an.recipient).encode(), None, ())
    assert opened(keys, found[binh.recipient])[1]["name"] == BINH.name


async def test_a_stranger_has_no_contact(desk: Desk, keys: Keys) -> None:
    assert await sealed(desk, citizen(keys).recipient) == {}
