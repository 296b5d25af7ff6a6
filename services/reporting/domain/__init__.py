"""What reporting knows: how facts fold into lines, which figures are asked of them, how a fact is told. Pure."""

from __future__ import annotations

from services.reporting.domain.figures import FIGURES, Figure, Filter, month_of
from services.reporting.domain.flows import NAMES, Flow, flows
from services.reporting.domain.fold import FOLDS, Told, day_of, fold
from services.reporting.domain.line import PHASES, DossierLine
from services.reporting.domain.moments import Moment, moment
from services.reporting.domain.refusals import DifferentReadModel, NotYetVisible, RebuildRunning, UnknownProjection
from services.reporting.domain.words import WORDS, sentence

__all__ = [
    "FIGURES",
    "FOLDS",
    "FOLD_VERSION",
    "GROUP",
    "LIVE",
    "NAMES",
    "PHASES",
    "PROJECTIONS",
    "REBUILD",
    "WORDS",
    "DifferentReadModel",
    "DossierLine",
    "Figure",
    "Filter",
    "Flow",
    "Moment",
    "NotYetVisible",
    "RebuildRunning",
    "Told",
    "UnknownProjection",
    "day_of",
    "flows",
    "fold",
    "moment",
    "month_of",
    "sentence",
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
