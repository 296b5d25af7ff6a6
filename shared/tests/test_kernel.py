"""Words of every layer."""

from __future__ import annotations

import pytest

from shared.kernel import (
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    Once,
    Principal,
    Refused,
    Stale,
    StillRunning,
    kebab,
    system,
)


class AlreadySettled(Refused):
    """The dossier already has a result."""


def test_a_refusal_is_known_by_its_name_and_says_its_sentence() -> None:
    refusal = AlreadySettled()
    assert (refusal.code, str(refusal), refusal.status, refusal.facts) == (
        "already-settled",
        "The dossier already has a result.",
        409,
        {},
    )
    assert str(AlreadySettled("since Monday", since=1)) == "since Monday"
    assert AlreadySettled(since=1).facts == {"since": 1}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Refused, 409),
        (NotFound, 404),
        (Forbidden, 403),
        (Stale, 412),
        (Invalid, 422),
        (IdempotencyMismatch, 422),
        (StillRunning, 409),
    ],
)
def test_each_kind_of_refusal_has_its_status(kind: type[Refused], status: int) -> None:
    assert kind().status == status


@pytest.mark.parametrize(
    ("name", "code"), [("NotFound", "not-found"), ("A", "a"), ("TwoWords", "two-words"), ("already", "already")]
)
def test_codes_are_kebab_case(name: str, code: str) -> None:
    assert kebab(name) == code


def test_the_fingerprint_of_a_command_covers_method_path_and_body() -> None:
    first = Once.of("k", "POST", "/a", b"{}")
    assert first == Once.of("k", "POST", "/a", b"{}")
    others = [
        Once.of("k", "PUT", "/a", b"{}"),
        Once.of("k", "POST", "/b", b"{}"),
        Once.of("k", "POST", "/a", b"{ }"),
        Once.of("k", "POST", "/a{", b"}"),
    ]
    assert len({first.fingerprint, *(each.fingerprint for each in others)}) == 5


def test_officers_act_for_their_units_and_admins_for_all() -> None:
    clerk = Principal("s", frozenset({"clerk"}), frozenset({"19360"}))
    assert clerk.may_act_for("19360")
    assert not clerk.may_act_for("19361")
    assert Principal("s", frozenset({"admin"})).may_act_for("19361")
    assert clerk.has("head", "clerk")
    assert not clerk.has("head")


def test_a_principal_does_not_show_an_identity_number() -> None:
    assert "044190001234" not in repr(Principal("s", frozenset(), person="044190001234"))


def test_a_consumer_or_timer_calls_under_its_own_name_and_once_only_by_sequence() -> None:
    caller = system("notifications.dossiers")
    assert caller.once is None
    assert (caller.principal.subject, caller.principal.roles) == ("notifications.dossiers", frozenset({"system"}))
