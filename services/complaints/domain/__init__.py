"""Letters and cases: states, what a command does, and what it is refused for. Pure.

Read `stages` and `states` (the tables of letters and of all kinds of cases), `submission` and `case` (the values, who sees
them), then the commands: `screening` for letters, `moves` for every kind of case, `complaint` and `feedback` for their own.
A command takes the letter or case, what is said, the instant and the office, and returns the next one with the facts it states.
"""

from __future__ import annotations

from services.complaints.domain import complaint, feedback, mirror, moves, refusals, screening
from services.complaints.domain.case import (
    LETTERS,
    SNAPSHOT,
    Case,
    brief,
    capacity,
    check_owner,
    is_party,
    is_readable_by,
    may_open_people,
    open_case,
    snapshot,
)
from services.complaints.domain.clocks import RULES, SCREENING, Term
from services.complaints.domain.complaint import Acceptance, Finding
from services.complaints.domain.reference import Unit, common_superior, superior
from services.complaints.domain.stages import LETTER_ARROWS, LETTER_ROLES, SENDERS_LETTERS, UNREAD, Stage
from services.complaints.domain.states import ARROWS, Kind, State
from services.complaints.domain.submission import (
    ANONYMOUS,
    SUBMISSION,
    About,
    Letter,
    Part,
    Submission,
    check_letter,
    filing_capacity,
    is_sender,
    letter_capacity,
    may_read_letter,
    may_see_letter,
    register,
    screening_capacity,
    sees_province,
    submission_snapshot,
)
from shared.law import Office

__all__ = [
    "ANONYMOUS",
    "ARROWS",
    "LETTERS",
    "LETTER_ARROWS",
    "LETTER_ROLES",
    "RULES",
    "SCREENING",
    "SENDERS_LETTERS",
    "SNAPSHOT",
    "SUBMISSION",
    "UNREAD",
    "About",
    "Acceptance",
    "Case",
    "Finding",
    "Kind",
    "Letter",
    "Office",
    "Part",
    "Stage",
    "State",
    "Submission",
    "Term",
    "Unit",
    "brief",
    "capacity",
    "check_letter",
    "check_owner",
    "common_superior",
    "complaint",
    "feedback",
    "filing_capacity",
    "is_party",
    "is_readable_by",
    "is_sender",
    "letter_capacity",
    "may_open_people",
    "may_read_letter",
    "may_see_letter",
    "mirror",
    "moves",
    "open_case",
    "refusals",
    "register",
    "screening",
    "screening_capacity",
    "sees_province",
    "snapshot",
    "submission_snapshot",
    "superior",
]
