"""The national portal's forms as data: one file for each form, code maps and names of fields; and how items are answered."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from services.intake.domain.portal import PROGRESS, SYNC, Form


@cache
def form(name: str) -> Form:
    """A form by its name, over the one it is based on."""
    document = _read(name)
    known = document["known"]
    return Form(
        name, document["channel"], document["subject_kind"], document["status"],
        {SYNC: _names(document["sync"]), PROGRESS: _names(document["progress"])}, _names(document["person"]),
        {SYNC: frozenset(known["sync"]), PROGRESS: frozenset(known["progress"])},
    )  # fmt: skip


@cache
def error_code(word: str) -> str:
    """The portal's number for how an item ended: `accepted`, `waiting`, `failed`, or the reason of a rejection."""
    document = tomllib.loads(files(__name__).joinpath("answers.toml").read_text("utf-8"))
    found: str = document["rejected"].get(word) or document[word]
    return found


def _read(name: str) -> dict[str, Any]:
    document = tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
    if (base := document.pop("base", None)) is None:
        return document
    below = _read(base)
    added = document.pop("known", {})
    known = {service: names + added.get(service, []) for service, names in below["known"].items()}
    changed = {part: {**below[part], **values} for part, values in document.items() if part != "subject_kind"}
    return {**below, **changed, "subject_kind": document["subject_kind"], "known": known}


def _names(section: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return {field: tuple(names) for field, names in section.items()}
