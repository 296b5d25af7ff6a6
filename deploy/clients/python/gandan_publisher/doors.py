"""The two doors: HTTP answers at once what became of each event; Kafka takes them, and answers on the topic of replies."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, Self

import httpx

from gandan_publisher.outbox import Event, line

SENT, FAILED, TOO_FAST = "sent", "failed", "too-fast"
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 60.0
NOT_ALLOWED = frozenset({29, 31})
"""Kafka's errors for a user who may not write a topic, or not to this cluster."""


class Unreached(Exception):  # noqa: N818 - reads as what happened
    """Nobody answered, or only that it is to be later: the events are as they were."""


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The request as a whole was refused: the account, the address or the form is wrong, and sending it again changes nothing."""


@dataclass(frozen=True)
class Outcome:
    """What became of an event: accepted, waiting or rejected; `sent` by Kafka, where the reply comes later."""

    id: str
    status: str
    reason: str | None = None
    fields: tuple[str, ...] = ()
    detail: str | None = None
    """What to change, in a sentence."""

    @property
    def again(self) -> bool:
        """Whether the same event is to be sent once more."""
        return self.status == FAILED or self.reason == TOO_FAST


class Door(Protocol):
    """Where events go."""

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Deliver at most 500, one outcome for each in their order; `Unreached`, `Refused`."""
        ...


class HttpDoor:
    """`POST /intake/v1/source-events`; `token` gives a bearer token whenever one is needed."""

    def __init__(
        self, url: str, token: Callable[[], str], *, language: str = "vi", attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep, transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._http = httpx.Client(base_url=url, timeout=30, headers={"accept-language": language}, transport=transport)
        self._token, self._attempts, self._sleep = token, attempts, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def contact_key(self) -> str:
        """The public key to seal contacts with; good for an hour at least."""
        answer = self._asked(lambda: self._http.get("/notifications/v1/keys/contact"))
        try:
            return str(answer.json()["public_key"])
        except (ValueError, LookupError, TypeError):
            raise Refused(f"this is no key: {answer.text[:200]}") from None

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Send a batch; its events have their ids, so that sending again what was taken changes nothing."""
        answer = self._asked(
            lambda: self._http.post("/intake/v1/source-events", json=list(events), headers=self._headers())
        )
        try:
            pairs = zip(events, answer.json()["items"], strict=True)
            return [Outcome(e["id"], i["status"], i["reason"], tuple(i["fields"]), i["detail"]) for e, i in pairs]
        except (ValueError, LookupError, TypeError):  # whoever stands between answers with a page of its own
            raise Refused(f"this is no answer to these events: {answer.text[:200]}") from None

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token()}", "content-type": "application/cloudevents-batch+json"}

    def _asked(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until there is an answer, with growing pauses, or those that the server asks for."""
        said = "no answer"
        for attempt in range(1, self._attempts + 1):
            wait = random.uniform(0.5, 1) * min(2.0**attempt, LONGEST_WAIT)  # noqa: S311 - not all at once, no secret
            try:
                answer = ask()
            except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
                raise Refused(f"the address or the token has a wrong form: {type(error).__name__}") from None
            except httpx.TransportError as error:
                said = f"{type(error).__name__}: {error}"
            else:
                if answer.status_code not in LATER:
                    return _right(answer)
                said = f"{answer.status_code}"
                wait = _retry_after(answer) or wait
            if attempt < self._attempts:
                self._sleep(min(wait, LONGEST_WAIT))
        raise Unreached(said)


def _right(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise Refused(f"{answer.status_code}: {answer.text[:500]}")
    return answer


def _retry_after(answer: httpx.Response) -> float | None:
    """The pause a server asks for: seconds, or until a date; None when it does not, or has it wrong."""
    said = answer.headers.get("retry-after", "")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


class KafkaDoor:
    """The topic `sources.<id>`; needs `gandan-publisher[kafka]`. `settings` are librdkafka's: servers, SASL, certificates."""

    def __init__(self, source: str, settings: dict[str, Any], *, prefix: str = "", seconds: float = 30) -> None:
        from confluent_kafka import Producer  # noqa: PLC0415 - only who uses this door needs it

        patience = {"message.timeout.ms": int(seconds * 1000)}
        self._producer = Producer({"enable.idempotence": True, **patience, **settings})
        self.topic, self._seconds = f"{prefix}sources.{source}", seconds

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Send them under their subjects, in order; returns when every replica has them. `Unreached` names the first that did not go.

        `Refused` when this user may not write the topic.
        """
        failed: list[Any] = []
        for event in events:
            self._producer.produce(
                self.topic, line(event), key=event["subject"], headers={"content-type": "application/cloudevents+json"},
                on_delivery=lambda error, _message: failed.append(error) if error else None,
            )  # fmt: skip
        left = self._producer.flush(self._seconds + 5)
        if denied := [error for error in failed if error.code() in NOT_ALLOWED]:
            raise Refused(str(denied[0]))
        if left or failed:
            raise Unreached(str(failed[0]) if failed else f"{left} events did not go")
        return [Outcome(event["id"], SENT) for event in events]
