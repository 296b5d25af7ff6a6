"""Why a command is not done, each by name; their words in two languages stand in `data/problems.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from shared.kernel import Invalid, Refused

# -- letters


class IdentityUnknown(Refused):
    """This sign-in does not say who you are, so nothing can be sent or shown as yours."""

    status = 403


class ReferenceNotThere(Refused):
    """The list of units has not arrived yet; try again in a moment."""

    status = 503

    headers: ClassVar[Mapping[str, str]] = {"retry-after": "5"}


class UnknownUnit(Invalid):
    """There is no unit with this code."""


class UnknownProcedure(Invalid):
    """There is no procedure with this code."""


class SenderMissing(Invalid):
    """A letter that is not anonymous names at least one person."""


class AnonymousWithPeople(Invalid):
    """An anonymous letter names nobody."""


class CounterOnly(Invalid):
    """Only an officer may enter a letter of this channel."""


class ReceivedAtCounterOnly(Invalid):
    """Only an officer may say when a letter was received; what is sent online is received when it arrives."""


class InTheFuture(Invalid):
    """This date lies in the future."""


class TooLongAgo(Invalid):
    """This date lies too far back."""


class AlreadyScreened(Refused):
    """The letter was screened already."""


class AwaitingSupplement(Refused):
    """The letter waits for what its sender was asked for."""


class NothingAsked(Refused):
    """The sender was not asked for anything that is still missing."""


class RespondByTooEarly(Invalid):
    """The sender has at least until tomorrow."""


class SupplementNotLapsed(Refused):
    """The sender still has time to supply what is missing."""


class SameLetter(Invalid):
    """A letter is not linked with itself."""


class UnknownLetter(Invalid):
    """No letter with this id is with your units."""


class AcrossConfidentiality(Refused):
    """Letters that are kept with different confidentiality are not linked."""


class LinkedInChain(Refused):
    """One of the two letters is linked already; letters are linked with one that stands for itself."""


class PassedOnAlready(Invalid):
    """This unit had the letter already and passed it on; letters go round in no circle."""


class OwnedBySource(Refused):
    """Another system owns this letter or case: it is worked on there."""


class DenunciationNotTakenHere(Refused):
    """Denunciations are not taken here yet: their senders are owed a secrecy this service does not give yet."""


class KindNotTakenHere(Refused):
    """Cases of this kind are not taken here yet."""


class AnonymousComplaint(Refused):
    """A complaint names who complains; an anonymous letter can be feedback or a petition."""


# -- cases


class CaseClosed(Refused):
    """The case is closed."""


class NotInThisState(Refused):
    """The case does not stand where this can be done."""


class NotForThisKind(Refused):
    """Cases of this kind do not know this command."""


class NotYetAccepted(Refused):
    """The complaint has not been accepted yet."""


class AlreadyAccepted(Refused):
    """The complaint was accepted already."""


class NotYetAssigned(Refused):
    """No officer handles the case yet."""


class CaseSuspended(Refused):
    """Settlement is suspended."""


class NotSuspended(Refused):
    """Settlement is not suspended."""


class InTransfer(Refused):
    """Another unit was asked to take the case and has not answered yet."""


class NotInTransfer(Refused):
    """No other unit was asked to take the case."""


class AlreadyDecided(Refused):
    """The complaint is decided already."""


class NotYetDecided(Refused):
    """There is no decision yet."""


class AlreadyAnswered(Refused):
    """The case is answered already."""


class NotYetAnswered(Refused):
    """There is no answer yet."""


class AlreadyDelivered(Refused):
    """The decision reached the complainant already."""


class NotYetDelivered(Refused):
    """The decision has not reached the complainant yet."""


class AlreadyRated(Refused):
    """This answer was rated already."""


class AlreadyPublished(Refused):
    """The outcome is public already."""


class ComplaintOutOfTime(Refused):
    """The limitation of complaints has ended."""


class AppealOutOfTime(Refused):
    """The window for a second complaint has ended."""


class SecondIsLast(Refused):
    """A second complaint is the last one; what remains is the court."""


class SettlementNotOverdue(Refused):
    """There is no decision, and the time to settle is not over yet."""


class NoSuperior(Refused):
    """No unit stands above this one."""


class FindingMissing(Refused):
    """A complaint is decided with a finding for each of its contents."""


class UnknownContent(Invalid):
    """The complaint has no content with this number."""


class FindingTwice(Invalid):
    """A content has one finding."""


class DialogueNotHeld(Refused):
    """The findings differ from what the complainant asks, so a dialogue has to be held before deciding (Art. 30)."""


class DialogueNotScheduled(Refused):
    """No dialogue was scheduled for that day."""


class DialogueNoticeTooShort(Invalid):
    """The parties are invited earlier before a dialogue."""


class AlreadyExtended(Refused):
    """The law gives more time once, and it was given."""


class TooLateToExtend(Refused):
    """The due date has passed; it can no longer be moved."""


class ReopenedTooLate(Refused):
    """The time to reopen this case is over."""


class ReopenedTooOften(Refused):
    """The case was reopened as often as it may be, and no unit stands above this one."""


class SameUnit(Invalid):
    """The case is with this unit already."""


class PersonForgotten(Refused):
    """The people of this letter were forgotten, as the law gives them the right to."""

    status = 410
