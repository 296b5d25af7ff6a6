"""The provider of an installation without a server: nothing leaves the house, and magic recipients have their own fate."""

from __future__ import annotations

import asyncio

from services.notifications.domain import Accepted, Fault, InDoubt, Letter, Outcome, Rejected

_FATES: dict[str, Outcome] = {
    "sim-delivered": Accepted("250"),
    "sim-temp": Rejected(Fault.TEMPORARY, "451"),
    "sim-perm": Rejected(Fault.ADDRESS, "550 5.1.1"),
    "sim-doubt": InDoubt("simulated"),
}
_MAGIC = "simulator.invalid"
_SLOW = "sim-slow"
_SLOW_SECONDS = 3.0


class SandboxProvider:
    """Accepts everything; `sim-temp@`, `sim-perm@`, `sim-doubt@`, `sim-slow@simulator.invalid` do as they say."""

    name = "sandbox"
    simulates = True

    async def send(self, letter: Letter, seconds: float) -> Outcome:
        """What a server would have said."""
        local, _, domain = letter.to.rpartition("@")
        if domain != _MAGIC:
            return Accepted("250")
        if local == _SLOW:
            await asyncio.sleep(min(seconds, _SLOW_SECONDS))
        return _FATES.get(local, Accepted("250"))

    async def close(self) -> None:
        """There is nothing to let go of."""
