"""`gandan up`: run services in one process, on the embedded stack or on servers named by settings."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

if TYPE_CHECKING:
    from shared.runtime import Blueprint
    from shared.runtime.process import Process
    from shared.settings import Settings

SERVICES = ("intake", "complaints", "notifications", "reporting")
WRONG_USAGE, UNREACHABLE = 2, 3


def blueprint(service: str) -> Blueprint:
    """The blueprint of a service, by its name."""
    found: Blueprint = import_module(f"services.{service}.app").BLUEPRINT
    return found


class Where:
    """Where the servers are: from settings, or the embedded stack started for as long as this is held."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stack: Any = None
        self._leaving: AbstractContextManager[Any] = nullcontext()

    def __enter__(self) -> Self:
        """Start or attach to the embedded stack unless URLs are set."""
        if self.settings.embedded:
            from deploy import local  # noqa: PLC0415 - not needed with servers of one's own

            self.stack = local.start(self.settings.home)
            self._leaving = self.stack
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of the stack; it stops when nobody holds it."""
        self._leaving.__exit__(None, None, None)

    def url(self, service: str) -> str:
        """The database of a service."""
        if self.stack is not None:
            found: str = self.stack.database_urls[service]
            return found
        return str(self.settings.database_url).replace("{service}", service)

    def urls(self, services: Sequence[str]) -> Mapping[str, str]:
        """The databases of these services."""
        return {service: self.url(service) for service in services}

    @property
    def bootstrap(self) -> str:
        """Where Kafka answers."""
        return str(self.stack.bootstrap if self.stack is not None else self.settings.kafka)


def up(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Which services: {', '.join(SERVICES)}. Default: all.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of HTTP (GANDAN_PORT, default 8000).")] = None,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the embedded stack (GANDAN_HOME, default .local).")
    ] = None,
) -> None:
    """Run services in one process until Ctrl-C. Example: gandan up intake --port 8001"""
    began = time.monotonic()
    names = services or list(SERVICES)
    if unknown := sorted(set(names) - set(SERVICES)):
        print(f"gandan up: there is no service {', '.join(unknown)}; there are {', '.join(SERVICES)}", file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)
    raise typer.Exit(_run(names, {"port": port, "home": home}, began, may_fill=not services))


def _run(names: Sequence[str], given: Mapping[str, Any], began: float, *, may_fill: bool) -> int:
    from deploy.cli import sample  # noqa: PLC0415 - `gandan --help` does without all this
    from deploy.local import StackError  # noqa: PLC0415 - as above
    from shared import settings as settings_  # noqa: PLC0415
    from shared.runtime.process import PortTaken, check_port, serve  # noqa: PLC0415
    from shared.telemetry.logs import configure_logs  # noqa: PLC0415

    try:
        settings = settings_.load(**{name: value for name, value in given.items() if value is not None})
        configure_logs(
            settings.log_level, json=settings.log_json if settings.log_json is not None else not sys.stderr.isatty()
        )
        check_port(settings.host, settings.port)
        with Where(settings) as where, sample.prepared(settings, where.urls(SERVICES), wanted=may_fill) as filling:
            settings = settings if filling is None else filling.settings

            def ready(process: Process) -> None:
                def say(more: Sequence[str] = ()) -> None:
                    first = _ready(settings, where, process.kafka_error, time.monotonic() - began)
                    print("\n".join([first, *more]), flush=True)

                if filling is None:
                    say()
                else:
                    process.spawn(sample.fill(filling, process, say), "sample")

            return _loop(
                serve(settings, [blueprint(name) for name in names], where.urls(names), where.bootstrap, ready)
            )
    except (settings_.WrongSetting, PortTaken) as error:
        print(f"gandan up: {error}", file=sys.stderr)
        return WRONG_USAGE
    except StackError as error:
        print(f"gandan up: {error}", file=sys.stderr)
        return UNREACHABLE


def _loop(work: Any) -> int:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return int(asyncio.run(work))
    return int(uvloop.run(work))


def _ready(settings: Settings, where: Where, kafka_error: str | None, seconds: float) -> str:
    url = f"http://{settings.host}:{settings.port}"
    downloaded = (
        f" (+ {where.stack.download_seconds:.0f} s of downloads)"
        if where.stack and where.stack.download_seconds >= 1
        else ""
    )
    taken = seconds - (where.stack.download_seconds if where.stack else 0)
    lines = [f"GANDAN READY {url}", f"  in {taken:.1f} s{downloaded}; process {os.getpid()}, Ctrl-C ends it"]
    if kafka_error is not None:
        lines.append(f"  degraded: Kafka does not answer yet ({kafka_error}); commands are accepted and kept")
    lines += [
        f"  {url}/  figures of the province",
        f"  {url}/intake/docs  HTTP API of each service: /intake /complaints /notifications /reporting",
        f"  {url}/readyz  how everything is",
    ]
    return "\n".join(lines)
