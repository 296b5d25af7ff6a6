"""The console script `gandan`: one line per command, bodies in `deploy/cli`."""

from __future__ import annotations

import typer

from deploy.cli.due import due
from deploy.cli.stack import down, status
from deploy.cli.token import token
from deploy.cli.up import up

app = typer.Typer(
    name="gandan", help="Gần Dân: every dossier has a lawful deadline, an accountable body, and a citizen who is told.", no_args_is_help=True,
    add_completion=False, pretty_exceptions_enable=False,
)  # fmt: skip

app.command()(up)
app.command()(status)
app.command()(down)
app.command()(token)
app.command()(due)


def main() -> None:
    """Run a command."""
    app()


if __name__ == "__main__":
    main()
