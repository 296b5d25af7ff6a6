"""Slips' codes and secrets: right ones open, wrong ones are counted, and nothing tells whether a code exists."""

from __future__ import annotations

import asyncio

import pytest

from services.intake import handlers
from services.intake.domain import Dossier
from services.intake.handlers import Desk, LookupLocked, LookupRefused
from services.intake.tests.given import officer, submit
from shared.kernel import Refused
from shared.store import lookups
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK = officer("clerk")
UNKNOWN = "H50.144-261123-9999"
WRONG = "00000000"


def secret_of(desk: Desk, dossier: Dossier) -> str:
    return handlers.lookup_secret(desk.works.keys, dossier.id, dossier.lookup_number)


async def refusal(desk: Desk, code: str, secret: str = WRONG) -> Refused:
    with pytest.raises(Refused) as refused:
        await handlers.look_up(desk, code, secret, "vi")
    return refused.value


async def test_code_and_secret_open_the_dossier_with_its_explanation(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    standing = await handlers.look_up(desk, dossier.code, secret_of(desk, dossier), "en")

    assert standing.dossier.id == dossier.id
    assert any("Culture Day" in line for line in standing.explanation)


async def test_they_are_read_as_people_type_them(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    secret = secret_of(desk, dossier)
    typed = f" {secret[:4]}-{secret[4:]} ".lower().replace("0", "o").replace("1", "l")

    assert (await handlers.look_up(desk, dossier.code.lower(), typed, "vi")).dossier.id == dossier.id


async def test_each_dossier_has_its_own_secret_and_a_new_number_a_new_one(desk: Desk) -> None:
    first, second = await submit(desk, CLERK), await submit(desk, CLERK)
    keys = desk.works.keys

    secrets = {secret_of(desk, first), secret_of(desk, second), handlers.lookup_secret(keys, first.id, 300)}

    assert len(secrets) == 3
    assert all(len(secret) == 8 and set(secret) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for secret in secrets)


async def test_five_wrong_secrets_lock_the_code_for_a_quarter_of_an_hour(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)

    refused = [await refusal(desk, dossier.code) for _ in range(5)]
    assert [(type(each), each.facts["left"]) for each in refused] == [(LookupRefused, n) for n in (4, 3, 2, 1, 0)]
    locked = await refusal(desk, dossier.code, secret_of(desk, dossier))  # the right one too
    assert (type(locked), locked.facts) == (LookupLocked, {"minutes": 15})
    clock.move(minutes=14, seconds=30)
    assert (await refusal(desk, dossier.code)).facts == {"minutes": 1}

    clock.move(seconds=30)
    assert (await refusal(desk, dossier.code)).facts == {"left": 4}  # counting begins anew
    assert (await handlers.look_up(desk, dossier.code, secret_of(desk, dossier), "vi")).dossier.id == dossier.id


async def test_a_right_secret_ends_the_counting(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    for _ in range(3):
        for _ in range(4):
            await refusal(desk, dossier.code)
        await handlers.look_up(desk, dossier.code, secret_of(desk, dossier), "vi")

    assert (await refusal(desk, dossier.code)).facts == {"left": 4}


async def test_many_wrong_secrets_at_once_are_five_tries_and_no_more(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    refused = await asyncio.gather(*(refusal(desk, dossier.code) for _ in range(12)))

    assert sum(isinstance(each, LookupRefused) for each in refused) == 5
    assert sum(isinstance(each, LookupLocked) for each in refused) == 7


async def test_a_code_that_does_not_exist_is_answered_in_the_same_words(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)

    known = [await refusal(desk, dossier.code) for _ in range(6)]
    unknown = [await refusal(desk, UNKNOWN) for _ in range(6)]

    assert [(type(each), str(each), each.facts) for each in known] == [
        (type(each), str(each), each.facts) for each in unknown
    ]


async def test_codes_that_do_not_exist_fill_no_table(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_UNKNOWN_CODES", 4)

    await asyncio.gather(*(refusal(desk, f"H50.144-261123-{number}") for number in range(40)))

    async with desk.works.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM lookup_lock") == 4


async def test_the_lock_of_one_code_does_not_touch_another(desk: Desk) -> None:
    first, second = await submit(desk, CLERK), await submit(desk, CLERK)
    for _ in range(6):
        await refusal(desk, first.code)

    assert (await handlers.look_up(desk, second.code, secret_of(desk, second), "vi")).dossier.id == second.id
