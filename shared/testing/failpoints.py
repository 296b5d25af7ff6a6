"""Failpoints: a process that kills itself (-9) between two steps of its relay or its consumers, at the n-th time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial

from shared.bus.consumer import Consumer
from shared.bus.relay import Relay
from shared.runtime import process

RELAY_STEPS = ("sent", "confirmed", "deleted")
CONSUMER_STEPS = ("sorted", "applied", "effects", "committed")


def arm(failpoint: str) -> None:
    """Arm one before the services are built: `relay.confirmed:3` dies at the third time rows were confirmed.

    The names in the runtime's module are replaced, so that every relay or consumer of this process has it.
    """
    where, _, times = failpoint.partition(":")
    door, _, step = where.partition(".")
    if door == "relay" and step in RELAY_STEPS:
        vars(process)["Relay"] = partial(Relay, failpoint=_death(step, int(times)))
    elif door == "consumer" and step in CONSUMER_STEPS:
        vars(process)["Consumer"] = partial(Consumer, failpoint=_death(step, int(times)))
    else:
        raise ValueError(f"there is no failpoint {failpoint!r}")


def _death(step: str, times: int) -> Callable[[str], None]:
    left = times

    def reached(where: str) -> None:
        nonlocal left
        if where == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
