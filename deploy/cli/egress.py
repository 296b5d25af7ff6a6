"""`gandan egress`: what the national portal is to hear of our own dossiers. No line names a person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deploy.cli.installation import DONE, REFUSED, HomeOption, Installation, JsonOption, run
from deploy.cli.screen import age, as_json, columns
from services.intake.store import portal as portal_store

app = typer.Typer(
    help="The queue to the national portal. Example: gandan egress list --state refused",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
STATES = ("queued", "sending", "in-doubt", "refused", "sent", "dropped")


def _state(text: str | None) -> str | None:
    if text is not None and text not in STATES:
        raise typer.BadParameter(f"--state is one of: {', '.join(STATES)}")
    return text


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(callback=_state, help=f"One of: {', '.join(STATES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 100,
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """What is queued, refused or told, newest first. Example: gandan egress list --state refused"""

    async def work(here: Installation) -> int:
        async with here.session("intake") as db:
            rows = await portal_store.listed(db, state, after=None, back=False, limit=limit)
        print(as_json([dict(row) for row in rows]) if as_json_ else _table(here, rows))
        return DONE

    run("egress list", home, work)


@app.command()
def retry(
    item: Annotated[int | None, typer.Argument(metavar="[ID]", help="As `gandan egress list` writes it.")] = None,
    home: HomeOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is refused or waits.")] = False,
) -> None:
    """Try again at once, while the services run. Exit 1 when nothing of the kind waits. Example: gandan egress retry --all"""
    if (item is None) is not everything:
        raise typer.BadParameter("name one item, or --all")

    async def work(here: Installation) -> int:
        async with here.session("intake") as db:
            number = await portal_store.retry(db, item)
        print(f"{number} to be tried again")
        return DONE if number else REFUSED

    run("egress retry", home, work)


def _table(here: Installation, rows: Any) -> str:
    if not rows:
        return "nothing is there"
    now = here.clock()
    told = [
        (r["id"], r["code"], r["service"], r["status"] or "-", r["state"], r["attempts"], r["answer_code"] or "-", r["error"] or "-",
         age((now - r["queued_at"]).total_seconds()))
        for r in rows
    ]  # fmt: skip
    return columns(("ID", "CODE", "SERVICE", "STATUS", "STATE", "TRIES", "ANSWER", "ERROR", "AGE"), told)
