"""Yardstick (a) of `submit`: a bare endpoint, two inserts in one transaction, no crypto, no rights, no idempotency."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI

from deploy.bench.limits.serving import Filed, arguments, serve
from deploy.bench.loop import run
from shared.moments import system_clock, uuid7

TABLES = """CREATE TABLE IF NOT EXISTS filed (id uuid PRIMARY KEY, procedure text NOT NULL, unit text NOT NULL, channel text NOT NULL,
    submitted_at timestamptz NOT NULL, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS event (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload bytea NOT NULL)"""


def app_of(pool: Any) -> FastAPI:
    """The one endpoint."""
    app = FastAPI()

    @app.post("/dossiers", status_code=201)
    async def file(body: Filed) -> dict[str, Any]:
        id_, now = uuid7(), system_clock()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO filed (id, procedure, unit, channel, submitted_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
                id_, body.procedure, body.unit, body.channel, now, body.model_dump_json(),
            )  # fmt: skip
            await connection.execute("INSERT INTO event (payload) VALUES ($1)", _payload(id_, body))
        return {"id": id_, "state": "submitted", "version": 1, "submitted_at": now}

    return app


def _payload(id_: UUID, body: Filed) -> bytes:
    return orjson.dumps({"id": str(id_), "type": "submitted", "procedure": body.procedure, "unit": body.unit})


async def main() -> None:
    """Serve on the given port with the given database."""
    given = arguments()
    pool = await asyncpg.create_pool(given.url, min_size=1, max_size=8, reset=_keep)
    await pool.execute(TABLES)
    await serve(app_of(pool), given.port)


async def _keep(_connection: Any) -> None:
    """As the product: sessions keep no state."""


if __name__ == "__main__":
    run(main())
