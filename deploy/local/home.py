"""The home folder of one stack: its locks, its JSON files, its logs, and plain sentences for what the disk refuses."""

import errno
import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

SERVERS = ("postgres", "kafka")
SERVICES = ("intake", "complaints", "notifications", "reporting")

LOG_LIMIT = 4_000_000  # bytes; a longer log is set aside once when its server starts


class StackError(RuntimeError):
    """The local stack cannot do what was asked; the message says what happened and what to do."""


def explain(error: OSError, place: Path) -> StackError:
    """Say in a plain sentence what the disk refused at `place`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return no_space(place)
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StackError(
        f"cannot use {error.filename or place} ({reason}): give it to this user, or choose another home "
        "with --home or GANDAN_HOME"
    )


def no_space(place: Path) -> StackError:
    """Say that the disk below `place` is full."""
    return StackError(
        f"no space left on the disk of {place}: free at least 500 MB, or choose another home with --home or "
        "GANDAN_HOME, then start again"
    )


def failed(what: str, words: str, place: Path) -> StackError:
    """Say that a program of ours failed with these words; a full disk among them is named as such."""
    return no_space(place) if "No space left" in words else StackError(f"{what}: {words.strip()}")


def open_home(path: Path) -> Path:
    """Create the folder (0700) when missing; StackError when it cannot be a folder."""
    home = Path(path).absolute()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (home / "control").mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise explain(error, home) from None
    return home.resolve()


def locked(path: Path, how: int, deadline: float | None = None) -> int:
    """Take a flock and return its descriptor (closed again by exec); StackError when `deadline` (monotonic) passes."""
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(held, how if deadline is None else how | fcntl.LOCK_NB)
            except BlockingIOError:
                if deadline is None or time.monotonic() > deadline:
                    raise StackError(f"another process holds {path} for too long") from None
                time.sleep(0.02)
            else:
                return held
    except BaseException:
        os.close(held)
        raise


def is_running(home: Path) -> bool:
    """Tell whether a supervisor lives: the kernel frees its lock at any death, so the answer is never stale."""
    try:
        probe = os.open(home / "supervisor.lock", os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask at once do not see each other
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(probe)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an absent file is an empty one, a damaged one a StackError."""
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StackError(f"{path} is damaged: put it back from a backup of the home, or start in another one") from None
    return value


def write_json(path: Path, value: dict[str, Any], *, durably: bool = False) -> None:
    """Replace the file in one step, readable by its owner only; `durably` also survives a power cut."""
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(value, out, indent=1)
        if durably:
            out.flush()
            os.fsync(out.fileno())
    part.replace(path)


def append_log(path: Path) -> IO[bytes]:
    """Open a server's log for its output; a long one is first set aside as `<name>.1`."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def last_words(path: Path, size: int = 900) -> str:
    """Return the end of a log, for a message."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - size))
        return log.read().decode(errors="replace").strip()
