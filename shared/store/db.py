"""Connections: one asyncpg pool per service; SQLAlchemy builds the statements that are not on a hot path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import asyncpg
import msgspec
from sqlalchemy.dialects.postgresql import asyncpg as sqlalchemy_asyncpg
from sqlalchemy.sql import ClauseElement

Connection: TypeAlias = Any
"""An asyncpg connection, or a pooled one."""

Pool: TypeAlias = Any
"""An asyncpg pool."""

TRANSIENT: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""What passes by itself: the connection, the server, a lock or a conflict. The same work may be tried again."""

_OURS = re.compile(r"the server expects .* argument|invalid input for query argument")


def passes(error: BaseException) -> bool:
    """Whether this passes by itself; an argument asyncpg refuses to send is a mistake of ours, though an InterfaceError."""
    return isinstance(error, TRANSIENT) and not (isinstance(error, asyncpg.InterfaceError) and _OURS.search(str(error)))


_SESSION = {
    "idle_in_transaction_session_timeout": "5s",
    "transaction_timeout": "30s",
    "timezone": "UTC",
    "jit": "off",
}
_DIALECT: Any = cast("Any", sqlalchemy_asyncpg.dialect)(paramstyle="numeric_dollar")


def plain_url(url: str) -> str:
    """`postgresql+asyncpg://…` -> `postgresql://…`, as asyncpg wants it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="text",
        encoder=lambda v: msgspec.json.encode(v).decode(),
        decoder=msgspec.json.decode,
    )


async def _keep(_connection: Connection) -> None:
    """Sessions keep no state, so nothing is reset on release (asyncpg's default costs a round trip)."""


async def open_pool(url: str, *, name: str, size: int = 8, least: int = 1) -> Pool:
    """A pool whose sessions cannot hold locks for long: a stopped process loses its transaction after 5 s."""
    return await asyncpg.create_pool(
        plain_url(url), min_size=least, max_size=size, init=_prepare, reset=_keep, command_timeout=30, timeout=10,
        server_settings={**_SESSION, "application_name": name},
    )  # fmt: skip


async def open_direct(url: str, *, name: str) -> Connection:
    """One session of its own, for advisory locks and long reads; never through a pooler, no transaction timeout."""
    connection = await asyncpg.connect(
        plain_url(url), timeout=10, server_settings={"application_name": name, "jit": "off", "timezone": "UTC"}
    )
    await _prepare(connection)
    return connection


def compiled(statement: ClauseElement) -> tuple[str, list[Any]]:
    """SQL text with `$n` and its arguments in order, from a SQLAlchemy Core or SQLModel statement."""
    made: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return str(made), [made.params[name] for name in made.positiontup or ()]


def names(columns: Sequence[str]) -> str:
    """Columns as statements name them."""
    return ", ".join(f'"{name}"' for name in columns)


def arrays(table: Any, columns: Sequence[str]) -> str:
    """Rows of a SQLModel table as the arrays `$1`, `$2`…: one a column, of the type it has there."""
    kinds = (table.__table__.c[name].type.compile(dialect=_DIALECT) for name in columns)
    return f"unnest({', '.join(f'${n}::{kind}[]' for n, kind in enumerate(kinds, 1))})"


async def rows(connection: Connection, statement: ClauseElement) -> Sequence[Any]:
    """Fetch all rows of a built statement."""
    text, arguments = compiled(statement)
    found: Sequence[Any] = await connection.fetch(text, *arguments)
    return found


async def row(connection: Connection, statement: ClauseElement) -> Any | None:
    """Fetch the first row of a built statement."""
    text, arguments = compiled(statement)
    return await connection.fetchrow(text, *arguments)
