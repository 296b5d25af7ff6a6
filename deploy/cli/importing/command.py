"""The command: read the file, check its columns and rows, apply what is good, and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.importing import rows
from deploy.cli.importing.lines import How, Kind, Report, parsed
from deploy.cli.installation import DONE, REFUSED, HomeOption, Installation, JsonOption, run
from deploy.cli.screen import as_json, columns

KINDS: Mapping[str, str] = {
    "dossiers": "dossiers",
    "procedures": "procedures",
    "rules": "rules",
    "sources": "sources",
    "staff": "staff",
    "successions": "successions",
    "units": "units",
}
"""Kind -> the module here that holds its `KIND`."""


def kind_of(name: str) -> Kind:
    """The kind of this name."""
    found: Kind = import_module(f"deploy.cli.importing.{KINDS[name]}").KIND
    return found


def _known(name: str) -> str:
    if name not in KINDS:
        raise typer.BadParameter(f"nothing of the kind {name} is imported; kinds are {', '.join(sorted(KINDS))}")
    return name


def import_(
    kind: Annotated[str, typer.Argument(metavar="KIND", callback=_known, help=f"One of: {', '.join(sorted(KINDS))}.")],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="JSON, JSON lines or XLSX."),
    ],
    home: HomeOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing", help="Nothing, if a line is refused.")] = False,
    proposed_by: Annotated[str, typer.Option(help="Rules: id of the person who proposes them.")] = "",
    confirmed_by: Annotated[str, typer.Option(help="Rules: id of another person, who confirms them.")] = "",
    as_json_: JsonOption = False,
) -> None:
    """Bring in rows of a JSON or XLSX file, each refused line told with its number and reason. Exit 1 when one was refused.

    Example: gandan import units units.xlsx --dry-run
    """
    if kind == "rules" and not (proposed_by and confirmed_by):
        raise typer.BadParameter("rules are signed by two people: name --proposed-by ID and --confirmed-by ID")

    async def work(here: Installation) -> int:
        report = await done(here, kind_of(kind), file, How(dry_run, all_or_nothing, proposed_by, confirmed_by))
        print(as_json(asdict(report)) if as_json_ else told(report))
        return REFUSED if report.refused else DONE

    run("import", home, work)


async def done(here: Installation, kind: Kind, file: Path, how: How) -> Report:
    """Import a file. `Unreadable`, `WrongColumns`."""
    entries = rows.read(file)
    rows.check_columns(file, entries, kind.row)
    report = Report(read=len(entries))
    good = parsed(entries, kind.row, report)
    if report.refused and how.all_or_nothing and not how.dry_run:
        report.applied = False
        return report
    await kind.apply(here, good, how, report)
    report.refused.sort(key=lambda line: line.row)
    return report


def told(report: Report) -> str:
    """A report for people."""
    refused = len({line.row for line in report.refused})
    head = (
        f"{report.read} read: {report.created} created, {report.changed} changed, {report.same} same, {refused} refused"
    )
    taken_back = [] if report.applied else ["nothing of it was kept"]
    lines = [(line.row, line.field or "-", line.code, line.words) for line in report.refused]
    table = [columns(("ROW", "FIELD", "CODE", "WHY"), lines)] if lines else []
    notes = [f"{number} {what}" for what, number in report.notes.items()]
    return "\n".join([head, *taken_back, *notes, *table])
