"""What reporting knows: how facts fold into lines, which figures are asked of them, how a fact is told. Pure."""

from __future__ import annotations

from services.reporting.domain.case_figures import CASE_TITLES, CaseFilter, case_figures
from services.reporting.domain.case_moments import CASE_WORDS, CaseMoment, case_moment, case_sentence
from services.reporting.domain.cases import CASE_FOLDS, CASE_PHASES, CaseLine, fold_case
from services.reporting.domain.figures import FIGURES, Figure, Filter, month_of
from services.reporting.domain.flows import NAMES, Flow, flows
from services.reporting.domain.fold import FOLDS, Told, day_of, fold
from services.reporting.domain.letters import LETTER_FOLDS, LETTER_PHASES, LetterLine, fold_letter
from services.reporting.domain.limits import RULES, DeadlineLine, Limits, fold_limits
from services.reporting.domain.line import PHASES, DossierLine
from services.reporting.domain.moments import Moment, moment
from services.reporting.domain.notices import NOTICE_FACTS, NoticeLine, fold_notice
from services.reporting.domain.reasons import answer_reason, limit_reason, settlement_reason
from services.reporting.domain.refusals import (
    BadQuestion,
    DifferentReadModel,
    NotYetVisible,
    RebuildRunning,
    UnknownProjection,
)
from services.reporting.domain.words import WORDS, sentence
from shared.law import Office

__all__ = [
    "CASE_FOLDS",
    "CASE_PHASES",
    "CASE_TITLES",
    "CASE_WORDS",
    "FIGURES",
    "FOLDS",
    "FOLD_VERSION",
    "GROUP",
    "LETTER_FOLDS",
    "LETTER_PHASES",
    "LIVE",
    "NAMES",
    "NOTICE_FACTS",
    "PHASES",
    "PROJECTIONS",
    "REBUILD",
    "RULES",
    "WORDS",
    "BadQuestion",
    "CaseFilter",
    "CaseLine",
    "CaseMoment",
    "DeadlineLine",
    "DifferentReadModel",
    "DossierLine",
    "Figure",
    "Filter",
    "Flow",
    "LetterLine",
    "Limits",
    "Moment",
    "NotYetVisible",
    "NoticeLine",
    "Office",
    "RebuildRunning",
    "Told",
    "UnknownProjection",
    "answer_reason",
    "case_figures",
    "case_moment",
    "case_sentence",
    "day_of",
    "flows",
    "fold",
    "fold_case",
    "fold_letter",
    "fold_limits",
    "fold_notice",
    "limit_reason",
    "moment",
    "month_of",
    "sentence",
    "settlement_reason",
]

GROUP = "dossiers"
"""The projection all tables below belong to: they are written by one consumer and rebuilt together."""

PROJECTIONS = (
    "dossier_line", "timeline", "unit_day", "unit_line", "procedure_line", "letter_line", "case_line", "deadline_line", "case_timeline", "notice_line",
)  # fmt: skip

LIVE = "reporting.live"
"""The consumer that keeps the projection up to date."""

REBUILD = "reporting.rebuild-"
"""Begins the name under which a rebuild keeps its places; the version follows."""

FOLD_VERSION = 8
"""Raised by whoever changes what a fold makes of the same facts: a rebuild then expects a difference."""
