"""`gandan conformance`: is a source system ready to send? Our own messages sent as that source, or its own events judged; a report to act on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import typer

from deploy.cli import conformance_door as doors
from deploy.cli.conformance_report import Finding, door_finding, event_finding, told
from deploy.cli.conformance_set import Message, Set
from deploy.cli.installation import (
    DONE,
    REFUSED,
    UNREACHABLE,
    WRONG_USAGE,
    HomeOption,
    Installation,
    JsonOption,
    clock_of,
    code_of,
)
from deploy.cli.publish import BATCH, judged, read, spoken
from deploy.cli.screen import Bar, as_json
from shared import settings as settings_
from shared.settings import Settings, WrongSetting

NOT_A_SANDBOX = {
    "vi": "{source} không phải là nguồn thử (sandbox); chỉ gửi thử vào nguồn thử.",
    "en": "{source} is no sandbox: test messages go to a sandbox source only.",
}


def conformance(
    source: Annotated[str, typer.Option(help="Id of the source system in the registry; a sandbox, unless --check is given.")],
    door: Annotated[Literal["http", "kafka"], typer.Option(help="The door our messages are sent by.")] = "http",
    check: Annotated[
        Path | None, typer.Option(help="Judge your own events instead (JSON or JSON lines, - for standard input); nothing is kept.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where it runs; default: GANDAN_HOST and GANDAN_PORT.")] = None,
    procedure: Annotated[str | None, typer.Option(help="Code of the procedure in our messages; default: the catalogue's first.")] = None,
    lang: Annotated[Literal["vi", "en"], typer.Option(help="Language of the report.")] = "vi",
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:  # fmt: skip
    """Report whether a source system is ready. Example: gandan conformance --source tan-thanh-thu --check events.jsonl --lang en

    Without --check, right and wrong messages are sent as that source: the door, the account and the registry are as they should be.
    With --check, your recorded events are judged by the rule book: each that is not taken is named with what to change.
    The token is GANDAN_TOKEN, else one of the dev issuer. Exit 1 when something is to be changed, 3 when nobody answers.
    """
    if check is not None and door == "kafka":
        print("gandan conformance: --check is judged by HTTP: leave --door out", file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)
    asked = _Asked(source, url, procedure, lang, home, as_json=as_json_)
    raise typer.Exit(_explained(asked, lambda: asked.check(check) if check is not None else asked.try_door(door)))


class _Asked:
    """What was asked for, and the two ways to answer it."""

    def __init__(
        self, source: str, url: str | None, procedure: str | None, lang: str, home: Path | None, *, as_json: bool
    ) -> None:
        self.source, self.url, self.procedure, self.lang = source, url, procedure, lang
        self.home, self.as_json = home, as_json

    @property
    def settings(self) -> Settings:
        return settings_.load(**({"home": self.home} if self.home else {}))

    def check(self, file: Path) -> int:
        """Judge the events of a file; each dossier's events in one batch, since nothing is kept between batches."""
        events = _read(file)
        findings: list[Finding | None] = [None] * len(events)
        with spoken(self.settings, self.source, self.url, self.lang) as http, Bar(f"events of {self.source}") as bar:
            for batch in batches(events):
                outcomes = judged(http, [events[number] for number in batch], dry_run=True)
                for number, outcome in zip(batch, outcomes, strict=True):
                    findings[number] = event_finding(self.source, number + 1, events[number], outcome)
                bar.show(sum(each is not None for each in findings), len(events))
        return self.report([each for each in findings if each is not None])

    def try_door(self, door: str) -> int:
        """Send our messages, and compare what comes back."""
        settings = self.settings
        with spoken(settings, self.source, self.url, self.lang) as http:
            entry = doors.entry_of(http, self.source)
            if not entry["sandbox"]:
                print(f"gandan conformance: {NOT_A_SANDBOX[self.lang].format(source=self.source)}", file=sys.stderr)
                return REFUSED
            messages = Set(doors.ground_of(http, entry, clock_of(settings)(), self.procedure)).messages()
            with Bar(f"conformance of {self.source}") as bar:
                if door == "http":
                    answers = doors.by_http(http, messages, bar.show)
                    return self.report([door_finding(m, answers[m.name]) for m in messages])
                return code_of("conformance", self.home, lambda here: self._by_kafka(here, messages, bar.show))

    async def _by_kafka(
        self, here: Installation, messages: Sequence[Message], show: Callable[[float, float], None]
    ) -> int:
        prefix, source = here.settings.topic_prefix, self.source
        answers = await doors.by_kafka(here.bootstrap, prefix, source, messages, show)
        return self.report([door_finding(message, answers[message.name]) for message in messages])

    def report(self, findings: Sequence[Finding]) -> int:
        """Print it; 1 when something is to be changed."""
        ok = all(finding.ok for finding in findings)
        if self.as_json:
            print(as_json({"source": self.source, "ok": ok, "findings": [finding.plain() for finding in findings]}))
        else:
            print(told(self.source, findings, self.lang))
        return DONE if ok else REFUSED


def batches(events: Sequence[Any], most: int = BATCH) -> Iterable[Sequence[int]]:
    """The places of events, those about the same thing together and in order; one thing with more than a batch is cut."""
    about: dict[Any, list[int]] = {}
    for number, event in enumerate(events):
        subject = event.get("subject") if isinstance(event, dict) else None
        about.setdefault(subject if isinstance(subject, str) else number, []).append(number)
    batch: list[int] = []
    for places in about.values():
        if batch and len(batch) + len(places) > most:
            yield batch
            batch = []
        batch += places
        while len(batch) > most:
            yield batch[:most]
            batch = batch[most:]
    if batch:
        yield batch


def _read(file: Path) -> list[Any]:
    try:
        return read(file)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _explained(asked: _Asked, work: Callable[[], int]) -> int:
    """The exit code of the work, or a sentence and the code that fits."""
    try:
        return work()
    except (WrongSetting, ValueError, OSError, doors.NoGround) as error:
        print(f"gandan conformance: {error}", file=sys.stderr)
        return REFUSED if isinstance(error, doors.NoGround) else WRONG_USAGE
    except httpx.HTTPStatusError as error:
        print(f"gandan conformance: {doors.words(error.response)}", file=sys.stderr)
        return UNREACHABLE if error.response.status_code in {502, 503, 504} else REFUSED
    except httpx.HTTPError as error:
        print(
            f"gandan conformance: {asked.url or asked.settings.host} does not answer: {type(error).__name__}",
            file=sys.stderr,
        )
        return UNREACHABLE
