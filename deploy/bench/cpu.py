"""CPU-seconds and resident memory of process trees: what "per core" and "memory" mean in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

MEGABYTE = 1_000_000


def seconds(root: int) -> float:
    """CPU-seconds of a process, of its living descendants, and of those that have ended and were waited for."""
    return sum(_spent(process) for process in _tree(root))


def resident(root: int) -> float:
    """Proportional set size of a process tree in MB (shared pages are counted once); RSS where the kernel has no PSS."""
    return sum(_pss(process) for process in _tree(root)) / MEGABYTE


def _tree(root: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(root)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _pss(process: psutil.Process) -> float:
    try:
        memory = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0.0
    return float(getattr(memory, "pss", memory.rss))


@dataclass(slots=True)
class Meter:
    """Counts CPU-seconds of named process trees between `start` and `stop`."""

    roots: Mapping[str, int]
    before: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        """Remember what was spent until now."""
        self.before = {name: seconds(root) for name, root in self.roots.items()}

    def stop(self) -> dict[str, float]:
        """What each tree has spent since."""
        return {name: seconds(root) - self.before[name] for name, root in self.roots.items()}
