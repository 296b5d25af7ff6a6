"""Yardstick (b) of `submit`: the very rows of the product, with its crypto and its law, one execute after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
import orjson
from fastapi import FastAPI, Header

from deploy.bench.limits.filing import Filing, Maker
from deploy.bench.limits.serving import Filed, arguments, serve
from deploy.bench.loop import run
from services.intake.domain import SNAPSHOT
from shared.moments import system_clock
from shared.settings import Settings

_DOSSIER = ", ".join(f'"{name}"' for name in SNAPSHOT)
_INSERT_DOSSIER = f"INSERT INTO dossier ({_DOSSIER}, person, summary, components) VALUES ({', '.join(f'${n}' for n in range(1, len(SNAPSHOT) + 4))})"


@dataclass(slots=True)
class Naive:
    """Writes one filing, statement by statement."""

    pool: Any
    maker: Maker

    async def file(self, body: Filed, key: str) -> dict[str, Any]:
        """Everything of one dossier in one transaction, ten statements."""
        now, fingerprint = system_clock(), sha256(key.encode()).digest()
        async with self.pool.acquire() as db, db.transaction():
            await db.execute(
                "INSERT INTO idempotency (principal, key, fingerprint, status, answer, created_at) VALUES ($1, $2, $3, 201, $4, $5)",
                fingerprint[:16], key, fingerprint, b"null", now,
            )  # fmt: skip
            number = await db.fetchval(
                "INSERT INTO code_counter AS c (agency, day, last) VALUES ($1, $2, 1) ON CONFLICT (agency, day) DO UPDATE SET last = c.last + 1 RETURNING last",
                self.maker.agency(body.unit), now.date(),
            )  # fmt: skip
            filing = self.maker.make(body, number, now)
            await self._people(db, filing, now)
            await self._dossier(db, filing, body)
            await self._history(db, filing)
            answer = filing.answer()
            await db.execute(
                "UPDATE idempotency SET answer = $3 WHERE principal = $1 AND key = $2", fingerprint[:16], key, answer
            )
        shown: dict[str, Any] = orjson.loads(answer)
        return shown

    async def _people(self, db: Any, filing: Filing, now: datetime) -> None:
        person = filing.person
        await db.execute(
            "INSERT INTO person (id, recipient, data_key, key_id, sealed, identity_index, phone_index, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
            person.id, person.recipient, person.data_key, person.key_id, person.sealed, person.identity_index, person.phone_index, now,
        )  # fmt: skip
        await db.execute(
            """INSERT INTO contact AS c (recipient, person, sequence) VALUES ($1, $2, 1)
            ON CONFLICT (recipient) DO UPDATE SET person = excluded.person, sequence = c.sequence + 1""",
            person.recipient, person.id,
        )  # fmt: skip
        await db.execute("INSERT INTO outbox (contact) VALUES ($1)", person.recipient)

    async def _dossier(self, db: Any, filing: Filing, body: Filed) -> None:
        values = (getattr(filing.dossier, name) for name in SNAPSHOT)
        papers = [paper.model_dump() for paper in body.components]
        await db.execute(_INSERT_DOSSIER, *values, filing.person.id, body.summary, papers)
        deadline = filing.schedule
        await db.execute(
            """INSERT INTO deadline (aggregate, kind, rule, rule_version, clock, due_at, due_on, last_due_at, warn_at, breach_at, stage, stage_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, 'breach', $9)""",
            deadline.aggregate, deadline.kind, deadline.rule, deadline.rule_version, deadline.clock, deadline.due_at, deadline.due_on,
            deadline.warn_at, deadline.breach_at,
        )  # fmt: skip

    async def _history(self, db: Any, filing: Filing) -> None:
        await db.execute(
            "INSERT INTO stream (id, sequence, head) VALUES ($1, 1, $2)", filing.dossier.id, filing.fact[-1]
        )
        await db.execute(
            f"INSERT INTO fact VALUES ({', '.join(f'${n}' for n in range(1, len(filing.fact) + 1))})", *filing.fact
        )
        await db.execute("INSERT INTO outbox (fact) VALUES ($1)", _fact_id(filing))


def _fact_id(filing: Filing) -> UUID:
    found: UUID = filing.fact[0]
    return found


def app_of(naive: Naive) -> FastAPI:
    """The one endpoint."""
    app = FastAPI()

    @app.post("/dossiers", status_code=201)
    async def file(body: Filed, idempotency_key: Annotated[str, Header()]) -> dict[str, Any]:
        return await naive.file(body, idempotency_key)

    return app


async def prepare(connection: Any) -> None:
    """JSON columns take plain values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(), decoder=msgspec.json.decode
    )  # fmt: skip


async def main() -> None:
    """Serve on the given port with the given database and the product's keys."""
    given = arguments()
    pool = await asyncpg.create_pool(given.url, min_size=1, max_size=8, init=prepare)
    maker = Maker(Settings(home=Path(given.home)).load_keys())
    await serve(app_of(Naive(pool, maker)), given.port)


if __name__ == "__main__":
    run(main())
