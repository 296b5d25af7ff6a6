"""The shapes of source events: which fields each type has, which are wrong, and what may not stand in clear. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from shared.contracts.letters import SUBJECTS
from shared.law import ZONE

PREFIX: Final = "vn.gandan.source."
Read = Callable[[Any], Any]
"""The value as we use it; `ValueError` or `TypeError` when it is wrong."""

LETTER = re.compile(r"(?!DT\.)[A-Z]{2}[A-Z0-9]{0,6}(?:\.[A-Z0-9]{1,8}){0,4}-[0-9]{6}(?:[0-9]{2})?-[0-9]{1,6}")
"""A letter's code: a sign, the day, a number. Signs that begin with `DT.` are ours."""
EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
CODE: Final = re.compile(
    r"(?:[A-Z][0-9]{2}(?:\.[0-9]{2,3}){0,3}|[0-9]{3}(?:\.[0-9]{2}){2}\.[A-Z][0-9]{2})-[0-9]{6}(?:[0-9]{2})?-[0-9]{4,10}"
)
"""Decision 20/2020/QĐ-TTg and Circular 03/2025/TT-VPCP, Art. 13, and agencies before them; never read for what it means."""
_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{9}|(?:\+?84|0)[35789][0-9]{8})(?![0-9])")
"""Identity numbers of 12 or 9 digits and Vietnamese mobile numbers."""
_PERSON_ID = re.compile(r"(?<![0-9])(?:0[0-9]{11}|(?:\+?84|0)[35789][0-9]{8})(?![0-9])")
"""In an event's id only what cannot well be a counter."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Nobody's number, though one in a thousand holds digits in a row that look like one."""
_SPLIT = re.compile(r"(?<=[0-9])[ .\-](?=[0-9])")
_SUSPECT = re.compile(r"[0-9](?:[ .\-]?[0-9]){8}|@")
"""Nine digits, with or without separators, or the sign of an address: a text without them names nobody."""
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_FORBIDDEN = frozenset(
    [
        "name",
        "fullname",
        "firstname",
        "lastname",
        "hoten",
        "ten",
        "tenchuhoso",
        "chuhoso",
        "phone",
        "phonenumber",
        "mobile",
        "tel",
        "telephone",
        "sodienthoai",
        "dienthoai",
        "sdt",
        "identity",
        "identityno",
        "identitynumber",
        "idnumber",
        "idno",
        "cccd",
        "cmnd",
        "socccd",
        "socmnd",
        "sodinhdanh",
        "sogiaytochuhoso",
        "citizenid",
        "passport",
        "email",
        "mail",
        "thudientu",
        "address",
        "diachi",
        "diachichitiet",
        "birthdate",
        "dateofbirth",
        "ngaysinh",
    ]
)
"""Names of fields that hold people, without separators and accents; nobody sends these in clear."""
_UNREAD = frozenset({"contact_sealed", "traceparent", "tracestate", "sequence"})
"""Noise by its making: looking for numbers in it finds some."""
_LONGEST_WORD = 40
_DEEPEST = 8
_MOST = 20
"""Wrong fields that are named."""


@dataclass(frozen=True, slots=True)
class Text:
    """Reads a text of this form; of these `words`, where they are a list."""

    form: re.Pattern[str]
    words: tuple[str, ...] = ()

    def __call__(self, value: Any) -> str:
        """The text, or ValueError."""
        if not isinstance(value, str) or self.form.fullmatch(value) is None:
            raise ValueError(self.form.pattern)
        return value


def text(pattern: str) -> Read:
    """A text of this form."""
    return Text(re.compile(pattern))


def one_of(*words: str) -> Read:
    """One of these words."""
    return Text(re.compile("|".join(map(re.escape, words))), words)


def read_instant(value: Any) -> datetime:
    """An instant with its zone, RFC 3339."""
    found = instant(value)
    if found is None:
        raise ValueError("an instant")
    return found


def instant(value: Any) -> datetime | None:
    """An instant with a zone, of this century or the last; None for anything else."""
    if not isinstance(value, str) or len(value) > 40:  # noqa: PLR2004 - with any fraction
        return None
    return _instant(value)


@lru_cache(maxsize=4096)
def _instant(value: str) -> datetime | None:
    """The same instant stands in several fields of an event, and each is looked at more than once."""
    if "T" not in value.upper():
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.tzinfo is None or not 1990 <= found.year <= 2199:  # noqa: PLR2004 - beyond it is a mistake
        return None
    return found


def read_status(value: Any) -> int:
    """A portal number."""
    if type(value) is not int or not 1 <= value <= 10:  # noqa: PLR2004 - the portal's ten
        raise ValueError("1..10")
    return value


def read_flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def read_sealed(value: Any) -> bytes:
    """A sealed box in base64: 48 bytes more than its content."""
    if not isinstance(value, str) or len(value) > 8192:  # noqa: PLR2004 - a contact has a few hundred bytes
        raise ValueError("base64")
    try:
        found = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("base64") from None
    if len(found) <= 48:  # noqa: PLR2004 - what the box itself takes
        raise ValueError("a sealed box")
    return found


def read_letter_code(value: Any) -> str:
    """A letter's code."""
    if not isinstance(value, str) or not is_letter_code(value):
        raise ValueError("a letter's code")
    return value


def read_day(value: Any) -> date:
    """A day, RFC 3339."""
    if not isinstance(value, str) or re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", value) is None:
        raise ValueError("a day")
    return date.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Count:
    """Reads a whole number from 0 to `most`."""

    most: int

    def __call__(self, value: Any) -> int:
        """The number, or ValueError."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= self.most:
            raise ValueError(f"0..{self.most}")
        return value


def read_code(value: Any) -> str:
    """A dossier's code as Vietnamese systems write it."""
    if not isinstance(value, str) or not is_code(value):
        raise ValueError("a dossier code")
    return value


def is_code(value: str) -> bool:
    """Whether this is a dossier's code."""
    return len(value) <= 40 and CODE.fullmatch(value) is not None  # noqa: PLR2004 - the longest lawful one has about thirty


def is_letter_code(value: str) -> bool:
    """Whether this is a letter's code, and no dossier's."""
    return len(value) <= 40 and LETTER.fullmatch(value) is not None and not is_code(value)  # noqa: PLR2004 - as above


def is_key(value: Any) -> bool:
    """Whether this may be kept of any event as what it is about: the code of a dossier, a letter, or a unit."""
    return isinstance(value, str) and (
        is_code(value) or is_letter_code(value) or re.fullmatch(_UNIT_CODE, value) is not None
    )


def is_event_id(value: Any) -> bool:
    """Whether this can be an event's id: printable, short, nobody's number."""
    if not isinstance(value, str) or EVENT_ID.fullmatch(value) is None:
        return False
    return _UUID.fullmatch(value) is not None or _PERSON_ID.search(value) is None


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a type of event: each read by its own function; `required` must be there, `past` cannot lie ahead."""

    kind: str
    fields: Mapping[str, Read]
    required: frozenset[str]
    past: tuple[str, ...]
    about: str = "code"
    """The field that is also the `subject`."""

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return f"{PREFIX}{self.kind}.v1"

    def wrong(self, data: Mapping[str, Any]) -> Iterator[str]:
        """The names of fields that are missing, unknown or of the wrong form, in order."""
        yield from (name for name in sorted(self.required) if data.get(name) is None)
        for name in data:
            if name not in self.fields:
                yield name if _WORD.fullmatch(name) else "?"
            elif data[name] is not None and not _reads(self.fields[name], data[name]):
                yield name

    def read(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of a right event."""
        return {name: self.fields[name](value) for name, value in data.items() if value is not None}


def _reads(read: Read, value: Any) -> bool:
    try:
        read(value)
    except (ValueError, TypeError):
        return False
    return True


_UNIT_CODE = r"[0-9]{2,5}"
_UNIT = text(_UNIT_CODE)
_NOTE = text(r"[a-z0-9][a-z0-9-]{0,39}")
_REASONS = one_of("typing-error", "misread", "wrong-dossier", "system-error", "other")

UPSERTED = Shape(
    "dossier-upserted",
    {
        "code": read_code, "procedure": text(r"[0-9]\.[0-9]{6}"), "unit": _UNIT, "channel": one_of("direct", "online", "postal"),
        "subject_kind": one_of("citizen", "business", "state-body", "organisation"), "submitted_at": read_instant, "received_at": read_instant,
        "appointment_at": read_instant, "status": read_status, "at": read_instant, "finished_at": read_instant, "returned_at": read_instant,
        "outcome": one_of("granted", "rejected"), "note_code": _NOTE, "contact_sealed": read_sealed, "backfill": read_flag,
        "correction": read_flag, "reason_class": _REASONS,
    },
    frozenset({"code", "procedure", "unit", "channel", "submitted_at", "status"}),
    ("submitted_at", "received_at", "at", "finished_at", "returned_at"),
)  # fmt: skip
PROGRESSED = Shape(
    "dossier-progressed",
    {
        "code": read_code, "status": read_status, "at": read_instant, "by_unit": _UNIT, "note_code": _NOTE, "appointment_at": read_instant,
        "finished_at": read_instant, "returned_at": read_instant, "outcome": one_of("granted", "rejected"), "backfill": read_flag,
        "correction": read_flag, "reason_class": _REASONS,
    },
    frozenset({"code", "status", "at"}),
    ("at", "finished_at", "returned_at"),
)  # fmt: skip
_OF_LETTERS: Mapping[str, Read] = {
    "code": read_letter_code, "state": _NOTE, "at": read_instant, "appointment_at": read_instant, "complex": read_flag,
    "outcome": one_of("upheld", "partly-upheld", "dismissed", "fixed", "explained", "planned", "not-our-remit", "cannot-fix"),
    "note_code": _NOTE, "backfill": read_flag, "correction": read_flag, "reason_class": _REASONS,
}  # fmt: skip
LETTER_UPSERTED = Shape(
    "submission-upserted",
    {
        **_OF_LETTERS, "unit": _UNIT, "kind": one_of("complaint", "denunciation", "petition", "feedback"),
        "channel": one_of("direct", "online", "postal"), "subject_class": one_of(*SUBJECTS), "received_at": read_instant, "anonymous": read_flag,
        "contact_sealed": read_sealed,
    },
    frozenset({"code", "unit", "kind", "channel", "received_at", "state"}),
    ("received_at", "at"),
)  # fmt: skip
LETTER_PROGRESSED = Shape(
    "submission-progressed", {**_OF_LETTERS, "by_unit": _UNIT}, frozenset({"code", "state", "at"}), ("at",)
)
VISITS_COUNTED = Shape(
    "visit-counted",
    {
        "unit": _UNIT, "day": read_day, "window": text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}"), "visits": Count(100_000), "served": Count(100_000),
        "mean_wait_minutes": Count(1440), "at": read_instant, "backfill": read_flag,
    },
    frozenset({"unit", "day", "window", "visits", "served", "at"}),
    ("at",),
    about="unit",
)  # fmt: skip
SHAPES: Final[Mapping[str, Shape]] = {
    shape.type: shape for shape in (UPSERTED, PROGRESSED, LETTER_UPSERTED, LETTER_PROGRESSED, VISITS_COUNTED)
}
"""Every type a source may send, by its CloudEvents type."""

_ENVELOPE = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"}
)


def wrong(plain: Mapping[str, Any], shape: Shape | None) -> list[str]:
    """JSON Pointers to everything wrong in an event's form; extensions are free."""
    found = [f"/{name}" for name in _wrong_attributes(plain, shape)]
    data = plain.get("data")
    if not isinstance(data, dict):
        return [*found, "/data"]
    if shape is not None:
        found += [f"/data/{name}" for name in shape.wrong(data)]
        found += _contradictions(plain, data, shape)
    return list(dict.fromkeys(found))[:_MOST]


def _wrong_attributes(plain: Mapping[str, Any], shape: Shape | None) -> Iterator[str]:
    if plain.get("specversion") != "1.0":
        yield "specversion"
    if not is_event_id(plain.get("id")):
        yield "id"
    if not isinstance(plain.get("source"), str):
        yield "source"
    if shape is None:
        yield "type"
    if plain.get("time") is not None and instant(plain["time"]) is None:
        yield "time"
    if plain.get("datacontenttype") not in {None, "application/json"}:
        yield "datacontenttype"


def _contradictions(plain: Mapping[str, Any], data: Mapping[str, Any], shape: Shape) -> list[str]:
    found = ["/subject"] if plain.get("subject") != data.get(shape.about) else []
    if data.get("correction") is True and data.get("reason_class") is None:
        found.append("/data/reason_class")
    if shape is VISITS_COUNTED and not found and _more(data, "served", "visits"):
        found.append("/data/served")
    if shape is LETTER_UPSERTED and data.get("anonymous") is True:
        found += ["/data/anonymous"] if data.get("kind") == "complaint" else []
        found += ["/data/contact_sealed"] if data.get("contact_sealed") is not None else []
    return found


def _more(data: Mapping[str, Any], name: str, than: str) -> bool:
    one, other = data.get(name), data.get(than)
    return isinstance(one, int) and isinstance(other, int) and one > other


def identifies(data: Mapping[str, Any]) -> list[str]:
    """What a denunciation must not carry, not even sealed: whoever made it stays with the body that has it (Law 25/2018, Art. 56)."""
    return (
        ["/data/contact_sealed"]
        if data.get("kind") == "denunciation" and data.get("contact_sealed") is not None
        else []
    )


def personal(plain: Mapping[str, Any]) -> list[str]:
    """JSON Pointers to what looks like a person in clear: by the name of a field anywhere, or by a number or address in a text."""
    return list(dict.fromkeys(_personal(plain, "", 0)))[:_MOST]


def _personal(value: Any, place: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = f"{place}/{name if _WORD.fullmatch(name) else '?'}"
            if _names_a_person(name):
                yield here
            elif not (depth == 0 and name in _ENVELOPE - {"data"}) and name not in _UNREAD:
                yield from _personal(inner, here, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _personal(inner, f"{place}/{number}", depth + 1)
    elif isinstance(value, str | int) and not isinstance(value, bool) and _tells(str(value)):
        yield place


def _tells(value: str) -> bool:
    """Whether a text holds somebody's number or address, with or without separators in it."""
    if _SUSPECT.search(value) is None:
        return False
    if is_code(value) or is_letter_code(value) or instant(value) is not None:
        return False
    return any(_NUMBER.search(each) for each in (value, _SPLIT.sub("", value))) or _MAIL.search(value) is not None


def _names_a_person(field: str) -> bool:
    return _field_of_people(field) if len(field) <= _LONGEST_WORD else _field_of_people.__wrapped__(field)


@lru_cache(maxsize=4096)
def _field_of_people(field: str) -> bool:
    """Whether a field of this name holds people, or names one itself; of the same few names again and again."""
    return _bare(field) in _FORBIDDEN or _tells(field)


def _bare(name: str) -> str:
    """`Họ_Tên` -> `hoten`."""
    letters = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())


def local_day(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()
