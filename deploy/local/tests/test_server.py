"""The state machine of one server, with small processes and a clock of our own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from signal import Signals

import pytest

from deploy.local.home import StackError
from deploy.local.server import Server
from deploy.local.settings import draw_port

LIVES = "import time; time.sleep(60)"
FAILS = "import sys; sys.exit(7)"


@dataclass
class Stage:
    """A server whose program, answer and words a test decides."""

    home: Path
    program: str = LIVES
    answer: bool = True
    words: list[str] = field(default_factory=list)
    spawned: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-S", "-c", self.program]
        self.spawned.append(subprocess.Popen(command))  # noqa: S603 -- a program of this file
        return self.spawned[-1]

    def server(self) -> Server:
        (self.home / "control").mkdir()
        port, log = draw_port(set()), self.home / "small.log"
        say = self.words.append
        return Server("small", port, self.home, log, Signals.SIGTERM, self.spawn, lambda: self.answer, say)

    def last_has_ended(self) -> None:
        self.spawned[-1].wait()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    for process in made.spawned:
        process.kill()
        process.wait()


def test_a_server_is_ready_only_when_it_answers(stage: Stage) -> None:
    stage.answer = False
    server = stage.server()
    server.tick(0)
    server.tick(1)
    assert server.state == "starting"
    stage.answer = True
    server.tick(2)
    assert server.state == "ready"
    assert stage.words == ["small starting", "small ready"]


def test_a_server_that_lived_long_is_restarted_at_once(stage: Stage) -> None:
    server = stage.server()
    server.tick(0)
    server.tick(1)
    stage.spawned[0].kill()
    stage.last_has_ended()
    server.tick(100)
    assert (server.state, server.restarts, len(stage.spawned)) == ("starting", 1, 2)


def test_a_server_that_never_was_ready_is_given_up_after_three_failures_with_its_last_words(stage: Stage) -> None:
    stage.program, stage.answer = FAILS, False
    server = stage.server()
    server.log.write_text("FATAL: the reason\n")
    for moment in (0, 1):
        server.tick(moment)
        stage.last_has_ended()
        server.tick(moment + 0.1)
    server.tick(2)
    stage.last_has_ended()
    with pytest.raises(StackError, match=r"(?s)small ended 3 times while starting \(code 7\).*the reason"):
        server.tick(2.1)


def test_a_server_that_was_ready_once_is_retried_for_ever_with_growing_pauses(stage: Stage) -> None:
    server = stage.server()
    server.tick(0)
    server.tick(1)
    stage.program, stage.answer = FAILS, False
    stage.spawned[0].kill()
    stage.last_has_ended()
    starts = []
    for tenth in range(1000, 1600):
        before = len(stage.spawned)
        server.tick(tenth / 10)
        if len(stage.spawned) > before:
            starts.append(tenth / 10)
            stage.last_has_ended()
    pauses = [late - early for early, late in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert 9 < pauses[-1] < 11


def test_a_full_disk_is_named_when_a_server_cannot_start(stage: Stage) -> None:
    stage.program, stage.answer = FAILS, False
    server = stage.server()
    server.log.write_text("could not write lock file: No space left on device\n")
    for moment in range(3):
        server.tick(moment)
        stage.last_has_ended()
        if moment < 2:
            server.tick(moment + 0.1)
    with pytest.raises(StackError, match="no space left on the disk of"):
        server.tick(2.1)


def test_a_held_server_is_stopped_once_and_started_again_after_release(stage: Stage) -> None:
    server = stage.server()
    server.tick(0)
    server.tick(1)
    order = stage.home / "control" / "hold-small"
    order.write_text("stop")
    server.tick(2)
    assert server.state == "holding"
    stage.last_has_ended()
    server.tick(3)
    assert server.state == "held"
    order.unlink()
    server.tick(4)
    server.tick(5)
    assert (server.state, server.restarts) == ("ready", 0)
