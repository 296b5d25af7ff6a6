"""What reporting does: fold facts (`projecting`), answer questions (`reading`, `lookups`), keep the versions (`keeping`)."""

from __future__ import annotations

from services.reporting.handlers.forms import Made, form06
from services.reporting.handlers.keeping import (
    KEEP_OLD,
    ProjectionState,
    drop_old_versions,
    mismatches,
    projection_state,
)
from services.reporting.handlers.leading import AGES, LEAGUE_DAYS, Board, League, board, league
from services.reporting.handlers.letters import (
    CasesListed,
    CaseStanding,
    LetterStanding,
    LimitShown,
    Matters,
    case_viewer_of,
    find_cases,
    matters,
    show_case,
)
from services.reporting.handlers.live import Counters, counters
from services.reporting.handlers.lookups import Standing, look_up, standing_of
from services.reporting.handlers.projecting import project, project_cases, project_notices
from services.reporting.handlers.reading import (
    Listed,
    Overview,
    UnitShown,
    find,
    find_named,
    overview,
    show,
    show_unit,
    tell,
    unit_names,
    viewer_of,
)
from shared.store.lookups import LookupLocked, LookupRefused

__all__ = [
    "AGES",
    "KEEP_OLD",
    "LEAGUE_DAYS",
    "Board",
    "CaseStanding",
    "CasesListed",
    "Counters",
    "League",
    "LetterStanding",
    "LimitShown",
    "Listed",
    "LookupLocked",
    "LookupRefused",
    "Made",
    "Matters",
    "Overview",
    "ProjectionState",
    "Standing",
    "UnitShown",
    "board",
    "case_viewer_of",
    "counters",
    "drop_old_versions",
    "find",
    "find_cases",
    "find_named",
    "form06",
    "league",
    "look_up",
    "matters",
    "mismatches",
    "overview",
    "project",
    "project_cases",
    "project_notices",
    "projection_state",
    "show",
    "show_case",
    "show_unit",
    "standing_of",
    "tell",
    "unit_names",
    "viewer_of",
]
