"""The command line as a whole, `gandan calendar`, `status`, `bench`, and a home where nothing was started."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy import local
from deploy.bench import run
from deploy.cli import lazy, screen, stack
from deploy.cli.calendar import described, told
from services.__main__ import Gandan, app
from shared.law import Calendar, YearStatus, official_calendar


@pytest.mark.parametrize("name", sorted(Gandan.places))
def test_every_command_has_help_with_an_example(runner: CliRunner, name: str) -> None:
    found = runner.invoke(app, [name, "--help"])
    assert found.exit_code == 0, found.output
    assert "Example:" in found.output


@pytest.mark.parametrize("name", sorted(name for name, (place, _) in Gandan.places.items() if place.endswith(":app")))
def test_every_verb_has_help_with_an_example(runner: CliRunner, name: str) -> None:
    group = lazy.loaded(Gandan.places[name][0], name)
    assert group.commands
    for verb in group.commands:
        found = runner.invoke(app, [name, verb, "--help"])
        assert (found.exit_code, "Example:" in found.output) == (0, True), f"{name} {verb}: {found.output}"


def test_a_mistyped_command_is_wrong_usage_and_the_right_one_is_offered(runner: CliRunner) -> None:
    found = runner.invoke(app, ["topcs"])
    assert (found.exit_code, "'topics'" in found.output) == (2, True)


def test_help_and_due_import_no_server_library() -> None:
    heavy = {"asyncpg", "aiokafka", "faststream", "fastapi", "sqlalchemy", "rich"}
    for words in ("['--help']", "['due', '--limit', '7wd', '--from', '2026-06-01T09:00']"):
        script = f"import sys\nfrom services.__main__ import app\ntry:\n app({words})\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
        loaded = _python(script).splitlines()[-1]
        assert not {module for module in heavy if f"'{module}'" in loaded}, words


def _python(script: str) -> str:
    import subprocess  # noqa: PLC0415 - one test needs a process of its own

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return done.stdout


def test_a_home_where_nothing_was_started_is_unreachable_and_stays_empty(runner: CliRunner, tmp_path: Path) -> None:
    for words in (["topics", "list"], ["verify"], ["migrate"], ["parked", "list"]):
        found = runner.invoke(app, [*words, "--home", str(tmp_path)])
        assert (found.exit_code, "nothing was ever started in" in found.stderr) == (3, True), words
    assert list(tmp_path.iterdir()) == []


def test_half_a_setting_is_wrong_usage(runner: CliRunner) -> None:
    found = runner.invoke(app, ["verify"], env={"GANDAN_KAFKA": "127.0.0.1:9092"})
    assert (found.exit_code, "set together or not at all" in found.stderr) == (2, True)


class TestCalendar:
    def test_a_published_year_is_shown_with_its_days(self, runner: CliRunner) -> None:
        found = runner.invoke(app, ["calendar", "show", "2026"])
        assert found.exit_code == 0, found.output
        assert found.output.startswith("2026: published, 2")
        assert "2026-11-24  T3" in found.output
        assert "worked instead: 2026-01-10 for 2026-01-02" in found.output

    def test_json_counts_what_the_calendar_works(self, runner: CliRunner) -> None:
        found = json.loads(runner.invoke(app, ["calendar", "show", "2025", "--json"]).stdout)
        assert found["working_days"] == official_calendar().count_working_days(date(2024, 12, 31), date(2025, 12, 31))
        assert sum(found["by_month"]) == found["working_days"]

    def test_this_year_is_the_moved_clocks(self, runner: CliRunner, tmp_path: Path) -> None:
        (tmp_path / "clock").write_text(str((2022 - time.gmtime().tm_year) * 365.25 * 86_400))
        found = runner.invoke(app, ["calendar", "show", "--json"], env={"GANDAN_CLOCK": str(tmp_path / "clock")})
        assert json.loads(found.stdout)["year"] in {2021, 2022, 2023}

    def test_an_unknown_year_says_how_it_is_seeded(self, runner: CliRunner) -> None:
        found = runner.invoke(app, ["calendar", "show", "2199"])
        assert (found.exit_code, "calendar_seed 2199" in found.output) == (1, True)
        assert runner.invoke(app, ["calendar", "show", "99999"]).exit_code == 2

    def test_a_wrong_setting_is_wrong_usage(self, runner: CliRunner) -> None:
        found = runner.invoke(app, ["calendar", "show"], env={"GANDAN_PORT": "0"})
        assert (found.exit_code, "GANDAN_PORT" in found.stderr) == (2, True)

    def test_a_provisional_year_is_called_so(self) -> None:
        calendar = Calendar(((2030, YearStatus.PROVISIONAL),)).with_day_off(
            date(2030, 1, 1), "Tết Dương lịch", "New Year"
        )
        assert told(described(calendar, 2030)).startswith("2030: provisional, 260 working days")


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server on a free port that gives one answer to everything; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


CHECKS = {
    "kafka": {"bootstrap": "127.0.0.1:9", "error": "gone"},
    "intake": {"database": None, "relay": {"leading": True, "error": "no broker"}, "consumers": {"intake.x": {"lag": 3, "error": None}}, "timers": {}},
    "reporting": {"database": None, "relay": None, "consumers": {}, "timers": {"reporting.drop": {"error": "late"}}},
    "notifications": {"database": None, "relay": None, "consumers": {}, "timers": {}},
}  # fmt: skip


class TestStatus:
    def test_readiness_of_running_services_is_told(self) -> None:
        with answering(200, json.dumps({"status": "degraded", "checks": CHECKS}).encode()) as url:
            found = stack.readiness(url)
        assert stack.as_words(found).splitlines() == [
            f"services on {url}: degraded",
            "  kafka 127.0.0.1:9: gone",
            "  intake         relay: no broker, 3 records behind",
            "  reporting      reporting.drop: late",
            "  notifications  well",
        ]

    def test_a_dead_process_answers_too(self) -> None:
        with answering(503, b'{"status": "dead", "checks": {}}') as url:
            assert stack.readiness(url)["state"] == "dead"

    @pytest.mark.parametrize(("status", "body"), [(200, b"[]"), (404, b"<html>")])
    def test_another_program_on_the_port_is_not_taken_for_us(self, status: int, body: bytes) -> None:
        with answering(status, body) as url:
            found = stack.readiness(url)
        assert found["state"] == ("strange" if status == 200 else found["state"])
        assert found["state"] in {"strange", "silent"}

    def test_services_alone_make_status_well(self, runner: CliRunner, tmp_path: Path) -> None:
        with answering(200, b'{"status": "ready", "checks": {}}') as url:
            found = runner.invoke(
                app, ["status", "--json", "--home", str(tmp_path)], env={"GANDAN_PORT": url.rpartition(":")[2]}
            )
        assert (found.exit_code, json.loads(found.stdout)["services"]["state"]) == (0, "ready")

    def test_services_of_another_home_are_told_apart(self) -> None:
        seen = local.Status(Path("home"), running=True, ready=True, bootstrap="127.0.0.1:7")
        assert stack._stranger(seen, {"checks": CHECKS}).endswith("not of this home: their Kafka is 127.0.0.1:9")
        assert stack._stranger(replace(seen, bootstrap="127.0.0.1:9"), {"checks": CHECKS}) == ""
        assert stack._stranger(replace(seen, bootstrap=None), {"checks": CHECKS}) == ""

    def test_silence_is_said_so(self, runner: CliRunner, tmp_path: Path) -> None:
        found = runner.invoke(app, ["status", "--home", str(tmp_path)], env={"GANDAN_PORT": "1"})
        assert (found.exit_code, "no services answer on http://127.0.0.1:1" in found.output) == (3, True)


def test_bench_measures_the_keys_it_is_given(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def main(keys: list[str]) -> int:
        asked.append(keys)
        return 1

    monkeypatch.setattr(run, "main", main)
    assert runner.invoke(app, ["bench", "submit", "relay"]).exit_code == 1
    assert runner.invoke(app, ["bench"]).exit_code == 1
    assert runner.invoke(app, ["bench", "--quick", "submit"]).exit_code == 1
    assert asked == [["submit", "relay"], [], ["--quick", "submit"]]
    assert runner.invoke(app, ["bench", "--quick", "--full"]).exit_code == 2


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only_when_the_work_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with screen.Bar("facts") as bar:
        bar.show(1, 3)
        assert not drawn(bar)
        bar.began -= screen.PATIENCE
        bar.show(2, 3)
        assert drawn(bar) == [2]
    assert "facts" in terminal.getvalue()


def drawn(bar: screen.Bar) -> list[float]:
    """How far each line of a bar is; nothing before it is drawn."""
    return [] if bar.bar is None else [task.completed for task in bar.bar.tasks]


def test_columns_are_as_wide_as_their_widest_word() -> None:
    assert screen.columns(("A", "B"), [("long", 1), ("x", 22)]) == "A     B\nlong  1\nx     22"


def test_a_function_and_a_group_become_commands() -> None:
    assert lazy.loaded("deploy.cli.verify:verify", "verify").name == "verify"
    assert isinstance(lazy.loaded("deploy.cli.parked:app", "parked"), typer.core.TyperGroup)
