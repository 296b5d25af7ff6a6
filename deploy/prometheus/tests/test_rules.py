import re
import shutil
import subprocess
from pathlib import Path

from deploy.prometheus.names import known, names_of, used
from shared.telemetry.metrics import Instrument, catalogue
from shared.telemetry.setup import setup

HERE = Path(__file__).parents[1]
RULES = (HERE / "rules.yml").read_text()
ALERTS = re.findall(r"- alert: (\w+)", RULES)


def promtool(*words: str) -> None:
    """Prometheus's own checker, where there is one; `.ci/run` installs it."""
    program = shutil.which("promtool")
    if program is not None:
        checked = subprocess.run([program, *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own files
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_reads_the_rules_and_its_settings() -> None:
    promtool("check", "rules", "--lint=all", str(HERE / "rules.yml"))
    promtool("check", "config", str(HERE / "prometheus.yml"))


def test_alerts_come_when_they_should_and_not_before() -> None:
    promtool("test", "rules", str(HERE / "rules_test.yml"))


def test_a_rule_speaks_only_of_what_is_measured() -> None:
    expressions = re.sub(r"annotations:.*?(?=- alert|- name|\Z)", "", RULES, flags=re.DOTALL)
    assert used(expressions) - known() == frozenset()
    assert len(used(expressions)) > 10


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    links = dict(zip(ALERTS, re.findall(r"runbook_url: (\S+)", RULES), strict=True))
    headings = re.findall(r"^## (\w+)$", (HERE / "runbooks.md").read_text(), re.MULTILINE)
    assert {name.removesuffix("Absent") for name in ALERTS} == set(headings)
    for alert, link in links.items():
        path, _, anchor = link.partition("#")
        assert Path(path) == HERE.relative_to(Path.cwd()) / "runbooks.md"
        assert anchor == alert.removesuffix("Absent").lower()


def test_a_page_about_a_gauge_that_always_exists_has_a_twin_for_when_nobody_tells_it() -> None:
    paged = re.findall(r"- alert: (\w+)\n\s+expr: (gandan_\w+|up)", RULES)
    exempt = {"GandanOutboxDeep", "GandanLoopLate", "GandanParkedOld"}  # warnings; and see the head of the file
    assert {name for name, _ in paged} - exempt == {
        "GandanServiceDown",
        "GandanOutboxOld",
        "GandanConsumerBehind",
        "GandanSweepLate",
    }
    assert {f"{name}Absent" for name, _ in paged if name not in exempt} | {"GandanSweepStoppedAbsent"} == {
        name for name in ALERTS if name.endswith("Absent")
    }


def test_instruments_are_called_as_the_exporter_calls_them() -> None:
    telemetry = setup("names", instance="names", version="0", otlp_endpoint=None, environment="test")
    metrics = telemetry.metrics
    metrics.outbox.oldest_pending.set(1, {"service": "intake"})
    metrics.parked.records.set(1, {"consumer": "reporting.live", "reason": "gap"})
    metrics.process.pool_in_use.set(1, {"service": "intake"})
    metrics.dossiers.submitted.add(1, {"channel": "online"})
    metrics.consumer.process_duration.record(1)
    told = set(re.findall(r"^(\w+)", telemetry.metrics_text().decode(), re.MULTILINE))
    telemetry.shutdown(1)
    found = [each for each in catalogue() if names_of(each) <= told]
    names = {
        "gandan.outbox.oldest_pending",
        "gandan.parked.records",
        "gandan.db.pool.in_use",
        "gandan.dossier.submitted",
    }
    assert {each.name for each in found} >= names | {"messaging.process.duration", "gandan.audit.breaks"}


def test_a_misspelt_name_is_found() -> None:
    assert used("max(gandan_outbox_oldest_pending) > up") - known() == {"gandan_outbox_oldest_pending"}
    assert names_of(Instrument("a.b", "counter", "s", "", ())) == {"a_b_seconds_total"}
