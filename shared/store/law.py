"""The law as a service knows it: the records beside its rows, and the value made from them that its process computes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shared.contracts.envelope import Fact
from shared.law import Law, Record, shipped, standing
from shared.store.db import Connection

_READ = "SELECT key, record FROM law_record ORDER BY key"
_KEEP = """INSERT INTO law_record (key, record) SELECT * FROM unnest($1::text[], $2::jsonb[])
ON CONFLICT (key) DO UPDATE SET record = excluded.record"""


@dataclass(slots=True)
class StandingLaw:
    """Holds the law of a process; a timer has it read again, so that an act counts here soon after it was confirmed elsewhere."""

    law: Law = field(default_factory=shipped)
    records: Sequence[tuple[str, Record]] = ()

    async def refresh(self, connection: Connection) -> None:
        """Take over what stands beside the rows now."""
        records = await read(connection)
        if records != self.records:
            self.law, self.records = standing(record for _, record in records), records


async def read(connection: Connection) -> Sequence[tuple[str, Record]]:
    """All records by key."""
    return [(row["key"], row["record"]) for row in await connection.fetch(_READ)]


async def keep(connection: Connection, records: Mapping[str, Record]) -> None:
    """Keep these records by key; each replaces the one before."""
    keys = sorted(records)
    await connection.execute(_KEEP, keys, [records[key] for key in keys])


async def keep_facts(connection: Connection, stated: Sequence[Any]) -> None:
    """Keep what facts of `intake.calendar` say, the last of each key."""
    await keep(connection, {fact.key: record_of(fact) for fact in stated})


def record_of(fact: Fact) -> dict[str, Any]:
    """What a fact of `intake.calendar` says, as `shared.law.standing` reads it."""
    said: dict[str, Any] = msgspec.to_builtins(fact)
    return {name: value for name, value in said.items() if name not in {"key", "act", "occurred_at"}}
