"""Spectral and the AsyncAPI parser, installed by npm from the committed lock, once for each lock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
HERE = ROOT / "deploy" / "api"
RULES = HERE / "spectral.yaml"
LOCK = HERE / "package-lock.json"
_SECONDS = 240

NODE, NPM = shutil.which("node"), shutil.which("npm")


class NotInstalled(Exception):  # noqa: N818 - reads as the reason a test gives
    """npm could not fetch the linters: no way to its registry."""


def installed() -> Path:
    """The folder with the linters in `node_modules`; fetched at the first use."""
    name = f"api-linters-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    place = ROOT / ".local" / "test" / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{name}.") as draft:
            _fetch(Path(draft))
            _settle(Path(draft), place)
    return place


def _fetch(folder: Path) -> None:
    for file in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / file, folder)
    found = _run([str(NPM), "ci", "--prefer-offline", "--no-progress"], folder)
    if found.returncode != 0:
        raise NotInstalled(found.stderr.strip()[-500:])


def _settle(draft: Path, place: Path) -> None:
    """Under its name in one step; another run that was quicker is as good."""
    made = draft / "made"
    made.mkdir()
    for each in ("package.json", "node_modules"):
        (draft / each).rename(made / each)
    try:
        made.rename(place)
    except OSError:
        if not place.exists():
            raise


def spectral(folder: Path, *documents: Path) -> list[dict[str, Any]]:
    """What Spectral says about these documents: `[{code, path, message, severity, source}]`."""
    found = _run([str(folder / "node_modules/.bin/spectral"), "lint", "--ruleset", str(RULES), "--format", "json", "--quiet", *map(str, documents)], folder)  # fmt: skip
    assert found.returncode in {0, 1}, found.stderr or found.stdout
    said: list[dict[str, Any]] = json.loads(found.stdout or "[]")
    return said


def asyncapi(folder: Path, *documents: Path) -> list[dict[str, Any]]:
    """What the AsyncAPI parser says about these documents: as `spectral`; severities 0 and 1 are wrong."""
    found = _run([str(NODE), str(HERE / "asyncapi.js"), str(folder), *map(str, documents)], folder)
    assert found.returncode == 0, found.stderr
    said: list[dict[str, Any]] = json.loads(found.stdout)
    return said


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own words  # fmt: skip
