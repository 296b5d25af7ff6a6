"""Form 06 from the lines alone: how every dossier stood at the end of the period, whatever happened to it since."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from services.reporting.domain.form06 import Count, Line
from services.reporting.store.reads import Reader

# A dossier enters when it is received at the counter or accepted, and leaves when it is settled or withdrawn; what was never accepted
# is outside the form. `turns`: how often its clock had stopped or gone on by the end of the period; `promised`: the promise that stood
# then. One whose clock stood still before its promised day is not overdue (column 12), whatever the day.
_FORM = """WITH RECURSIVE tree AS (
    SELECT unit FROM unit_line_{v} WHERE unit = $1 UNION SELECT u.unit FROM unit_line_{v} u JOIN tree t ON u.parent = t.unit),
stood AS (SELECT l.*, CASE WHEN channel = 'direct' THEN received_on ELSE (accepted_at AT TIME ZONE INTERVAL '7 hours')::date END AS entered,
    coalesce(settled_on, withdrawn_on) AS gone, (SELECT count(*) FROM unnest(stops) AS s(at) WHERE s.at < $4)::int AS turns
    FROM dossier_line_{v} l JOIN tree USING (unit) WHERE accepted_at IS NOT NULL),
judged AS (SELECT unit, procedure, channel, entered, CASE WHEN gone IS NOT NULL THEN greatest(gone, entered) END AS ended, turns % 2 = 1 AS still,
    CASE WHEN settled_on IS NOT NULL THEN timing WHEN withdrawn_on < promised_on THEN 'before' WHEN withdrawn_on > promised_on THEN 'over' ELSE 'on' END AS timing,
    coalesce(promises[turns / 2 + 1], promised_on) < $3
        AND NOT (turns % 2 = 1 AND (stops[turns] AT TIME ZONE INTERVAL '7 hours')::date <= promises[turns / 2 + 1]) AS late FROM stood),
counted AS (SELECT * FROM judged WHERE entered <= $3 AND (ended IS NULL OR ended >= $2))
SELECT coalesce(u.level, 'unknown') AS level, coalesce(p.sector, 'unknown') AS sector,
    count(*) FILTER (WHERE entered >= $2 AND channel = 'online') AS online, count(*) FILTER (WHERE entered >= $2 AND channel <> 'online') AS other,
    count(*) FILTER (WHERE entered < $2) AS carried, count(*) FILTER (WHERE ended <= $3 AND timing = 'before') AS before,
    count(*) FILTER (WHERE ended <= $3 AND timing NOT IN ('before', 'over')) AS on, count(*) FILTER (WHERE ended <= $3 AND timing = 'over') AS over,
    count(*) FILTER (WHERE (ended IS NULL OR ended > $3) AND NOT late) AS within, count(*) FILTER (WHERE (ended IS NULL OR ended > $3) AND late) AS overdue,
    count(*) FILTER (WHERE (ended IS NULL OR ended > $3) AND still AND NOT late) AS paused
FROM counted c LEFT JOIN unit_line_{v} u USING (unit) LEFT JOIN procedure_line_{v} p USING (procedure) GROUP BY 1, 2 ORDER BY 1, 2"""


async def form06(reader: Reader, unit: str, first: date, last: date, closing: datetime) -> list[Line]:
    """The lines of the form for a unit with all below it; `closing` is the instant at which the last day ends."""
    found = await reader.db.fetch(_FORM.format(v=reader.version), unit, first, last, closing)
    return [_line(dict(row)) for row in found]


def _line(row: dict[str, Any]) -> Line:
    return Line(row.pop("level"), row.pop("sector"), Count(**row))
