"""What the settings themselves tell: misspelt names, open keys, a moved clock, a dev issuer in the open."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta

from deploy.cli.installation import clock_of
from deploy.cli.screen import age
from deploy.cli.stack import Finding
from shared.moments import system_clock
from shared.runtime.process import parts_of
from shared.settings import Settings, WrongSetting

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OTHERS = ("GANDAN_JAR", "GANDAN_TEST_", "GANDAN_TOKEN", "GANDAN_URL")
"""Names of the embedded stack's and the tests' own, and of who speaks as a source system (`deploy/sources.md`)."""


def check(settings: Settings) -> Iterator[Finding]:
    """Everything that needs no server."""
    yield _names()
    yield _parts(settings)
    yield _keys(settings)
    yield _issuer(settings)
    yield _clock(settings)


def _names() -> Finding:
    known = {f"GANDAN_{name.upper()}" for name in Settings.model_fields}
    given = {
        name.removesuffix("_FILE") for name in os.environ if name.startswith("GANDAN_") and not name.startswith(_OTHERS)
    }
    if unknown := sorted(given - known):
        return Finding(False, "settings", f"nobody reads {', '.join(unknown)}", "correct the spelling, or unset it")
    return Finding(True, "settings", f"{len(given)} given, all of them known")


def _parts(settings: Settings) -> Finding:
    try:
        parts = parts_of(settings)
    except WrongSetting as error:
        return Finding(False, "parts", str(error), "correct GANDAN_PARTS")
    return Finding(True, "parts", f"a process here runs {', '.join(sorted(parts))}")


def _keys(settings: Settings) -> Finding:
    path = settings.home / "keys.json"
    if settings.keys is not None:
        return Finding(True, "keys", "given as a setting")
    if not path.exists():
        return Finding(True, "keys", "none made yet")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(False, "keys", f"{path} can be read by others", f"chmod 600 {path}")
    return Finding(
        True,
        "keys",
        f"{path} is readable by its owner only",
        "keep a copy apart from the databases: without it nobody's details can be read",
    )


def _issuer(settings: Settings) -> Finding:
    if settings.issuer is not None:
        return Finding(True, "issuer", f"tokens of {settings.issuer}")
    if settings.host not in LOOPBACK:
        words = f"anybody who reaches {settings.host}:{settings.port} meets the dev issuer"
        return Finding(False, "issuer", words, "set GANDAN_ISSUER, or serve on 127.0.0.1 only")
    return Finding(True, "issuer", "the dev issuer, on this machine only")


def _clock(settings: Settings) -> Finding:
    offset = clock_of(settings)() - system_clock()
    if abs(offset) < timedelta(seconds=1):
        return Finding(True, "clock", "the system's own")
    way = "ahead" if offset > timedelta() else "behind"
    words = f"{age(abs(offset.total_seconds()))} {way} of the system's: due dates and breaches follow it"
    return Finding(False, "clock", words, "unset GANDAN_CLOCK before real dossiers are filed")
