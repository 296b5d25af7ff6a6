"""`gandan contracts`: the schemas, OpenAPI and AsyncAPI of this version beside the committed ones. Needs no server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from deploy.cli import asyncapi, sealing_vectors, source_schemas
from deploy.cli.installation import DONE, REFUSED, UNREACHABLE, JsonOption, frame_of, quiet
from deploy.cli.screen import as_json
from deploy.cli.up import SERVICES, blueprint
from shared.contracts import schemas
from shared.moments import system_clock
from shared.runtime import Service
from shared.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "deploy" / "contracts"
SHOWN = 20
"""Differences of one file that are named; the rest is counted."""
UPDATE = "when this is meant: `gandan contracts export`, and commit what it writes"


@app.callback()
def contracts() -> None:
    """Schemas of the facts, OpenAPI of the services, AsyncAPI of the topics. Example: gandan contracts check"""


@app.command()
def check(*, as_json_: JsonOption = False) -> None:
    """Compare this version with the committed contracts; exit 1 when they differ. Example: gandan contracts check --json"""
    broken = schemas.check(schemas.SCHEMAS)
    stale = [*differences(schemas.files(), schemas.SCHEMAS), *unsampled(), *differences(files(), DOCUMENTS)]
    if as_json_:
        print(as_json({"ok": not broken and not stale, "broken": broken, "differs": stale}))
    else:
        print("\n".join(told(broken, stale)))
    raise typer.Exit(REFUSED if broken or stale else DONE)


@app.command()
def export(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Default: the committed files of this repository.")
    ] = None,
) -> None:
    """Write all contracts into a folder, or over the committed ones. Example: gandan contracts export build/contracts

    A fact's committed schema is never overwritten by one that breaks its readers: that needs a .v2 beside it.
    """
    if folder is None and (broken := schemas.check(schemas.SCHEMAS)):
        print("\n".join(told(broken, [])))
        raise typer.Exit(REFUSED)
    try:
        written = [*_facts(folder), *_documents(folder or DOCUMENTS)]
    except OSError as error:
        typer.echo(f"gandan contracts export: {error.strerror}: {error.filename}", err=True)
        raise typer.Exit(UNREACHABLE) from None
    print(f"{len(written)} files written below {folder or ROOT}")


def files() -> dict[str, Any]:
    """File name -> document, of every service, of the topics, and of what source systems send."""
    services = described()
    found = {f"openapi-{name}.json": service.api.openapi() for name, service in services.items()}
    found["asyncapi.json"] = asyncapi.document({name: service.listeners for name, service in services.items()})
    found |= source_schemas.files() | {"sealing.json": sealing_vectors.document()}
    return {name: json.loads(json.dumps(document)) for name, document in found.items()}


def described() -> dict[str, Service]:
    """The services built on nothing: enough to describe their doors."""
    with TemporaryDirectory() as home:
        settings = Settings.model_construct(home=Path(home))
        telemetry = quiet(settings)
        return {
            name: blueprint(name).build(frame_of(settings, name, telemetry, None, system_clock, 1, "nowhere:1"))
            for name in SERVICES
        }


def unsampled() -> list[str]:
    """Facts without a committed sample."""
    return [
        f"{name}.json: has no committed sample"
        for name in schemas.every_kind()
        if not (schemas.SAMPLES / f"{name}.json").exists()
    ]


def differences(made: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What differs between these documents and the files of a folder, each with its place (a JSON Pointer)."""
    for name, document in made.items():
        path = folder / name
        if not path.exists():
            yield f"{name}: is not committed"
            continue
        found = list(unlike(json.loads(path.read_text("utf-8")), document))
        yield from (f"{name}{place}" for place in found[:SHOWN])
        if found[SHOWN:]:
            yield f"{name}: and {len(found) - SHOWN} more places"
    for path in sorted(folder.rglob("*.json")):
        if (name := path.relative_to(folder).as_posix()) not in made:
            yield f"{name}: describes nothing of this version"


def unlike(old: Any, new: Any, pointer: str = "#") -> Iterator[str]:
    """Every place where two JSON values differ: `#/paths/~1v1~1dossiers: is new`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in old:
                yield f"{place}: is new"
            elif name not in new:
                yield f"{place}: is gone"
            else:
                yield from unlike(old[name], new[name], place)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, pair in enumerate(zip(old, new, strict=True)):
            yield from unlike(*pair, f"{pointer}/{number}")
    elif old != new or type(old) is not type(new):
        yield f"{pointer}: was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - fits a line


def told(broken: list[str], stale: list[str]) -> list[str]:
    """For people: what breaks readers, what is not committed, and what to do."""
    if not broken and not stale:
        return ["the contracts are as committed"]
    lines = [
        *broken,
        *(["-> readers of these facts break: keep .v1 as it is and add a .v2 beside it"] if broken else []),
    ]
    return [*lines, *stale, *([f"-> {UPDATE}"] if stale else [])]


def _facts(folder: Path | None) -> list[Path]:
    if folder is None:
        return schemas.write(schemas.SCHEMAS, schemas.SAMPLES)
    return schemas.write(folder / "schemas", folder / "samples")


def _documents(folder: Path) -> list[Path]:
    made = files()
    for name, document in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")
    return [folder / name for name in made]
