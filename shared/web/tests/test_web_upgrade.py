"""An offer to change the protocol is not taken: the request is answered as any other, with its body, over a real socket."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Request

from shared.runtime.plain_http import PlainHttp

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: test\r\n"
CLIENT = """
import java.net.URI;
import java.net.http.*;

public class Told {
    public static void main(String[] words) throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        for (int size : new int[] {3, 300000}) {
            var body = HttpRequest.BodyPublishers.ofString("x".repeat(size));
            var request = HttpRequest.newBuilder(URI.create(words[0])).POST(body).build();
            System.out.println(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> list[object]:
        return [len(await request.body()), request.headers.get("upgrade"), request.headers.get("x-mark")]

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", http=PlainHttp))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


def _talk(port: int, *pieces: bytes) -> bytes:
    """Send these pieces, the last asking to close, and read to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((POST + OFFER + b"X-Mark: a, b\r\nContent-Length: 3\r\n\r\nabc",), id="at-once"),
        pytest.param((POST + OFFER + b"X-Mark: a, b\r\nContent-Length: 3\r\n\r\n", b"a", b"bc"), id="body-later"),
        pytest.param((POST + OFFER[:50], OFFER[50:] + b"X-Mark: a, b\r\nContent-Len", b"gth: 3\r\n\r\nabc"), id="head-in-pieces"),
        pytest.param((POST + OFFER + b"X-Mark: a, b\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"), id="chunked"),
    ],
)  # fmt: skip
async def test_the_request_is_answered_with_its_body_however_it_comes(port: int, pieces: tuple[bytes, ...]) -> None:
    second = POST + b"X-Mark: last\r\nConnection: close\r\nContent-Length: 2\r\n\r\nde"

    answers = await asyncio.to_thread(_talk, port, *pieces, second)

    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert b'[3,null,"a, b"]' in answers
    assert b'[2,null,"last"]' in answers


async def test_an_offer_behind_another_request_on_the_wire_is_answered_in_its_turn(port: int) -> None:
    plain = POST + b"Content-Length: 1\r\n\r\na"
    offered = POST + OFFER.replace(b"Upgrade, ", b"Upgrade, close, ") + b"Content-Length: 2\r\n\r\nbc"

    answers = await asyncio.to_thread(_talk, port, plain + plain + offered)

    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.index(b"[1,null,null]") < answers.index(b"[2,null,null]")


async def test_a_tunnel_and_what_is_no_http_are_refused(port: int) -> None:
    for wrong in (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01 no http\r\n\r\n"):
        assert (await asyncio.to_thread(_talk, port, wrong)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.full
@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no JDK on this machine")
async def test_javas_own_client_posts_as_it_comes_out_of_the_box(port: int, tmp_path: Path) -> None:
    (tmp_path / "Told.java").write_text(CLIENT)

    java = await asyncio.create_subprocess_exec(
        "java", str(tmp_path / "Told.java"), f"http://127.0.0.1:{port}/echo", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await java.communicate()

    assert out.decode().split() == ["[3,null,null]", "[300000,null,null]"]
