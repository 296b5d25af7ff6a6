"""Why a command on a dossier is not done, each by name; their words in two languages stand in `data/problems.toml`."""

from __future__ import annotations

from shared.kernel import Invalid, Refused


class NotYetAccepted(Refused):
    """The dossier has not been accepted yet."""


class AlreadyAccepted(Refused):
    """The dossier was accepted already."""


class AwaitingSupplement(Refused):
    """The dossier waits for papers of the applicant."""


class NotAwaitingSupplement(Refused):
    """No papers are awaited."""


class AwaitingPayment(Refused):
    """The dossier waits for a payment of the applicant."""


class NotAwaitingPayment(Refused):
    """No payment is awaited."""


class Paused(Refused):
    """Settlement is paused."""


class NotYetAssigned(Refused):
    """Nobody works on the dossier yet."""


class NotYetReturned(Refused):
    """The result was not handed over yet."""


class AlreadyRated(Refused):
    """The citizen has rated the service already."""


class AlreadyMoved(Refused):
    """The appointment was moved once already, and may not be moved again."""


class TooLateToMove(Refused):
    """An appointment is moved at the latest on the working day before it."""


class NotYetSettled(Refused):
    """There is no result yet."""


class AlreadySettled(Refused):
    """The dossier already has a result."""


class AlreadyClosed(Refused):
    """The dossier is closed."""


class TooManySupplements(Refused):
    """Papers were asked for as often as this procedure allows."""


class IdentityUnknown(Refused):
    """This sign-in does not say who you are, so nothing can be filed or shown as yours."""

    status = 403


class PersonForgotten(Refused):
    """The people of this dossier were forgotten, as the law gives them the right to."""

    status = 410


class OwnedBySource(Refused):
    """Another system owns this dossier: it is worked on there."""


class InTransfer(Refused):
    """Another unit is asked to take the dossier and has not answered yet."""


class NotInTransfer(Refused):
    """No unit is asked to take the dossier."""


class UnknownProcedure(Invalid):
    """There is no procedure with this code."""


class UnknownUnit(Invalid):
    """There is no unit with this code."""


class NotOfferedHere(Invalid):
    """This unit does not settle this procedure."""


class MissingComponent(Invalid):
    """A required paper is missing."""


class InTheFuture(Invalid):
    """This date lies in the future."""


class TooLongAgo(Invalid):
    """This date lies too far back."""


class LateEntryReasonMissing(Invalid):
    """What was received on an earlier day is entered with the reason why it is entered late."""


class PastIncomplete(Invalid):
    """A dossier of the past in this state has this field in its line."""


class PastContradicts(Invalid):
    """A dossier of the past in this state cannot have this value."""


class PastOutOfOrder(Invalid):
    """This happened before what came before it."""


class CodeMalformed(Invalid):
    """This is not a dossier's code as Vietnamese systems write it."""


class CodeReserved(Invalid):
    """A code of this agency and day is given by this system itself."""


class CodeTaken(Invalid):
    """A dossier with this code is there, and it is another one or says something else."""


class CounterOnly(Invalid):
    """Only a clerk at the counter may file a dossier of this channel."""


class ReceivedAtCounterOnly(Invalid):
    """Only a clerk may say when a dossier was received; what a citizen sends is received when it arrives."""


class DateTooEarly(Invalid):
    """The date to answer by must lie after today."""


class NotLater(Invalid):
    """The new date must lie after the one promised."""


class NotAWorkingDay(Invalid):
    """Results are returned on working days."""


class NotInForce(Invalid):
    """No version of this procedure is in force on that day."""


class OverlappingValidity(Invalid):
    """Another version counts on these days already."""


class EndsBeforeItBegins(Invalid):
    """The last day lies before the first."""


class NothingSigned(Refused):
    """No signed decision was registered for this version, so there is nothing to publish."""


class AlreadyPublished(Refused):
    """This version was published already."""


class UnitNotYetThere(Invalid):
    """This unit did not exist yet on that day."""


class UnitNoLongerThere(Invalid):
    """This unit no longer exists on that day."""


class AgencyTaken(Invalid):
    """This agency id was given to another unit; it is never given again."""


class FixedForGood(Invalid):
    """What papers and codes of a unit rest on is never changed; a unit that becomes another one gets a code of its own."""


class NotItsOwn(Invalid):
    """A unit does not follow or belong to itself."""


class SameUnit(Invalid):
    """The dossier is with this unit already."""


class UnknownOfficer(Invalid):
    """There is no officer with this id in the directory."""


class SubjectTaken(Invalid):
    """This sign-in belongs to another officer."""


class DeputyOfOneself(Invalid):
    """Nobody stands in for themselves."""


class DeputyElsewhere(Invalid):
    """A deputy serves at the same unit, so that nobody gets rights elsewhere by standing in."""


class DeputyWithoutDays(Invalid):
    """A deputy acts from a day on."""


class SuperiorCycle(Invalid):
    """Nobody is, by whatever way, their own superior."""


class UnknownDossier(Invalid):
    """The person has filed no dossier with this id."""


class OtherProcedure(Invalid):
    """The dossier filed before is of another procedure."""


class NotResubmittable(Refused):
    """Only what was refused, withdrawn or stopped is filed again."""


class AlreadyResubmitted(Refused):
    """The dossier was filed again already."""


class UnknownLinkedService(Invalid):
    """There is no linked service with this code."""


class WrongParts(Invalid):
    """A linked service is filed with each of its procedures once, and no other."""


class UnknownFile(Invalid):
    """There is no such file of yours to hand in with this dossier."""
