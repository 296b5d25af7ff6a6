"""What intake does: one function = one use case = one transaction.

`desk` is where everybody works; `filing`, `bundles`, `commands` and `transfers` change dossiers, `announcing` is the clock's, `reading`, `lists`
and `lookups` answer questions, `papers`, `printing` and `registers` open the vault for what is printed, `catalogue` keeps procedures, `units` units and
their successors, `staff` the directory, `calendar` the law's days, hours and rules, `reference` seeds, publishes and reads all reference
data, `contacts` opens what is sent sealed, `files` keeps what is handed in as files, `online` the forms, `backlog` loads paper registers.
"""

from __future__ import annotations

from services.intake.handlers.announcing import announce_stages
from services.intake.handlers.backlog import PastLine, enter_backlog
from services.intake.handlers.bundles import read_bundle, submit_bundle
from services.intake.handlers.calendar import (
    Year,
    confirm_act,
    count_limits_again,
    list_acts,
    propose,
    publish_year,
    read_act,
    read_year,
    refresh_law,
    take_in_rule,
    withdraw_act,
)
from services.intake.handlers.catalogue import (
    keep_version,
    publish_procedure,
    put_procedure,
    read_procedure,
    read_procedures,
    read_versions,
)
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
from services.intake.handlers.desk import Desk, Filing, Shelf, office_of
from services.intake.handlers.files import Cabinet, keep_file, read_file, shown, sweep_litter, sweep_loose
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
from services.intake.handlers.online import FormNotTaken, FormTooLarge, FormWrong, read_form
from services.intake.handlers.papers import (
    Control,
    NotApologised,
    NotRefused,
    NotStopped,
    Papers,
    SupplementNotRequested,
    read_apology,
    read_control,
    read_papers,
    read_refusal,
    read_stopping,
    read_supplement_request,
)
from services.intake.handlers.printing import center_at, center_of, components_of, party_of, slip_of
from services.intake.handlers.reading import (
    explanation,
    read_dossier,
    read_dossier_texts,
    read_history,
)
from services.intake.handlers.reference import keep_up, refresh, seed
from services.intake.handlers.registers import BadPeriod, RegisterTooLong, read_register
from services.intake.handlers.staff import keep_officer, known_rights, put_officer, read_officer, read_staff
from services.intake.handlers.transfers import accept_transfer, reject_transfer, transfer_dossier
from services.intake.handlers.units import hand_over_dossiers, keep_succession, keep_unit, put_unit, read_units
from shared.store.lookups import LookupLocked, LookupRefused, lookup_secret, lookup_verifier

__all__ = [
    "LISTS",
    "MOST_FOUND",
    "Alike",
    "BadPeriod",
    "Cabinet",
    "Control",
    "Desk",
    "Filing",
    "FormNotTaken",
    "FormTooLarge",
    "FormWrong",
    "IdentityInAddress",
    "LookupLocked",
    "LookupRefused",
    "NotApologised",
    "NotRefused",
    "NotStopped",
    "Papers",
    "PastLine",
    "RegisterTooLong",
    "Shelf",
    "Standing",
    "SupplementNotRequested",
    "Year",
    "accept_dossier",
    "accept_transfer",
    "announce_stages",
    "assign_dossier",
    "center_at",
    "center_of",
    "components_of",
    "confirm_act",
    "confirm_payment",
    "contact_details",
    "correct_dossier",
    "count_limits_again",
    "count_lists",
    "enter_backlog",
    "explanation",
    "file_dossier",
    "find_alike",
    "find_of_person",
    "hand_over_dossiers",
    "keep_file",
    "keep_officer",
    "keep_succession",
    "keep_unit",
    "keep_up",
    "keep_version",
    "known_rights",
    "list_acts",
    "list_dossiers",
    "list_own_dossiers",
    "look_up",
    "lookup_secret",
    "lookup_verifier",
    "move_appointment",
    "office_of",
    "party_of",
    "pause_dossier",
    "propose",
    "publish_procedure",
    "publish_year",
    "put_officer",
    "put_procedure",
    "put_unit",
    "rate_dossier",
    "read_act",
    "read_apology",
    "read_bundle",
    "read_control",
    "read_dossier",
    "read_dossier_texts",
    "read_file",
    "read_form",
    "read_history",
    "read_officer",
    "read_papers",
    "read_procedure",
    "read_procedures",
    "read_refusal",
    "read_register",
    "read_staff",
    "read_stopping",
    "read_supplement_request",
    "read_units",
    "read_versions",
    "read_year",
    "refresh",
    "refresh_law",
    "refuse_dossier",
    "reject_transfer",
    "request_supplement",
    "require_payment",
    "resume_dossier",
    "return_result",
    "seed",
    "settle_dossier",
    "shown",
    "slip_of",
    "stop_dossier",
    "submit_bundle",
    "submit_dossier",
    "supply_components",
    "sweep_litter",
    "sweep_loose",
    "take_in_rule",
    "transfer_dossier",
    "withdraw_act",
    "withdraw_dossier",
]
