"""Secrets of `docker-compose.yml`, made once: passwords, keys and the dev issuer's key, each a file of its own (0600)."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.cli.up import SERVICES
from deploy.kafka.principals import COLLECTOR, OURS, logins
from deploy.postgres.roles import Entry, entries
from shared import settings
from shared.settings import Keys, Login
from shared.web.devissuer import DevIssuer

SECRETS = Path("deploy/compose/secrets")
ENVIRONMENT = Path(".env")
HOST, PORT, SUPERUSER = "postgres", 5432, "postgres"
NOBODY = 10001
"""The user of the image; containers run as whoever made the secrets, since only their owner reads them, but never as root."""


SOURCE = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""How the id of a source system is written."""


def prepare(folder: Path, environment: Path, sources: Sequence[str] = ()) -> None:
    """Make what is missing, for these new source systems too; what is there stays, since databases and vaults know no other."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _passwords(folder / "operator.pgpass")
    for entry in kept:
        name, text = ("postgres", entry.password) if entry.role == SUPERUSER else (f"{entry.role}.pgpass", str(entry))
        _write(folder / name, text)
    for login in _logins(folder / "kafka.logins", OURS):
        name, text = _of_kafka(login)
        _write(folder / name, text)
    there = [login.name for login in _kept(folder / "sources.logins")]
    _logins(folder / "sources.logins", list(dict.fromkeys((*there, *sources))))
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


def _kept(path: Path) -> list[Login]:
    """The lines of a file that people edit, too."""
    try:
        return logins(path.read_text()) if path.exists() else []
    except ValueError as error:
        raise SystemExit(f"{path.name}: {error}") from None


def _logins(path: Path, names: Sequence[str]) -> list[Login]:
    """A line per user of Kafka; those that are new are added."""
    known = {login.name: login for login in _kept(path)}
    made = [known.get(name) or Login(name, secrets.token_urlsafe(24)) for name in names]
    _write(path, "\n".join(each.written() for each in made))
    return made


def _of_kafka(login: Login) -> tuple[str, str]:
    """The file of one user: the collector is told its name by its own settings."""
    return (
        ("collector.password", login.password) if login.name == COLLECTOR else (f"{login.name}.login", login.written())
    )


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


def _source(text: str) -> str:
    if not re.fullmatch(SOURCE, text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a source system, such as tan-thanh")
    return text


def main(arguments: Sequence[str]) -> None:
    """`python -m deploy.compose.prepare [FOLDER [ENVIRONMENT]] [--source ID ...]`."""
    parser = argparse.ArgumentParser("python -m deploy.compose.prepare", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SECRETS)
    parser.add_argument("environment", nargs="?", type=Path, default=ENVIRONMENT)
    parser.add_argument(
        "--source", action="append", default=[], type=_source, help="a source system that is to have a user of Kafka"
    )
    given = parser.parse_args(arguments)
    prepare(given.folder, given.environment, given.source)
    for id_ in given.source:
        print(f"the password of {id_} is in {given.folder / 'sources.logins'}")  # noqa: T201 - its output is for people


if __name__ == "__main__":
    main(sys.argv[1:])
