"""One question to a Kafka broker, asked without a client library so that the supervisor stays small and starts fast."""

import socket
import struct

DESCRIBE_CLUSTER = 60  # api key; version 0 is answered by Kafka 2.8 and later
REQUEST = struct.pack(">hhih6sbbb", DESCRIBE_CLUSTER, 0, 1, 6, b"gandan", 0, 0, 0)
ANSWER = struct.Struct(">ibihB")  # correlation, tags, throttle, error, length of the error message + 1
NODE = 4  # bytes of the controller's id


def cluster_id(port: int, seconds: float = 0.5) -> str | None:
    """Return the id of the cluster behind 127.0.0.1:`port` once it has a live broker, else None."""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds) as link, link.makefile("rb") as stream:
            link.sendall(struct.pack(">i", len(REQUEST)) + REQUEST)
            (size,) = struct.unpack(">i", stream.read(4))
            return parse(stream.read(min(size, 65536)))
    except (OSError, struct.error, IndexError, UnicodeDecodeError):  # nobody, not yet, or something that is not Kafka
        return None


def parse(answer: bytes) -> str | None:
    """Read the cluster id out of an answer without error and with at least one broker."""
    *_, error, message = ANSWER.unpack_from(answer)
    if error or message:
        return None
    begin = ANSWER.size + 1
    end = begin + answer[ANSWER.size] - 1
    brokers = answer[end + NODE] - 1
    return answer[begin:end].decode() if brokers > 0 else None
