import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from deploy.postgres.roles import Entry, entries, found
from shared.testing.stack import TestStack


async def connect(entry: Entry, database: str | None = None) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=entry.host,
        port=entry.port,
        user=entry.role,
        password=entry.password,
        database=database or entry.database,
        timeout=10,
    )


@pytest_asyncio.fixture
async def kept(stack: TestStack) -> AsyncIterator[list[Entry]]:
    """The superuser's line, and those of two services that exist nowhere yet."""
    url = urlsplit(stack.admin_url)
    place = (url.hostname or "", url.port or 0)
    root = Entry(*place, url.path[1:], url.username or "", url.password or "")
    names = [f"it's {secrets.token_hex(4)}" for _ in range(2)]
    made = [root, *(Entry(*place, name, name, f"'{secrets.token_hex(8)}\\") for name in names)]
    yield made
    admin = await connect(root)
    for entry in made[1:]:
        await admin.execute(f'DROP DATABASE IF EXISTS "{entry.database}" WITH (FORCE)')
        await admin.execute(f'DROP ROLE IF EXISTS "{entry.role}"')
    await admin.close()


@pytest.mark.postgres
async def test_each_role_owns_its_database_and_reaches_no_other(kept: list[Entry]) -> None:
    _, one, other = kept
    assert await found(kept) == [one.database, other.database]
    connection = await connect(one)
    await connection.execute("CREATE TABLE mine (id int)")
    await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect(one, other.database)


@pytest.mark.postgres
async def test_done_twice_it_makes_nothing_and_a_new_password_counts(kept: list[Entry]) -> None:
    root, one, other = kept
    await found(kept)
    changed = Entry(one.host, one.port, one.database, one.role, "another")
    assert await found([root, changed, other]) == []
    await (await connect(changed)).close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(one)


def test_a_line_is_read_as_it_was_written_and_its_password_is_not_shown_by_chance() -> None:
    entry = Entry("postgres", 5432, "intake", "intake", "secret")
    assert entries(f"# who may connect\n{entry}\n\n") == [entry]
    assert "secret" not in repr(entry)


def test_a_line_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 5"):
        entries("postgres:5432:intake:secret")
