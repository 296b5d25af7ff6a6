"""`gandan bench`: the product beside the limits of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.bench import run


def bench(
    keys: Annotated[list[str] | None, typer.Argument(help="Which keys; default: all.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that every measurement runs.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="At the scale the goals are stated for; takes its time.")
    ] = False,
) -> None:
    """Measure on a home of its own and print a table; `.local/bench.json` keeps the numbers. Exit 1 when a goal is missed.

    Example: gandan bench submit relay
    """
    if quick and full:
        raise typer.BadParameter("--quick or --full, not both")
    scale = ["--quick"] * quick + ["--full"] * full
    raise typer.Exit(run.main([*scale, *(keys or [])]))
