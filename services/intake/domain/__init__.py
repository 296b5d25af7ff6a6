"""Dossiers: states, what a command does to them, and what it is refused for. Pure.

Read `states` (the arrows), `dossier` (the values), then the commands: `filing`, `supplements`, `settling`.
Every command takes the dossier, the instant and the office, and returns the next dossier with the fact it states.
"""

from __future__ import annotations

from services.intake.domain.clocks import Office, Term
from services.intake.domain.dossier import (
    SNAPSHOT,
    Component,
    Dossier,
    Procedure,
    Submission,
    Unit,
    actions,
    capacity,
    is_readable_by,
    snapshot,
)
from services.intake.domain.filing import accept, check_submission, filing_capacity, refuse, submit, withdraw
from services.intake.domain.refusals import (
    AlreadyAccepted,
    AlreadyClosed,
    AlreadySettled,
    AwaitingSupplement,
    CounterOnly,
    DateTooEarly,
    IdentityUnknown,
    InTheFuture,
    MissingComponent,
    NotAwaitingSupplement,
    NotOfferedHere,
    NotYetAccepted,
    NotYetSettled,
    ReceivedAtCounterOnly,
    TooLongAgo,
    TooManySupplements,
    UnknownProcedure,
    UnknownUnit,
)
from services.intake.domain.settling import assign, check_slip, return_result, settle, timing
from services.intake.domain.states import (
    ANSWER,
    ARROWS,
    PHASE,
    PORTAL_STATUS,
    SETTLEMENT,
    State,
    check,
    roles_of,
)
from services.intake.domain.supplements import request_supplement, supply

__all__ = [
    "ANSWER",
    "ARROWS",
    "PHASE",
    "PORTAL_STATUS",
    "SETTLEMENT",
    "SNAPSHOT",
    "AlreadyAccepted",
    "AlreadyClosed",
    "AlreadySettled",
    "AwaitingSupplement",
    "Component",
    "CounterOnly",
    "DateTooEarly",
    "Dossier",
    "IdentityUnknown",
    "InTheFuture",
    "MissingComponent",
    "NotAwaitingSupplement",
    "NotOfferedHere",
    "NotYetAccepted",
    "NotYetSettled",
    "Office",
    "Procedure",
    "ReceivedAtCounterOnly",
    "State",
    "Submission",
    "Term",
    "TooLongAgo",
    "TooManySupplements",
    "Unit",
    "UnknownProcedure",
    "UnknownUnit",
    "accept",
    "actions",
    "assign",
    "capacity",
    "check",
    "check_slip",
    "check_submission",
    "filing_capacity",
    "is_readable_by",
    "refuse",
    "request_supplement",
    "return_result",
    "roles_of",
    "settle",
    "snapshot",
    "submit",
    "supply",
    "timing",
    "withdraw",
]
