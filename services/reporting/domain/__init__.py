"""What reporting knows: how facts fold into lines, which figures are asked of them, how a fact is told. Pure."""

from __future__ import annotations

from services.reporting.domain.figures import FIGURES, Figure, Filter, month_of
from services.reporting.domain.flows import NAMES, Flow, flows
from services.reporting.domain.fold import FOLDS, Told, day_of, fold
from services.reporting.domain.line import PHASES, DossierLine
from services.reporting.domain.lookups import (
    LOCKED_FOR,
    MOST_TRIES,
    LookupLocked,
    LookupRefused,
    typed_code,
    typed_secret,
    unknown_name,
)
from services.reporting.domain.moments import Moment, moment
from services.reporting.domain.reasons import Office, answer_reason, settlement_reason
from services.reporting.domain.refusals import (
    BadQuestion,
    DifferentReadModel,
    NotYetVisible,
    RebuildRunning,
    UnknownProjection,
)
from services.reporting.domain.words import WORDS, sentence

__all__ = [
    "FIGURES",
    "FOLDS",
    "FOLD_VERSION",
    "GROUP",
    "LIVE",
    "LOCKED_FOR",
    "MOST_TRIES",
    "NAMES",
    "PHASES",
    "PROJECTIONS",
    "REBUILD",
    "WORDS",
    "BadQuestion",
    "DifferentReadModel",
    "DossierLine",
    "Figure",
    "Filter",
    "Flow",
    "LookupLocked",
    "LookupRefused",
    "Moment",
    "NotYetVisible",
    "Office",
    "RebuildRunning",
    "Told",
    "UnknownProjection",
    "answer_reason",
    "day_of",
    "flows",
    "fold",
    "moment",
    "month_of",
    "sentence",
    "settlement_reason",
    "typed_code",
    "typed_secret",
    "unknown_name",
]

GROUP = "dossiers"
"""The projection all tables below belong to: they are written by one consumer and rebuilt together."""

PROJECTIONS = ("dossier_line", "timeline", "unit_day", "unit_line", "procedure_line")

LIVE = "reporting.live"
"""The consumer that keeps the projection up to date."""

REBUILD = "reporting.rebuild-"
"""Begins the name under which a rebuild keeps its places; the version follows."""

FOLD_VERSION = 2
"""Raised by whoever changes what a fold makes of the same facts: a rebuild then expects a difference."""
