"""A walk: which modules of ours a fact passes through, and who calls whom, seen by a call trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

_LAYERS = {
    "domain": 0, "tables": 0, "store": 1, "adapters": 1, "handlers": 2, "timers": 3, "consumers": 3, "pages": 3, "api": 3, "app": 4,
}  # fmt: skip
"""The layers of a service, the lowest first; as the import contracts say."""

_SHARED = {"kernel": 0, "law": 1, "contracts": 2, "store": 3, "timers": 4, "bus": 4, "web": 4, "runtime": 5}
"""The layers of shared, the lowest first."""

_EVERYWHERE = {"shared.kernel", "shared.moments", "shared.settings", "shared.telemetry"}
"""Words, time, settings and spans: every room may use them, and nobody opens them to follow a fact."""


@dataclass
class Walk:
    """Modules in the order they were first entered, and each pair of caller and called, both ours."""

    modules: list[str] = field(default_factory=list)
    calls: set[tuple[str, str]] = field(default_factory=set)
    _known: dict[Any, str | None] = field(default_factory=dict)

    def trace(self, frame: FrameType, event: str, _argument: object) -> None:
        """Called by the interpreter at every call and return."""
        if event != "call" or (name := self._ours(frame)) is None:
            return
        if name not in self.modules:
            self.modules.append(name)
        caller = frame.f_back
        while caller is not None and self._ours(caller) is None:
            caller = caller.f_back
        if caller is not None and (above := self._ours(caller)) != name:
            self.calls.add((str(above), name))

    def rooms(self) -> list[str]:
        """Where the walk led, by the names of the house: a package that stands for one file is one room."""
        depths = (name.split(".")[: 3 if name.startswith("services.") else 2] for name in self.modules)
        return [room for room in dict.fromkeys(map(".".join, depths)) if room not in _EVERYWHERE]

    def upwards(self) -> list[tuple[str, str]]:
        """Calls from a lower layer to a higher one, within a service or within shared."""
        return sorted(pair for pair in self.calls if _goes_up(*pair))

    def _ours(self, frame: FrameType) -> str | None:
        code = frame.f_code
        if code not in self._known:
            name = frame.f_globals.get("__name__", "")
            mine = (
                name.startswith(("services.", "shared."))
                and not name.startswith("shared.testing")
                and ".tests" not in name
            )
            self._known[code] = name if mine else None
        return self._known[code]


def _goes_up(caller: str, called: str) -> bool:
    one, two = caller.split("."), called.split(".")
    if one[0] != two[0]:
        return False  # the frame of a door calls what was handed to it
    if one[0] == "services":
        return one[1] == two[1] and _LAYERS.get(one[2], 0) < _LAYERS.get(two[2], 0)
    return _SHARED.get(one[1], 9) < _SHARED.get(two[1], 0)


@contextmanager
def walking() -> Iterator[Walk]:
    """Trace every call of this thread while the block runs."""
    walk, before = Walk(), sys.getprofile()
    sys.setprofile(walk.trace)
    try:
        yield walk
    finally:
        sys.setprofile(before)
