"""What a team would otherwise write or install, printed beside the limits. Its packages: `requirements.txt` here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.util import find_spec

from deploy.bench.children import ChildFailedError

ORM, OUTBOX, SUBSCRIBER = "peers.orm_server", "peers.outbox_relay", "peers.subscriber"
_NEEDS = {ORM: "sqlmodel", OUTBOX: "faststream_outbox", SUBSCRIBER: "faststream"}


async def beside(peer: str, measuring: Callable[[], Awaitable[float]]) -> float | None:
    """What a peer reaches; None when it is not installed or broke off, which never spoils the measurement beside it."""
    if not ready(peer):
        return None
    with suppress(ChildFailedError):
        return await measuring()
    return None


def ready(peer: str) -> bool:
    """Whether the package this peer is made of is installed."""
    return find_spec(_NEEDS[peer]) is not None


def missing(peer: str) -> str:
    """What the table says about a peer that was not measured."""
    why = "it broke off, see its log" if ready(peer) else "not installed, see deploy/bench/peers/requirements.txt"
    return f"peer on {_NEEDS[peer]}: not measured ({why})"
