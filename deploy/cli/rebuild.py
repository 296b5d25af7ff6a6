"""`gandan rebuild`: a read model anew from the topics, beside live traffic."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.cli.installation import DONE, REFUSED, HomeOption, Installation, JsonOption, YesOption, quiet, run
from deploy.cli.screen import Bar, as_json
from services.reporting.consumers import rebuild as reporting
from services.reporting.domain import GROUP, PROJECTIONS, DifferentReadModel
from services.reporting.store.projections import Difference

KNOWN = (GROUP, *PROJECTIONS)


def _known(name: str) -> str:
    if name not in KNOWN:
        raise typer.BadParameter(f"there is no read model {name!r}; there are {', '.join(KNOWN)}")
    return name


def rebuild(
    projection: Annotated[
        str, typer.Argument(callback=_known, help=f"One of: {', '.join(KNOWN)}; they are made together.")
    ],
    home: HomeOption = None,
    *,
    yes: YesOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Make a read model anew beside the live one, compare both, and put it in its place; readers never see it empty.

    When the fold has changed the differences are shown, and only --yes puts the new one in place.
    Example: gandan rebuild dossiers
    """

    async def work(here: Installation) -> int:
        try:
            made = await _rebuilt(here, projection, confirm=yes)
        except DifferentReadModel as error:
            print(f"gandan rebuild: {error}\n{as_json(error.facts['differences'])}", file=sys.stderr)
            return REFUSED
        print(as_json(asdict(made)) if as_json_ else _told(made))
        return DONE if made.swapped else REFUSED

    run("rebuild", home, work)


async def _rebuilt(here: Installation, projection: str, *, confirm: bool) -> reporting.Rebuilt:
    telemetry = quiet(here.settings)
    async with here.built("reporting", telemetry) as (_, works):
        sources = reporting.Sources(
            works, here.urls["reporting"], here.bootstrap, telemetry.metrics, here.settings.topic_prefix
        )
        with Bar("records") as bar:
            return await reporting.rebuild(
                sources, projection, confirm=confirm, tell=lambda at: bar.show(at.done, at.total)
            )


def _told(made: reporting.Rebuilt) -> str:
    head = f"version {made.version} from {made.records} records in {made.seconds:.1f} s; live waited {made.paused_seconds:.2f} s"
    if made.swapped:
        return f"{head}; it is read from now on"
    return "\n".join(
        [f"{head}; it differs, so the old one stays; --yes puts it in place", *_differences(made.differences)]
    )


def _differences(found: Sequence[Difference]) -> list[str]:
    return [f"  {d.table}: {d.only_old} rows only in the old one, {d.only_new} only in the new one" for d in found]
