"""Letters and cases made by the domain alone, without a store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.complaints.domain import Case, Kind, Letter, Office, Part, Submission, Unit, complaint, feedback, moves
from services.complaints.domain import case as cases
from services.complaints.domain import submission as letters
from services.complaints.domain.case import Decided
from services.complaints.domain.complaint import Acceptance, Finding
from services.complaints.tests.given import hanoi
from shared.law import office_hours, official_calendar

PROVINCE = Unit("44", "Tỉnh", "province", remote=False, parent=None)
COMMUNE = Unit("19360", "Phường", "commune", remote=False, parent="44")
NEIGHBOUR = Unit("18880", "Phường khác", "commune", remote=False, parent="44")
FAR_AWAY = Unit("19564", "Xã xa", "commune", remote=True, parent="44")
UNITS = {unit.code: unit for unit in (PROVINCE, COMMUNE, NEIGHBOUR, FAR_AWAY)}

ONE, TWO = UUID(int=1), UUID(int=2)
RECEIVED = hanoi("2026-11-23 08:15")
OFFICE = Office(official_calendar(), office_hours(RECEIVED.date()))


def letter(*, received_at: datetime = RECEIVED, parties: Sequence[UUID] = (ONE,), unit: Unit = COMMUNE) -> Submission:
    """A letter that arrived."""
    asked = Letter("direct", unit.code, anonymous=not parties, received_at=received_at)
    made, _ = letters.register(
        asked, id=UUID(int=100), receipt_no="DT.19360-261123-0001", parties=parties, verifier="v", at=received_at, office=OFFICE
    )  # fmt: skip
    return made


def opened(kind: Kind = Kind.COMPLAINT, *, received_at: datetime = RECEIVED, unit: Unit = COMMUNE) -> Case:
    """A case with its first limit running."""
    case, _ = cases.open_case(
        letter(received_at=received_at), Part(kind, "", unit.code), unit, id=UUID(int=200), number=1, at=received_at, office=OFFICE
    )  # fmt: skip
    return case


def done(decided: Decided) -> Case:
    """The case after a command."""
    return decided[0]


def accepted(
    *, at: datetime = RECEIVED, contents: int = 2, complex: bool = False, unit: Unit = COMMUNE, received_at: datetime = RECEIVED
) -> Case:  # fmt: skip
    """A complaint that was taken on."""
    case = opened(unit=unit, received_at=received_at)
    return done(complaint.accept(case, acceptance=Acceptance(contents, complex), at=at, office=OFFICE))


def verifying(**more: object) -> Case:
    """A complaint somebody verifies."""
    return done(moves.assign(accepted(**more), officer="cb-01", at=RECEIVED))  # type: ignore[arg-type] # passed on as given


def findings(*words: str) -> list[Finding]:
    """One finding for each content, in order."""
    return [Finding(number, word) for number, word in enumerate(words, 1)]


def decided(at: datetime = RECEIVED) -> Case:
    """A complaint decided as the complainant asked."""
    return done(
        complaint.decide(verifying(), number="15/QĐ", findings=findings("right", "right"), at=at, office=OFFICE)
    )


def delivered(at: datetime = RECEIVED, *, unit: Unit = COMMUNE) -> Case:
    """A complaint whose decision reached the complainant."""
    case = decided(at).having(remote=unit.remote)
    return done(complaint.deliver(case, method="post", at=at, office=OFFICE))


def answered(at: datetime = RECEIVED, *, unit: Unit = COMMUNE) -> Case:
    """Feedback that was answered."""
    case = done(moves.assign(opened(Kind.FEEDBACK, unit=unit), officer="cb-01", at=RECEIVED))
    return done(feedback.answer(case, outcome="fixed", at=at, office=OFFICE))
