import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

from deploy.grafana import build
from deploy.prometheus.names import known, used

PANELS: list[dict[str, Any]] = build.dashboard()["panels"]
CHARTS = [panel for panel in PANELS if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in CHARTS for target in panel["targets"]]


def test_the_committed_dashboard_is_the_one_that_is_built() -> None:
    assert build.PLACE.read_text() == build.text(), "run python -m deploy.grafana.build"


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    plain = [expr.replace("$__rate_interval", "1m").replace("$job", "gandan") for expr in EXPRESSIONS]
    lines = [
        f"      - record: gandan:panel{number}\n        expr: >-\n          {expr}" for number, expr in enumerate(plain)
    ]
    rules = tmp_path / "panels.yml"
    rules.write_text("groups:\n  - name: panels\n    rules:\n" + "\n".join(lines) + "\n")
    program = shutil.which("promtool")
    if program is not None:
        checked = subprocess.run([program, "check", "rules", str(rules)], capture_output=True, text=True, check=False)  # noqa: S603 - our own files
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert f"{len(EXPRESSIONS)} rules found" in checked.stdout
    assert not [expr for expr in plain if "$" in expr]


def test_every_chart_speaks_of_what_is_measured_and_counters_as_rates() -> None:
    for expr in EXPRESSIONS:
        assert used(expr)
        assert used(expr) <= known()
        for counter in re.findall(r"\w+_(?:total|bucket|count)\b", expr):
            assert re.search(rf"rate\({counter}\{{[^}}]*\}}\[\$__rate_interval\]\)", expr)


def test_every_chart_says_what_it_shows_in_which_unit_from_the_chosen_source() -> None:
    for panel in CHARTS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert build.dashboard()["editable"] is False


def test_no_chart_lies_on_another() -> None:
    for one, other in combinations([panel["gridPos"] for panel in PANELS], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or above
        assert max(one["x"] + one["w"], other["x"] + other["w"]) <= build.WIDTH
