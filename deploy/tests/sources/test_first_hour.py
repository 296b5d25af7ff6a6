"""The first hour of a vendor: the guide followed to the letter, on a fresh home here and in a fresh clone, and timed."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from deploy.tests.terminal import BLOCK, ROOT, fresh_copy, running, typed, without_settings
from services.intake import data
from services.intake.domain import letters
from services.intake.domain.source_shapes import SHAPES
from services.intake.domain.sources import Reason
from shared.contracts.letters import ARROWS
from shared.testing.processes import free_port

GUIDE = (ROOT / "deploy" / "sources.md").read_text("utf-8")
HOUR = 3600


@pytest.mark.journey
@pytest.mark.parametrize(
    "fresh", [False, pytest.param(True, marks=[pytest.mark.full, pytest.mark.timeout(1800)])], ids=["here", "clone"]
)
async def test_the_guide_followed_to_the_letter_gets_a_dossier_in_within_the_hour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, fresh: bool
) -> None:
    folder = fresh_copy(tmp_path) if fresh else ROOT
    began = time.monotonic()
    first, *others = BLOCK.findall(GUIDE)
    port = free_port()
    env = {
        **{name: value for name, value in without_settings().items() if name != "VIRTUAL_ENV"},
        "GANDAN_HOME": str(tmp_path / "home"),
        "GANDAN_PORT": str(port),
        "GANDAN_URL": f"http://127.0.0.1:{port}",
    }

    async with running(first, env, 1200 if fresh else 240, until="GANDAN READY", cwd=folder):
        code, said = await typed("\n".join(others), env, cwd=folder)

    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\nfirst hour as a vendor: {len(others) + 1} steps in {seconds:.0f} s")  # noqa: T201 - the time is what the test is for
    assert code == 0, said
    assert len(re.findall(r"^[0-9a-f-]{36} accepted $", said, re.MULTILINE)) == 2
    assert len(re.findall(r"^tan-thanh-thu: \d+ đúng, 0 cần sửa$", said, re.MULTILINE)) == 3
    assert seconds < HOUR


def test_the_guide_names_every_event_a_source_may_send_and_every_word_of_letters() -> None:
    kinds, states = {shape.kind for shape in SHAPES.values()}, {state for arrows in ARROWS.values() for state in arrows}
    said = {*letters.OUTCOMES.values(), *letters.GROUNDS.values(), *letters._REASONS.values()}

    assert sorted(word for word in {*kinds, *states}.union(*said) if f"`{word}`" not in GUIDE) == []
    assert "`POST /intake/v1/portal-sync`" in GUIDE


@pytest.mark.parametrize("reason", Reason)
def test_the_guide_says_of_every_reason_what_the_door_says(reason: Reason) -> None:
    sentences = data.source_reasons()[reason.value]

    assert f"| `{reason.value}` | {sentences['vi']} | {sentences['en']} |" in GUIDE
