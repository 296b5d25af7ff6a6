"""Invented source systems and what they tell: dossiers from the counter to the returned result, four events each."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from deploy.bench import dossiers
from shared.bus import topics
from shared.bus.broker import make_producer, stop_producer
from shared.law import ZONE
from shared.store.vault import Details, seal_contact

SOURCES = 20
PER_LIFE = 4
WAVE = 50
"""So many dossiers of a source go through a step before the first of them comes to the next."""
_UNITS_EACH = 3
_STEPS = ((2, 0), (4, 60), (9, 600), (10, 660))
"""Portal statuses, and minutes after the dossier was received."""
REGISTER = """INSERT INTO source (id, name, principal, units, events_per_second, burst, max_bytes, tells_citizens, sandbox, state, version, topics_at, level, level_at)
VALUES ($1, $1, $1, $2::jsonb, 100000, 1000000, 65536, false, false, 'active', 1, $3, 1000000, $3)"""


def names() -> Sequence[str]:
    """The ids of the sources."""
    return [f"xa-{n:02d}" for n in range(SOURCES)]


def units_of(source: int) -> Sequence[str]:
    """The communes a source speaks for."""
    return dossiers.units()[source * _UNITS_EACH : (source + 1) * _UNITS_EACH]


def mandates(source: int) -> str:
    """The same, as the registry keeps them."""
    return orjson.dumps(
        [{"unit": unit, "valid_from": "2020-01-01", "valid_to": None} for unit in units_of(source)]
    ).decode()


def topics_of_all() -> tuple[topics.Topic, ...]:
    """Where they send, and where they are answered."""
    return tuple(topic for name in names() for topic in topics.of_source(name))


def place_of(place: int, wave: int = WAVE) -> tuple[int, int]:
    """Which dossier of a source, and which of its steps, stands at this place of what the source tells."""
    turn, rest = divmod(place, PER_LIFE * wave)
    step, within = divmod(rest, wave)
    return turn * wave + within, step


@dataclass(slots=True)
class Teller:
    """Makes events; every contact is sealed as a vendor seals it."""

    contact_key: bytes
    now: datetime
    run: str
    """Part of every code, so that two runs on one store do not meet."""
    boxes: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        people = [Details(f"Nguyễn Văn An {n}", dossiers.person(n), f"09{n:08d}") for n in range(dossiers.CITIZENS)]
        self.boxes = [base64.b64encode(seal_contact(self.contact_key, each)).decode() for each in people]

    def event(self, source: int, number: int, step: int) -> dict[str, Any]:
        """One step of one dossier."""
        status, minutes = _STEPS[step]
        received = (self.now - timedelta(days=2, minutes=number % 600)).astimezone(ZONE)
        at, code = (
            (received + timedelta(minutes=minutes)).isoformat(),
            f"H50.{source:02d}.{self.run}-261101-{number:07d}",
        )
        data: dict[str, Any] = {"code": code, "status": status, "at": at}
        if step == 0:
            units = units_of(source)
            data |= {
                "procedure": dossiers.PROCEDURE, "unit": units[number % len(units)], "channel": "direct", "subject_kind": "citizen", "submitted_at": at,
                "received_at": at, "appointment_at": (received + timedelta(days=3)).isoformat(), "contact_sealed": self.boxes[number % len(self.boxes)],
            }  # fmt: skip
        kind = "upserted" if step == 0 else "progressed"
        return {
            "specversion": "1.0", "id": f"{self.run}-{number}-{step}", "source": f"/sources/{names()[source]}", "type": f"vn.gandan.source.dossier-{kind}.v1",
            "subject": code, "time": at, "datacontenttype": "application/json", "data": data,
        }  # fmt: skip

    def events(self, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """So many events of all sources in turn (a few more, so that every dossier comes to its end)."""
        waves = -(-number // (SOURCES * PER_LIFE * WAVE))
        for place in range(waves * PER_LIFE * WAVE):
            yield from ((source, self.event(source, *place_of(place))) for source in range(SOURCES))

    async def tell(self, bootstrap: str, prefix: str, number: int) -> int:
        """Send them to the topics of their sources; how many."""
        producer = await make_producer(bootstrap, "bench-sources")
        try:
            waits = [
                await producer.send(f"{prefix}sources.{names()[source]}", value=orjson.dumps(event), key=event["subject"].encode())
                for source, event in self.events(number)
            ]  # fmt: skip
            for wait in waits:
                await wait
        finally:
            await stop_producer(producer, 5)
        return len(waits)
