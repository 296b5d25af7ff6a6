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
