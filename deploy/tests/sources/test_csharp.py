"""The C# example: what it sends, read; built and run where there is .NET."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from deploy.tests.sources.district import ROOT, District
from deploy.tests.sources.test_java import as_the_guide_says
from services.intake.domain.source_shapes import UPSERTED

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
    code, out = await as_the_guide_says("csharp", district, tmp_path)

    if "NU1301" in out:
        pytest.skip(".NET has no way to its registry")
    assert code == 0, out
    (item,) = json.loads(out.splitlines()[-1])["items"]
    assert (item["status"], item["code"][-5:]) == ("accepted", "-0003")
