"""Child processes that die with their supervisor, and PostgreSQL under a user it accepts."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import IO

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

FOREIGN_VARIABLES = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")  # would change our JVM


@dataclass(frozen=True)
class RunAs:
    """How a child gets its user: as we are, in a user namespace of its own, or as another uid."""

    namespace: bool = False
    uid: int | None = None


def environment() -> dict[str, str]:
    """Our own environment without the variables that would change the servers behind our back."""
    return {k: v for k, v in os.environ.items() if k not in FOREIGN_VARIABLES and not k.startswith("PG")}


def spawn(
    command: list[str], log: IO[bytes], death: Signals, *, cwd: Path, who: RunAs | None = None
) -> subprocess.Popen[bytes]:
    """Start a server; it receives `death` when this thread's process is killed (Linux)."""
    who = who or RunAs()
    with log:
        return subprocess.Popen(  # noqa: S603 -- our own programs with our own arguments
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
            start_new_session=True,
            preexec_fn=prepare(death, namespace=who.namespace),  # noqa: PLW1509 -- only system calls in it
            user=who.uid,
            group=who.uid,
            extra_groups=None if who.uid is None else [],
        )


def run(
    command: list[str], *, who: RunAs | None = None, text: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of ours to its end, with `text` on its standard input."""
    who = who or RunAs()
    return subprocess.run(  # noqa: S603 -- as above
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={**environment(), **(variables or {})},
        preexec_fn=prepare(Signals.SIGKILL, namespace=who.namespace),
        user=who.uid,
        group=who.uid,
        extra_groups=None if who.uid is None else [],
    )


def prepare(death: Signals, *, namespace: bool) -> Callable[[], None]:
    """Return what the child does between fork and exec; the death signal is set last, a change of user clears it."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def in_child() -> None:
        if namespace:
            enter_user_namespace(libc)
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, int(death))
            if os.getppid() != parent:  # the supervisor died before the line above
                os._exit(1)

    return in_child


def enter_user_namespace(libc: ctypes.CDLL) -> None:
    """Become uid 65534 of a new namespace in which root's own files belong to 65534: PostgreSQL refuses uid 0."""
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        Path("/proc/self", name).write_text(text)


def not_root() -> RunAs:
    """Choose a user for PostgreSQL: ourselves, or for root a user namespace, or uid 65534 where those are forbidden."""
    if os.geteuid() != 0:
        return RunAs()
    try:
        run(
            [sys.executable, "-ISc", ""], who=RunAs(namespace=True)
        ).check_returncode()  # it is there whatever PATH says
    except (OSError, subprocess.SubprocessError):
        return RunAs(uid=NOBODY)
    return RunAs(namespace=True)
