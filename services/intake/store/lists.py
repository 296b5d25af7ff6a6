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
    bindparam,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    table,
    text,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Text, Uuid
from sqlmodel import col, select

from services.intake.domain import SNAPSHOT, Dossier, State
from services.intake.store import dossier_of
from services.intake.tables import DUE, NEVER, SAID, DossierRow, ProcedureRow, folded, vector
from shared.law.zone import moment
from shared.store import db
from shared.store.db import Connection

Whose: TypeAlias = UUID | frozenset[str] | None
"""Whose dossiers a list holds: one recipient's, those of units with what is offered to them, or (None) everybody's, for an admin."""

Order: TypeAlias = Literal["newest", "due"]

FAR = datetime.fromisoformat(NEVER)
WAITING = (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)
_LEAST_CODE = 3
"""Signs of a code that are worth searching for."""

_deadline = table("deadline", column("aggregate"), column("warn_at"), column("breach_at"), column("closed_at"))
_person = table("person", column("id"), column("recipient"), column("identity_index"))
_due: ColumnElement[Any] = literal_column(DUE, DateTime(timezone=True))
_said: ColumnElement[Any] = literal_column(SAID)
_named: ColumnElement[Any] = literal_column(vector("procedure.name"))
_QUERY = f"to_tsquery('simple', array_to_string(ARRAY(SELECT {folded('t')} || ':*' FROM unnest(:terms) AS t), ' & '))"


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
    statement = select(*(getattr(DossierRow, name) for name in SNAPSHOT))
    rows: Sequence[Any] = ()
    for ways in [[true()]] if wanted.q is None else await _ways(connection, wanted.q):
        found = [
            select(DossierRow.id).where(*where, scope, way).order_by(*order).limit(limit)
            for scope in _scopes(whose)
            for way in ways
        ]
        if not found:
            continue
        among = [col(DossierRow.id).in_(union(*(each.subquery().select() for each in found)))]
        rows = await db.rows(connection, statement.where(*among).order_by(*order).limit(limit))
        if rows:
            break
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
    for name, truth in _truths(at, today).items():
        if (asked := getattr(wanted, name)) is not None:
            where.append(truth if asked else func.coalesce(truth, false()).is_(False))
    return where


def _truths(at: datetime, today: date) -> Mapping[str, ColumnElement[bool]]:
    """What is true of a dossier at an instant, by the names of the filters."""
    row, deadline = DossierRow, _deadline.c
    warned = select(deadline.aggregate).where(
        deadline.warn_at <= at, deadline.breach_at > at, deadline.closed_at.is_(None)
    )
    return {
        "assigned": col(row.handler).is_not(None),
        "open": _open(),
        "due_today": and_(_open(), _due >= moment(today), _due < moment(today + timedelta(days=1))),
        "warned": and_(_open(), _due > at, col(row.id).in_(warned)),
        "overdue": and_(_open(), _due < at, or_(col(row.due_on) < today, col(row.answer_due_at) < at)),
        "waiting": col(row.state).in_(WAITING),
    }


def _open() -> ColumnElement[bool]:
    return and_(col(DossierRow.closed_at).is_(None), col(DossierRow.settled_at).is_(None))


def _due_before(day: date) -> ColumnElement[bool]:
    return and_(col(DossierRow.due_on) < day, _due < moment(day), _open())


async def _ways(connection: Connection, asked: str) -> list[list[ColumnElement[bool]]]:
    """The ways to find what was asked for, those tried later only where the earlier find nothing.

    First by the beginnings of words of the request, the procedure's name and the code; then by any part of the code.
    """
    terms = re.findall(r"[^\W_]+", asked)
    if not terms:
        return []
    query = text(_QUERY).bindparams(bindparam("terms", terms, ARRAY(Text()), unique=True))
    first: list[ColumnElement[bool]] = [_said.op("@@", is_comparison=True)(query)]
    named = select(ProcedureRow.code).where(_named.op("@@", is_comparison=True)(query))
    if procedures := {row["code"] for row in await db.rows(connection, named)}:
        first.append(col(DossierRow.procedure).in_(sorted(procedures)))
    code = "".join(terms).upper()
    if len(code) < _LEAST_CODE or not code.isascii() or not any(sign.isdigit() for sign in code):
        return [first]
    return [first, [col(DossierRow.bare).contains(code, autoescape=True)]]


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
    statement = select(*(getattr(row, name) for name in SNAPSHOT)).where(
        or_(*_scopes(units)), col(row.id).in_(union(filed, owned))
    )
    rows = await db.rows(connection, statement.order_by(col(row.id).desc()).limit(limit))
    return [dossier_of(row, clocks=False) for row in rows]


async def counted(
    connection: Connection, units: frozenset[str] | None, lists: Mapping[str, Wanted], *, at: datetime, today: date
) -> Mapping[str, int]:
    """How many open dossiers each of these lists holds, in one statement."""
    counts = [func.count().filter(and_(*_filters(wanted, at, today))).label(name) for name, wanted in lists.items()]
    found = await db.row(connection, select(*counts).select_from(DossierRow).where(_open(), or_(*_scopes(units))))
    return dict(found) if found is not None else {}
