"""The question to a broker, and answers that are none."""

import socket
import struct
import threading

import pytest

from deploy.local.probe import cluster_id, parse

HEAD = struct.pack(">ibih", 1, 0, 0, 0)


def answer(cluster: bytes = b"abc", brokers: int = 1) -> bytes:
    return HEAD + bytes([0, len(cluster) + 1]) + cluster + struct.pack(">i", 1) + bytes([brokers + 1])


def test_the_cluster_id_is_read_out_of_an_answer_with_a_live_broker() -> None:
    assert parse(answer()) == "abc"


def test_an_answer_without_brokers_or_with_an_error_counts_as_not_ready() -> None:
    assert parse(answer(brokers=0)) is None
    assert parse(struct.pack(">ibih", 1, 0, 0, 35) + answer()[len(HEAD) :]) is None


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x03abc"])
def test_a_foreign_program_on_the_port_is_not_our_broker(words: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:

        def serve() -> None:
            link, _ = foreign.accept()
            with link:
                link.recv(100)
                link.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        assert cluster_id(foreign.getsockname()[1]) is None
        thread.join()


def test_nobody_and_a_mute_program_are_not_our_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert cluster_id(port, seconds=0.1) is None
    assert cluster_id(port, seconds=0.1) is None
