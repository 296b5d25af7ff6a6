"""`gandan publish`: send the CloudEvents of a file as a source system, by HTTP or Kafka."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import typer

from deploy.cli.installation import DONE, REFUSED, UNREACHABLE, WRONG_USAGE, HomeOption, Installation, JsonOption, run
from deploy.cli.screen import Bar, as_json, columns
from shared import settings as settings_
from shared.bus.broker import make_producer, stop_producer
from shared.contracts.sources import source_topic
from shared.settings import Settings, WrongSetting
from shared.web.devissuer import mint

BATCH = 500
TOKEN = "GANDAN_TOKEN"  # noqa: S105 - the name of a variable


def publish(
    file: Annotated[Path, typer.Argument(help="JSON: one event, an array of them, or one on each line; - for standard input.")],
    source: Annotated[str, typer.Option(help="Id of the source system in the registry.")],
    via: Annotated[Literal["http", "kafka"], typer.Option(help="The door.")] = "http",
    url: Annotated[str | None, typer.Option(help="Where it runs; default: GANDAN_HOST and GANDAN_PORT.")] = None,
    home: HomeOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Let the events be judged, keep nothing (http).")] = False,
    as_json_: JsonOption = False,
) -> None:  # fmt: skip
    """Send events as a source system. Example: gandan publish events.json --source tan-thanh --via http

    By HTTP the token is GANDAN_TOKEN, else one of the dev issuer for an account named like the source. Exit 1 when one is rejected.
    """
    try:
        events = read(file)
    except (OSError, ValueError) as error:
        print(f"gandan publish: {file}: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_USAGE) from None
    if via == "kafka":
        run("publish", home, lambda here: _by_kafka(here, source, events))
    raise typer.Exit(_by_http(source, events, url, home, dry_run=dry_run, as_json_=as_json_))


def read(file: Path) -> list[Any]:
    """The events of a file; ValueError when it has none, or names the line that is no JSON."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    try:
        found = json.loads(text, parse_constant=_no_number)
    except ValueError:
        found = [_event(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if found == []:
        raise ValueError("there is no event in it")
    return found if isinstance(found, list) else [found]


def _event(line: str, number: int) -> Any:
    try:
        return json.loads(line, parse_constant=_no_number)
    except ValueError as error:
        raise ValueError(f"line {number} is no JSON: {error}") from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


async def _by_kafka(here: Installation, source: str, events: Sequence[Any]) -> int:
    """Each event on the source's own topic, under its subject; what becomes of it is answered on the topic of replies."""
    topic = here.settings.topic_prefix + source_topic(source)
    producer = await make_producer(here.bootstrap, f"publish-{source}")
    headers = [("content-type", b"application/cloudevents+json")]
    try:
        waits = [
            await producer.send(topic, value=json.dumps(event).encode(), key=_key(event), headers=headers)
            for event in events
        ]
        await asyncio.gather(*waits)
    finally:
        await stop_producer(producer, 5)
    print(f"{len(events)} events sent to {topic}; `GET /intake/v1/sources/{source}/events` says what became of them")
    return DONE


def _key(event: Any) -> bytes | None:
    subject = event.get("subject") if isinstance(event, dict) else None
    return subject.encode() if isinstance(subject, str) else None


def _by_http(
    source: str, events: Sequence[Any], url: str | None, home: Path | None, *, dry_run: bool, as_json_: bool
) -> int:
    try:
        settings = settings_.load(**({"home": home} if home else {}))
        outcomes = _sent(settings, source, events, url, dry_run=dry_run)
    except (WrongSetting, ValueError) as error:
        print(f"gandan publish: {error}", file=sys.stderr)
        return WRONG_USAGE
    except httpx.HTTPStatusError as error:
        print(f"gandan publish: {error.response.status_code}: {error.response.text[:500]}", file=sys.stderr)
        return REFUSED
    except httpx.HTTPError as error:
        print(f"gandan publish: {url or settings.host} does not answer: {type(error).__name__}", file=sys.stderr)
        return UNREACHABLE
    print(as_json(outcomes) if as_json_ else told(outcomes))
    return DONE if all(each["status"] in {"accepted", "waiting"} for each in outcomes) else REFUSED


def _sent(settings: Settings, source: str, events: Sequence[Any], url: str | None, *, dry_run: bool) -> list[Any]:
    outcomes: list[Any] = []
    with spoken(settings, source, url) as http, Bar(f"events of {source}") as bar:
        for first in range(0, len(events), BATCH):
            outcomes += judged(http, events[first : first + BATCH], dry_run=dry_run)
            bar.show(len(outcomes), len(events))
    return outcomes


def spoken(settings: Settings, source: str, url: str | None, lang: str | None = None) -> httpx.Client:
    """The API as this source speaks to it: with GANDAN_TOKEN, else a token of the dev issuer; ValueError with a real issuer."""
    if url is not None and not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no address: it begins with http:// or https://")
    token = os.environ.get(TOKEN) or mint(settings, "publisher", units=[], subject=source, person=None, ttl=3600)
    base = url or f"http://{settings.host}:{settings.port}"
    headers = {"authorization": f"Bearer {token}"} | ({"accept-language": lang} if lang else {})
    return httpx.Client(base_url=base, timeout=60, headers=headers)


def judged(http: httpx.Client, events: Sequence[Any], *, dry_run: bool) -> list[Any]:
    """What became of a batch of events, in their order."""
    content, kind = json.dumps(events).encode(), {"content-type": "application/cloudevents-batch+json"}
    answer = http.post("/intake/v1/source-events", content=content, params={"dry_run": dry_run}, headers=kind)
    items: list[Any] = answer.raise_for_status().json()["items"]
    return items


def told(outcomes: Sequence[Any]) -> str:
    """For people: what became of each event."""
    rows = [
        (each["id"] or "-", each["status"], each["reason"] or "", " ".join(each["fields"]), each["detail"] or "")
        for each in outcomes
    ]
    return columns(("EVENT", "STATUS", "REASON", "FIELDS", "WHAT TO DO"), rows)
