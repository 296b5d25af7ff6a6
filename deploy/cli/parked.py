"""`gandan parked`: records that could not be applied. What is shown of one is what a person needs and nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

from deploy.cli.installation import (
    DONE,
    REFUSED,
    HomeOption,
    Installation,
    JsonOption,
    ServiceOption,
    chosen,
    operator,
    run,
)
from deploy.cli.masking import masked_detail, readable
from deploy.cli.screen import Bar, age, as_json, columns
from deploy.cli.up import SERVICES
from shared.bus import parked
from shared.bus.arrival import key_id

app = typer.Typer(
    help="Records that could not be applied. Example: gandan parked list",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_GROUPS = "SELECT consumer, min(id) AS first, count(*) AS records FROM parked WHERE ($1::text IS NULL OR consumer = $1) AND ($2::uuid IS NULL OR key = $2) GROUP BY consumer, topic, key ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class Place:
    """The id of a parked record as a person writes it: `reporting/12`."""

    service: str
    id: int

    def __str__(self) -> str:
        return f"{self.service}/{self.id}"


@dataclass(slots=True)
class Done:
    """What a retry did over all keys."""

    applied: int = 0
    dropped: int = 0
    left: int = 0
    stopped: list[str] = field(default_factory=list)

    def add(self, one: parked.Retried) -> None:
        """One key more."""
        self.applied, self.dropped, self.left = (
            self.applied + one.applied,
            self.dropped + one.dropped,
            self.left + one.left,
        )
        if one.stopped:
            self.stopped.append(masked_detail(one.stopped))

    def __str__(self) -> str:
        lines = [f"{self.applied} applied, {self.dropped} dropped as known, {self.left} left", *self.stopped]
        return "\n  ".join(lines)


def place(text: str) -> Place:
    """`reporting/12` -> its service and number."""
    service, _, number = text.partition("/")
    if service not in SERVICES or not number.isdigit():
        raise typer.BadParameter(f"{text!r}: write it as `gandan parked list` does, for example reporting/12")
    return Place(service, int(number))


RecordArgument = Annotated[
    Any, typer.Argument(metavar="ID", parser=place, help="As `gandan parked list` writes it: reporting/12.")
]
ConsumerOption = Annotated[str | None, typer.Option("--consumer", help="Only this consumer, such as reporting.live.")]


@app.command("list")
def list_(
    service: ServiceOption = None,
    consumer: ConsumerOption = None,
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """What is parked, by key and sequence. Example: gandan parked list --consumer reporting.live"""

    async def work(here: Installation) -> int:
        found: list[tuple[Place, parked.Listed]] = []
        for name in chosen(service):
            async with here.session(name) as db:
                found += [(Place(name, record.id), record) for record in await parked.listed(db, consumer)]
        print(as_json([_listed(at, record) for at, record in found]) if as_json_ else _table(here, found))
        return DONE

    run("parked list", home, work)


@app.command()
def show(record: RecordArgument, home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """One record, readable, without anything personal. Example: gandan parked show reporting/12"""
    at: Place = record

    async def work(here: Installation) -> int:
        async with here.session(at.service) as db:
            found = await parked.shown(db, at.id)
        told = {**_listed(at, found.listed), **readable(found.raw)}
        print(as_json(told) if as_json_ else "\n".join(_lines(told)))
        return DONE

    run("parked show", home, work)


@app.command()
def retry(
    record: Annotated[
        Any, typer.Argument(metavar="[ID]", parser=place, help="The record's id: its whole key runs again.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Everything kept for this key.")] = None,
    consumer: ConsumerOption = None,
    home: HomeOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    as_json_: JsonOption = False,
) -> None:
    """Run parked records again, each key in order, while the services run. Exit 1 when some are left.

    Example: gandan parked retry --all
    """
    if [record is not None, key is not None, everything].count(True) != 1:
        raise typer.BadParameter("name one record, or --key KEY, or --all")

    async def work(here: Installation) -> int:
        groups = await _groups(here, record, key, consumer)
        done = Done()
        with Bar("keys") as bar:
            for number, (name, first) in enumerate(groups):
                bar.show(number, len(groups))
                async with here.consumer(name) as reader:
                    done.add(await parked.retry(reader, first))
        print(as_json(asdict(done)) if as_json_ else done)
        return REFUSED if done.left else DONE

    run("parked retry", home, work)


@app.command()
def discard(
    record: RecordArgument,
    why: Annotated[str, typer.Option(help=f"One of: {', '.join(sorted(parked.DISCARD_REASONS))}.")],
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """Give a record up for good; who did and why stays in the history, and what waited behind it runs.

    Example: gandan parked discard reporting/12 --why test-data
    """
    at: Place = record
    if why not in parked.DISCARD_REASONS:
        raise typer.BadParameter(f"--why is one of: {', '.join(sorted(parked.DISCARD_REASONS))}")

    async def work(here: Installation) -> int:
        async with here.session(at.service) as db:
            name = (await parked.shown(db, at.id)).listed.consumer
        async with here.consumer(name) as reader:
            done = Done()
            done.add(await parked.discard(reader, at.id, who=operator(), why=why))
        print(as_json(asdict(done)) if as_json_ else f"{at} is discarded; {done}")
        return DONE

    run("parked discard", home, work)


async def _groups(
    here: Installation, record: Place | None, key: str | None, consumer: str | None
) -> list[tuple[str, int]]:
    """Consumer and a record of each key to run again; NotParked when a record or key that was named is not there."""
    if record is not None:
        async with here.session(record.service) as db:
            return [((await parked.shown(db, record.id)).listed.consumer, record.id)]
    found: list[tuple[str, int]] = []
    for name in SERVICES:
        async with here.session(name) as db:
            rows = await db.fetch(_GROUPS, consumer, key_id(key.encode()) if key else None)
            found += [(row["consumer"], row["first"]) for row in rows]
    if key is not None and not found:
        raise parked.NotParked
    return found


def _listed(at: Place, record: parked.Listed) -> dict[str, Any]:
    return {**asdict(record), "id": str(at), "detail": masked_detail(record.detail)}


def _table(here: Installation, found: Sequence[tuple[Place, parked.Listed]]) -> str:
    if not found:
        return "nothing is parked"
    now = here.clock()
    rows = [
        (at, r.consumer, r.topic, r.key or "-", r.sequence or "-", r.reason, age((now - r.parked_at).total_seconds()))
        for at, r in found
    ]
    return columns(("ID", "CONSUMER", "TOPIC", "KEY", "SEQUENCE", "REASON", "AGE"), rows)


def _lines(told: dict[str, Any], indent: str = "") -> list[str]:
    lines: list[str] = []
    for name, value in told.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name}: {'-' if value is None else value}")
    return lines
