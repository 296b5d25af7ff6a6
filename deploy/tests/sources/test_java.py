"""The Java example: built, run, and its dossier accepted with its sealed contact; where there are Java and Maven."""

from __future__ import annotations

import asyncio
import json
import os
import re
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


async def as_the_guide_says(language: str, district: District, folder: Path) -> tuple[int, str]:
    """The guide's lines for a language, typed in a copy; only the source and the hour are those of the test."""
    example = Path("deploy") / "clients" / language
    shutil.copytree(ROOT / example, folder / example, ignore=shutil.ignore_patterns("target", "bin", "obj"))
    guide = (ROOT / "deploy" / "sources.md").read_text("utf-8")
    found = re.search(rf"^```bash\n(cd {example}.*?)\n```$", guide, re.MULTILINE | re.DOTALL)
    assert found
    at = (district.province.clock() - timedelta(minutes=5)).astimezone(ZONE).isoformat()
    lines = found[1].replace("tan-thanh-thu", SANDBOX)
    assert f"{SANDBOX} {UNIT} {PROCEDURE} " in lines
    env = {**os.environ, "GANDAN_URL": district.child.url, "GANDAN_TOKEN": district.token(SANDBOX)}
    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", f"{lines} {at}", cwd=folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_java_example_seals_and_sends(district: District, tmp_path: Path) -> None:
    code, out = await as_the_guide_says("java", district, tmp_path)

    if "Could not transfer artifact" in out or "Could not resolve dependencies" in out:
        pytest.skip("Maven has no way to its registry")
    assert code == 0, out
    (item,) = json.loads(out.splitlines()[-1])["items"]
    assert (item["status"], item["code"][-5:]) == ("accepted", "-0002")
