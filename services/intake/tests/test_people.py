"""Who filed: kept in the vault alone, in an inbox of their own, and known before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from services.intake import domain, handlers
from services.intake.handlers import Desk
from services.intake.store.lists import Wanted
from services.intake.tests.given import (
    AN,
    BINH,
    OTHER_UNIT,
    UNIT,
    citizen,
    filed,
    names_of,
    officer,
    submit,
)
from shared.kernel import Caller, NotFound, Once, Principal
from shared.settings import Keys
from shared.store.vault import Details, disclose

pytestmark = pytest.mark.postgres
CLERK, HANDLER = officer("clerk"), officer("handler", subject="handler")


@pytest.mark.parametrize("seen", [None, 1, 99])
async def test_strangers_learn_nothing_whatever_version_they_name(desk: Desk, keys: Keys, seen: int | None) -> None:
    dossier = await submit(desk, CLERK)
    strangers = [citizen(keys, BINH), officer("clerk", unit=OTHER_UNIT), officer("head", "handler", unit=OTHER_UNIT)]

    for who in strangers:
        for id_ in (dossier.id, UUID(int=9)):
            with pytest.raises(NotFound) as refused:
                await handlers.withdraw_dossier(desk, Caller(who), id_, seen, reason_class="own-wish", reason="x")
            assert refused.value.facts == {}
            with pytest.raises(NotFound):
                await handlers.read_dossier(desk, who, id_)


async def test_people_stand_in_the_vault_and_in_no_fact_or_answer(desk: Desk, keys: Keys) -> None:
    owner = Details("Hồ Văn Đăk", address="Thôn A Xing")
    once = Once.of("k", "POST", "/", b"", 201)
    dossier = await submit(desk, Caller(CLERK, once), filed(owner=owner, summary="Xin cho con Hồ Thị Mai"))
    await handlers.read_papers(desk, CLERK, dossier.id)

    async with desk.works.reading() as connection:
        facts = [row["envelope"] for row in await connection.fetch("SELECT envelope FROM fact")]
        answers = [row["answer"] for row in await connection.fetch("SELECT answer FROM idempotency")]
        rows = await connection.fetch("SELECT * FROM person")
    people = [disclose(keys, row) for row in rows]

    told = b"".join([*facts, *answers, *(row["sealed"] for row in rows)])
    personal = [AN.name, AN.identity_no, AN.phone, AN.email, AN.address, owner.name, owner.address, "Hồ Thị Mai"]
    assert [text for text in personal if text and text.encode() in told] == []
    assert {person.name for person in people} == {AN.name, owner.name}


async def test_a_citizen_s_dossier_is_theirs_whatever_number_the_form_says(desk: Desk, keys: Keys) -> None:
    an, binh = citizen(keys), citizen(keys, BINH)
    assert binh.recipient is not None
    await submit(desk, CLERK, filed(submitter=BINH))

    forged = await submit(desk, an, filed(channel="online", submitter=replace(BINH, phone="+84900000000")))

    assert forged.recipient == an.recipient
    async with desk.works.reading() as connection:
        [(_, _, contact)] = await handlers.contact_details(desk.works, connection, [binh.recipient])
    assert contact is not None
    assert contact.phone == BINH.phone


async def test_people_without_a_number_get_an_inbox_of_their_own(desk: Desk) -> None:
    nameless = Details("Người nộp không có số")

    first, second = [await submit(desk, CLERK, filed(submitter=nameless)) for _ in range(2)]

    assert first.recipient != second.recipient


async def test_a_citizen_who_is_not_known_files_nothing_and_sees_nothing(desk: Desk) -> None:
    unknown = Principal("someone", frozenset({"citizen"}), acting="citizen")
    await submit(desk, CLERK)

    with pytest.raises(domain.IdentityUnknown):
        await submit(desk, unknown, filed(channel="online"))
    with pytest.raises(domain.IdentityUnknown):
        await handlers.list_dossiers(desk, unknown, Wanted(), after=None, back=False, limit=10)


async def test_opening_the_people_of_a_dossier_is_a_fact_of_its_own_that_is_not_published(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    papers = await handlers.read_papers(desk, CLERK, dossier.id)

    assert (papers.submitter, papers.owner) == (AN, None)
    assert len(await names_of(desk.works, dossier.id)) == 2
    async with desk.works.reading() as connection:
        read = await connection.fetchrow("SELECT topic, envelope, actor FROM fact WHERE type LIKE '%identity-read%'")
    assert read["topic"] is None
    assert msgspec.json.decode(read["envelope"])["data"]["dossier"] == str(dossier.id)
    assert read["actor"].startswith(f"clerk|{UNIT}|")


async def test_a_slip_is_refused_before_acceptance_and_for_people_forgotten(desk: Desk, keys: Keys) -> None:
    online = await submit(desk, citizen(keys), filed(channel="online"))
    with pytest.raises(domain.NotYetAccepted):
        await handlers.read_papers(desk, CLERK, online.id)
    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact WHERE type LIKE '%identity-read%'") == 0
        await connection.execute("UPDATE person SET data_key = NULL")

    counter = await submit(desk, CLERK, filed(submitter=BINH))
    async with desk.works.reading() as connection:
        await connection.execute("UPDATE person SET data_key = NULL")
    with pytest.raises(domain.PersonForgotten):
        await handlers.read_papers(desk, CLERK, counter.id)
