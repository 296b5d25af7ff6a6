import json
from pathlib import Path

import pytest

from deploy.bench import run
from deploy.bench.keys import KEYS

HOME = Path(".local/bench-quick")


@pytest.mark.journey
@pytest.mark.postgres
@pytest.mark.kafka
@pytest.mark.timeout(900)
def test_every_key_can_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    report = HOME.with_suffix(".json")
    report.unlink(missing_ok=True)
    assert run.main(["--quick"], home=HOME) == run.DONE, capsys.readouterr().out
    measured = json.loads(report.read_text())
    assert list(measured) == list(KEYS)
    assert all(line["value"] > 0 for line in measured.values()), measured
