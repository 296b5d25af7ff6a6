import json
from pathlib import Path

import pytest

from deploy.bench import run
from deploy.bench.keys import KEYS

HOME = Path(".local/bench-quick")


pytestmark = [pytest.mark.journey, pytest.mark.postgres, pytest.mark.kafka, pytest.mark.timeout(900)]


@pytest.mark.parametrize("keys", [["relay"], pytest.param(list(KEYS), marks=pytest.mark.full)], ids=["one", "all"])
def test_keys_can_be_measured(keys: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    report = HOME.with_suffix(".json")
    report.unlink(missing_ok=True)
    assert run.main([*keys, "--quick"], home=HOME) == run.DONE, capsys.readouterr().out
    measured = json.loads(report.read_text())
    assert list(measured) == keys
    assert all(line["value"] > 0 for line in measured.values()), measured
