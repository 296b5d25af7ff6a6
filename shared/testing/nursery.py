"""A program that forks `gandan` processes: what takes seconds to import is imported once, each child starts at once.

It reads one order a line (JSON) from standard input and writes what became of each child to standard output. When its
input ends, whoever started it is gone, and so are all children. `shared.testing.processes` speaks with it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import traceback
from io import FileIO
from pathlib import Path
from typing import Any

from deploy.cli.up import SERVICES, blueprint
from services.__main__ import app
from shared.testing import failpoints

LOOK_SECONDS = 0.02


def main() -> None:
    """Serve orders until the input ends."""
    for service in SERVICES:
        blueprint(service)  # imported now, shared by all children
    gc.collect()
    gc.freeze()
    _say(ready=True)
    children: set[int] = set()
    orders = FileIO(0, closefd=False)  # unbuffered: select must see what is left
    while _serve(orders, children):
        _bury(children)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _serve(orders: FileIO, children: set[int]) -> bool:
    if not select.select([orders], [], [], LOOK_SECONDS)[0]:
        return True
    line = orders.readline()
    if not line:
        return False
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        _run(order)
    children.add(child)
    _say(born=child, order=order["number"])
    return True


def _bury(children: set[int]) -> None:
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(pid)
            _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _run(order: dict[str, Any]) -> None:
    """The child: become a `gandan` of its own; never returns."""
    code: Any = 1
    try:
        os.setsid()
        _redirect(Path(order["log"]))
        for name in [name for name in os.environ if name.startswith("GANDAN_")]:
            del os.environ[name]
        os.environ.update(order["env"])
        if order["failpoint"]:
            failpoints.arm(order["failpoint"])
        app(order["arguments"])
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()  # `_exit` would swallow it
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _redirect(log: Path) -> None:
    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    main()
