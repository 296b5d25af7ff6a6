"""Failpoints: a process that kills itself (-9) between two steps of its relay or its consumers, at the n-th time.

Or one whose Kafka clients' heartbeat ends for good, as aiokafka's does with an error it did not expect.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupAuthorizationFailedError

from shared.bus.consumer import Consumer
from shared.bus.door import Door
from shared.bus.relay import Relay
from shared.bus.watchdog import watch
from shared.runtime import process

RELAY_STEPS = ("sent", "confirmed", "deleted")
CONSUMER_STEPS = ("sorted", "applied", "effects", "committed")
DOOR_STEPS = ("effects", "committed")
HEARTS = ("first", "every")
"""Whose heartbeat ends: of the first client of each group, or also of those that take its place."""


def arm(failpoint: str) -> None:
    """Arm one before the services are built: `relay.confirmed:3` dies at the third time rows were confirmed.

    `heartbeat.first` stops hearts; `heartbeat.first:3` also has a watchdog that waits 3 s instead of the product's 45.
    The names in the runtime's module are replaced, so that every relay or consumer of this process has it.
    """
    where, _, times = failpoint.partition(":")
    door, _, step = where.partition(".")
    if door == "relay" and step in RELAY_STEPS:
        vars(process)["Relay"] = partial(Relay, failpoint=_death(step, int(times)))
    elif door == "consumer" and step in CONSUMER_STEPS:
        vars(process)["Consumer"] = partial(Consumer, failpoint=_death(step, int(times)))
    elif door == "door" and step in DOOR_STEPS:
        vars(process)["BusDoor"] = SimpleNamespace(of=partial(_mortal, _death(step, int(times))))
    elif door == "heartbeat" and step in HEARTS:
        _stop_hearts(step)
        if times:
            stale = float(times)
            vars(process)["watch"] = partial(watch, stale=stale, every=stale / 10, hopeless=stale)
    else:
        raise ValueError(f"there is no failpoint {failpoint!r}")


def _mortal(death: Callable[[str], None], *made_of: Any) -> Door:
    door = Door.of(*made_of)
    door.failpoint = death
    return door


def _death(step: str, times: int) -> Callable[[str], None]:
    left = times

    def reached(where: str) -> None:
        nonlocal left
        if where == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _stop_hearts(which: str) -> None:
    first: dict[str, GroupCoordinator] = {}
    beating = GroupCoordinator._heartbeat_routine  # noqa: SLF001 - no real broker gives this error when it is asked to

    async def _heartbeat_routine(self: GroupCoordinator) -> None:
        if which == "every" or first.setdefault(self.group_id, self) is self:
            raise GroupAuthorizationFailedError(self.group_id)
        await beating(self)

    GroupCoordinator._heartbeat_routine = _heartbeat_routine  # noqa: SLF001 - as above
