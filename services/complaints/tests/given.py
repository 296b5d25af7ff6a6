"""What the tests begin with: units, people and officers, letters and the cases they become, and the facts that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.complaints.domain import Case, Kind, Letter, Part, Submission
from services.complaints.handlers import commands, letters
from services.complaints.handlers.commands import Asked
from services.complaints.handlers.desk import Desk
from services.complaints.handlers.letters import Filing, Person
from shared.contracts.intake import ProcedureDescribed, UnitDescribed
from shared.kernel import Caller, Once, Principal
from shared.law import ZONE
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import Details, recipient_of
from shared.testing.clock import MONDAY_MORNING

PROVINCE, UNIT, OTHER_UNIT, REMOTE_UNIT = "44", "19360", "18880", "19564"
PROCEDURE = "1.012783"
TEXT = "Quyết định thu hồi đất số 12 không đúng diện tích. Đường thôn ngập sau mưa."

AN = Details("Nguyễn Văn An", "044085001234", "+84912345678", "an@example.vn", "12 Trần Hưng Đạo")
BINH = Details("Trần Thị Bình", "044190005678", "+84987654321")


def unit(code: str, *, name: str = "Phường", parent: str | None = PROVINCE, remote: bool = False) -> UnitDescribed:
    """A unit as intake describes it."""
    level = "province" if parent is None else "commune"
    return UnitDescribed(
        occurred_at=MONDAY_MORNING, unit=code, name=name, level=level, kind="ward", agency=f"H50.{code}", valid_from=date(2025, 7, 1),
        remote=remote, parent=parent,
    )  # fmt: skip


UNITS = (unit(PROVINCE, parent=None), unit(UNIT), unit(OTHER_UNIT), unit(REMOTE_UNIT, remote=True))


def procedure(code: str = PROCEDURE) -> ProcedureDescribed:
    """A procedure as intake describes it."""
    return ProcedureDescribed(
        occurred_at=MONDAY_MORNING, procedure=code, name="Cấp đổi Giấy chứng nhận", sector="Đất đai", level="commune", limit="5wd",
        procedure_version=1, online=True, legal_basis="", verified=False,
    )  # fmt: skip


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


CLERK, SCREENER, HEAD = (Caller(officer(role, subject=role)) for role in ("clerk", "screener", "head"))
HANDLER = Caller(officer("handler", subject="cb-01"))


def of_unit(role: str, unit: str) -> Caller:
    """An officer of another unit."""
    return Caller(officer(role, unit=unit, subject=f"{role}-{unit}"))


def letter(
    *,
    channel: str = "direct",
    unit: str = UNIT,
    people: Sequence[Details] = (AN,),
    anonymous: bool = False,
    **more: Any,
) -> Filing:
    """A letter as it is handed in."""
    persons = tuple(Person("sender", details) for details in people)
    asked = {name: more.pop(name) for name in ("received_at", "about") if name in more}
    return Filing(Letter(channel, unit, anonymous, **asked), TEXT, persons, **more)


def anonymous_letter() -> Filing:
    """A letter that names nobody, sent online."""
    return letter(channel="online", people=(), anonymous=True)


async def opened(
    desk: Desk, kind: Kind = Kind.COMPLAINT, *, unit: str = UNIT, filing: Filing | None = None, filer: Caller = CLERK
) -> Case:
    """A letter handed in at the counter and split into one case of this kind, with this unit."""
    submission = await letters.register_letter(desk, filer, filing or letter())
    part = Part(kind, "Phần đơn được trích", unit)
    _, (case,) = await letters.split_letter(desk, SCREENER, submission.id, None, [part])
    return case


def by(who: Caller, case: Case, *, seen: int | None = None) -> Asked:
    """Somebody who gives a command on a case."""
    return Asked(who, case.id, seen)


async def verifying(desk: Desk, *, points: int = 2, unit: str = UNIT, **acceptance: Any) -> Case:
    """A complaint accepted and assigned to the handler."""
    head = of_unit("head", unit)
    case = await opened(desk, unit=unit)
    given: dict[str, Any] = {"complex_grounds": (), "learned_on": None, "obstacle": None, **acceptance}
    await commands.accept_case(desk, by(head, case), points=[f"Nội dung {n + 1}" for n in range(points)], **given)
    return await commands.assign_case(desk, by(head, case), officer="cb-01")


async def answered(desk: Desk, kind: Kind = Kind.FEEDBACK, **more: Any) -> Case:
    """Feedback that was answered."""
    case = await opened(desk, kind, **more)
    await commands.assign_case(desk, by(HEAD, case), officer="cb-01")
    return await commands.answer_case(desk, by(HANDLER, case), outcome="fixed", text="Đã khơi thông cống.")


def once(key: str = "key", body: bytes = b"") -> Once:
    """An idempotency key."""
    return Once.of(key, "POST", "/submissions", body, 201)


async def rows(works: Works, statement: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows of any statement."""
    async with works.reading() as db:
        return [dict(row) for row in await db.fetch(statement, *arguments)]


async def stated(works: Works, aggregate: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Short type and data of every fact of an aggregate, in order."""
    found = await rows(works, "SELECT type, envelope FROM fact WHERE aggregate = $1 ORDER BY sequence", aggregate)
    return [
        (row["type"].removeprefix("vn.gandan.").removesuffix(".v1"), msgspec.json.decode(row["envelope"])["data"])
        for row in found
    ]


async def kinds(works: Works, aggregate: UUID) -> list[str]:
    """Short types of every fact of an aggregate, in order."""
    return [kind for kind, _ in await stated(works, aggregate)]


def receipt(submission: Submission) -> str:
    """The number on a receipt."""
    return submission.receipt_no
