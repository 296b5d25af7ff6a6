"""`gandan topics`: make what is missing, compare what is there, refill an empty Kafka from the kept facts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import asyncpg
import typer

from deploy.cli import kafka
from deploy.cli.installation import (
    DONE,
    REFUSED,
    HomeOption,
    Installation,
    JsonOption,
    ServiceOption,
    Unreachable,
    YesOption,
    chosen,
    run,
)
from deploy.cli.screen import Bar, as_json, columns
from shared.bus import relay
from shared.bus import topics as catalogue

app = typer.Typer(
    help="Kafka's topics. Example: gandan topics list",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
NAMES = tuple(topic.name for topic in catalogue.CATALOGUE)
_KEPT = "SELECT count(*) FROM fact WHERE topic = ANY($1::text[])"
NO_REGISTRY = (Unreachable, asyncpg.UndefinedTableError)
_SOURCES = "SELECT id FROM source WHERE state <> 'closed' ORDER BY id"
_CONTACTS = "SELECT count(*) FROM contact"


@dataclass(frozen=True, slots=True)
class Refill:
    """What one service would send again."""

    service: str
    topics: Sequence[str]
    facts: int
    contacts: int

    def __str__(self) -> str:
        people = f" and {self.contacts} contacts" if self.contacts else ""
        return f"{self.service}: {self.facts} facts{people} of {', '.join(self.topics)}"


def _known(names: list[str] | None) -> list[str] | None:
    if unknown := sorted(set(names or ()) - set(NAMES)):
        raise typer.BadParameter(f"there is no topic {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


@app.command("list")
def list_(home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """Every topic, those of source systems too, beside what it should be. Example: gandan topics list --json"""

    async def work(here: Installation) -> int:
        found = await kafka.seen(here.bootstrap, here.settings.topic_prefix, await _wanted(here))
        print(as_json([{**asdict(topic), "right": topic.right} for topic in found]) if as_json_ else _told(found))
        return DONE if all(topic.right for topic in found) else REFUSED

    run("topics list", home, work)


@app.command()
def sync(home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """Make the topics that are missing; those that differ are named and left alone. Example: gandan topics sync"""

    async def work(here: Installation) -> int:
        prefix = here.settings.topic_prefix
        every = await _wanted(here)
        made = await catalogue.sync(here.bootstrap, replication=here.settings.replication, prefix=prefix, topics=every)
        wrong = [topic for topic in await kafka.seen(here.bootstrap, prefix, every) if not topic.right]
        if as_json_:
            print(as_json({"made": made, "wrong": [asdict(topic) for topic in wrong]}))
        else:
            print("\n".join([f"made {name}" for name in made] or ["every topic is there"]))
            print("".join(f"{topic.topic} differs: {_trouble(topic)}\n" for topic in wrong), end="")
        return REFUSED if wrong else DONE

    run("topics sync", home, work)


async def wanted(here: Installation) -> Sequence[catalogue.Topic]:
    """The topics there should be: ours, and those of the source systems in the registry."""
    async with here.session("intake") as db:
        ids = [row["id"] for row in await db.fetch(_SOURCES)]
    return [*catalogue.CATALOGUE, *(topic for id_ in ids for topic in catalogue.of_source(id_))]


async def _wanted(here: Installation) -> Sequence[catalogue.Topic]:
    """Without those of source systems where the registry's database is not there to ask, and that is said."""
    try:
        return await wanted(here)
    except NO_REGISTRY as error:
        print(f"topics of source systems are left out: {error}", file=sys.stderr)
        return catalogue.CATALOGUE


@app.command()
def refill(
    service: ServiceOption = None,
    topic: Annotated[list[str] | None, typer.Option(callback=_known, help="Only this topic. May be repeated.")] = None,
    home: HomeOption = None,
    *,
    yes: YesOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Send every kept fact again, with its old id and sequence: for a Kafka that was lost. Contacts are sealed anew.

    Readers drop what they have applied before. Example: gandan topics refill --service intake --yes
    """
    if as_json_ and not yes:
        raise typer.BadParameter("--json asks nothing, so it needs --yes")

    async def work(here: Installation) -> int:
        plans = [plan for name in chosen(service) if (plan := await _plan(here, name, topic or NAMES)) is not None]
        if not any(plan.facts + plan.contacts for plan in plans):
            print(as_json([]) if as_json_ else "there is nothing to send again")
            return DONE
        if not as_json_:
            print("\n".join(map(str, plans)))
        if not yes and not typer.confirm("Put all this back into the outbox?"):
            print("nothing was done")
            return REFUSED
        for plan in plans:
            await _refill(here, plan)
        print(
            as_json([asdict(plan) for plan in plans])
            if as_json_
            else "done; the relay of a running `gandan up` sends it"
        )
        return DONE

    run("topics refill", home, work)


async def _plan(here: Installation, service: str, wanted: Sequence[str]) -> Refill | None:
    names = [name for name in wanted if name.partition(".")[0] == service]
    if not names:
        return None
    async with here.session(service) as db:
        facts = await db.fetchval(_KEPT, names)
        contacts = await db.fetchval(_CONTACTS) if f"{service}.contacts" in names else 0
    return Refill(service, names, facts, contacts)


async def _refill(here: Installation, plan: Refill) -> None:
    async with here.session(plan.service) as db:
        with Bar(f"facts of {plan.service}") as bar:
            async for done in relay.refill(db, plan.topics, contacts=plan.contacts > 0):
                bar.show(done, plan.facts)


def _told(found: Sequence[kafka.Seen]) -> str:
    rows = [
        (
            topic.topic,
            f"{topic.partitions}/{topic.wanted_partitions}",
            topic.records,
            _trouble(topic) or "as it should be",
        )
        for topic in found
    ]
    return columns(("TOPIC", "PARTITIONS", "RECORDS", "STATE"), rows)


def _trouble(topic: kafka.Seen) -> str:
    """What is wrong with a topic and what to do; empty when nothing is."""
    if not topic.exists:
        return "missing: run `gandan topics sync`"
    if topic.partitions != topic.wanted_partitions:
        return f"{topic.partitions} partitions instead of {topic.wanted_partitions}: delete it, then sync and refill"
    return "; ".join(
        f"{name} is {found or 'unset'}: set it to {wanted} with kafka-configs"
        for name, (wanted, found) in topic.differs.items()
    )
