"""Sends the events of a source system to Gần Dân, by HTTP or Kafka, each counted once, none lost while the line is down."""

from gandan_publisher.doors import HttpDoor, KafkaDoor, Outcome, Refused, Unreached
from gandan_publisher.events import (
    DossierProgressed,
    DossierUpserted,
    Other,
    SubmissionProgressed,
    SubmissionUpserted,
    VisitCounted,
)
from gandan_publisher.outbox import Outbox, OutboxDamaged, OutboxFull, OutboxTaken
from gandan_publisher.publisher import Publisher
from gandan_publisher.sealing import Contact, seal

__all__ = [
    "Contact",
    "DossierProgressed",
    "DossierUpserted",
    "HttpDoor",
    "KafkaDoor",
    "Other",
    "Outbox",
    "OutboxDamaged",
    "OutboxFull",
    "OutboxTaken",
    "Outcome",
    "Publisher",
    "Refused",
    "SubmissionProgressed",
    "SubmissionUpserted",
    "Unreached",
    "VisitCounted",
    "seal",
]
