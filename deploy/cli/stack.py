"""`gandan status`, `gandan down`, and what `gandan doctor` says about the embedded stack."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import typer

from deploy import local
from deploy.local.jars import choose_cache, missing, recorded

DONE, REFUSED, UNREACHABLE = 0, 1, 3  # exit codes of every command
ENOUGH = 2_000_000_000  # bytes a home should have free
MEGABYTE = 1_000_000
LIMPING = 3  # restarts worth a look
PATIENCE = 3  # seconds for the services to answer

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="GANDAN_HOME", help="Folder of the embedded stack.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Finding:
    """One thing a check has seen; a good one needs no `remedy`."""

    good: bool
    subject: str
    words: str
    remedy: str = ""
    unreachable: bool = False


def status(home: HomeOption = Path(".local"), *, as_json: JsonOption = False) -> None:
    """Say whether the embedded stack and the services run, and where (exit 3 when neither does). Example: gandan status --json"""
    seen, services = local.status(home), readiness(url_of_services())
    told = {**as_data(seen), "services": services}
    print(
        json.dumps(told, indent=2) if as_json else f"{as_text(seen)}\n{as_words(services)}{_stranger(seen, services)}"
    )
    raise typer.Exit(DONE if seen.ready or services["state"] in {"ready", "degraded"} else UNREACHABLE)


def _stranger(seen: local.Status, services: dict[str, Any]) -> str:
    """Say when what answers on the port works on another Kafka than the stack of this home."""
    theirs = services["checks"].get("kafka", {}).get("bootstrap")
    return f"\n  not of this home: their Kafka is {theirs}" if theirs and seen.bootstrap not in {None, theirs} else ""


def url_of_services() -> str:
    """Where `gandan up` listens, by the same settings."""
    return f"http://{os.environ.get('GANDAN_HOST', '127.0.0.1')}:{os.environ.get('GANDAN_PORT', '8000')}"


def readiness(url: str) -> dict[str, Any]:
    """What `/readyz` says; `state` is `silent` when nothing answers, `strange` when it is no `gandan up`."""
    try:
        with urlopen(f"{url}/readyz", timeout=PATIENCE) as answer:  # noqa: S310 - http, to our own port
            found = json.load(answer)
    except HTTPError as error:  # 503 is an answer too: dead
        found = _told(error)
    except (OSError, HTTPException, ValueError):
        return {"url": url, "state": "silent", "checks": {}}
    if not isinstance(found, dict) or found.keys() != {"status", "checks"}:
        return {"url": url, "state": "strange", "checks": {}}
    return {"url": url, "state": found["status"], "checks": found["checks"]}


def _told(error: HTTPError) -> Any:
    try:
        return json.load(error)
    except ValueError:
        return None


def as_words(services: dict[str, Any]) -> str:
    """Return the services' readiness for people: one line each, what is wrong behind it."""
    if services["state"] == "silent":
        return f"no services answer on {services['url']}; `gandan up` starts them"
    if services["state"] == "strange":
        return f"another program answers on {services['url']}; choose another port with GANDAN_PORT"
    lines = [f"services on {services['url']}: {services['state']}"]
    kafka = services["checks"].get("kafka", {})
    if kafka.get("error"):
        lines.append(f"  kafka {kafka.get('bootstrap')}: {kafka['error']}")
    lines += [_service_line(name, check) for name, check in services["checks"].items() if name not in {"kafka", "dead"}]
    return "\n".join(lines)


def _service_line(name: str, check: Any) -> str:
    """`intake        well`, or each part that says an error."""
    wrong = [f"database: {check['database']}"] if check.get("database") else []
    if check.get("relay") and check["relay"].get("error"):
        wrong.append(f"relay: {check['relay']['error']}")
    parts = {**check.get("consumers", {}), **check.get("timers", {})}
    wrong += [f"{part}: {told['error']}" for part, told in parts.items() if told.get("error")]
    behind = sum(told.get("lag", 0) for told in check.get("consumers", {}).values())
    return f"  {name:<14} {'; '.join(wrong) or 'well'}" + (f", {behind} records behind" if behind else "")


def down(home: HomeOption = Path(".local"), *, as_json: JsonOption = False) -> None:
    """Stop the embedded stack, whoever uses it; the data stays. Example: gandan down --home .local"""
    try:
        was_running = local.stop(home)
    except local.StackError as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(REFUSED) from None
    words = f"the stack of {home} is stopped, its data is kept" if was_running else f"no stack runs in {home}"
    print(json.dumps({"home": str(home), "was_running": was_running}) if as_json else words)


def as_data(seen: local.Status) -> dict[str, Any]:
    """Return a status for JSON."""
    return {**asdict(seen), "home": str(seen.home)}


def as_text(seen: local.Status) -> str:
    """Return a status for people."""
    if not seen.running:
        return f"no stack runs in {seen.home}; `gandan up` starts one"
    began = f"ready (started in {seen.start_seconds:.1f} s)" if seen.ready else "starting"
    servers = (
        f"  {server.name:<9} {server.state:<9} 127.0.0.1:{server.port}  pid {server.pid or '-'}"
        + (f"  restarted {server.restarts} times" if server.restarts else "")
        for server in seen.servers
    )
    return "\n".join((f"stack in {seen.home}: {began}, supervisor pid {seen.supervisor}", *servers))


def findings(home: Path) -> Iterator[Finding]:
    """Check the embedded stack of a home without starting it."""
    yield check_folder(home)
    yield check_space(home)
    yield check_secrets(home)
    yield check_jars(home)
    yield from check_servers(local.status(home))


def check_folder(home: Path) -> Finding:
    """Can this user write there?"""
    existing = nearest(home)
    if existing.is_dir() and os.access(existing, os.W_OK):
        return Finding(True, "home", f"{home} can be written")
    return Finding(False, "home", f"{existing} is not a folder this user can write in", "choose another with --home")


def check_space(home: Path) -> Finding:
    """Is there room for the databases and topics to grow?"""
    free = shutil.disk_usage(nearest(home)).free
    words = f"{free / MEGABYTE:,.0f} MB free on the disk of {home}"
    return Finding(free >= ENOUGH, "disk", words, "" if free >= ENOUGH else f"free {ENOUGH / MEGABYTE:,.0f} MB")


def check_secrets(home: Path) -> Finding:
    """Are the generated passwords readable by their owner only?"""
    path = home / "settings.json"
    if not path.exists():
        return Finding(True, "passwords", "none made yet")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(False, "passwords", f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    return Finding(True, "passwords", f"{path} is readable by its owner only")


def check_jars(home: Path) -> Finding:
    """Will the next start need the network?"""
    cache = choose_cache(home)
    lacking = missing(recorded(), cache)
    if not lacking:
        return Finding(True, "jars", f"Kafka's jars in {cache} are complete and have the recorded SHA-256")
    size = sum(jar.size for jar in lacking) / MEGABYTE
    words = f"{len(lacking)} of Kafka's jars are missing or damaged in {cache}"
    return Finding(False, "jars", words, f"connect to the network: the next start fetches {size:.0f} MB")


def check_servers(seen: local.Status) -> Iterator[Finding]:
    """Do the servers run, and steadily?"""
    if not seen.running:
        yield Finding(True, "stack", "not running")
    for server in seen.servers:
        good = server.state == "ready" and server.restarts < LIMPING
        words = f"{server.state} on 127.0.0.1:{server.port}, restarted {server.restarts} times"
        yield Finding(good, server.name, words, "" if good else f"look into {log_of(seen.home, server.name)}")


def log_of(home: Path, server: str) -> Path:
    """Return the log to read when a server is unwell."""
    return home / "kafka" / "kafka.log" if server == "kafka" else home / f"{server}.log"


def nearest(path: Path) -> Path:
    """Return the path itself or its closest ancestor that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
