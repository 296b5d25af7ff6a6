"""The console script `gandan`: one line per command, bodies in `deploy/cli`."""

from __future__ import annotations

import typer

from deploy.cli.lazy import LazyGroup


class Gandan(LazyGroup):
    """Every command, where it is, and what it does in one line."""

    places = {  # noqa: RUF012 - a constant of the class, declared as such above
        "up": ("deploy.cli.up:up", "Run services in one process until Ctrl-C."),
        "status": ("deploy.cli.stack:status", "Say whether the embedded stack and the services run, and where."),
        "down": ("deploy.cli.stack:down", "Stop the embedded stack; the data stays."),
        "token": ("deploy.cli.token:token", "A bearer token of the dev issuer."),
        "due": ("deploy.cli.due:due", "A due date and how it was counted."),
        "calendar": ("deploy.cli.calendar:app", "Working days, days off and make-up days of a year."),
        "doctor": ("deploy.cli.doctor:doctor", "Everything that is wrong here, each with what to do."),
        "publish": ("deploy.cli.publish:publish", "Send CloudEvents as a source system."),
        "conformance": ("deploy.cli.conformance:conformance", "A vendor's report: is its system ready to send?"),
        "compare": (
            "deploy.cli.compare:compare",
            "A source's promised dates beside the lawful ones: sums, CSV, chart.",
        ),
        "sources": (
            "deploy.cli.sources:app",
            "How well source systems tell: silence, rejections, clock, what is missing.",
        ),
        "verify": ("deploy.cli.verify:verify", "Walk the history chains of every aggregate; name each damage."),
        "migrate": ("deploy.cli.migrate:migrate", "Bring the databases to this version."),
        "topics": ("deploy.cli.topics:app", "Kafka's topics: make, compare, refill from the kept facts."),
        "egress": ("deploy.cli.egress:app", "The queue to the national portal: look, try again."),
        "parked": ("deploy.cli.parked:app", "Records that could not be applied: look, retry, discard."),
        "rebuild": ("deploy.cli.rebuild:rebuild", "Make a read model anew, beside live traffic."),
        "notices": ("deploy.cli.notices:app", "Why a citizen was told something."),
        "contracts": ("deploy.cli.contracts:app", "Schemas, OpenAPI and AsyncAPI: compare or write out."),
        "import": (
            "deploy.cli.importing.command:import_",
            "Reference data and dossiers from JSON or XLSX, with a report.",
        ),
        "sample": ("deploy.cli.sample:app", "Traffic of invented people on a running installation."),
        "bench": ("deploy.cli.bench:bench", "Measure this machine against its own limits."),
    }


app = typer.Typer(
    name="gandan", cls=Gandan, help="Gần Dân: every dossier has a lawful deadline, an accountable body, and a citizen who is told.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip


@app.callback()
def gandan() -> None:
    """Gần Dân: every dossier has a lawful deadline, an accountable body, and a citizen who is told.

    Example: gandan up, then gandan doctor. Each command has --help.
    """


def main() -> None:
    """Run a command."""
    app()


if __name__ == "__main__":
    main()
