"""Secrets of receipts: made again the same, read as people type them, told apart from everybody else's. The lock is tested where it is used."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.settings import Keys
from shared.store.lookups import fits, lookup_secret, lookup_verifier, typed_code

ID = UUID(int=7)


def test_a_secret_is_made_again_the_same_and_each_number_has_its_own(keys: Keys) -> None:
    first = lookup_secret(keys, ID, 0)
    assert first == lookup_secret(keys, ID, 0)
    assert len({first, lookup_secret(keys, ID, 1), lookup_secret(keys, UUID(int=8), 0)}) == 3
    assert len(first) == 8
    assert set(first) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@pytest.mark.parametrize("number", range(40))
def test_a_secret_fits_as_people_type_it_and_no_other_does(keys: Keys, number: int) -> None:
    secret = lookup_secret(keys, ID, number)
    typed = f" {secret[:4]}-{secret[4:]} ".lower().replace("0", "o").replace("1", "l")
    assert fits(keys, ID, number, typed)
    assert not fits(keys, ID, number + 1, typed)
    assert not fits(keys, ID, number, secret[:-1])
    assert not fits(keys, ID, number, "đ" + secret[1:])


def test_a_verifier_speaks_of_one_code_and_one_secret(keys: Keys) -> None:
    made = {lookup_verifier(keys, code, secret) for code in ("A", "B") for secret in ("x", "y")}
    assert len(made) == 4
    assert {len(each) for each in made} == {24}


def test_a_code_is_read_with_blanks_and_small_letters() -> None:
    assert typed_code(" dt.19360-261123 - 0001 ") == "DT.19360-261123-0001"
