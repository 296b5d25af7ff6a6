"""A body over the limit, over a real socket: the client reads the 413 and is not thrown out in the middle of a word."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI

from shared.web import edge

HEAD = b"PUT /v1/files HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\n"
MB = 1 << 20


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


def _talk(port: int, *pieces: bytes) -> bytes:
    """Send everything, then read until the server closes: what a simple client does."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while found := connection.recv(65536):
            answer += found
    return answer


async def test_who_sends_all_before_reading_reads_the_413_all_the_same(port: int) -> None:
    size = 7 * MB
    for _ in range(5):
        answer = await asyncio.to_thread(_talk, port, HEAD + b"Content-Length: %d\r\n\r\n" % size, b"x" * size)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer
        assert b'"code":"body-too-large"' in answer


async def test_a_body_of_unknown_length_is_read_to_its_end_too(port: int) -> None:
    chunks = [b"%x\r\n%s\r\n" % (MB, b"x" * MB)] * 6
    answer = await asyncio.to_thread(_talk, port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"limit_bytes":4000000' in answer


async def test_who_waits_for_a_word_before_sending_hears_it_at_once(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DRAINED_SECONDS", 40)

    def wait() -> tuple[bytes, float]:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            began = time.monotonic()
            connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 99000000\r\n\r\n")
            return connection.recv(65536), time.monotonic() - began

    answer, seconds = await asyncio.to_thread(wait)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert seconds < edge.DRAINED_SECONDS / 2


async def test_a_client_that_never_ends_is_let_go_in_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DRAINED_SECONDS", 0.2)
    began = time.monotonic()
    answer = await asyncio.to_thread(_talk, port, HEAD + b"Content-Length: 99000000\r\n\r\n", b"x" * 1000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 30


async def test_no_more_than_the_bound_is_read(app: FastAPI) -> None:
    taken = 0

    async def receive() -> dict[str, object]:
        nonlocal taken
        taken += MB
        return {"type": "http.request", "body": b"x" * MB, "more_body": True}

    async def send(_message: object) -> None:
        pass

    scope = {
        "type": "http", "method": "PUT", "path": "/v1/files", "raw_path": b"/v1/files", "query_string": b"", "headers": [],
        "client": ("10.0.0.1", 1), "server": ("test", 80), "scheme": "http",
    }  # fmt: skip
    await app(scope, receive, send)
    assert taken <= 4_000_000 + edge.DRAINED_BYTES + 2 * MB
