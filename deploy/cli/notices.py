"""`gandan notices`: why a citizen was told something."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from deploy.cli.installation import DONE, HomeOption, Installation, JsonOption, quiet, run
from deploy.cli.screen import as_json
from services.notifications import handlers

app = typer.Typer(
    help="Why a citizen was told something. Example: gandan notices why 0199…",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def notices() -> None:
    """Why a citizen was told something. Example: gandan notices why 0193a5b2-7c11-7d3e-9a40-5f0c2b7d1e90"""


@app.command()
def why(
    notice: Annotated[UUID, typer.Argument(metavar="ID", help="The notice's id.")],
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """The rule, its guard, the fact that caused the notice, and what became of it.

    Example: gandan notices why 0193a5b2-7c11-7d3e-9a40-5f0c2b7d1e90
    """

    async def work(here: Installation) -> int:
        async with here.built("notifications", quiet(here.settings)) as (_, works):
            found = await handlers.explain(works, notice)
        print(as_json(found) if as_json_ else _told(found))
        return DONE

    run("notices why", home, work)


def _told(found: dict[str, Any]) -> str:
    place = found["inbox"]
    inbox = f"number {place['seq']} of the inbox, {place['state']}" if place else "not in the inbox"
    rules = [
        f"  rule: {rule['when']}"
        + (f", only if {rule['guard']}" if rule["guard"] else "")
        + f" -> {rule['audience']}, {rule['class']}"
        for rule in found["rules"]
    ]
    return "\n".join([
        f"{found['code']} (words of version {found['template_version']}), {found['state']}, {inbox}",
        f"  to {found['recipient']}, about {found['aggregate']} as of its fact {found['aggregate_seq']}",
        f"  happened {found['occurred_at']}, told {found['created_at']}",
        *rules,
        f"  once per: {found['dedupe_key']}",
        f"  caused by fact {found['caused_by'] or 'unknown'}, correlation {found['correlation'] or 'unknown'}",
        *(_delivery(delivery) for delivery in found["deliveries"]),
        *(f"  {name} = {value}" for name, value in (found["variables"] or {}).items()),
    ])  # fmt: skip


def _delivery(delivery: dict[str, Any]) -> str:
    attempts = ", ".join(
        f"#{attempt['n']} {attempt['provider']} {attempt['outcome'] or 'cut off'} {attempt['code'] or ''}".rstrip()
        for attempt in delivery["attempts"]
    )
    why = delivery["code"] or delivery["held_for"] or ""
    return f"  {delivery['channel']}: {delivery['state']} {why} {attempts}".rstrip()
