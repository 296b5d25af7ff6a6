"""Structure: each service lives alone, no role reaches another's database, every route has a right, no machine is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import asyncpg
import pytest

from deploy.cli.up import SERVICES, blueprint
from deploy.tests.province import Ground
from shared.moments import system_clock, uuid7
from shared.runtime import Frame
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.stack import HOME
from shared.web.auth import routes_without_right
from shared.web.door import open_door

ROOT = Path(__file__).parents[3]
PURE = "not postgres and not kafka and not journey and not browser and not containers and not full"
STORED = "not kafka and not journey and not browser and not containers and not full"


def _alone(service: str, place: Path) -> Path:
    """A copy of the repository in which the other services do not exist."""
    copy = place / "alone"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "__pycache__"))
    for other in (copy / "services").iterdir():
        if other.is_dir() and other.name != service:
            shutil.rmtree(other)
    return copy


def _run_tests(service: str, place: Path, which: str, *more: str) -> str:
    copy = _alone(service, place)
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", which, *more, f"services/{service}"],
        cwd=copy,
        env={**os.environ, "GANDAN_TEST_HOME": str((ROOT / HOME).resolve()), "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_the_quick_tests_of_a_service_pass_where_the_others_are_deleted(service: str, tmp_path: Path) -> None:
    assert re.search(r"\d+ passed", _run_tests(service, tmp_path, PURE, "-k", "not slip"))


@pytest.mark.full
@pytest.mark.postgres
@pytest.mark.parametrize("service", SERVICES)
def test_all_tests_with_and_without_a_database_pass_where_the_others_are_deleted(service: str, tmp_path: Path) -> None:
    assert re.search(r"\d+ passed", _run_tests(service, tmp_path, STORED))


@pytest.mark.postgres
@pytest.mark.parametrize(("role", "other"), list(permutations(SERVICES, 2)))
async def test_a_services_role_cannot_connect_to_anothers_database(
    session_ground: Ground, role: str, other: str
) -> None:
    urls = session_ground.stack.database_urls
    own = await asyncpg.connect(urls[role])
    await own.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls[role].rpartition("/")[0] + f"/{other}")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_declares_a_right(service: str, telemetry: Telemetry, keys: Keys, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    works = Works(service, None, system_clock, uuid7, keys, telemetry.tracing(service))
    frame = Frame(settings, keys, works, telemetry, open_door(settings, keys), system_clock, "", "")
    api = blueprint(service).build(frame).api
    assert len(api.routes) > 0
    assert routes_without_right(api) == []


_MACHINE = re.compile(r"/(?:root|work|home/[a-z]+)/")
_REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|repo1[.]maven|docker|ghcr|quay)[.](?:org|com|io|net)\b", re.IGNORECASE
)
_NOT_OURS = {".git", ".venv", ".local", "build", "dist", "node_modules", "__pycache__"}


def _texts() -> list[Path]:
    """Every file of the repository that was written, not made."""
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in _NOT_OURS and not n.endswith(("_cache", ".egg-info", ".hypothesis"))]
        found += [Path(folder) / name for name in files if name not in _NOT_OURS]  # `.git` is a file in a work tree
    return found


@pytest.mark.parametrize(("what", "pattern"), [("a folder of a machine", _MACHINE), ("a registry's host", _REGISTRY)])
def test_no_file_of_the_repository_names(what: str, pattern: re.Pattern[str]) -> None:
    found = []
    for path in _texts():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == [], what
