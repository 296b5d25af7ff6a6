"""Events of source systems: judged, applied and answered, whole batches in one transaction, whatever door they came by.

`taking` is what the doors call; `round` asks and writes for all sources of a transaction, `batch` judges and applies what one of them
tells, `people` keeps whom an event names, `ledger` writes down what became of each and tells its source; `outcomes` are the words for it.
"""

from __future__ import annotations

from services.intake.handlers.source_events.ledger import dates_told, inferred_of
from services.intake.handlers.source_events.outcomes import ACCEPTED, WAITING, Outcome, Taken, UnknownSource
from services.intake.handlers.source_events.taking import (
    settle_waiting,
    take,
    take_events,
    take_round,
    turn_away,
)

__all__ = [
    "ACCEPTED",
    "WAITING",
    "Outcome",
    "Taken",
    "UnknownSource",
    "dates_told",
    "inferred_of",
    "settle_waiting",
    "take",
    "take_events",
    "take_round",
    "turn_away",
]
