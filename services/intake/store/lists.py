"""Finding dossiers: lists by filters, search by code and words, by a person's number, and how many each list holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    table,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.types import DateTime, Text, Uuid
from sqlmodel import col, select

from services.intake.domain import CLOSED, SNAPSHOT, Dossier, State
from services.intake.store import dossier_of
from services.intake.tables import DUE, NEVER, DossierRow, folded, vector
from shared.law.zone import moment
from shared.store import db
from shared.store.db import Connection

Whose: TypeAlias = UUID | frozenset[str] | None
"""Whose dossiers a list holds: one recipient's, those of units with what is offered to them, or (None) everybody's, for an admin."""

Order: TypeAlias = Literal["newest", "due"]

FAR = datetime.fromisoformat(NEVER)
WAITING = (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)
_BEFORE_THE_RESULT = frozenset(State) - CLOSED - {State.SETTLED}
"""States of open dossiers only: a list of one of them is read from the index of these."""
_LEAST_CODE = 3
"""Signs of a code that are worth searching for."""
_WARNING = timedelta(days=31)
"""More than a warning ever comes before the date: it comes on the working day before, and no holidays are as long."""

_deadline = table("deadline", column("aggregate"), column("warn_at"), column("breach_at"), column("closed_at"))
_person = table("person", column("id"), column("recipient"), column("identity_index"))
_due: ColumnElement[Any] = literal_column(DUE, DateTime(timezone=True))
# What was asked, with the procedures that are called so. How many dossiers have a word the planner can only know from the
# word itself: of a common one it reads the newest dossiers until enough are found, of a rare one it asks the index of words.
_ASKED = f"""SELECT set_config('plan_cache_mode', 'force_custom_plan', true), concat_ws(' | ', nullif(query::text, ''),
(SELECT string_agg(DISTINCT quote_literal('@' || code), ' | ') FROM procedure WHERE {vector("name")} @@ query)) AS asked
FROM to_tsquery('simple', array_to_string(ARRAY(SELECT {folded("t")} || ':*' FROM unnest($1::text[]) AS t), ' & ')) AS query"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a list; None: any. `overdue`: past a date that still counts at `at`, or not; `waiting`: for the citizen."""

    state: str | None = None
    unit: str | None = None
    procedure: str | None = None
    handler: str | None = None
    assigned: bool | None = None
    open: bool | None = None
    due_today: bool | None = None
    warned: bool | None = None
    overdue: bool | None = None
    waiting: bool | None = None
    due_before: date | None = None
    q: str | None = None
    sort: Order = "newest"


def place_of(wanted: Wanted, dossier: Dossier) -> tuple[Any, ...]:
    """Where a dossier stands in the order of the list."""
    if wanted.sort == "newest":
        return (dossier.id,)
    return (dossier.due_at or dossier.answer_due_at or FAR, dossier.id)


async def listed(
    connection: Connection, whose: Whose, wanted: Wanted, *, at: datetime, today: date, after: tuple[Any, ...] | None, back: bool, limit: int
) -> Sequence[Dossier]:  # fmt: skip
    """Dossiers in the order wanted (`back`: the other way round), beginning behind the place `after`; without their clocks."""
    keys: list[Any] = [col(DossierRow.id)] if wanted.sort == "newest" else [_due, col(DossierRow.id)]
    down = (wanted.sort == "newest") != back
    where = _filters(wanted, at, today)
    if after is not None:
        where.append(_behind(keys, after, down=down))
    order = [key.desc() if down else key.asc() for key in keys]
    if wanted.q is None:
        return await _found(connection, [[*where, scope] for scope in _scopes(whose)], order, limit)
    async with connection.transaction(readonly=True):
        for way in await _ways(connection, wanted.q):
            found = await _found(connection, [[*where, scope, way] for scope in _scopes(whose)], order, limit)
            if found:
                return found
    return ()


async def _found(
    connection: Connection, among: Sequence[Sequence[ColumnElement[bool]]], order: Sequence[Any], limit: int
) -> Sequence[Dossier]:
    """The first dossiers in this order to which any of these conditions apply, each asked of an index of its own."""
    ids = [select(DossierRow.id).where(*where).order_by(*order).limit(limit) for where in among]
    statement = select(*(getattr(DossierRow, name) for name in SNAPSHOT)).where(
        col(DossierRow.id).in_(union(*(each.subquery().select() for each in ids)))
    )
    rows = await db.rows(connection, statement.order_by(*order).limit(limit))
    return [dossier_of(row, clocks=False) for row in rows]


def _behind(keys: Sequence[Any], after: tuple[Any, ...], *, down: bool) -> ColumnElement[bool]:
    values = [literal(value, Uuid() if isinstance(value, UUID) else DateTime(timezone=True)) for value in after]
    place = tuple_(*values)
    return tuple_(*keys) < place if down else tuple_(*keys) > place


def _scopes(whose: Whose) -> list[ColumnElement[bool]]:
    """Whose dossiers they are, each by an index of its own: those of units, and what is offered to them."""
    if whose is None:
        return [true()]
    if isinstance(whose, UUID):
        return [col(DossierRow.recipient) == whose]
    units = sorted(whose)
    return [col(DossierRow.unit).in_(units), col(DossierRow.to_unit).in_(units)]


def _filters(wanted: Wanted, at: datetime, today: date) -> list[ColumnElement[bool]]:
    plain = {name: getattr(wanted, name) for name in ("state", "unit", "procedure", "handler")}
    where = [col(getattr(DossierRow, name)) == value for name, value in plain.items() if value is not None]
    if wanted.due_before is not None:
        where.append(_due_before(wanted.due_before))
    if wanted.waiting or wanted.state in _BEFORE_THE_RESULT:
        where.append(_open())
    for name, truth in _truths(at, today).items():
        if (asked := getattr(wanted, name)) is not None:
            where.append(truth if asked else func.coalesce(truth, false()).is_(False))
    return where


def _truths(at: datetime, today: date) -> Mapping[str, ColumnElement[bool]]:
    """What is true of a dossier at an instant, by the names of the filters."""
    row = DossierRow
    return {
        "assigned": col(row.handler).is_not(None),
        "open": _open(),
        "due_today": and_(_open(), _due >= moment(today), _due < moment(today + timedelta(days=1))),
        "warned": and_(_open(), _due > at, _due < at + _WARNING, _is_warned(at)),
        "overdue": and_(_open(), _due < at, or_(col(row.due_on) < today, col(row.answer_due_at) < at)),
        "waiting": col(row.state).in_(WAITING),
    }


def _is_warned(at: datetime) -> ColumnElement[bool]:
    deadline = _deadline.c
    near = and_(deadline.warn_at <= at, deadline.breach_at > at, deadline.closed_at.is_(None))
    return exists().where(deadline.aggregate == col(DossierRow.id), near)


def _open() -> ColumnElement[bool]:
    return and_(col(DossierRow.closed_at).is_(None), col(DossierRow.settled_at).is_(None))


def _due_before(day: date) -> ColumnElement[bool]:
    return and_(col(DossierRow.due_on) < day, _due < moment(day), _open())


async def _ways(connection: Connection, asked: str) -> list[ColumnElement[bool]]:
    """The ways to find what was asked for, each tried only where those before it find nothing.

    First by the beginnings of words of the request, the procedure's name and the code; then by any part of the code.
    """
    terms = re.findall(r"[^\W_]+", asked)
    if not terms:
        return []
    query = literal((await connection.fetchrow(_ASKED, terms))["asked"], Text())
    first = col(DossierRow.said).op("@@", is_comparison=True)(cast(query, TSQUERY))
    code = "".join(terms).upper()
    if len(code) < _LEAST_CODE or not code.isascii() or not any(sign.isdigit() for sign in code):
        return [first]
    return [first, col(DossierRow.bare).contains(code, autoescape=True)]


async def of_person(
    connection: Connection, units: frozenset[str] | None, identity: bytes, limit: int
) -> Sequence[Dossier]:
    """The newest dossiers that somebody with this blind index filed or owns, in these units (None: in all)."""
    row, person = DossierRow, _person.c
    filed = (
        select(row.id)
        .join(_person, and_(person.recipient == row.recipient, person.id == row.person))
        .where(person.identity_index == identity)
    )
    owned = select(row.id).join(_person, person.id == row.owner).where(person.identity_index == identity)
    theirs = col(row.id).in_(union(filed, owned))
    return await _found(connection, [[theirs, scope] for scope in _scopes(units)], [col(row.id).desc()], limit)


async def counted(
    connection: Connection, units: frozenset[str] | None, lists: Mapping[str, Wanted], *, at: datetime, today: date
) -> Mapping[str, int]:
    """How many open dossiers each of these lists holds, in one statement."""
    counts = [
        select(*(_count(wanted, at, today, scope).label(name) for name, wanted in lists.items()))
        .select_from(DossierRow)
        .where(_open(), scope)
        .subquery()
        for scope in _apart(units)
    ]
    all_of = union_all(*(each.select() for each in counts)).subquery()
    found = await db.row(connection, select(*(func.sum(all_of.c[name]).label(name) for name in lists)))
    return {name: int(found[name]) for name in lists} if found is not None else {}


def _apart(units: frozenset[str] | None) -> list[ColumnElement[bool]]:
    """The scopes of these units, so that none holds what another one does."""
    first, *others = _scopes(units)
    return [first, *(and_(other, not_(first)) for other in others)]


def _count(wanted: Wanted, at: datetime, today: date, scope: ColumnElement[bool]) -> ColumnElement[int]:
    """How many there are: of what is warned by its own look at the few that are due soon, of the others in the one look at all."""
    where = _filters(wanted, at, today)
    if wanted.warned is None:
        return func.count().filter(and_(*where))
    return select(func.count()).select_from(DossierRow).where(*where, scope).correlate(None).scalar_subquery()
