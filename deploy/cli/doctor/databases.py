"""What a service's database tells: is it at this version, does its outbox empty, do its clocks tick, do its chains hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any

from deploy.cli.installation import Installation
from deploy.cli.screen import age
from deploy.cli.stack import Finding
from deploy.cli.up import blueprint
from shared.bus.held import WAITING
from shared.bus.relay import LOCK
from shared.store import deadlines, migrate, recount
from shared.store.db import Connection
from shared.store.facts import GENESIS, FactRow, chain_hash

SLOW = 60
"""Seconds an outbox or a deadline may wait."""
LONG_GAP = 600
"""Seconds a record may wait for the one before it."""
AGGREGATES = 200
COUNTING = ("intake", "complaints")
"""Those whose limits are counted again after an act changed the law's data."""

_LEADING = """SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database()
    AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = $1)"""
_OUTBOX = "SELECT count(*) AS rows, coalesce(extract(epoch FROM clock_timestamp() - min(added_at)), 0)::float AS oldest FROM outbox"
_PARKED = (
    "SELECT consumer, reason, count(*) AS records, min(parked_at) AS oldest FROM parked GROUP BY 1, 2 ORDER BY 1, 2"
)
_NEWEST = """WITH newest AS (SELECT DISTINCT aggregate FROM (SELECT aggregate FROM fact ORDER BY id DESC LIMIT $1) f)
SELECT f.*, s.sequence AS last, s.head FROM newest n JOIN fact f USING (aggregate) LEFT JOIN stream s ON s.id = n.aggregate
ORDER BY f.aggregate, f.sequence"""


async def check(here: Installation, service: str) -> list[Finding]:
    """All findings of one service's database; not at this version, nothing else can be asked of it."""
    async with here.session(service) as db:
        version = await _version(here, service)
        if not version.good:
            return [version]
        return [version, *[finding async for finding in _inside(here, service, db)]]


async def _inside(here: Installation, service: str, db: Connection) -> AsyncIterator[Finding]:
    yield await _relay(service, db)
    yield await _outbox(service, db)
    yield await _sweeper(here, service, db)
    for finding in await _parked(here, service, db):
        yield finding
    if service in COUNTING:
        yield await _counted(service, db)
    yield await _chains(service, db)


async def _version(here: Installation, service: str) -> Finding:
    found, wanted = await migrate.current(here.urls[service]), migrate.newest(blueprint(service).migrations)
    subject = f"{service}: database"
    if found == wanted:
        return Finding(True, subject, f"answers, at revision {found}")
    return Finding(
        False,
        subject,
        f"at revision {found or 'none'}, this version needs {wanted}",
        f"gandan migrate --service {service}",
    )


async def _relay(service: str, db: Connection) -> Finding:
    if await db.fetchval(_LEADING, LOCK):
        return Finding(True, f"{service}: relay", "one process sends the outbox")
    return Finding(
        False,
        f"{service}: relay",
        "no process sends the outbox: facts are kept and nobody hears them",
        f"gandan up {service}",
    )


async def _outbox(service: str, db: Connection) -> Finding:
    row = await db.fetchrow(_OUTBOX)
    words = f"{row['rows']} facts wait, the oldest for {age(row['oldest'])}" if row["rows"] else "empty"
    slow = row["oldest"] > SLOW
    return Finding(not slow, f"{service}: outbox", words, "look at Kafka and at the relay in /readyz" if slow else "")


async def _sweeper(here: Installation, service: str, db: Connection) -> Finding:
    oldest = await db.fetchval(deadlines.OLDEST)
    behind = (here.clock() - oldest).total_seconds() if oldest is not None else 0
    if behind <= SLOW:
        return Finding(True, f"{service}: deadlines", "every stage that has come is announced")
    words = f"a stage came {age(behind)} ago and is not announced"
    return Finding(False, f"{service}: deadlines", words, f"gandan up {service}, and look at its timers in /readyz")


async def _parked(here: Installation, service: str, db: Connection) -> list[Finding]:
    found = [_kept(here, service, row) for row in await db.fetch(_PARKED)]
    return found or [Finding(True, f"{service}: parked", "nothing")]


def _kept(here: Installation, service: str, row: Any) -> Finding:
    waited = (here.clock() - row["oldest"]).total_seconds()
    words = f"{row['records']} records of {row['consumer']} ({row['reason']}), the oldest for {age(waited)}"
    fine = row["reason"] in WAITING and waited < LONG_GAP
    remedy = f"gandan parked list --consumer {row['consumer']}, then retry or discard"
    return Finding(fine, f"{service}: parked", words, "" if fine else remedy)


async def _counted(service: str, db: Connection) -> Finding:
    failed = await db.fetchval(recount.FAILED)
    if not failed:
        return Finding(True, f"{service}: limits", "every limit that an act touches is counted again, or soon will be")
    words = f"{failed} were passed over when limits were counted again: they stand as before"
    remedy = "their ids are in the log; when they are mended: gandan calendar recount"
    return Finding(False, f"{service}: limits", words, remedy)


async def _chains(service: str, db: Connection) -> Finding:
    rows = await db.fetch(_NEWEST, AGGREGATES)
    histories = [list(group) for _, group in groupby(rows, key=lambda row: row["aggregate"])]
    broken = [history[0]["aggregate"] for history in histories if not _holds(history)]
    if not broken:
        return Finding(True, f"{service}: history", f"the chains of the {len(histories)} newest aggregates hold")
    words = f"the chain of {broken[0]} is broken" + (f", and {len(broken) - 1} more" if broken[1:] else "")
    return Finding(
        False, f"{service}: history", words, f"gandan verify --service {service}; keep the database as it is"
    )


def _holds(history: Sequence[Any]) -> bool:
    """Whether each fact follows the one before, was not changed, and the last one is the aggregate's head."""
    head = GENESIS
    for number, row in enumerate(history, 1):
        fact = FactRow(**{name: row[name] for name in FactRow.__slots__})
        if row["sequence"] != number or row["previous"] != head or chain_hash(head, fact) != row["hash"]:
            return False
        head = row["hash"]
    return bool(history[-1]["last"] == len(history) and history[-1]["head"] == head)
