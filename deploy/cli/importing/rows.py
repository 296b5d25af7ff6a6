"""Files of rows: a JSON list of objects, JSON lines, or the first sheet of an XLSX book under one line of headings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from pydantic import BaseModel, BeforeValidator

from shared.kernel import Refused
from shared.web.fields import Day

LARGEST, LARGEST_UNPACKED = 50_000_000, 500_000_000
"""Bytes of a file, and of what a book holds unpacked: a year of the largest commune is a tenth of it."""


class Unreadable(Refused):
    """This file holds no rows."""


class WrongColumns(Refused):
    """The columns of this file are not those of its kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as it stands in the file; `number` is the line of the sheet, or the place in the list from 1."""

    number: int
    values: Mapping[str, Any]


def read(path: Path) -> Sequence[Entry]:
    """The rows of a file; an empty cell is no value, an empty row no row. `Unreadable`."""
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"{path.name} is larger than {LARGEST // 1_000_000} MB: split it")
    readers = {".xlsx": _of_a_book, ".jsonl": _of_lines, ".ndjson": _of_lines}
    entries = readers.get(path.suffix.lower(), _of_a_list)(path)
    if not entries:
        raise Unreadable(f"{path.name} holds no rows")
    return entries


def _of_lines(path: Path) -> Sequence[Entry]:
    """JSON lines: an object on each, numbered as an editor numbers them."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{path.name}, line {number}, is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise Unreadable(f"{path.name}, line {number}, is not an object")
        found.append(Entry(number, row))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except ValueError as error:
        raise Unreadable(f"{path.name} is not UTF-8: {error}") from None


def _of_a_list(path: Path) -> Sequence[Entry]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} is not JSON in UTF-8, and not named .xlsx: {error}") from None
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise Unreadable(f"{path.name} is not a list of objects")
    return [Entry(number, row) for number, row in enumerate(document, 1)]


def _of_a_book(path: Path) -> Sequence[Entry]:
    try:
        with ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise Unreadable(f"{path.name} unpacks to more than {LARGEST_UNPACKED // 1_000_000} MB: split it")
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError) as error:
        raise Unreadable(f"{path.name} is not an XLSX book: {error}") from None
    try:
        return _under_headings(path, book.worksheets[0].iter_rows(values_only=True) if book.worksheets else ())
    finally:
        book.close()


def _under_headings(path: Path, lines: Iterable[Sequence[Any]]) -> Sequence[Entry]:
    found: list[Entry] = []
    names: Sequence[str] = ()
    for number, line in enumerate(lines, 1):
        if not names:
            names = _headings(path, line)
            continue
        values = {name: cell for name, cell in zip(names, line, strict=False) if name and cell not in {None, ""}}
        if values:
            found.append(Entry(number, values))
    return found


def _headings(path: Path, line: Sequence[Any]) -> Sequence[str]:
    names = ["" if cell is None else str(cell).strip() for cell in line]
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise WrongColumns(f"{path.name} has the column {', '.join(twice)} twice")
    return names


def check_columns(path: Path, entries: Sequence[Entry], model: type[BaseModel]) -> None:
    """Refuse a file whose columns are not the model's, naming all that is missing and all that is unknown."""
    given = {name for entry in entries for name in entry.values}
    known = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    missing = sorted(name for name, required in known.items() if required and name not in given)
    unknown = sorted(given - set(known))
    wrong = [
        f"{said} {', '.join(names)}" for said, names in (("lacks", missing), ("has the unknown", unknown)) if names
    ]
    if wrong:
        raise WrongColumns(f"{path.name} {' and '.join(wrong)}; columns are {', '.join(known)}")


def _typed(value: object) -> object:
    # a sheet keeps 19360 as a number; one with a decimal point may have lost its last zeros and is not guessed at
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _day(value: object) -> object:
    return value.date() if isinstance(value, datetime) and value.time() == time(0) else value


def parts(value: object) -> object:
    """A cell that holds a list: JSON where it begins so, else words between semicolons; one code may have become a number."""
    value = _typed(value)
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(";") if part.strip()]


AsText = BeforeValidator(_typed)
"""Beside a text, `Annotated[str, AsText]`: a code that a sheet may have taken for a number."""
Code = Annotated[str, AsText]
SheetDay = Annotated[Day, BeforeValidator(_day)]
"""A day that a sheet may have kept as a midnight."""
Parts = BeforeValidator(parts)
"""Beside a list, `Annotated[list[…], Parts]`: in a sheet it is one cell."""
