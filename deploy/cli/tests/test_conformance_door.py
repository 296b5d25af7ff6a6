"""The HTTP door of `gandan conformance` where the source is asked to wait."""

from collections.abc import Mapping

import httpx
import pytest

from deploy.cli.conformance_door import TRIES, Answer, by_http
from deploy.cli.conformance_set import Message

WAIT = httpx.Response(429, headers={"retry-after": "0"})
TOO_FAST: Mapping[str, object] = {
    "status": "rejected",
    "reason": "too-fast",
    "fields": [],
    "waits_for": None,
    "duplicate": False,
}
TAKEN: Mapping[str, object] = {
    "status": "accepted",
    "reason": None,
    "fields": [],
    "waits_for": None,
    "duplicate": False,
}


def told(*answers: httpx.Response) -> tuple[dict[str, Answer | None], int]:
    """What is found where these are the answers, the last one again and again; and how often was asked."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = answers[min(len(asked), len(answers)) - 1]
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://door") as http:
        message = Message(name="one", body=b"{}", key="k", id="one", expected="accepted", vi="", en="")
        return by_http(http, [message], lambda _done, _of: None), len(asked)


def item(found: Mapping[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"items": [found]}, headers={"retry-after": "0"})


def test_what_came_too_fast_is_sent_again_after_the_wait() -> None:
    assert told(item(TOO_FAST), WAIT, item(TAKEN)) == ({"one": Answer("accepted")}, 3)


def test_a_door_that_never_opens_is_said_so() -> None:
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        told(WAIT)


def test_a_source_that_stays_too_fast_hears_that() -> None:
    assert told(item(TOO_FAST)) == ({"one": Answer("rejected", "too-fast")}, TRIES)
