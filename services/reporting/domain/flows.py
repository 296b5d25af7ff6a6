"""Flows: what entered, left and happened, counted on the day it happened. A stock is the sum of its flows."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from services.reporting.domain.fold import day_of
from services.reporting.domain.line import DossierLine

KIND: Final = "dossier"
NAMES: Final = (
    "received", "accepted", "refused", "settled_before", "settled_on", "settled_over", "settled_unknown", "returned", "withdrawn", "paused",
    "resumed", "warned", "breached",
)  # fmt: skip
"""Columns of `unit_day`; received - refused - settled_* - withdrawn = open, at every moment; stopped counts as withdrawn."""


class Flow(NamedTuple):
    """One count on one row of `unit_day`."""

    unit: str
    day: date
    kind: str
    channel: str
    name: str
    number: int = 1


def flows(before: DossierLine | None, after: DossierLine, day: date) -> list[Flow]:
    """What this step of a line counts, on `day` but for its receipt and its end, which have days of their own."""
    found = _begun(before, after)
    if not after.open and (before is None or before.open):
        found.append(_flow(after, *_end(after)))
    found += [_flow(after, name, day) for name in _happened(before, after)]
    return found if before is None else found + _taken_back(before, after)


def _taken_back(before: DossierLine, after: DossierLine) -> list[Flow]:
    """What a corrected status undoes: the end, the return and the acceptance, each on the day it was counted on."""
    undone = []
    if not before.open and _place(before) == _place(after) and (after.open or _end(before) != _end(after)):
        undone.append(_flow(before, *_end(before), -1))
        undone += [] if after.open else [_flow(after, *_end(after))]
    if before.returned_at is not None and after.returned_at is None:
        undone.append(_flow(before, "returned", day_of(before.returned_at), -1))
    if before.accepted_at is not None and after.accepted_at is None:
        undone.append(_flow(before, "accepted", day_of(before.accepted_at), -1))
    return undone


def _begun(before: DossierLine | None, after: DossierLine) -> list[Flow]:
    """A dossier is received once; when its beginning is heard of late, its receipt moves to where it belongs."""
    if before is None:
        return [_flow(after, "received", after.received_on)]
    if _place(before) == _place(after):
        return []
    moved = [_flow(before, "received", before.received_on, -1), _flow(after, "received", after.received_on)]
    if not before.open and not after.open:
        moved += [_flow(before, *_end(before), -1), _flow(after, *_end(after))]
    return moved


def _place(line: DossierLine) -> tuple[str, str, date]:
    return line.unit, line.channel, line.received_on


def _end(line: DossierLine) -> tuple[str, date]:
    if line.settled_on is not None:
        return f"settled_{line.timing}", line.settled_on
    return (
        "withdrawn" if line.state == "stopped" else line.state,
        line.refused_on or line.withdrawn_on or line.received_on,
    )


def _happened(before: DossierLine | None, after: DossierLine) -> list[str]:
    old, new = _NOTHING if before is None else _marks(before), _marks(after)
    if old == new:
        return []
    names = [name for name, was, now in zip(_ONCE, old, new, strict=True) if now and not was]
    if old[-1] and not new[-1] and after.open:
        names.append("resumed")
    return names


_ONCE: Final = ("accepted", "returned", "warned", "breached", "paused")
_NOTHING: Final = (False,) * len(_ONCE)


def _marks(line: DossierLine) -> tuple[bool, ...]:
    accepted, returned, paused = line.accepted_at, line.returned_at, line.paused_at
    return (accepted is not None, returned is not None, line.warned, line.breached, paused is not None)


def _flow(line: DossierLine, name: str, day: date, number: int = 1) -> Flow:
    return Flow(line.unit, day, KIND, line.channel, name, number)
