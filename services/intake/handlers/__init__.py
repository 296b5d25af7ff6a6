"""What intake does: one function = one use case = one transaction.

`desk` is where everybody works; `filing` and `commands` change dossiers, `announcing` is the clock's, `reading`, `lists` and
`lookups` answer questions, `papers`, `printing` and `registers` open the vault for what is printed, `reference` keeps units and procedures, `contacts` opens what is sent sealed.
"""

from __future__ import annotations

from services.intake.handlers.announcing import announce_stages
from services.intake.handlers.commands import (
    accept_dossier,
    assign_dossier,
    confirm_payment,
    correct_dossier,
    move_appointment,
    pause_dossier,
    rate_dossier,
    refuse_dossier,
    request_supplement,
    require_payment,
    resume_dossier,
    return_result,
    settle_dossier,
    stop_dossier,
    supply_components,
    withdraw_dossier,
)
from services.intake.handlers.contacts import contact_details
from services.intake.handlers.desk import Desk, Filing, Shelf, office_at
from services.intake.handlers.filing import Alike, file_dossier, find_alike, submit_dossier
from services.intake.handlers.lists import (
    LISTS,
    MOST_FOUND,
    IdentityInAddress,
    count_lists,
    find_of_person,
    list_dossiers,
    list_own_dossiers,
)
from services.intake.handlers.lookups import Standing, look_up
from services.intake.handlers.papers import (
    NotRefused,
    NotStopped,
    Papers,
    SupplementNotRequested,
    read_papers,
    read_refusal,
    read_stopping,
    read_supplement_request,
)
from services.intake.handlers.printing import center_of, party_of, slip_of
from services.intake.handlers.reading import (
    explanation,
    read_dossier,
    read_dossier_texts,
    read_history,
)
from services.intake.handlers.reference import read_procedure, read_procedures, read_units, refresh, seed
from services.intake.handlers.registers import BadPeriod, RegisterTooLong, read_register
from shared.store.lookups import LookupLocked, LookupRefused, lookup_secret, lookup_verifier

__all__ = [
    "LISTS",
    "MOST_FOUND",
    "Alike",
    "BadPeriod",
    "Desk",
    "Filing",
    "IdentityInAddress",
    "LookupLocked",
    "LookupRefused",
    "NotRefused",
    "NotStopped",
    "Papers",
    "RegisterTooLong",
    "Shelf",
    "Standing",
    "SupplementNotRequested",
    "accept_dossier",
    "announce_stages",
    "assign_dossier",
    "center_of",
    "confirm_payment",
    "contact_details",
    "correct_dossier",
    "count_lists",
    "explanation",
    "file_dossier",
    "find_alike",
    "find_of_person",
    "list_dossiers",
    "list_own_dossiers",
    "look_up",
    "lookup_secret",
    "lookup_verifier",
    "move_appointment",
    "office_at",
    "party_of",
    "pause_dossier",
    "rate_dossier",
    "read_dossier",
    "read_dossier_texts",
    "read_history",
    "read_papers",
    "read_procedure",
    "read_procedures",
    "read_refusal",
    "read_register",
    "read_stopping",
    "read_supplement_request",
    "read_units",
    "refresh",
    "refuse_dossier",
    "request_supplement",
    "require_payment",
    "resume_dossier",
    "return_result",
    "seed",
    "settle_dossier",
    "slip_of",
    "stop_dossier",
    "submit_dossier",
    "supply_components",
    "withdraw_dossier",
]
