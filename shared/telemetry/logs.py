"""Logs: one line per event on stderr, JSON or readable, ours and every library's, with trace ids, without personal data."""

from __future__ import annotations

import json as jsonlib
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from opentelemetry.trace import get_current_span
from structlog.types import EventDict, Processor

from shared.telemetry.redaction import redact_event

_ADOPTED: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka", "faststream", "alembic")
_MOST_TEMPLATES: Final = 1000


class OncePerSecond(logging.Filter):
    """Lets through one line a second of each message template below a logger; the next one carries `suppressed`.

    aiokafka writes up to 68 lines a second while the broker is away.
    """

    def __init__(self, name: str, *, seconds: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record may be written."""
        if not super().filter(record):
            return True  # another library's
        key, now = (record.name, record.levelno, str(record.msg)), self._clock()
        said_at, held_back = self._seen.get(key, (-self._seconds, 0))
        if now - said_at < self._seconds:
            self._seen[key] = (said_at, held_back + 1)
            return False
        if len(self._seen) >= _MOST_TEMPLATES:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if held_back:
            record.suppressed = held_back
        return True


class _Stderr(logging.StreamHandler[Any]):
    """A handler whose own failures do not print the arguments of the line, which may be personal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        kind = getattr(sys.exc_info()[0], "__name__", "error")
        said = {"level": "error", "event": "a log line could not be written", "logger": record.name, "error": kind}
        self.stream.write(_dumps(said) + "\n")


def configure_logs(level: str, *, json: bool, service: str = "gandan") -> None:
    """Send all logging of this process through one redacting handler on stderr; call it once, at the start.

    `service` names the process; `structlog.contextvars.bind_contextvars(service=...)` names one of several in it.
    """
    steps = _steps(service)
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Stderr(sys.stderr)
    handler.addFilter(OncePerSecond("aiokafka"))
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=steps, processors=_ending(json=json)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _ADOPTED:
        _adopt(logging.getLogger(name))


def _adopt(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True


def _steps(service: str) -> list[Processor]:
    """What every event gets, ours or a library's."""

    def name_service(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=["suppressed"]),
        name_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending(*, json: bool) -> list[Processor]:
    """Exceptions become text before redaction; ids come after it, they need none."""
    return [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_event,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _add_trace,
        _renderer(json=json),
    ]


def _add_trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    context = get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def _renderer(*, json: bool) -> Processor:
    if json:
        return structlog.processors.JSONRenderer(serializer=_dumps)
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _dumps(event: EventDict, **_options: Any) -> str:
    """One line; Vietnamese stays readable."""
    return jsonlib.dumps(event, ensure_ascii=False, default=str)
