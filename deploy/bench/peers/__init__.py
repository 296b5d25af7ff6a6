"""What a team would otherwise write or install, printed beside the limits. Its packages: `requirements.txt` here."""

from __future__ import annotations

from importlib.util import find_spec

ORM, OUTBOX, SUBSCRIBER = "peers.orm_server", "peers.outbox_relay", "peers.subscriber"
_NEEDS = {ORM: "sqlmodel", OUTBOX: "faststream_outbox", SUBSCRIBER: "faststream"}


def ready(peer: str) -> bool:
    """Whether the package this peer is made of is installed."""
    return find_spec(_NEEDS[peer]) is not None


def missing(peer: str) -> str:
    """What the table says about a peer that was not measured."""
    return f"{peer}: not measured, {_NEEDS[peer]} is not installed (deploy/bench/peers/requirements.txt)"
