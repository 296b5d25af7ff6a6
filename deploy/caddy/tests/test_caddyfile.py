import json
import re
import shutil
import subprocess
from pathlib import Path

from deploy.cli.up import SERVICES

CADDYFILE = Path("deploy/caddy/Caddyfile")
TEXT = CADDYFILE.read_text()


def test_each_api_goes_to_its_service_and_the_rest_to_the_pages() -> None:
    ways = re.findall(r"reverse_proxy (?:/(\w+)/\* )?\{\$GANDAN_(\w+):(\w+):8000\} \{\n\t\tflush_interval -1\n", TEXT)
    assert {(path or "reporting", name.lower(), host) for path, name, host in ways} == {
        (s, s, s) for s in SERVICES if s != "reporting"
    } | {("reporting", "reporting", "reporting")}


def test_the_counters_pages_go_to_intake() -> None:
    assert (
        "@counter path /quay /quay/* /nguon /nguon/*\n\treverse_proxy @counter {$GANDAN_INTAKE:intake:8000} {\n\t\tflush_interval -1\n"
        in TEXT
    )


def test_figures_for_operators_are_not_shown_outside_and_baggage_of_strangers_is_dropped() -> None:
    assert "@inside path /metrics /*/metrics\n\trespond @inside 404" in TEXT
    assert "request_header -baggage" in TEXT


def test_caddy_reads_it() -> None:
    caddy = shutil.which("caddy")
    if caddy is not None:
        command = [caddy, "adapt", "--config", str(CADDYFILE), "--adapter", "caddyfile", "--validate"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file
        assert done.returncode == 0, done.stderr
        served = json.loads(done.stdout)["apps"]["http"]["servers"]["srv0"]
        assert served["listen"] == [":8080"]
