"""A command sent twice is done once, and answered the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.kernel import Once
from shared.web.tests.service import Shelf

Submit = Callable[..., Any]


async def test_a_command_gets_its_address_and_version(submit: Submit, body: dict[str, Any]) -> None:
    answer = await submit(body)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/intake/v1/dossiers/d1"
    assert answer.headers["etag"] == '"1"'
    assert "idempotent-replayed" not in answer.headers


async def test_the_same_command_again_is_answered_the_same_to_the_byte(
    submit: Submit, body: dict[str, Any], shelf: Shelf
) -> None:
    first, second = await submit(body), await submit(body)
    assert len(shelf.kept) == 1
    assert second.headers["idempotent-replayed"] == "true"
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert [first.headers[name] for name in ("location", "etag")] == [
        second.headers[name] for name in ("location", "etag")
    ]


async def test_a_replay_recomputes_the_secret_that_was_never_stored(
    submit: Submit, body: dict[str, Any], shelf: Shelf
) -> None:
    first, second = await submit(body), await submit(body)
    secret = first.json()["secret"]
    assert second.json()["secret"] == secret
    assert secret.encode() not in next(iter(shelf.kept.values()))[1]


async def test_the_same_key_with_another_body_is_422(submit: Submit, body: dict[str, Any]) -> None:
    await submit(body)
    answer = await submit({**body, "count": 2})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")


async def test_another_key_is_another_command(submit: Submit, body: dict[str, Any], shelf: Shelf) -> None:
    await submit(body, key="a")
    await submit(body, key="b")
    assert len(shelf.kept) == 2


async def test_a_command_without_a_key_is_400(submit: Submit, body: dict[str, Any], shelf: Shelf) -> None:
    answer = await submit(body, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert shelf.kept == {}


@pytest.mark.parametrize("key", ["", '""', "a b", "a" * 201, '"unclosed', '"a" "b"', '"a b"', "\ttab\there"])
async def test_a_malformed_key_is_400(submit: Submit, body: dict[str, Any], key: str) -> None:
    answer = await submit(body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-malformed")


@pytest.mark.parametrize(
    ("sent", "kept"), [("k-1", "k-1"), ('"k-1"', "k-1"), ('"a\\"b"', 'a"b'), ("x" * 200, "x" * 200)]
)
async def test_a_key_may_be_quoted_or_bare(
    submit: Submit, body: dict[str, Any], shelf: Shelf, sent: str, kept: str
) -> None:
    assert (await submit(body, key=sent)).status_code == 201
    assert list(shelf.kept) == [kept]


async def test_the_fingerprint_covers_method_path_and_raw_body(submit: Submit, shelf: Shelf) -> None:
    content = b'{"summary":"a","received_at":"2026-11-23T08:15:00+07:00"}'
    await submit(content)
    assert shelf.kept["a"][0] == Once.of("a", "POST", "/intake/v1/dossiers", content).fingerprint


async def test_the_token_is_asked_before_the_key(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/intake/v1/dossiers", json=body)).status_code == 401
