"""The only SQL of intake: dossiers by hot statements here; `lists` finds them by built statements.

Beside: `catalogue`, `units`, `staff`, `calendar`, `files`, `portal`; `sources` with `source_quality`, `comparison` and `letters`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from services.intake.domain import ANSWER, SETTLEMENT, SNAPSHOT, Component, Dossier, State, Term
from services.intake.domain.dossier import values
from shared.contracts.envelope import F, decode_foreign, fact_type
from shared.contracts.intake import ResultReturned
from shared.kernel import NotFound
from shared.law import Clock
from shared.store.db import Connection, names
from shared.store.unit_of_work import Work

_OWN = ("person", "owner", "summary", "components", "late_entry_reason", "backlog")
_CREATE = f"INSERT INTO dossier ({names((*SNAPSHOT, *_OWN))}) VALUES ({', '.join(f'${n}' for n in range(1, len(SNAPSHOT) + len(_OWN) + 1))}) RETURNING 1"
_SET = ", ".join(f'"{name}" = ${n}' for n, name in enumerate(SNAPSHOT[1:], 2))
_SEEN, _REASON, _ASKED, _PAYMENT, _APOLOGY, _COMMENT, _ADDED, _CORRECTED, _HANDED, _ANSWERED = (
    f"${len(SNAPSHOT) + n}" for n in range(1, 11)
)
_SAVE = f"""UPDATE dossier SET {_SET}, reason = coalesce({_REASON}, reason), supplement = coalesce({_ASKED}, supplement),
payment = coalesce(coalesce(payment, '{{}}') || {_PAYMENT}, payment), apology = coalesce({_APOLOGY}, apology), comment = coalesce({_COMMENT}, comment),
components = components || {_ADDED}, corrections = corrections || {_CORRECTED},
handovers = coalesce(jsonb_set(handovers, '{{-1}}', (handovers -> -1) || {_ANSWERED}), handovers) || {_HANDED} WHERE id = $1 AND version = {_SEEN} RETURNING 1"""
_LOCK = """SELECT d.id, s.sequence, s.head FROM dossier d JOIN stream s ON s.id = d.id WHERE d.id = ANY($1::uuid[])
ORDER BY d.id FOR UPDATE"""
_DOSSIER = f"""SELECT {", ".join(f'd."{name}"' for name in SNAPSHOT)}, a.clock AS answer, t.clock AS settlement
FROM dossier d LEFT JOIN deadline a ON a.aggregate = d.id AND a.kind = '{ANSWER}' LEFT JOIN deadline t ON t.aggregate = d.id AND t.kind = '{SETTLEMENT}'"""
_BY_ID, _BY_CODE = f"{_DOSSIER} WHERE d.id = $1", f"{_DOSSIER} WHERE d.code = $1"
_BY_IDS = f"{_DOSSIER} WHERE d.id = ANY($1::uuid[])"
_RESUBMITTED = """SELECT resubmits, id FROM dossier WHERE resubmits = ANY($1::uuid[])"""
_NUMBERS = """WITH wanted AS (SELECT * FROM unnest($1::text[], $2::date[], $3::int4[]) AS w(agency, day, number)),
counted AS (INSERT INTO code_counter AS c (agency, day, last) SELECT * FROM wanted
ON CONFLICT (agency, day) DO UPDATE SET last = c.last + excluded.last RETURNING agency, day, last)
SELECT agency, day, given, d.code IS NOT NULL AS taken FROM counted JOIN wanted USING (agency, day)
CROSS JOIN LATERAL generate_series(last - number + 1, last) AS given LEFT JOIN LATERAL (SELECT code FROM dossier
WHERE code = agency || to_char(day, '-YYMMDD-') || lpad(given::text, greatest(4, length(given::text)), '0') OFFSET 0) AS d ON true ORDER BY given"""
"""Numbers of our counters; `taken` are those under which another system told of a dossier of its own."""
_GIVEN_BACK = """UPDATE code_counter c SET last = u.first - 1 FROM unnest($1::text[], $2::date[], $3::int4[]) AS u(agency, day, first)
WHERE c.agency = u.agency AND c.day = u.day"""
_LATE = "SELECT id, code, unit, recipient, handler, source FROM dossier WHERE id = ANY($1::uuid[])"
_TEXTS = """SELECT summary, components, supplement, reason, payment, apology, corrections, comment, late_entry_reason, handovers,
(SELECT r.id FROM dossier r WHERE r.resubmits = d.id) AS resubmitted_as,
(SELECT f.id FROM file f WHERE f.dossier = d.id AND f.purpose = 'result' ORDER BY f.id DESC LIMIT 1) AS result_file,
EXISTS (SELECT FROM form o WHERE o.dossier = d.id) AS has_form FROM dossier d WHERE d.id = $1"""
_PEOPLE = "p.id, p.data_key, p.sealed, o.id AS owner_id, o.data_key AS owner_data_key, o.sealed AS owner_sealed"
_WITH_PEOPLE = """dossier d JOIN procedure c ON c.code = d.procedure AND c.version = d.procedure_version
JOIN person p ON p.id = d.person LEFT JOIN person o ON o.id = d.owner"""
_PAPERS = f"""SELECT d.summary, d.components, d.supplement, d.payment, d.apology, d.reason, d.corrections, d.handovers, c.name AS procedure_name, c.components AS procedure_components, {_PEOPLE}
FROM {_WITH_PEOPLE} WHERE d.id = $1"""
_REGISTER = f"""SELECT d.id AS dossier, d.code, d.sets, d.procedure, d.procedure_version, c.name AS procedure_name, c.decided_by, d.state, d.received_at, d.promised_on,
d.returned_at, f.envelope AS returned, {_PEOPLE}
FROM {_WITH_PEOPLE} LEFT JOIN fact f ON f.aggregate = d.id AND f.type = '{fact_type(ResultReturned)}'
WHERE d.receiving_unit = $1 AND d.received_at >= $2 AND d.received_at < $3 ORDER BY d.received_at, d.code LIMIT $4"""
_LAST_OF = "SELECT type FROM fact WHERE aggregate = $1 AND type = ANY($2::text[]) ORDER BY sequence DESC LIMIT 1"
_ALL_OF = "SELECT envelope FROM fact WHERE aggregate = $1 AND type = $2 ORDER BY sequence"
_LATEST = "SELECT envelope FROM fact WHERE aggregate = $1 AND type = $2 ORDER BY sequence DESC LIMIT 1"
_OPEN_ALIKE = """SELECT array_agg(d.code ORDER BY d.id) AS codes
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS o(recipient, procedure, units, n)
LEFT JOIN LATERAL (SELECT id, code FROM dossier WHERE recipient = o.recipient AND procedure = o.procedure AND closed_at IS NULL
  AND settled_at IS NULL AND (o.units IS NULL OR unit = ANY(string_to_array(o.units, ' '))) ORDER BY id LIMIT 5) d ON true
GROUP BY o.n ORDER BY o.n"""
_CONTACTS = """SELECT c.recipient, c.sequence, p.id, CASE WHEN c.forgotten_at IS NULL THEN p.data_key END AS data_key, p.sealed
FROM contact c JOIN person p ON p.id = c.person WHERE c.recipient = ANY($1::uuid[])"""
_PAPER = tuple(each.name for each in fields(Component))


_Counted: TypeAlias = tuple[str, date]
"""What a counter is of: an agency, and its local day."""


@dataclass(frozen=True, slots=True, repr=False)
class Texts:
    """What stands in a dossier's row and never leaves intake: free text, and the papers by name."""

    summary: str | None
    components: Sequence[Mapping[str, Any]]
    supplement: Mapping[str, Any] | None
    reason: str | None
    payment: Mapping[str, Any] | None
    apology: Mapping[str, Any] | None
    corrections: Sequence[Mapping[str, Any]]
    comment: str | None
    handovers: Sequence[Mapping[str, Any]]
    resubmitted_as: UUID | None
    result_file: UUID | None
    has_form: bool
    late_entry_reason: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Backlog:
    """The row of a dossier of the past: what stands in it beside the dossier."""

    dossier: Dossier
    person: UUID
    owner: UUID | None
    digest: bytes
    summary: str | None = None
    reason: str | None = None
    missing: Sequence[str] = ()
    amount: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """What a command leaves in the dossier's row beside its next version: texts that never leave intake.

    A payment's fields are put together, papers, corrections and hand-overs are added to those there, an answer is written on
    the last hand-over's slip; None leaves what was there.
    """

    reason: str | None = None
    supplement: Mapping[str, Any] | None = None
    payment: Mapping[str, Any] | None = None
    apology: Mapping[str, Any] | None = None
    comment: str | None = None
    papers: Sequence[Component] = ()
    correction: Mapping[str, Any] | None = None
    handovers: Sequence[Mapping[str, Any]] = ()
    answered: Mapping[str, Any] | None = None

    def values(self) -> tuple[Any, ...]:
        """In the order of the statement."""
        corrections = [] if self.correction is None else [self.correction]
        return (
            self.reason, self.supplement, self.payment, self.apology, self.comment, _plain(self.papers), corrections, list(self.handovers),
            self.answered,
        )  # fmt: skip


NOTHING_KEPT = Kept()


def dossier_of(row: Any, *, clocks: bool = True) -> Dossier:
    """A dossier as the domain knows it; of a list without its clocks."""
    kept = {name: row[name] for name in SNAPSHOT}
    kept["state"] = State(kept["state"])
    terms: dict[str, Any] = (
        {ANSWER: _term(row[ANSWER]), SETTLEMENT: _term(row[SETTLEMENT], row["moved_by"], row["appointment_at"])}
        if clocks
        else {}
    )
    return Dossier(**kept, **terms)


def _term(clock: Mapping[str, Any] | None, moved_by: int = 0, promised_at: datetime | None = None) -> Term | None:
    return None if clock is None else Term(Clock.from_dict(clock), moved_by=moved_by, promised_at=promised_at)


def _plain(components: Sequence[Component]) -> list[dict[str, Any]]:
    """As the column keeps them; a paper without a file says nothing of one."""
    return [{name: value for name in _PAPER if (value := getattr(each, name)) is not None} for each in components]


async def next_code(work: Work, agency: str, day: date) -> str:
    """`<agency>-YYMMDD-NNNN`, the next number of that agency and day; taken late, since its row stays locked (decisions 22)."""
    number = await work.ask(_next_numbers, (agency, day), spends=True)
    return f"{agency}-{day:%y%m%d}-{number:04d}"


async def _next_numbers(connection: Connection, counters: Sequence[_Counted]) -> Sequence[int]:
    """The next free number of each counter: where some are taken, twice as many are looked at each time, and those left over are given back."""
    owed = wanted = Counter(counters)
    free: dict[_Counted, list[int]] = {counter: [] for counter in owed}
    while wanted:
        for row in await connection.fetch(_NUMBERS, *_columns(wanted)):
            if not row["taken"]:
                free[row["agency"], row["day"]].append(row["given"])
        wanted = Counter({counter: 2 * wanted[counter] for counter in wanted if len(free[counter]) < owed[counter]})
    given = [free[counter].pop(0) for counter in counters]
    if left := {counter: numbers[0] for counter, numbers in free.items() if numbers}:
        await connection.execute(_GIVEN_BACK, *_columns(left))
    return given


def _columns(numbers: Mapping[_Counted, int]) -> tuple[list[str], list[date], list[int]]:
    """In one order, so that nobody waits for a locked row in a circle."""
    pairs = sorted(numbers.items())
    return [agency for (agency, _), _ in pairs], [day for (_, day), _ in pairs], [number for _, number in pairs]


def create(
    work: Work, dossier: Dossier, *, person: UUID, owner: UUID | None, summary: str | None, components: Sequence[Component],
    late_entry_reason: str | None = None,
) -> None:  # fmt: skip
    """Write a new dossier's row."""
    work.starts(dossier.id)
    work.along(_CREATE, *values(dossier), person, owner, summary, _plain(components), late_entry_reason, None)


async def backlog_lock(work: Work) -> None:
    """One import at a time, so that a code is taken once."""
    await work.db.execute("SELECT pg_advisory_xact_lock(7140072)")


async def known_codes(work: Work, codes: Sequence[str]) -> Mapping[str, bytes | None]:
    """Of these codes those that are taken, and the digest of the line each came with; None: it came otherwise."""
    rows = await work.db.fetch("SELECT code, backlog FROM dossier WHERE code = ANY($1::text[])", list(codes))
    return {row["code"]: row["backlog"] for row in rows}


async def create_many(work: Work, rows: Sequence[Backlog]) -> None:
    """Write the rows of dossiers of the past."""
    for row in rows:
        work.starts(row.dossier.id)
    await work.db.executemany(
        _CREATE,
        [(*values(row.dossier), row.person, row.owner, row.summary, [], None, row.digest) for row in rows],
    )
    asked = [
        (row.dossier.id, {"components": list(row.missing), "reason": row.reason or ""}) for row in rows if row.missing
    ]
    await work.db.executemany("UPDATE dossier SET supplement = $2 WHERE id = $1", asked)
    paid = [(row.dossier.id, _to_pay(row.amount, row.reason)) for row in rows if row.amount is not None]
    await work.db.executemany("UPDATE dossier SET payment = $2 WHERE id = $1", paid)
    await work.db.executemany(
        "UPDATE dossier SET reason = $2 WHERE id = $1", [(row.dossier.id, row.reason) for row in rows if row.reason]
    )


def _to_pay(amount: int, purpose: str | None) -> dict[str, Any]:
    return {"amount": amount, "purpose": purpose or "", "notice_no": None, "reference": None, "paid_at": None}


async def open_alike(work: Work, recipient: UUID, procedure: str, units: frozenset[str] | None) -> Sequence[str]:
    """The codes of this person's dossiers of this procedure that have no result yet, in these units (None: in all): the five oldest."""
    return await work.ask(_open_alike, (recipient, procedure, None if units is None else " ".join(sorted(units))))


async def _open_alike(connection: Connection, asked: Sequence[tuple[UUID, str, str | None]]) -> Sequence[Sequence[str]]:
    rows = await connection.fetch(_OPEN_ALIKE, *map(list, zip(*asked, strict=True)))
    return [[code for code in row["codes"] if code] for row in rows]


async def load(work: Work, id: UUID) -> Dossier:
    """A dossier to be changed, locked, or `NotFound`."""
    found = await work.ask(_lock, id)
    if found is None:
        raise NotFound
    tail, row = found
    work.knows(id, tail["sequence"], tail["head"])
    return dossier_of(row)


async def load_many(work: Work, ids: Sequence[UUID]) -> Sequence[Dossier]:
    """Those of these dossiers that are there, to be changed, locked."""
    found = [each for each in await _lock(work.db, ids) if each is not None]
    for tail, _ in found:
        work.knows(tail["id"], tail["sequence"], tail["head"])
    return [dossier_of(row) for _, row in found]


async def resubmitted(work: Work, id: UUID) -> tuple[Dossier | None, UUID | None]:
    """A dossier that is to be filed again, and the one it was filed again as; two at once are told apart by an index."""
    return await work.ask(_resubmitted, id)


async def _resubmitted(connection: Connection, ids: Sequence[UUID]) -> Sequence[tuple[Dossier | None, UUID | None]]:
    rows = {row["id"]: row for row in await connection.fetch(_BY_IDS, ids)}
    again = {row["resubmits"]: row["id"] for row in await connection.fetch(_RESUBMITTED, ids)}
    return [(dossier_of(rows[each]) if each in rows else None, again.get(each)) for each in ids]


async def _lock(connection: Connection, ids: Sequence[UUID]) -> Sequence[tuple[Any, Any] | None]:
    """Each dossier's place in its history and its row, locked in one order.

    The lock is a statement of its own: a joined row that is not locked would be read as it stood before the wait.
    """
    tails = {tail["id"]: tail for tail in await connection.fetch(_LOCK, ids)}
    rows = {row["id"]: row for row in await connection.fetch(_BY_IDS, list(tails))}
    return [(tails[each], rows[each]) if each in tails else None for each in ids]


def save(work: Work, dossier: Dossier, kept: Kept = NOTHING_KEPT) -> None:
    """Write the next version, and the texts that stay in intake."""
    seen = dossier.version - 1
    work.along(_SAVE, *values(dossier), seen, *kept.values(), seen=seen)


async def dossier(connection: Connection, id: UUID) -> Dossier:
    """A dossier to be read, or `NotFound`."""
    row = await connection.fetchrow(_BY_ID, id)
    if row is None:
        raise NotFound
    return dossier_of(row)


async def dossier_by_code(connection: Connection, code: str) -> Dossier | None:
    """A dossier by its printed code."""
    row = await connection.fetchrow(_BY_CODE, code)
    return None if row is None else dossier_of(row)


async def of_bundle(connection: Connection, bundle: UUID) -> Sequence[Dossier]:
    """The dossiers filed together, in the order of filing."""
    return [
        dossier_of(row)
        for row in await connection.fetch(f"{_DOSSIER} WHERE d.bundle = $1 ORDER BY length(d.code), d.code", bundle)
    ]


async def texts(connection: Connection, id: UUID) -> Texts:
    """What a dossier's reader is shown beside its state."""
    return Texts(**await connection.fetchrow(_TEXTS, id))


async def papers(connection: Connection, id: UUID) -> Mapping[str, Any]:
    """What papers say beside the dossier: its texts and papers, the procedure's, and the vault rows of submitter and owner."""
    row: Mapping[str, Any] = await connection.fetchrow(_PAPERS, id)
    return row


async def register(connection: Connection, unit: str, since: datetime, until: datetime, most: int) -> Sequence[Any]:
    """What a unit received in a span of time, in order: dates, vault rows, and the fact of the return."""
    rows: Sequence[Any] = await connection.fetch(_REGISTER, unit, since, until, most)
    return rows


async def contacts(connection: Connection, recipients: Sequence[UUID]) -> Sequence[Any]:
    """The newest contact of each recipient with its vault row; no key where the person was forgotten."""
    rows: Sequence[Any] = await connection.fetch(_CONTACTS, list(recipients))
    return rows


async def many(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Code, unit, recipient, handler and owning system of these dossiers."""
    return {row["id"]: row for row in await work.db.fetch(_LATE, ids)}


async def history(connection: Connection, id: UUID) -> Sequence[Any]:
    """The facts of a dossier in order."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT sequence, id, type, occurred_at, recorded_at, actor, envelope FROM fact WHERE aggregate = $1 ORDER BY sequence",
        id,
    )
    return rows


async def latest(connection: Connection, id: UUID, kind: type[F]) -> F | None:
    """The newest fact of a kind in the history of a dossier."""
    envelope = await connection.fetchval(_LATEST, id, fact_type(kind))
    return None if envelope is None else msgspec.json.decode(decode_foreign(envelope).data, type=kind)


async def all_of(connection: Connection, id: UUID, kind: type[F]) -> list[F]:
    """The facts of a kind in the history of a dossier, in order."""
    rows = await connection.fetch(_ALL_OF, id, fact_type(kind))
    return [msgspec.json.decode(decode_foreign(row["envelope"]).data, type=kind) for row in rows]


async def last_of(connection: Connection, id: UUID, kinds: Sequence[type[F]]) -> type[F]:
    """Which of these facts, one of which there is, came last."""
    by_type = {fact_type(kind): kind for kind in kinds}
    return by_type[await connection.fetchval(_LAST_OF, id, list(by_type))]


async def reference_lock(work: Work) -> None:
    """One at a time changes reference data, whether seeded, imported or put."""
    await work.db.execute("SELECT pg_advisory_xact_lock(7140071)")
