"""Secrets of `docker-compose.yml`, made once: passwords, keys and the dev issuer's key, each a file of its own (0600)."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.cli.up import SERVICES
from deploy.postgres.roles import Entry, entries
from shared import settings
from shared.settings import Keys
from shared.web.devissuer import DevIssuer

SECRETS = Path("deploy/compose/secrets")
ENVIRONMENT = Path(".env")
HOST, PORT, SUPERUSER = "postgres", 5432, "postgres"
NOBODY = 10001
"""The user of the image; containers run as whoever made the secrets, since only their owner reads them, but never as root."""


def prepare(folder: Path, environment: Path) -> None:
    """Make what is missing; what is there stays, since databases and vaults know no other."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _passwords(folder / "operator.pgpass")
    for entry in kept:
        name, text = ("postgres", entry.password) if entry.role == SUPERUSER else (f"{entry.role}.pgpass", str(entry))
        _write(folder / name, text)
    Keys.load_or_make(folder / "keys.json")
    DevIssuer.load_or_make(settings.load(home=folder, issuer=None))
    _hand_over(folder)
    _tell(environment)


def _passwords(path: Path) -> list[Entry]:
    """A line per role; those of services added later are added."""
    known = {entry.role: entry for entry in entries(path.read_text())} if path.exists() else {}
    kept = [
        known.get(role) or Entry(HOST, PORT, role, role, secrets.token_urlsafe(24)) for role in (SUPERUSER, *SERVICES)
    ]
    _write(path, "\n".join(map(str, kept)))
    return kept


def _write(path: Path, text: str) -> None:
    """Replace in one step, readable by its owner only; a file that says so already is left alone."""
    if path.exists() and path.read_text() == f"{text}\n":
        return
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{text}\n")
    part.replace(path)


def _user() -> tuple[int, int]:
    return (os.getuid(), os.getgid()) if os.getuid() else (NOBODY, NOBODY)


def _hand_over(folder: Path) -> None:
    """Root keeps no secret for itself: its containers run as the image's user."""
    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, *_user())


def _tell(environment: Path) -> None:
    """Write who the containers run as where compose looks; other lines of the file are somebody else's."""
    uid, gid = _user()
    there = environment.read_text().splitlines() if environment.exists() else []
    lines = [line for line in there if not line.startswith(("GANDAN_UID=", "GANDAN_GID="))]
    _write(environment, "\n".join([*lines, f"GANDAN_UID={uid}", f"GANDAN_GID={gid}"]))


def _places(arguments: list[str]) -> Iterator[Path]:
    yield Path(arguments[0]) if arguments else SECRETS
    yield Path(arguments[1]) if arguments[1:] else ENVIRONMENT


if __name__ == "__main__":
    prepare(*_places(sys.argv[1:]))
