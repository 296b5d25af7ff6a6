"""Questions to the lines of letters and cases; a figure and its list are asked with the same conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from services.reporting.domain import (
    CASE_PHASES,
    CaseFilter,
    CaseLine,
    CaseMoment,
    DeadlineLine,
    LetterLine,
    NoticeLine,
)
from services.reporting.store.reads import Reader
from services.reporting.tables import CaseLineRow, CaseMomentRow, DeadlineLineRow, LetterLineRow, NoticeLineRow
from shared.store.db import row, rows


@dataclass(frozen=True, slots=True)
class CaseViewer:
    """Who asks: the province's eyes (everything), officers of some units, an officer for what is assigned, a citizen; or several."""

    everything: bool = False
    units: frozenset[str] = frozenset()
    officer: str | None = None
    recipient: UUID | None = None


def visible(c: Any, viewer: CaseViewer) -> ColumnElement[bool]:
    """What a viewer may see; nobody sees anything without a reason."""
    if viewer.everything:
        return true()
    found = []
    if viewer.units:
        asked = and_(c.state == "transferring", c.to_unit.in_(sorted(viewer.units)))
        found += [c.unit.in_(sorted(viewer.units)), asked]
    if viewer.officer is not None:
        found.append(c.officer == viewer.officer)
    if viewer.recipient is not None:
        found.append(c.recipient == viewer.recipient)
    return or_(*found) if found else ~true()


def conditions(c: Any, asked: CaseFilter) -> list[ColumnElement[bool]]:
    """A filter as SQL."""
    wanted = ("unit", "open", "breached", "due_on", "officer")
    found = [c[name] == getattr(asked, name) for name in wanted if getattr(asked, name) is not None]
    several = {"kind": asked.kind, "state": asked.state, "timing": asked.timing}
    found += [c[name].in_(words) for name, words in several.items() if words]
    if asked.phase:
        found.append(c.state.in_([state for state, phase in CASE_PHASES.items() if phase in asked.phase]))
    if asked.assigned is not None:
        found.append(c.officer.is_not(None) if asked.assigned else c.officer.is_(None))
    if asked.due_before is not None:
        found.append(c.due_on < asked.due_before)
    found += _between(c.resolved_on, asked.resolved_from, asked.resolved_to)
    return found + _between(c.received_on, asked.received_from, asked.received_to)


def _between(column: Any, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    return [*([column >= first] if first is not None else []), *([column <= last] if last is not None else [])]


async def listed(
    reader: Reader, viewer: CaseViewer, asked: CaseFilter, *, after: UUID | None, back: bool, most: int
) -> list[CaseLine]:
    """At most `most` cases, newest first, from the one after `after` (or before it, read backwards)."""
    t = reader.table(CaseLineRow)
    where = [visible(t.c, viewer), *conditions(t.c, asked)]
    if after is not None:
        where.append(t.c.id > after if back else t.c.id < after)
    ordered = select(t).where(*where).order_by(t.c.id if back else t.c.id.desc()).limit(most)
    return [CaseLine(*one) for one in await rows(reader.db, ordered)]


async def counts(reader: Reader, viewer: CaseViewer, asked: Mapping[str, CaseFilter]) -> dict[str, int]:
    """How many cases each filter finds among those the viewer may see."""
    t = reader.table(CaseLineRow)
    columns = [func.count().filter(*conditions(t.c, wanted), true()).label(name) for name, wanted in asked.items()]
    return dict(await row(reader.db, select(*columns).select_from(t).where(visible(t.c, viewer))) or {})


async def figures(reader: Reader, asked: Mapping[str, CaseFilter]) -> dict[str, dict[str, int]]:
    """How many cases each filter finds, by unit."""
    t = reader.table(CaseLineRow)
    columns = [func.count().filter(*conditions(t.c, wanted), true()).label(name) for name, wanted in asked.items()]
    found = await rows(reader.db, select(t.c.unit, *columns).group_by(t.c.unit))
    return {one["unit"]: {name: one[name] for name in asked} for one in found}


async def holders(reader: Reader, viewer: CaseViewer, today: date) -> Sequence[Any]:
    """Who holds cases that are late: unit, officer (None: nobody was named), how many, the oldest due day; worst first."""
    t = reader.table(CaseLineRow)
    late, oldest = func.count().label("late"), func.min(t.c.due_on).label("oldest")
    asked = select(t.c.unit, t.c.officer, late, oldest).where(t.c.open, t.c.due_on < today, visible(t.c, viewer))
    return await rows(reader.db, asked.group_by(t.c.unit, t.c.officer).order_by(late.desc(), oldest))


async def line(reader: Reader, viewer: CaseViewer, case: UUID) -> CaseLine | None:
    """This case, when it is there and the viewer may see it."""
    t = reader.table(CaseLineRow)
    found = await row(reader.db, select(t).where(t.c.id == case, visible(t.c, viewer)))
    return CaseLine(*found) if found is not None else None


async def of_letter(reader: Reader, letter: UUID) -> list[CaseLine]:
    """The cases a letter became, in the order of their codes."""
    t = reader.table(CaseLineRow)
    return [CaseLine(*one) for one in await rows(reader.db, select(t).where(t.c.submission == letter).order_by(t.c.code))]  # fmt: skip


async def letter_by_code(reader: Reader, code: str) -> LetterLine | None:
    """The letter with this receipt number, whoever may see it."""
    t = reader.table(LetterLineRow)
    found = await rows(reader.db, select(t).where(t.c.code == code).order_by(t.c.id.desc()).limit(1))
    return LetterLine(*found[0]) if found else None


async def own_letters(reader: Reader, recipient: UUID, most: int) -> list[LetterLine]:
    """A citizen's letters, newest first."""
    t = reader.table(LetterLineRow)
    asked = select(t).where(t.c.recipient == recipient).order_by(t.c.id.desc()).limit(most)
    return [LetterLine(*one) for one in await rows(reader.db, asked)]


async def limits(reader: Reader, about: UUID) -> list[DeadlineLine]:
    """The limits of a letter or case, oldest first."""
    t = reader.table(DeadlineLineRow)
    asked = select(t).where(t.c.about == about).order_by(t.c.started_at, t.c.kind)
    return [DeadlineLine(*one) for one in await rows(reader.db, asked)]


async def moments(reader: Reader, about: UUID) -> list[CaseMoment]:
    """The timeline of a letter or case in the order of its facts."""
    t = reader.table(CaseMomentRow)
    asked = select(t).where(t.c.about == about).order_by(t.c.sequence)
    return [CaseMoment(*one) for one in await rows(reader.db, asked)]


async def notices(reader: Reader, about: Sequence[UUID]) -> list[NoticeLine]:
    """What was told about these dossiers, letters or cases, in the order it was told."""
    t = reader.table(NoticeLineRow)
    asked = select(t).where(t.c.about.in_(about)).order_by(t.c.created_at, t.c.about_sequence, t.c.id)
    return [NoticeLine(*one) for one in await rows(reader.db, asked)]
