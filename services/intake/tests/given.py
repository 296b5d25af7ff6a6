"""What the tests begin with: a seeded desk, people and clerks, papers handed in, and the facts that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.intake import data, handlers
from services.intake.domain import Component, Dossier, Procedure, Submission, Unit
from services.intake.handlers import Desk, Filing
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, recipient_of

UNIT, OTHER_UNIT = "19360", "18880"
MARITAL_STATUS = "1.004873"
"""Three working days, one paper required."""
BIRTH = "1.001193"
"""The same day."""
RESIDENCE = "1.004222"
"""Seven working days."""
COOPERATIVE = "2.001263"
"""Thirty calendar days."""

AN = Details("Nguyễn Văn An", "044085001234", "+84912345678", "an@example.vn", "12 Trần Hưng Đạo")
BINH = Details("Trần Thị Bình", "044190005678", "+84987654321")


def hanoi(text: str) -> datetime:
    """`2026-11-23 08:15` on a clock in Vietnam."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def citizen(keys: Keys, person: Details = AN, **changes: Any) -> Principal:
    """Somebody who signed in with their identity number."""
    number = person.identity_no
    recipient = recipient_of(keys.people, number) if number else None
    made = Principal(f"citizen-{number}", frozenset({"citizen"}), person=number, recipient=recipient, acting="citizen")
    return replace(made, **changes)


def officer(*roles: str, unit: str = UNIT, subject: str = "officer") -> Principal:
    """An officer of a unit."""
    return Principal(subject, frozenset(roles), frozenset({unit}), acting=roles[0])


def filed(
    procedure: str = MARITAL_STATUS,
    *,
    channel: str = "direct",
    unit: str = UNIT,
    submitter: Details = AN,
    received_at: datetime | None = None,
    late_entry_reason: str | None = None,
    components: Sequence[Component] | None = None,
    **more: Any,
) -> Filing:
    """Papers handed in, complete unless said otherwise."""
    papers = tuple(components if components is not None else complete(procedure))
    asked = Submission(procedure, unit, channel, papers, received_at=received_at, late_entry_reason=late_entry_reason)
    return Filing(asked, submitter, **more)


def complete(procedure: str) -> list[Component]:
    """The papers a procedure requires, taken from the seeds."""
    seed = next(seed for seed in data.procedures() if seed.code == procedure)
    return [Component(each.name, each.kind, each.count) for each in seed.components if each.required]


async def submit(desk: Desk, who: Principal | Caller, filing: Filing | None = None) -> Dossier:
    """File it."""
    caller = who if isinstance(who, Caller) else Caller(who)
    return await handlers.submit_dossier(desk, caller, filing or filed())


async def facts_of(works: Works, aggregate: UUID) -> list[tuple[str, dict[str, Any]]]:
    """The facts of an aggregate in order: short name and data."""
    rows = await works.pool.fetch("SELECT type, envelope FROM fact WHERE aggregate = $1 ORDER BY sequence", aggregate)
    return [(short(row["type"]), msgspec.json.decode(row["envelope"])["data"]) for row in rows]


async def names_of(works: Works, aggregate: UUID) -> list[str]:
    """The short names of an aggregate's facts in order."""
    return [name for name, _ in await facts_of(works, aggregate)]


def short(type_: str) -> str:
    """`vn.gandan.dossier-settled.v1` -> `dossier-settled`."""
    return type_.split(".")[2]


def a_procedure(**changes: Any) -> Procedure:
    """Three working days, one supplement."""
    made = Procedure(MARITAL_STATUS, 1, "Giấy xác nhận", "Hộ tịch", ("commune",), "3wd", "pause", 1, ("Tờ khai",))
    return replace(made, **changes)


def a_unit(**changes: Any) -> Unit:
    """A ward."""
    return replace(Unit(UNIT, "Phường Quảng Trị", "commune", "ward", "H50.144"), **changes)
