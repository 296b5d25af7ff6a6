"""What becomes of each record of a batch: apply, duplicate, ignored, held behind a gap or a guilty one, or parked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.bus import held, topics
from shared.bus.arrival import Arrival, Raw, Undecodable, decode, key_id
from shared.contracts.envelope import Catalogue, family

GUILTY_PER_MINUTE = 100

Waiting = Mapping[tuple[str, UUID], Sequence[held.Waiting]]


class Broken(Exception):  # noqa: N818 - the breaker's word
    """Too many guilty records in a minute: this looks like a bad deploy, so the consumer stops and says so."""


@dataclass(slots=True)
class Breaker:
    """Counts guilty records of the last minute; those of a transaction that is rolled back were never there."""

    most: float = GUILTY_PER_MINUTE
    times: list[float] = field(default_factory=list)

    def check(self, more: int) -> None:
        """`Broken` when these and the remembered ones are too many."""
        now = time.monotonic()
        self.times = [t for t in self.times if now - t < 60]  # noqa: PLR2004 - a minute
        if (number := len(self.times) + more) > self.most:
            raise Broken(f"{number} guilty records in a minute")

    def remember(self, number: int) -> None:
        """Their transaction is committed."""
        self.times += [time.monotonic()] * number


@dataclass(frozen=True, slots=True)
class Reading:
    """How one consumer reads records: the facts it knows, and the names of its topics without the prefix."""

    group: str
    catalogue: Catalogue
    families: Mapping[str, object]
    names: Mapping[str, str]
    """By the topic's name in Kafka."""

    @staticmethod
    def of(group: str, catalogue: Catalogue, listened: Sequence[str], prefix: str) -> Reading:
        """The reading of these topics."""
        families = {family(type_)[0]: None for type_ in catalogue.kinds}
        return Reading(group, catalogue, families, {prefix + topic: topic for topic in listened})

    def arrival(self, raw: Raw, *, retried: bool = False) -> Arrival:
        """The record decoded; `Undecodable`."""
        return decode(
            raw, self.catalogue, self.families, self.group, topic=self.names.get(raw.topic, raw.topic),
            compacted=self.keeps_newest(raw.topic), retried=retried,
        )  # fmt: skip

    def keeps_newest(self, topic: str) -> bool:
        """Whether this topic is compacted: the newest record of a key is all there is."""
        return self.names.get(topic, topic) in topics.COMPACTED


@dataclass(slots=True)
class Outcome:
    """What became of a batch, record by record: applied + duplicate + ignored + refused + held + parked = consumed."""

    breaker: Breaker
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (what became of it, topic)."""
    run: list[Arrival] = field(default_factory=list)
    parked: list[held.Parked] = field(default_factory=list)
    healed: list[int] = field(default_factory=list)
    states: dict[tuple[str, UUID], held.State] = field(default_factory=dict)
    guilty: int = 0
    later: frozenset[str] = frozenset()
    """Topics that were left alone this time: nothing of theirs was taken, and their places did not move."""
    rests: dict[str, float] = field(default_factory=dict)
    """Topics that are not read for so many seconds."""

    def blame(self) -> None:
        """One more guilty record; `Broken` when it is one too many."""
        self.guilty += 1
        self.breaker.check(self.guilty)

    def drop(self, kept: Sequence[held.Waiting]) -> None:
        """What was kept is behind us now: counted a second time, as a duplicate."""
        self.healed += [w.id for w in kept]
        self.counts.update(("duplicate", w.raw.topic) for w in kept)

    def tell(self, arrivals: Sequence[Arrival]) -> None:
        """Count what ran: applied, or ignored where the type is not read here."""
        self.counts.update(("ignored" if arrival.silent else "applied", arrival.raw.topic) for arrival in arrivals)

    def hold_back(self, arrival: Arrival, reason: str, detail: str = "") -> None:
        """It was to run and did not: its key stands before it from now on."""
        state = self.states[arrival.raw.topic, arrival.key]
        self.parked.append(held.Parked(arrival.raw, arrival.key, arrival.sequence, reason, detail))
        self.counts["held" if reason == "behind" else "parked", arrival.raw.topic] += 1
        if not arrival.tombstone:
            state.sequence = min(state.sequence, arrival.sequence - 1)
        state.held, state.guilty = state.held + 1, True


@dataclass(frozen=True, slots=True)
class Sorting:
    """One batch being sorted into its outcome, in the order of the records."""

    reading: Reading
    outcome: Outcome
    waiting: Waiting

    def sort(self, records: Sequence[Raw]) -> None:
        """Decide for each record."""
        for raw in records:
            try:
                arrival = self.reading.arrival(raw)
            except Undecodable as error:
                self._park(raw, error)
            else:
                self._place(arrival)

    def _park(self, raw: Raw, error: Undecodable) -> None:
        key, outcome = key_id(raw.key), self.outcome
        outcome.parked.append(held.Parked(raw, key, None, error.reason, str(error)))
        outcome.counts["parked", raw.topic] += 1
        outcome.blame()
        if key is not None and not self.reading.keeps_newest(raw.topic):
            state = outcome.states.setdefault((raw.topic, key), held.State())
            state.held, state.guilty = state.held + 1, True

    def _place(self, arrival: Arrival) -> None:
        topic, outcome = arrival.raw.topic, self.outcome
        if (state := outcome.states.get((topic, arrival.key))) is None:
            state = outcome.states[topic, arrival.key] = held.State()
        if self.reading.keeps_newest(topic):
            self._place_newest(arrival, state)
        elif arrival.other_version:
            outcome.counts["ignored", topic] += 1
        elif arrival.sequence <= state.sequence:
            outcome.counts["duplicate", topic] += 1
        elif state.guilty or arrival.sequence > state.sequence + 1:
            reason = "behind" if state.guilty else "gap"
            outcome.parked.append(held.Parked(arrival.raw, arrival.key, arrival.sequence, reason, ""))
            outcome.counts["held", topic] += 1
            state.held += 1
        else:
            self._take(arrival, state)
            if state.held:
                self._take_waiting(arrival, state)

    def _place_newest(self, arrival: Arrival, state: held.State) -> None:
        """The newest record of a key is all there is: it runs, and what was kept before it is dropped."""
        topic = arrival.raw.topic
        if not arrival.tombstone and arrival.sequence <= state.sequence:
            self.outcome.counts["duplicate", topic] += 1
            return
        state.sequence = max(state.sequence, arrival.sequence)
        self.outcome.run.append(arrival)
        if state.held:
            state.held = 0
            self.outcome.drop(self.waiting.get((topic, arrival.key), []))

    def _take(self, arrival: Arrival, state: held.State) -> None:
        state.sequence = arrival.sequence
        self.outcome.run.append(arrival)

    def _take_waiting(self, arrival: Arrival, state: held.State) -> None:
        """A gap filled: the held facts that follow without a gap run in the same transaction."""
        mine, outcome = (arrival.raw.topic, arrival.key), self.outcome
        following: list[held.Waiting | held.Parked] = [
            w for w in self.waiting.get(mine, []) if w.id not in outcome.healed
        ]
        following += [p for p in outcome.parked if (p.raw.topic, p.key) == mine]
        for kept in sorted(following, key=lambda kept: kept.sequence or 0):
            if (kept.sequence or 0) > state.sequence + 1 or not self._take_kept(kept, state):
                break

    def _take_kept(self, kept: held.Waiting | held.Parked, state: held.State) -> bool:
        """One held record whose turn has come; False when it can no longer be read and blocks the rest."""
        outcome, state.held = self.outcome, state.held - 1
        if isinstance(kept, held.Parked):
            outcome.parked.remove(kept)
            outcome.counts["held", kept.raw.topic] -= 1
        if kept.sequence == state.sequence + 1:
            return self._run_kept(kept, state)
        if isinstance(kept, held.Waiting):
            outcome.drop([kept])
        else:
            outcome.counts["duplicate", kept.raw.topic] += 1
        return True

    def _run_kept(self, kept: held.Waiting | held.Parked, state: held.State) -> bool:
        if waited := isinstance(kept, held.Waiting):
            self.outcome.healed.append(kept.id)
        try:
            arrival = self.reading.arrival(kept.raw, retried=waited)
        except Undecodable as error:
            self._park(kept.raw, error)
            return False
        self._take(arrival, state)
        return True
