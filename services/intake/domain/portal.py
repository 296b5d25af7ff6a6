"""The national portal's items as they are: one item of `DongBoHoSoMC` or `CapNhatTienDoHoSoMC` becomes one source event. Pure.

Nothing is judged here: a value that cannot be read becomes one the rule book refuses, and its refusal is told by the
portal's own names. People are taken out of the item; texts, names and addresses of files stay outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.intake.domain.source_shapes import PREFIX
from shared.law import ZONE

SYNC: Final = "DongBoHoSoMC"
PROGRESS: Final = "CapNhatTienDoHoSoMC"
UNREADABLE: Final = "?"
"""Stands where a value could not be read; the rule book refuses it in every field."""
NO_UNIT: Final = "00000"
"""The unit of an agency the province does not have."""
_KIND = {SYNC: "dossier-upserted", PROGRESS: "dossier-progressed"}
_INSTANT = re.compile(r"[0-9]{14}")
_PROCEDURE = re.compile(r"([0-9]\.[0-9]{6})(?:\.[0-9A-Z.]{1,32})?")
"""`1.004873`, and as the portal writes it whole: `1.004873.000.00.00.H50`."""
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_SEPARATORS = re.compile(r"[\s.\-()+]")
_COUNTED_UP = "01234567890123456789"
_BEYOND = 10**15
"""No number of an item is as large."""
_FEWEST_DIGITS = 3
"""A number made of fewer different digits is nobody's: `000000001`, `111111111`."""
_LONGEST_NAME = 200
_LISTS = {
    "TaiLieuNop": ("TepDinhKemId", "MaThanhPhanHoSo"),
    "DanhSachGiayToKetQua": ("GiayToId", "MaThanhPhanHoSo"),
}
_FLAGS = {"IsDeleted": "deleted", "DuocSoHoa": "digitised", "DuocTaiSuDung": "reused"}
_REFUSED, _STOPPED, _DONE, _RETURNED, _SUPPLEMENT, _AGAIN = "3", "8", "9", "10", "5", "4"


@dataclass(frozen=True, slots=True)
class Form:
    """How a channel writes its items: its codes, and where each field of ours stands, by service."""

    name: str
    channel: Mapping[str, str]
    subject_kind: Mapping[str, str]
    status: Mapping[str, str]
    fields: Mapping[str, Mapping[str, tuple[str, ...]]]
    person: Mapping[str, tuple[str, ...]]
    known: Mapping[str, frozenset[str]]
    """Fields of the structure that are not kept; any other is unknown, and counted."""

    def names(self, service: str) -> frozenset[str]:
        """Every field an item of this service may have."""
        read = {name.partition(".")[0] for names in self.fields[service].values() for name in names}
        people = (
            {name.partition(".")[0] for names in self.person.values() for name in names} if service == SYNC else set()
        )
        return self.known[service] | read | people


@dataclass(frozen=True, slots=True)
class Profile:
    """How a source speaks: its form, and units for codes of agencies (`madonvi`) that are not the province's own."""

    form: str = "adapter"
    units: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    def unit_of(self, agency: str, agencies: Mapping[str, str]) -> str:
        """The unit of an agency's code: as the source maps it, as the province numbers agencies, or the unit's own code."""
        return self.units.get(agency) or agencies.get(agency) or (agency if agency in agencies.values() else NO_UNIT)


@dataclass(frozen=True, slots=True, repr=False)
class Applicant:
    """Whoever the dossier is for, with what of their numbers can be true."""

    name: str
    identity_no: str | None
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """An item, read: the data of its event, its person apart, what it refers to, and how many of its fields nobody knows."""

    type: str
    data: Mapping[str, Any]
    applicant: Applicant | None
    references: tuple[Mapping[str, Any], ...]
    unknown: tuple[str, ...]
    """Unknown fields by name; `?` where the name itself may hold anything."""
    places: Mapping[str, str]
    """Where each field of ours stood in the item."""

    @property
    def code(self) -> str | None:
        """The code of its dossier, as far as it has one: none is made up."""
        return self.data.get("code")

    def named(self, pointers: Sequence[str]) -> tuple[str, ...]:
        """Pointers into the event as pointers into the item."""
        found = (self._named(pointer) for pointer in pointers)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def _named(self, pointer: str) -> str | None:
        if pointer in {"/subject", "/id", "/time", "/source"}:
            return None
        name = pointer.removeprefix("/data/")
        return "" if name in {"", "/data"} else f"/{self.places.get(name, name)}".replace(".", "/")


def read(service: str, item: Any, form: Form, unit: str, *, backfill: bool = False) -> Item:
    """Read an item of a service; `unit` is whose it is."""
    said: Mapping[str, Any] = item if isinstance(item, dict) else {}
    names = form.fields[service]
    raw = {name: _first(said, places) for name, places in names.items()}
    data = _sync(raw, said, form) if service == SYNC else _progress(raw, form)
    data["unit" if service == SYNC else "by_unit"] = unit
    if backfill:
        data["backfill"] = True
    known = form.names(service)
    return Item(
        f"{PREFIX}{_KIND[service]}.v1", {name: value for name, value in data.items() if value is not None},
        _applicant(said, form) if service == SYNC else None, tuple(_references(said)),
        tuple(name if _NAME.fullmatch(name) else UNREADABLE for name in said if name not in known),
        {**{name: _place(said, places) for name, places in names.items()}, **_UNIT_PLACES, "contact_sealed": "ChuHoSo"},
    )  # fmt: skip


_UNIT_PLACES = {"unit": "madonvi", "by_unit": "madonvi"}


def agency_of(item: Any, form: Form, madonvi: str) -> str:
    """The agency an item is of: its own where it names one, else that of the whole request."""
    said = _first(item, form.fields[SYNC]["unit"]) if isinstance(item, dict) else None
    return said or madonvi


def _sync(raw: Mapping[str, str | None], said: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The whole dossier. Dates of an end count only where the status is that end: a date alone settles nothing."""
    status = raw["status"]
    finished = "refused_at" if status == _REFUSED else "finished_at"
    ended = status in {_REFUSED, _STOPPED, _DONE, _RETURNED}
    return {
        "code": raw["code"], "procedure": _procedure(raw["procedure"]), "channel": _mapped(raw["channel"], form.channel),
        "subject_kind": _mapped(raw["subject_kind"], form.subject_kind), "submitted_at": instant(raw["submitted_at"]),
        "received_at": instant(raw["received_at"]), "appointment_at": instant(raw["appointment_at"]), "status": _status(status, form),
        "at": _turned(status, said), "finished_at": instant(raw[finished]) if ended else None,
        "returned_at": instant(raw["returned_at"]) if status == _RETURNED else None,
    }  # fmt: skip


def _turned(status: str | None, said: Mapping[str, Any]) -> str | None:
    """When papers were asked for, or came: the last entry of the list of supplements says so."""
    listed = said.get("DanhSachHoSoBoSung")
    last = listed[-1] if isinstance(listed, list) and listed and isinstance(listed[-1], dict) else {}
    name = {_SUPPLEMENT: "NgayBoSung", _AGAIN: "NgayTiepNhanBoSung"}.get(status or "")
    return instant(_scalar(last.get(name))) if name is not None else None


def _progress(raw: Mapping[str, str | None], form: Form) -> dict[str, Any]:
    """One step of a dossier."""
    at, status = instant(raw["at"]), raw["status"]
    return {
        "code": raw["code"], "status": _status(status, form), "at": at, "finished_at": at if status == _DONE else None,
        "returned_at": at if status == _RETURNED else None,
    }  # fmt: skip


def _first(said: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of these fields that holds anything."""
    return next((found for name in names if (found := _scalar(_at(said, name))) is not None), None)


def _place(said: Mapping[str, Any], names: Sequence[str]) -> str:
    """Which of these fields was read; the last where none is filled."""
    filled = (name for name in names if _scalar(_at(said, name)) is not None)
    return next(filled, names[-1] if names else "madonvi")


def _at(said: Mapping[str, Any], path: str) -> Any:
    name, _, below = path.partition(".")
    value = said.get(name)
    return _at(value, below) if below and isinstance(value, dict) else None if below else value


def _scalar(value: Any) -> str | None:
    """The text of a scalar; empty is absent, and what is no scalar cannot be read."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BEYOND:
        return str(value)
    return None if value is None else UNREADABLE


def _mapped(value: str | None, codes: Mapping[str, str]) -> str | None:
    return None if value is None else codes.get(value, UNREADABLE)


def _status(value: str | None, form: Form) -> int | str | None:
    number = _mapped(value, form.status)
    return int(number) if number is not None and number != UNREADABLE else number


def _procedure(value: str | None) -> str | None:
    found = _PROCEDURE.fullmatch(value) if value is not None else None
    return found[1] if found is not None else value and UNREADABLE


def instant(value: str | None) -> str | None:
    """`20261123081500` on a clock in Vietnam, as events write it; all zeros is no date."""
    if value is None or not value.strip("0"):
        return None
    if _INSTANT.fullmatch(value) is None:
        return UNREADABLE
    try:
        found = datetime.strptime(value, "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone is the next word
    except ValueError:
        return UNREADABLE
    return found.replace(tzinfo=ZONE).isoformat()


def written(at: datetime | None) -> str:
    """An instant as the portal writes it; empty for none."""
    return "" if at is None else f"{at.astimezone(ZONE):%Y%m%d%H%M%S}"


def _applicant(said: Mapping[str, Any], form: Form) -> Applicant | None:
    """The person in an item; a number that cannot be anybody's is left out, not taken for one."""
    written_name = _first(said, form.person["name"])
    if written_name is None or written_name == UNREADABLE:
        return None
    name = "".join(letter for letter in written_name if letter.isprintable()).strip()
    if not name:
        return None
    phone, email = _digits(_first(said, form.person["phone"])), _first(said, form.person["email"])
    return Applicant(
        name[:_LONGEST_NAME], _identity(said, form),
        phone if phone is not None and 9 <= len(phone) <= 12 and len(set(phone)) > 1 else None,  # noqa: PLR2004 - the numbers' lengths
        email if email is not None and len(email) <= _LONGEST_NAME and _MAIL.fullmatch(email) else None,
    )  # fmt: skip


def _identity(said: Mapping[str, Any], form: Form) -> str | None:
    """The twelve digits before the nine; the list of identities before the one paper."""
    listed = said.get("DinhDanhCHS")
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    entries.sort(key=lambda each: str(_scalar(each.get("LoaiDinhDanh"))))
    numbers = [_scalar(each.get("SoDinhDanh")) for each in entries]
    found = (_digits(number) for number in (*numbers, _first(said, form.person["identity_no"])))
    return next((n for n in found if n is not None and len(n) in {9, 12} and not is_dummy(n)), None)


def _digits(number: str | None) -> str | None:
    bare = _SEPARATORS.sub("", number or "")
    return bare if bare.isascii() and bare.isdigit() else None


def is_dummy(number: str) -> bool:
    """A number typed to fill a field: hardly any different digits, or counted up."""
    return len(set(number)) < _FEWEST_DIGITS or number in _COUNTED_UP


def _references(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Attachments by their ids in the source; no names of files, no addresses, no content."""
    for name, (id_, component) in _LISTS.items():
        listed = said.get(name)
        for each in listed if isinstance(listed, list) else []:
            if isinstance(each, dict) and (reference := _reference(each.get(id_))) is not None:
                flags = {
                    ours: True for theirs, ours in _FLAGS.items() if _scalar(each.get(theirs)) in {"1", "True", "true"}
                }
                yield {"list": name, "id": reference, "component": _reference(each.get(component)), **flags}


def _reference(value: Any) -> str | None:
    text = _scalar(value)
    return text if text is not None and _REFERENCE.fullmatch(text) else None
