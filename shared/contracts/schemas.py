"""JSON Schemas and samples of every fact: what is promised to readers, and whether this version keeps the promise.

Files stand beside this module: `schemas/<topic>/<type>.json` and `samples/<topic>/<type>.json`; one type on two topics is two facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from shared import contracts
from shared.contracts.envelope import Envelope, Fact, derived_id, encode, fact_type

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
SAMPLES = HERE / "samples"
AT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
_MEANING = ("description", "title", "$id", "$schema", "x-topic", "x-subject")
"""Words of a schema that readers do not decode by."""


def every_kind() -> dict[str, type[Fact]]:
    """Every fact of every producer, by `<topic>/<type>`."""
    modules = [import_module(f"{contracts.__name__}.{module.name}") for module in iter_modules(contracts.__path__)]
    kinds = [kind for module in modules if hasattr(module, "CATALOGUE") for kind in module.CATALOGUE.kinds.values()]
    return dict(sorted((name_of(kind), kind) for kind in kinds))


def name_of(kind: type[Fact]) -> str:
    """`intake.dossiers/vn.gandan.dossier-submitted.v1`."""
    return f"{kind.topic}/{fact_type(kind)}"


def files() -> dict[str, Any]:
    """File name below the folder of schemas -> schema, of every fact."""
    return {f"{name}.json": schema_of(kind) for name, kind in every_kind().items()}


def schema_of(kind: type[Fact]) -> dict[str, Any]:
    """The closed JSON Schema (2020-12) of a fact's `data`; readers ignore what they do not know all the same."""
    made = msgspec.json.schema(kind)["$defs"][kind.__name__]
    for name, hint in get_type_hints(kind).items():
        if datetime in _alternatives(hint) and name in made["properties"]:
            made["properties"][name] = _dated(made["properties"][name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"/schemas/{name_of(kind)}.json", "x-topic": kind.topic, "x-subject": kind.about,
        **made, "additionalProperties": False,
    }  # fmt: skip


def _dated(schema: dict[str, Any]) -> dict[str, Any]:
    """`date-time`, which msgspec leaves out for instants of any zone."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_dated(each) for each in schema["anyOf"]]}
    return {**schema, "format": "date-time"} if schema.get("type") == "string" and "format" not in schema else schema


def check(committed: Path = SCHEMAS) -> list[str]:
    """What breaks readers of the committed schemas; within a version only optional fields are added."""
    kinds, broken = every_kind(), []
    for path in sorted(committed.rglob("*.json")):
        name, old = str(path.relative_to(committed).with_suffix("")), json.loads(path.read_text("utf-8"))
        if name in kinds:
            broken += [f"{name}: {what}" for what in broken_promises(old, schema_of(kinds[name]))]
        else:
            broken.append(f"{name}: the fact is gone")
    return broken


def broken_promises(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Each way in which a new schema of the same type and version breaks a reader or a writer of the old one."""
    for word in ("x-topic", "x-subject"):
        if old.get(word) != new.get(word):
            yield f"{word[2:]} was {old.get(word)}, is {new.get(word)}"
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    for name, schema in old["properties"].items():
        if name not in new["properties"]:
            yield f"{name} is gone"
        elif _bare(schema) != _bare(new["properties"][name]):
            yield f"{name} is of another kind than before"
        elif name in was and name not in now:
            yield f"{name} was required and is optional"
        elif name in now and name not in was:
            yield f"{name} was optional and is required"
    yield from (f"{name} is new and required" for name in sorted(now - set(old["properties"])))


def _bare(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {word: _bare(value) for word, value in schema.items() if word not in _MEANING}
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


def sample_of(kind: type[Fact]) -> dict[str, Any]:
    """An envelope as it may arrive, every field filled; the same in every run."""
    fact = kind(**{f.name: _example(f.name, hint) for f, hint in _hinted(kind)})
    envelope = Envelope(
        specversion="1.0", id=derived_id("sample", name_of(kind)), source="/gandan/sample", type=fact_type(kind), subject=fact.subject, time=AT,
        dataschema=f"/schemas/{name_of(kind)}.json", sequence=1, data=msgspec.Raw(encode(fact)),
    )  # fmt: skip
    made: dict[str, Any] = json.loads(encode(envelope))
    return made


def smallest_of(kind: type[Fact]) -> dict[str, Any]:
    """The `data` an early writer of this version may have sent: required fields only."""
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    return {name: value for name, value in sample_of(kind)["data"].items() if name in needed}


def write(schemas: Path = SCHEMAS, samples: Path = SAMPLES) -> list[Path]:
    """Write every schema, and the samples that are missing (a committed sample is never changed); what was written."""
    written = []
    for name, kind in every_kind().items():
        written.append(_put(schemas / f"{name}.json", schema_of(kind)))
        if not (sample := samples / f"{name}.json").exists():
            written.append(_put(sample, sample_of(kind)))
    return written


def _put(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")
    return path


def _hinted(kind: type[Fact]) -> Iterator[tuple[Any, Any]]:
    hints = get_type_hints(kind)
    yield from ((f, hints[f.name]) for f in fields(kind))


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return (
        tuple(each for each in get_args(hint) if each is not NoneType)
        if get_origin(hint) in {Union, UnionType}
        else (hint,)
    )


def _example(name: str, hint: Any) -> Any:
    """A value of a field's type; an unknown type is a KeyError, so that nobody adds one unseen."""
    kind = _alternatives(hint)[0]
    if get_origin(kind) in {list, tuple}:
        return [_example(name, get_args(kind)[0])]
    if get_origin(kind) is dict:
        return {"example": "value"}
    values: dict[Any, Any] = {
        UUID: derived_id("example", name), datetime: AT, date: AT.date(), int: 2, float: 12.5, bool: True, str: f"example-{name.replace('_', '-')}",
    }  # fmt: skip
    return values[kind]
