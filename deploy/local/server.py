"""One supervised server: started, watched, restarted at once, or held down for a test of outages."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from deploy.local.home import StackError, failed, last_words
from deploy.local.settings import is_free

QUICK = 5.0  # seconds: a server that lives shorter has failed to start
CLEAN = {0, 143}  # 143: a JVM that was asked to stop
GIVE_UP = 3  # failures in a row before the first success
LONGEST_PAUSE = 10.0  # seconds between two attempts


@dataclass
class Server:
    """A server and what the supervisor knows of it; `state` is waiting, starting, ready, holding, held or blocked."""

    name: str
    port: int
    home: Path
    log: Path
    stop_signal: Signals
    spawn: Callable[[], subprocess.Popen[bytes] | None]
    answers: Callable[[], bool]
    say: Callable[[str], None]
    after_clean_end: Callable[[], None] = lambda: None
    state: str = "waiting"
    restarts: int = 0
    child: subprocess.Popen[bytes] | None = None
    was_ready: bool = False
    _failures: int = field(default=0, repr=False)
    _born: float = field(default=0.0, repr=False)
    _next_try: float = field(default=0.0, repr=False)

    def tick(self, now: float) -> None:
        """Look once and do the next step; `now` is monotonic."""
        self._obey_kill()
        if self.child is not None and self.child.poll() is not None:
            self._ended(now, self.child.returncode)
        if self._obey_hold():
            return
        if self.child is None:
            self._start(now)
        elif self.state != "ready" and self.answers():
            self._to("ready")
            self.was_ready, self._failures = True, 0

    def describe(self) -> dict[str, object]:
        """Return what state.json says about this server."""
        pid = self.child.pid if self.child else None
        return {"state": self.state, "pid": pid, "port": self.port, "restarts": self.restarts}

    def ask_to_stop(self) -> None:
        """Send the signal of a clean stop."""
        if self.child is not None:
            self.child.send_signal(self.stop_signal)

    def wait(self, seconds: float) -> None:
        """Wait for the end, killing what does not end in time."""
        if self.child is None:
            return
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.say(f"{self.name} did not stop in {seconds:.0f} s and was killed")
            self.child.kill()
            self.child.wait()
        self._note_clean_end(self.child.returncode)

    def _start(self, now: float) -> None:
        if now < self._next_try:
            return
        if not is_free(self.port):
            self._to("blocked", f"port {self.port} belongs to another program, waiting until it is free")
            return
        self.child = self.spawn()
        if self.child is not None:
            self._born = now
            self._to("starting")

    def _ended(self, now: float, code: int) -> None:
        self.child = None
        self._note_clean_end(code)
        if self.state in {"holding", "held"}:
            return
        self.restarts += 1
        self._failures = self._failures + 1 if now - self._born < QUICK else 0
        if self._failures >= GIVE_UP and not self.was_ready:
            raise self._gave_up(code)
        pause = min(LONGEST_PAUSE, 0.2 * 2 ** (self._failures - 1)) if self._failures else 0.0
        self._next_try = now + pause
        self._to("waiting", f"ended with {code}, restarting it")

    def _note_clean_end(self, code: int) -> None:
        if code in CLEAN:
            self.after_clean_end()

    def _gave_up(self, code: int) -> StackError:
        what = f"{self.name} ended {GIVE_UP} times while starting (code {code}). Its log {self.log} ends"
        return failed(what, last_words(self.log), self.home)

    def _obey_kill(self) -> None:
        order = self.home / "control" / f"kill-{self.name}"
        if not order.exists():
            return
        order.unlink()
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def _obey_hold(self) -> bool:
        order = self.home / "control" / f"hold-{self.name}"
        if not order.exists():
            if self.state in {"holding", "held"}:
                self._to("starting" if self.child else "waiting", "released")
            return False
        if self.child is None:
            self._to("held")
        elif self.state != "holding":
            self._to("holding")
            if order.read_text() == "kill":
                self.child.kill()
            else:
                self.ask_to_stop()
        return True

    def _to(self, state: str, words: str = "") -> None:
        if state != self.state:
            self.state = state
            self.say(f"{self.name} {words or state}")
