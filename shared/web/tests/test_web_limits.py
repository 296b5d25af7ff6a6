"""A client that asks too often waits; the others do not."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from shared.web.limits import Buckets, Limited, client_of

LOOKUPS = "/intake/v1/lookups"


class Seconds:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(app: FastAPI) -> Seconds:
    clock = Seconds()
    app.state.buckets = Buckets(clock)
    return clock


@pytest.mark.usefixtures("seconds")
async def test_the_burst_passes_and_the_next_is_429_with_what_to_do(client: httpx.AsyncClient) -> None:
    answers = [await client.post(LOOKUPS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"lookups";r=1;t=10',
        '"lookups";r=0;t=20',
        '"lookups";r=0;t=20',
    ]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"lookups";q=2;w=20'}
    assert answers[2].json()["code"] == "too-many-requests"
    assert answers[2].headers["retry-after"] == "10"
    assert "10 giây" in answers[2].json()["detail"]


async def test_after_the_wait_it_passes_again(client: httpx.AsyncClient, seconds: Seconds) -> None:
    for _ in range(3):
        refused = await client.post(LOOKUPS)
    seconds.now += float(refused.headers["retry-after"])
    assert (await client.post(LOOKUPS)).status_code == 200
    assert (await client.post(LOOKUPS)).status_code == 429


def test_asking_while_refused_does_not_make_the_wait_longer() -> None:
    clock, limit = Seconds(), Limited("a", 60, 1)
    buckets = Buckets(clock)
    assert buckets.take(limit, "x") == 0
    for _ in range(9):
        clock.now += 0.1
        assert buckets.take(limit, "x") < 0
    clock.now += 0.2
    assert buckets.take(limit, "x") >= 0


def test_clients_and_groups_do_not_share() -> None:
    buckets = Buckets(Seconds())
    assert [buckets.take(Limited(name, 60, 1), client) for name, client in (("a", "x"), ("a", "y"), ("b", "x"))] == [
        0,
        0,
        0,
    ]


def test_memory_is_bounded() -> None:
    buckets = Buckets(Seconds(), most=100)
    for client in range(1000):
        buckets.take(Limited("a", 60, 5), str(client))
    assert len(buckets._levels) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("unix", "unix", True),
    ],
)
def test_an_ipv6_household_is_one_client(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    clients = [client_of(Request({"type": "http", "client": (host, 1)})) for host in (one, other)]
    assert (clients[0] == clients[1]) is same
