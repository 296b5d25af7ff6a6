"""Looking for people where they must not be: in every spelling a program may give to a name or a number."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

PLACES: Mapping[str, frozenset[tuple[str, str]]] = {
    "intake": frozenset({
        ("dossier", "summary"), ("dossier", "components"), ("dossier", "supplement"), ("dossier", "reason"),
        ("dossier", "corrections"), ("dossier", "payment"), ("dossier", "apology"), ("dossier", "comment"),
    }),
    "complaints": frozenset({
        ("submission", "body"), ("submission", "reason"), ("submission", "late_reason"), ("submission", "about_project"),
        ("submission", "about_decision_no"), ("submission", "written"), ("case", "summary"), ("case", "points"), ("case", "written"),
    }),
    "notifications": frozenset(),
    "reporting": frozenset(),
}  # fmt: skip
"""Columns that hold texts as people wrote them; the service that took them alone has them."""


@dataclass(frozen=True)
class Person:
    """Somebody invented; every value is unlike any other text of the system."""

    name: str
    identity_no: str
    phone: str
    email: str
    address: str

    def body(self) -> dict[str, str]:
        """As written on a form."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def marks(self) -> Mapping[str, str]:
        """What gives this person away."""
        digits = "".join(filter(str.isdigit, self.phone))
        return self.body() | {
            "identity_no": self.identity_no.replace(".", ""),
            "phone": digits.removeprefix("84").lstrip("0"),
        }


def spellings(value: str) -> Iterator[bytes]:
    """A value as bytes in every form a log, a topic or a column may hold it."""
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, value)
        for cased in {text, text.lower(), text.upper()}:
            yield cased.encode()
            yield cased.encode("utf-16-le")
            yield json.dumps(cased).strip('"').encode()
            yield quote(cased).encode()
            yield cased.encode().hex().encode()
            yield from _base64(cased.encode())


def _base64(value: bytes) -> Iterator[bytes]:
    """The part of its base64 that does not depend on what stands before and after."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + value)
        yield coded[(0, 2, 3)[before] : len(coded) - 4]


class Search:
    """All spellings of all marks of some people; `hits` names what was found where, never the value."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.needles = {
            needle: f"{what} of person {number}"
            for number, person in enumerate(people)
            for what, value in person.marks().items()
            for needle in spellings(value)
        }
        self.hits: list[str] = []
        self.bytes: dict[str, int] = {}

    def look(self, source: str, where: str, content: bytes | None) -> None:
        """Search one content of a kind of source."""
        self.bytes[source] = self.bytes.get(source, 0) + len(content or b"")
        for needle, meaning in self.needles.items():
            if content is not None and needle in content:
                self.hits.append(f"{source}: {where}: {meaning}")


_COLUMNS = """SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY', 'character', 'xml')
ORDER BY 1, 2"""


async def columns(db: Any) -> list[tuple[str, str, str]]:
    """Table, column and type of everything in a database that can hold text."""
    return [(row["table_name"], row["column_name"], row["data_type"]) for row in await db.fetch(_COLUMNS)]


async def values(db: Any, table: str, column: str, kind: str) -> list[bytes]:
    """Every value of a column as bytes."""
    wanted = f'"{column}"' if kind == "bytea" else f'"{column}"::text'
    rows = await db.fetch(f'SELECT {wanted} AS v FROM "{table}" WHERE "{column}" IS NOT NULL')
    return [row["v"] if kind == "bytea" else row["v"].encode() for row in rows]
