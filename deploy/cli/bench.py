"""`gandan bench`: the product beside the limits of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.bench import run


def bench(keys: Annotated[list[str] | None, typer.Argument(help="Which keys; default: all.")] = None) -> None:
    """Measure on its own home and print a table; `.local/bench.json` keeps the numbers. Example: gandan bench submit relay"""
    raise typer.Exit(run.main(keys or []))
