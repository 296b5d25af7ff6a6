"""What a letter can go through before its cases take over: a table stage -> command -> next stage, and who may command."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.complaints.domain import refusals


class Stage(StrEnum):
    """Where a letter stands."""

    REGISTERED = "registered"
    AWAITING_SUPPLEMENT = "awaiting-supplement"
    SPLIT = "split"
    GUIDED = "guided"
    FILED = "filed"
    LINKED = "linked"
    TRANSFERRED = "transferred"


LETTER_ARROWS: Mapping[Stage, Mapping[str, Stage]] = {
    Stage.REGISTERED: {
        "split": Stage.SPLIT, "request-supplement": Stage.AWAITING_SUPPLEMENT, "guide": Stage.GUIDED, "file": Stage.FILED, "link": Stage.LINKED,
        "transfer": Stage.TRANSFERRED,
    },
    Stage.AWAITING_SUPPLEMENT: {"supply": Stage.REGISTERED, "file": Stage.FILED},
    Stage.SPLIT: {}, Stage.GUIDED: {}, Stage.FILED: {}, Stage.LINKED: {}, Stage.TRANSFERRED: {},
}  # fmt: skip
"""A letter passed on to another unit of the province is registered there; `transferred` is with a body outside."""

UNREAD = frozenset({Stage.REGISTERED, Stage.AWAITING_SUPPLEMENT})
"""Nobody has said yet what the letter is: its screeners read it."""

STAGE_PHASE: Mapping[Stage, str] = {
    Stage.REGISTERED: "received", Stage.AWAITING_SUPPLEMENT: "waiting-for-you", Stage.SPLIT: "under-review", Stage.GUIDED: "closed",
    Stage.FILED: "closed", Stage.LINKED: "closed", Stage.TRANSFERRED: "transferred",
}  # fmt: skip
"""What each stage means for the sender."""

SCREENERS = ("screener", "head")
COUNTER = ("clerk", "front", "screener")
"""Who enters letters at the counter, and takes what was missing in them."""

LETTER_ROLES: Mapping[str, tuple[str, ...]] = {
    "split": SCREENERS, "request-supplement": SCREENERS, "guide": SCREENERS, "file": SCREENERS, "link": SCREENERS, "transfer": SCREENERS,
    "supply": ("citizen", *COUNTER, "head"),
}  # fmt: skip
"""Who may give a command on a letter: one of its people, or these officers of the unit that has it."""

LETTER_NEEDS: Mapping[str, tuple[str, ...]] = {
    "split": ("parts",), "request-supplement": ("reason",), "supply": ("text",), "guide": ("reason_class", "reason"),
    "file": ("reason_class", "reason"), "link": ("with_submission", "reason"), "transfer": ("reason_class", "reason"),
}  # fmt: skip
"""The fields each command needs."""

SENDERS_LETTERS = frozenset({"request-supplement", "transfer"})
"""Commands whose texts are written to the sender."""


def follow_letter(stage: Stage, command: str) -> Stage:
    """Where a command leads, or a refusal by the name of what stands against it."""
    arrows = LETTER_ARROWS[stage]
    if command in arrows:
        return arrows[command]
    if not arrows:
        raise refusals.AlreadyScreened(state=stage.value)
    if stage is Stage.AWAITING_SUPPLEMENT:
        raise refusals.AwaitingSupplement
    raise refusals.NothingAsked
