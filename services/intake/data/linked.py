"""Linked services, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from services.intake.domain.bundles import LinkedService


@cache
def linked_services() -> Mapping[str, LinkedService]:
    """Every service of the seed file by its code, in the order of the file."""
    document = tomllib.loads(files(__package__).joinpath("linked.toml").read_text(encoding="utf-8"))
    rows = [{**document["defaults"], **row} for row in document["service"]]
    return {
        row["code"]: LinkedService(**{**row, "parts": tuple(row["parts"]), "unverified": frozenset(row["unverified"])})
        for row in rows
    }
