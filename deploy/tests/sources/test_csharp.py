"""The C# example: what it sends, read; built and run where there is .NET."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.tests.province import PROCEDURE, UNIT
from deploy.tests.sources.district import ROOT, SANDBOX, District
from deploy.tests.sources.test_java import ran
from services.intake.domain.source_shapes import UPSERTED
from shared.law import ZONE

DOTNET = shutil.which("dotnet")
EXAMPLE = ROOT / "deploy" / "clients" / "csharp"


def test_the_csharp_example_says_what_the_rule_book_wants_and_nothing_else() -> None:
    written = (EXAMPLE / "SealAndSend.cs").read_text("utf-8")

    found = re.search(r"data = new\n    \{\n(.*?)\n    \},", written, re.DOTALL)
    assert found
    names = {each.partition("=")[0].strip() for each in found[1].replace("\n", " ").split(",")} - {""}
    assert UPSERTED.required | {"contact_sealed"} <= names <= set(UPSERTED.fields)
    assert f'"{UPSERTED.type}"' in written


@pytest.mark.journey
@pytest.mark.skipif(DOTNET is None, reason="there is no .NET on this machine")
async def test_the_csharp_example_seals_and_sends(district: District, tmp_path: Path) -> None:
    folder = tmp_path / "csharp"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("bin", "obj"))
    code, out = await ran(folder, str(DOTNET), "build", "--nologo", "-o", "built")
    if "NU1301" in out:
        pytest.skip(".NET has no way to its registry")
    assert code == 0, out

    at = (district.province.clock() - timedelta(minutes=5)).astimezone(ZONE).isoformat()
    words = (district.child.url, district.token(SANDBOX), SANDBOX, UNIT, PROCEDURE, "H50.44.12-261123-0302", at)
    code, out = await ran(folder, str(DOTNET), "built/SealAndSend.dll", *words)

    assert code == 0, out
    (item,) = json.loads(out.splitlines()[-1])["items"]
    assert (item["status"], item["code"]) == ("accepted", "H50.44.12-261123-0302")
