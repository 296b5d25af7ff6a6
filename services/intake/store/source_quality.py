"""The SQL of how well source systems tell: written with each batch, read by day, by hour and by number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from services.intake.domain.source_quality import LAGS, Day, Lags, Missing
from services.intake.domain.source_shapes import UPSERTED
from services.intake.domain.sources import Reason
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_HEARD = f"""INSERT INTO source_hour AS h (source, hour, events, {", ".join(LAGS)}, least)
SELECT u.source, date_trunc('hour', u.at), u.events, {", ".join(f"u.{lag}" for lag in LAGS)}, u.least
FROM unnest($1::text[], $2::timestamptz[], $3::int8[], {", ".join(f"${n}::int8[]" for n, _ in enumerate(LAGS, 4))}, ${4 + len(LAGS)}::float8[]) AS u(source, at, events, {", ".join(LAGS)}, least)
ON CONFLICT (source, hour) DO UPDATE SET events = h.events + excluded.events, {", ".join(f"{lag} = h.{lag} + excluded.{lag}" for lag in LAGS)},
least = least(h.least, excluded.least) RETURNING 1"""
_TALLY = "SELECT day, what, number FROM source_tally WHERE source = $1 AND day >= $2"
_LAGS = f"""SELECT coalesce(sum(events), 0)::int8 AS events, {", ".join(f"coalesce(sum({lag}), 0)::int8 AS {lag}" for lag in LAGS)}, min(least) AS least
FROM source_hour WHERE source = $1 AND hour >= $2"""
_SKEW = """SELECT source, -min(least) AS skew FROM (
    SELECT source, least, row_number() OVER (PARTITION BY source ORDER BY hour DESC) AS back FROM source_hour
    WHERE ($1::text IS NULL OR source = $1) AND hour >= $2 AND least IS NOT NULL) h WHERE back <= $3 GROUP BY source"""
"""By the last hours in which times were said."""
_ACTIVE = """SELECT h.source, h.hour FROM source_hour h JOIN source s ON s.id = h.source
WHERE ($1::text IS NULL OR h.source = $1) AND h.hour >= s.heard_at - $2::interval ORDER BY 1, 2"""
_WAITING = """SELECT waits_for, (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, count(*) AS number, min(received_at) AS oldest
FROM source_event WHERE source = $1 AND status = 'waiting' GROUP BY 1, 2"""
_HEARD_AT = "SELECT id, heard_at FROM source WHERE $1::text IS NULL OR id = $1"
_GAPS = """WITH heard AS (
    SELECT code FROM dossier WHERE source = $1 AND submitted_at >= $2 UNION
    SELECT code FROM source_event WHERE source = $1 AND received_at >= $2 AND status <> 'accepted' AND type = $5 AND code ~ '-[0-9]{4,10}$'),
told AS (SELECT substring(code FROM '^(.*)-[0-9]+$') AS series, substring(code FROM '([0-9]+)$')::int8 AS n FROM heard),
following AS (SELECT series, n, lag(n) OVER (PARTITION BY series ORDER BY n) AS before FROM told),
gap AS (SELECT series, coalesce(before, CASE WHEN n <= $3 THEN 0 ELSE n - 1 END) + 1 AS first, n - 1 AS last FROM following)
SELECT series, first, last, sum(last - first + 1) OVER ()::int8 AS number FROM gap WHERE last >= first AND last - first < $6 ORDER BY series DESC, first LIMIT $4"""
_TOTALS = """SELECT source, what, sum(number)::int8 AS number FROM source_tally WHERE $1::date IS NULL OR day >= $1
GROUP BY source, what"""
_STANDS = "SELECT source, count(*) AS number FROM source_event WHERE status = 'waiting' GROUP BY source"
_REASONS = frozenset(each.value for each in Reason)
LAST_HOURS = 24
FIRST_NUMBERS = 100
"""A series that is first heard of below this number began at 1."""
MOST_GAPS = 100
LEAP = 1000
"""So many numbers at once are nobody's dossiers: another range of numbers begins."""


def heard(work: Work, lags: Mapping[str, Lags]) -> None:
    """Count what came of each source in this hour."""
    told = [(id_, of) for id_, of in lags.items() if of.events]
    rows = ((id_, work.now, of.events, *(of.counts[lag] for lag in LAGS), of.least) for id_, of in told)
    work.rows_along(_HEARD, rows)


async def days(connection: Connection, source: str, first: date, last: date) -> tuple[Sequence[Day], Mapping[str, int], int]:  # fmt: skip
    """What came of the events day by day, rejections by reason (the most frequent first), and fields nobody knows."""
    counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    reasons: dict[str, int] = defaultdict(int)
    unknown = 0
    for row in await connection.fetch(_TALLY, source, first):
        of_day, what, number = counts[row["day"]], row["what"], row["number"]
        if what in _REASONS:
            of_day["rejected"] += number
            reasons[what] += number
        elif what == "unknown-fields":
            unknown += number
        elif what in {"accepted", "duplicate"}:
            of_day["duplicates" if what == "duplicate" else what] += number
    for row in await connection.fetch(_WAITING, source):
        counts[max(row["day"], first)]["waiting"] += row["number"]
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    ordered = dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))
    return [Day(day, **counts[day]) for day in every], ordered, unknown


async def waiting(connection: Connection, source: str) -> tuple[Mapping[str, int], datetime | None]:
    """What waits now by what it waits for, and since when the oldest does."""
    rows = await connection.fetch(_WAITING, source)
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row["waits_for"] or ""] += row["number"]
    return dict(sorted(found.items())), min((row["oldest"] for row in rows), default=None)


async def lags(connection: Connection, source: str, since: datetime) -> Lags:
    """How late its events came since then."""
    row = await connection.fetchrow(_LAGS, source, since)
    return Lags(row["events"], {lag: row[lag] for lag in LAGS}, row["least"])


async def skews(connection: Connection, source: str | None, since: datetime) -> Mapping[str, float]:
    """Seconds the clocks of sources are ahead of ours, by the last hours in which they said a time."""
    return {row["source"]: row["skew"] for row in await connection.fetch(_SKEW, source, since, LAST_HOURS)}


async def active(connection: Connection, source: str | None, span: timedelta) -> Mapping[str, Sequence[datetime]]:
    """The hours in which sources were heard, within so much time until each was heard last."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for row in await connection.fetch(_ACTIVE, source, span):
        found[row["source"]].append(row["hour"])
    return found


async def heard_at(connection: Connection, source: str | None) -> Mapping[str, datetime | None]:
    """When sources were last heard."""
    return {row["id"]: row["heard_at"] for row in await connection.fetch(_HEARD_AT, source)}


async def gaps(connection: Connection, source: str, since: datetime) -> tuple[Sequence[Missing], int]:
    """Numbers of dossiers that were never heard of, not even to wait or be rejected: the newest series first, and how many in all."""
    rows = await connection.fetch(_GAPS, source, since, FIRST_NUMBERS, MOST_GAPS, UPSERTED.type, LEAP)
    return [Missing(row["series"], row["first"], row["last"]) for row in rows], rows[0]["number"] if rows else 0


async def totals(connection: Connection, since: date | None = None) -> Mapping[tuple[str, str], int]:
    """How many events of each source ended how since a day, or ever."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in await connection.fetch(_TOTALS, since):
        outcome = "rejected" if row["what"] in _REASONS else row["what"]
        if outcome in {"accepted", "rejected", "duplicate"}:
            found[row["source"], outcome] += row["number"]
    return found


async def stands(connection: Connection) -> Mapping[str, int]:
    """How many events of each source wait."""
    return {row["source"]: row["number"] for row in await connection.fetch(_STANDS)}
