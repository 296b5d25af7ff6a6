import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from shared.telemetry.logs import OncePerSecond, configure_logs

SECRET = "044078001234"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_line_and_a_library_s_line_have_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", json=True, service="intake")
    structlog.get_logger("services.intake").info("hồ sơ received", dossier="H50.44.12-261123-0007")
    logging.getLogger("uvicorn.error").info("Started %s", "server")
    ours, theirs = written(capsys)
    assert ours.pop("timestamp").endswith("Z")
    assert theirs.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "hồ sơ received",
        "dossier": "H50.44.12-261123-0007",
        "level": "info",
        "logger": "services.intake",
        "service": "intake",
    }
    assert theirs == {"event": "Started server", "level": "info", "logger": "uvicorn.error", "service": "intake"}


def test_a_line_knows_the_trace_it_was_written_in(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", json=True)
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("s") as span:
        logging.getLogger("alembic").warning("inside")
    (line,) = written(capsys)
    context = span.get_span_context()
    assert (line["trace_id"], line["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")


def test_several_services_in_one_process_name_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", json=True, service="gandan")
    with structlog.contextvars.bound_contextvars(service="reporting"):
        logging.getLogger("aiokafka.consumer").warning("x")
    assert [line["service"] for line in written(capsys)] == ["reporting"]


def fail() -> None:
    raise ValueError(f"no citizen {SECRET}")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_personal_data_reaches_a_line_whatever_the_way(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    configure_logs("debug", json=as_json)
    ours, theirs = structlog.get_logger("a"), logging.getLogger("a.library")
    ours.warning("seen %s", SECRET)
    ours.info("seen", numbers=[{"id": SECRET}], error=ValueError(SECRET))
    theirs.info("parameters: %r", {"id": SECRET})
    try:
        fail()
    except ValueError:
        ours.exception("failed")
        theirs.exception("failed too")
    text = capsys.readouterr().err
    assert text.count("[…]") == 6
    assert SECRET not in text


def test_a_line_that_cannot_be_written_does_not_print_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", json=True)
    logging.getLogger("careless").info("number %d", SECRET)
    (line,) = written(capsys)
    assert line == {
        "level": "error",
        "event": "a log line could not be written",
        "logger": "careless",
        "error": "TypeError",
    }


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", json=True)
    structlog.get_logger("a").info("no")
    logging.getLogger("b").info("no")
    logging.getLogger("b").warning("yes")
    assert [line["event"] for line in written(capsys)] == ["yes"]


def test_handlers_a_library_brought_along_are_taken_off(capsys: pytest.CaptureFixture[str]) -> None:
    access = logging.getLogger("uvicorn.access")
    access.addHandler(logging.StreamHandler(sys.stderr))
    access.propagate = False
    configure_logs("info", json=True)
    access.info("GET /healthz")
    assert [line["event"] for line in written(capsys)] == ["GET /healthz"]


class Clock:
    """Time that moves when told to."""

    now = 50.0

    def __call__(self) -> float:
        return self.now


def a_record(name: str, message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "f.py", 1, message, args, None)


def test_a_stormy_logger_writes_each_template_once_a_second_and_counts_the_rest() -> None:
    clock = Clock()
    limit = OncePerSecond("aiokafka", clock=clock)
    storm = [a_record("aiokafka.conn", "cannot connect to %s", f"b{n}") for n in range(40)]
    assert [limit.filter(record) for record in storm] == [True] + [False] * 39
    assert limit.filter(a_record("aiokafka.conn", "another"))
    assert limit.filter(a_record("aiokafkas", "cannot connect to %s"))
    clock.now += 1.0
    later = a_record("aiokafka.conn", "cannot connect to %s", "b1")
    assert limit.filter(later)
    assert vars(later)["suppressed"] == 39


def test_other_loggers_are_not_held_back() -> None:
    limit = OncePerSecond("aiokafka", clock=Clock())
    assert all(limit.filter(a_record("services.intake", "same")) for _ in range(5))


def test_the_memory_of_the_limit_is_bounded() -> None:
    limit = OncePerSecond("aiokafka", clock=Clock())
    assert all(limit.filter(a_record("aiokafka", f"unique {n}")) for n in range(2500))
    assert len(limit._seen) <= 1000


def test_a_storm_of_the_broker_client_becomes_a_line_with_a_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logs("info", json=True)
    (handler,) = logging.getLogger().handlers
    (limit,) = [one for one in handler.filters if isinstance(one, OncePerSecond)]
    clock = Clock()
    monkeypatch.setattr(limit, "_clock", clock)
    for number in range(10):
        logging.getLogger("aiokafka.client").error("Unable to connect to %s", number)
    clock.now += 2
    logging.getLogger("aiokafka.client").error("Unable to connect to %s", 11)
    assert [(line["event"], line.get("suppressed")) for line in written(capsys)] == [
        ("Unable to connect to 0", None),
        ("Unable to connect to 11", 9),
    ]
