"""The README's commands, run as they stand: only the address, the folder of programs and the home are those of a test."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from json import JSONDecoder
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HTTP = "http://127.0.0.1:8000"


def block_with(words: str) -> str:
    """The only block of commands that holds these words."""
    (found,) = [block for block in _BLOCK.findall(TEXT) if words in block]
    return str(found)


async def told(script: str, folder: Path, home: Path, places: Mapping[str, str]) -> str:
    """What the commands print, run in this folder; `places` replaces addresses of the text."""
    programs = Path(sys.executable).parent
    for said, meant in {**places, ".venv/bin": str(programs)}.items():
        script = script.replace(said, meant)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}
    env = inherited | {"GANDAN_HOME": str(home), "PATH": f"{programs}:{inherited['PATH']}"}
    words = ("bash", "-c", "set -euo pipefail\n" + script)
    shell = await asyncio.create_subprocess_exec(*words, cwd=folder, env=env, stdout=PIPE, stderr=PIPE)
    out, complaints = await shell.communicate()
    assert shell.returncode == 0, complaints.decode()
    return out.decode()


def documents(text: str) -> tuple[list[Any], str]:
    """The JSON documents a text begins with, and what follows them."""
    found, decoder = [], JSONDecoder()
    while (text := text.lstrip()).startswith("{"):
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found, text
