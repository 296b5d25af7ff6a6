"""What intake does: one function = one use case = one transaction.

`desk` is where everybody works; `filing` and `commands` change dossiers, `announcing` is the clock's, `reading` and
`lookups` answer questions, `papers` and `registers` open the vault for what is printed, `reference` keeps units and procedures, `contacts` opens what is sent sealed.
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
from services.intake.handlers.egress import Egress, owe_portal, read_egress, send_due
from services.intake.handlers.filing import submit_dossier
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
from services.intake.handlers.portal import (
    put_portal_profile,
    read_portal_items,
    read_portal_profile,
    take_portal_items,
)
from services.intake.handlers.reading import (
    explanation,
    list_dossiers,
    list_own_dossiers,
    read_dossier,
    read_dossier_texts,
    read_history,
)
from services.intake.handlers.reference import read_procedure, read_procedures, read_units, refresh, seed
from services.intake.handlers.registers import BadPeriod, RegisterTooLong, read_register
from services.intake.handlers.source_events import (
    Outcome,
    UnknownSource,
    settle_waiting,
    take,
    take_events,
    turn_away,
)
from services.intake.handlers.sources import (
    PrincipalTaken,
    SandboxStays,
    UnknownUnits,
    own_source,
    put_source,
    read_feed,
    read_source,
    read_source_events,
    read_sources,
    sources_without_topics,
    topics_made,
)
from shared.store.lookups import LookupLocked, LookupRefused, lookup_secret, lookup_verifier

__all__ = [
    "BadPeriod",
    "Desk",
    "Egress",
    "Filing",
    "LookupLocked",
    "LookupRefused",
    "NotRefused",
    "NotStopped",
    "Outcome",
    "Papers",
    "PrincipalTaken",
    "RegisterTooLong",
    "SandboxStays",
    "Shelf",
    "Standing",
    "SupplementNotRequested",
    "UnknownSource",
    "UnknownUnits",
    "accept_dossier",
    "announce_stages",
    "assign_dossier",
    "confirm_payment",
    "contact_details",
    "correct_dossier",
    "explanation",
    "list_dossiers",
    "list_own_dossiers",
    "look_up",
    "lookup_secret",
    "lookup_verifier",
    "move_appointment",
    "office_at",
    "owe_portal",
    "own_source",
    "pause_dossier",
    "put_portal_profile",
    "put_source",
    "rate_dossier",
    "read_dossier",
    "read_dossier_texts",
    "read_egress",
    "read_feed",
    "read_history",
    "read_papers",
    "read_portal_items",
    "read_portal_profile",
    "read_procedure",
    "read_procedures",
    "read_refusal",
    "read_register",
    "read_source",
    "read_source_events",
    "read_sources",
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
    "send_due",
    "settle_dossier",
    "settle_waiting",
    "sources_without_topics",
    "stop_dossier",
    "submit_dossier",
    "supply_components",
    "take",
    "take_events",
    "take_portal_items",
    "topics_made",
    "turn_away",
    "withdraw_dossier",
]
