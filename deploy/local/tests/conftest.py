"""One home for every test that may share a running stack, and small tools to break things."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy import local


def is_alive(pid: int | None) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill_at_once(*pids: int | None) -> None:
    """Kill -9 all of them."""
    for pid in pids:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack") / "home"


@pytest.fixture
def stack(shared_home: Path) -> Iterator[local.Stack]:
    """The shared home's stack, running, whatever the test before has done to it."""
    with local.start(shared_home) as running:
        for server in ("postgres", "kafka"):
            local.wait_ready(shared_home, server)
        yield running
