"""Seed files of intake: units of the province and procedures, read once; what they hold is cited or flagged."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class UnitSeed:
    """One administrative unit or body; `unverified` names the columns not read in a source."""

    code: str
    agency: str
    name: str
    kind: str
    level: str
    parent: str
    valid_from: date
    remote: bool
    unverified: frozenset[str]


@dataclass(frozen=True, slots=True)
class SpecialLimit:
    """The whole time limit in a special case, such as `verification`."""

    case: str
    limit: str
    label: str


@dataclass(frozen=True, slots=True)
class FeeSeed:
    """An amount in đồng per case, copy, page or person."""

    label: str
    amount: int
    per: str


@dataclass(frozen=True, slots=True)
class ComponentSeed:
    """A paper the applicant hands in; kind: original, copy or electronic."""

    name: str
    kind: str
    required: bool
    count: int


@dataclass(frozen=True, slots=True)
class ProcedureSeed:
    """One version of a procedure; `unverified` names the columns not read in a source."""

    code: str
    version: int
    valid_from: date
    name: str
    field: str
    field_name: str
    levels: tuple[str, ...]
    decided_by: str
    limit: str
    special_limits: tuple[SpecialLimit, ...]
    basis: str
    fee_policy: str
    fees: tuple[FeeSeed, ...]
    fee_basis: str
    components: tuple[ComponentSeed, ...]
    pause_mode: str
    max_supplements: int
    online: str
    note: str
    unverified: frozenset[str]


@cache
def units() -> tuple[UnitSeed, ...]:
    """All units: the province, its bodies (codes 44Xnn are ours), its 78 communes, wards and special zone."""
    document = _read("units.toml")
    return tuple(_unit(row, group, document["defaults"]) for group in document["group"] for row in group["units"])


@cache
def procedures() -> tuple[ProcedureSeed, ...]:
    """All procedures of the seed catalogue, in the order of the file."""
    document = _read("procedures.toml")
    return tuple(_procedure(row, document["fields"], document["defaults"]) for row in document["procedure"])


@cache
def form_schema(code: str, version: int) -> Mapping[str, Any] | None:
    """The JSON Schema of a procedure's online form, in the version the seeds hold; None: it has none."""
    if (code, version) not in {(each.code, each.version) for each in procedures()}:
        return None
    found = files(__name__) / "forms" / f"{code}.json"
    schema: Mapping[str, Any] | None = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else None
    return schema


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def _unit(row: Mapping[str, Any], group: Mapping[str, Any], defaults: Mapping[str, Any]) -> UnitSeed:
    return UnitSeed(
        **{"remote": False, **row},
        level=group["level"],
        parent=group["parent"],
        valid_from=defaults["valid_from"],
        unverified=frozenset(defaults["unverified"]).union(group.get("unverified", ())),
    )


def _procedure(row: Mapping[str, Any], fields: Mapping[str, str], defaults: Mapping[str, Any]) -> ProcedureSeed:
    parsed = {
        "field_name": fields[row["field"]],
        "levels": tuple(row["levels"]),
        "special_limits": tuple(SpecialLimit(**special) for special in row.get("special_limits", ())),
        "fees": tuple(FeeSeed(**fee) for fee in row.get("fees", ())),
        "components": tuple(_components(row["components"])),
        "unverified": frozenset(defaults["unverified"]).union(row.get("unverified", ())),
    }
    return ProcedureSeed(**{"fee_basis": "", "note": "", **defaults, **row, **parsed})


def _components(rows: list[dict[str, Any]]) -> Iterator[ComponentSeed]:
    return (ComponentSeed(**{"required": True, "count": 1, **row}) for row in rows)


@cache
def source_reasons() -> Mapping[str, Mapping[str, str]]:
    """What a source system is told beside each reason code, by language."""
    return tomllib.loads(files(__package__).joinpath("source_reasons.toml").read_text("utf-8"))
