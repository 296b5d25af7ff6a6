"""Ports, passwords and the cluster id of one home: made once, kept in settings.json (0600)."""

import base64
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.home import SERVICES, read_json, write_json

PORTS = range(20000, 32000)  # below Linux's range for outgoing connections
CLOSING = 5.0  # seconds the servers of a killed supervisor may need to close


@dataclass(frozen=True)
class Settings:
    """What the two servers of a home are started with."""

    cluster_id: str
    passwords: Mapping[str, str]
    postgres: int
    kafka: int
    controller: int

    def url(self, role: str, database: str) -> str:
        """Return a DSN as asyncpg reads it."""
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.postgres}/{database}"


def load(home: Path, say: Callable[[str], None], patience: float = 0.0) -> Settings:
    """Read the settings; make what is missing; replace ports that other programs keep for `patience` seconds."""
    kept = read_json(home / "settings.json")
    known: dict[str, str] = kept.get("passwords", {})
    settings = Settings(
        cluster_id=kept.get("cluster_id") or new_cluster_id(),
        passwords={name: known.get(name) or secrets.token_urlsafe(18) for name in ("postgres", *SERVICES)},
        **choose_ports(kept, say, patience),
    )
    if asdict(settings) != kept:
        write_json(home / "settings.json", asdict(settings), durably=True)
    return settings


def new_cluster_id() -> str:
    """Return 16 random bytes as Kafka writes them; never one that its command line takes for an option."""
    while True:
        made = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not made.startswith("-"):
            return made


def choose_ports(kept: Mapping[str, int], say: Callable[[str], None], patience: float) -> dict[str, int]:
    """Keep every port that is free or becomes free in time, and draw new ones for the rest."""
    chosen: dict[str, int] = {}
    deadline = time.monotonic() + patience
    for name in ("postgres", "kafka", "controller"):
        port = kept.get(name)
        while port and not is_free(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        if port is None or not is_free(port):
            chosen[name] = draw_port(taken=set(chosen.values()))
            if port:
                say(f"port {port} belongs to another program: {name} now listens on {chosen[name]}")
        else:
            chosen[name] = port
    return chosen


def draw_port(taken: set[int]) -> int:
    """Return a free port outside `taken`."""
    while True:
        port = secrets.choice(PORTS)
        if port not in taken and is_free(port):
            return port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
