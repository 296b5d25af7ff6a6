import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
import typer
from typer.testing import CliRunner, Result

import shared.law
from deploy.cli.due import due

ROOT = Path(shared.law.__file__).parents[2]
CASES = json.loads((Path(shared.law.__file__).parent / "tests" / "deadline_cases.json").read_text("utf-8"))["cases"]
STEPS = [step for case in CASES for step in case["steps"]]

app = typer.Typer()
app.command()(due)


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=given)


def test_the_date_comes_first_then_the_rule_then_the_count_in_vietnamese() -> None:
    told = run("--rule", "one-stop.settlement", "--limit", "7wd", "--from", "2026-06-01T09:00")
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[:3] == [
        "Hạn: 17:00 thứ Tư 10/06/2026",
        "Quy định: one-stop.settlement (phiên bản 4, chưa đối chiếu văn bản)",
        "Cách tính:",
    ]
    assert lines[-1].endswith("cơ quan phải xin lỗi và hẹn lại, chậm nhất thứ Ba 09/06/2026.")


def test_english_is_spoken_when_asked_for_and_a_provisional_date_says_so() -> None:
    told = run("--limit", "10wd", "--from", "2026-12-29T09:00", "--lang", "en")
    assert told.stdout.splitlines()[0] == "Due: 17:00 Wednesday 13 Jan 2027 (provisional)"


@pytest.mark.parametrize(
    ("words", "headline"),
    [
        (("--limit", "30d", "--from", "2026-07-10"), "Hạn: thứ Hai 10/08/2026"),
        (("--rule", "reception.posting", "--event", "2026-05-07"), "Chậm nhất: thứ Ba 28/04/2026"),
        (
            ("--limit", "5wd", "--from", "2026-03-02T08:00", "--pause", "2026-03-04T14:30.."),
            "Đang tạm dừng, còn lại: 26 giờ 30 phút làm việc",
        ),
        (
            ("--rule", "complaint.settlement.first", "--from", "2026-07-15", "--suspend", "2026-08-04.."),
            "Đang tạm dừng, còn lại: 10 ngày",
        ),
    ],
)
def test_the_first_line_is_what_a_citizen_wants_to_know(words: tuple[str, ...], headline: str) -> None:
    assert run(*words).stdout.splitlines()[0] == headline


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--complex", "--remote", "--rule", "complaint.settlement.first", "--from", "2026-07-10"), "2026-09-08"),
        (
            ("--several-places", "--rule", "denunciation.processing", "--from", "2026-02-12T10:00"),
            "2026-03-05T17:00:00+07:00",
        ),
        (("--rule", "complaint.acceptance", "--as-of", "2026-06-30"), "2026-07-10"),
        (("--rule", "complaint.acceptance", "--from", "2026-07-06", "--as-of", "2026-06-30"), "2026-07-16"),
        (("--extensions", "2", "--rule", "denunciation.settlement", "--from", "2026-03-02"), "2026-06-01"),
        (
            ("--suspend", "2026-08-04..2026-08-24", "--rule", "complaint.settlement.first", "--from", "2026-07-15"),
            "2026-09-03",
        ),
        (
            (
                *("--limit", "5wd", "--from", "2026-03-02T08:00:00+07:00", "--mode", "restart"),
                *("--pause", "2026-03-04T14:30:00+07:00..2026-03-10T09:15:00+07:00"),
            ),
            "2026-03-17T17:00:00+07:00",
        ),
    ],
)
def test_every_option_reaches_the_count(words: tuple[str, ...], expected: str) -> None:
    assert json.loads(run(*words, "--json").stdout)["due"] == expected


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("--rule", "no.such", "--from", "2026-06-01"), 1, "unknown-rule"),
        (("--limit", "7wd", "--from", "2031-06-01"), 1, "unknown-year"),
        (("--rule", "denunciation.settlement", "--from", "2026-06-01", "--extensions", "3"), 1, "unknown-limit"),
        (("--limit", "7x", "--from", "2026-06-01"), 2, "unknown-limit"),
        (("--limit", "7wd", "--from", "yesterday"), 2, "bad-time"),
        (("--limit", "7wd", "--from", "2026-06-01", "--pause", "2026-06-02"), 2, "bad-time"),
        (("--limit", "7wd"), 2, "missing-field"),
        ((), 2, "missing-field"),
    ],
)
def test_a_refusal_exits_1_and_wrong_usage_2_each_with_a_plain_sentence(
    words: tuple[str, ...], exit_code: int, code: str
) -> None:
    told = run(*words)
    assert told.exit_code == exit_code
    assert told.stdout == ""
    assert told.stderr.startswith("gandan due: ")
    assert told.stderr.count("\n") == 1
    as_json = run(*words, "--json")
    assert as_json.exit_code == exit_code
    assert json.loads(as_json.stdout)["error"]["code"] == code


def test_help_shows_an_example() -> None:
    assert "gandan due --rule one-stop.settlement --limit 7wd" in " ".join(run("--help").stdout.split())


def test_each_json_line_is_answered_with_one_line_errors_included() -> None:
    lines = [
        '{"limit":"7wd","from":"2026-06-01T09:00:00+07:00"}',
        "not json",
        "[]",
        "",
        '{"rule":"no.such","from":"2026-06-01"}',
    ]
    told = run("--jsonl", given="\n".join(lines) + "\n")
    assert told.exit_code == 0
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert answers[0]["due"] == "2026-06-10T17:00:00+07:00"
    assert [answer["error"]["code"] for answer in answers[1:]] == ["missing-field"] * 3 + ["unknown-rule"]


def test_all_worked_cases_come_out_right_as_json_lines() -> None:
    told = run("--jsonl", given="".join(json.dumps(step["ask"]) + "\n" for step in STEPS))
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    for step, answer in zip(STEPS, answers, strict=True):
        assert step["expect"].items() <= answer.items()


def test_two_thousand_lines_take_less_than_five_seconds_with_the_start_of_the_process() -> None:
    """Seconds of CPU: on a machine that does nothing else they are the seconds one waits."""
    lines = "".join(json.dumps(STEPS[n % len(STEPS)]["ask"]) + "\n" for n in range(2000))
    program = "import typer; from deploy.cli.due import due; app = typer.Typer(); app.command()(due); app()"
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own program and words
        [sys.executable, "-c", program, "--jsonl"], input=lines, capture_output=True, text=True, check=True, cwd=ROOT
    )
    after = getrusage(RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
    assert len(done.stdout.splitlines()) == 2000


def test_the_command_starts_without_any_service_database_or_broker() -> None:
    program = (
        "import sys, deploy.cli.due; print(*sorted({m.split('.')[0] for m in sys.modules}"
        " & {'services', 'sqlalchemy', 'sqlmodel', 'asyncpg', 'aiokafka', 'faststream', 'fastapi', 'holidays'}))"
    )
    done = subprocess.run(  # noqa: S603 - our own program and words
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""
