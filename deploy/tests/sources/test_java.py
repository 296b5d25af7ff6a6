"""The Java example: built, run, and its dossier accepted with its sealed contact; where there are Java and Maven."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.tests.province import PROCEDURE, UNIT
from deploy.tests.sources.district import ROOT, SANDBOX, District
from shared.law import ZONE

JAVA, MAVEN = shutil.which("java"), shutil.which("mvn")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(JAVA is None or MAVEN is None, reason="there is no Java with Maven on this machine"),
]


async def ran(folder: Path, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_java_example_seals_and_sends(district: District, tmp_path: Path) -> None:
    folder = tmp_path / "java"
    shutil.copytree(ROOT / "deploy" / "clients" / "java", folder, ignore=shutil.ignore_patterns("target"))
    code, out = await ran(folder, str(MAVEN), "-q", "-B", "package", "dependency:copy-dependencies")
    if "Could not transfer artifact" in out or "Could not resolve dependencies" in out:
        pytest.skip("Maven has no way to its registry")
    assert code == 0, out

    at = (district.province.clock() - timedelta(minutes=5)).astimezone(ZONE).isoformat()
    words = (district.child.url, district.token(SANDBOX), SANDBOX, UNIT, PROCEDURE, "H50.44.12-261123-0301", at)
    code, out = await ran(folder, str(JAVA), "-cp", "target/classes:target/dependency/*", "SealAndSend", *words)

    assert code == 0, out
    (item,) = json.loads(out.splitlines()[-1])["items"]
    assert (item["status"], item["code"]) == ("accepted", "H50.44.12-261123-0301")
