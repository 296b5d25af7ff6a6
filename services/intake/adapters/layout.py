"""What every statutory paper says alike: people, papers and moments, as text that may be printed (see `layout.typ`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.intake.adapters.typesetting import breakable, printable
from shared.law import ZONE

KINDS = ("original", "certified", "copy", "electronic")
"""The columns of a table of papers."""
LONGEST_REQUEST = 1000
"""The national portal's own limit for the summary of a dossier."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who hands in, or whose dossier it is; empty fields print as dots to fill in by hand."""

    name: str = field(repr=False)
    address: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    identity_no: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Component:
    """One row of a table of papers: how many originals, certified copies, photocopies or files; kind "": not said."""

    name: str
    kind: str
    count: int = 1


def heading(authority: str, center: str, place: str, at: datetime) -> dict[str, str]:
    """What stands above every paper."""
    return {
        "authority": text(authority).upper(),
        "center": text(center).upper(),
        "place": text(place),
        "date": day_in_words(at),
    }


def party(who: Party) -> dict[str, str]:
    """A person's lines."""
    return {
        "name": text(who.name),
        "address": text(who.address),
        "phone": text(who.phone),
        "email": text(who.email),
        "identity_no": text(who.identity_no),
    }


def table(components: Sequence[Component]) -> list[dict[str, Any]]:
    """Papers with their number in the column of their kind."""
    return [{"name": text(each.name), "counts": _counts(each)} for each in components]


def _counts(component: Component) -> list[str]:
    return [f"{component.count:02d}" if component.kind == kind else "" for kind in KINDS]


def text(written: str, longest: int = 300) -> str:
    """What a person wrote, cut at `longest`."""
    return breakable(printable(written, longest))


def copied(written: str) -> str:
    """Codes and web addresses are copied from the screen, break points too: only absurd ones get them."""
    return breakable(printable(written), longest=40)


def day_in_words(at: date) -> str:
    """Day and month of one digit get a zero for days under 10 and months 1 and 2 (Decree 30/2020/NĐ-CP, annex I)."""
    day = at.astimezone(ZONE) if isinstance(at, datetime) else at
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)  # noqa: PLR2004 - the rule's own number
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def moment_in_words(at: datetime) -> str:
    """An instant on a clock in Vietnam."""
    local = at.astimezone(ZONE)
    return f"{local.hour:02d} giờ {local.minute:02d} phút, {day_in_words(at)}"
