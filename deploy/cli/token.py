"""`gandan token`: a bearer token from the dev issuer."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _ttl(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise typer.BadParameter("write it as 30m, 1h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds()


def token(
    role: Annotated[
        list[str], typer.Option(help="Role: citizen, clerk, handler, head, inspector, ops, admin, ... May be repeated.")
    ],
    unit: Annotated[
        list[str] | None, typer.Option(help="Code of a unit this officer acts for. May be repeated.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Id of the account.")] = None,
    person: Annotated[str | None, typer.Option(help="Identity number of a citizen: 9 or 12 digits.")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is good: 30m, 1h, 7d.")] = "1h",
    home: Annotated[
        Path | None, typer.Option(help="Folder of the embedded stack (GANDAN_HOME, default .local).")
    ] = None,
) -> None:
    """A bearer token of the dev issuer (refused with a real issuer). Example: gandan token --role clerk --unit 19360"""
    from shared import settings as settings_  # noqa: PLC0415
    from shared.web.devissuer import mint  # noqa: PLC0415

    try:
        settings = settings_.load(**({"home": home} if home else {}))
        print(mint(settings, *role, units=unit or [], subject=subject, person=person, ttl=_ttl(ttl)))
    except (settings_.WrongSetting, ValueError) as error:
        print(f"gandan token: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
