"""The catalogue of notices: rules, texts and ways out, read once and checked while they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any

from services.notifications.domain import (
    BLOCKS,
    LANGUAGES,
    LONGEST_TITLE,
    Book,
    Channel,
    Class,
    Guard,
    Rule,
    Severity,
    Step,
    Template,
    Text,
)

_PLAIN_KINDS = ("text", "date", "instant", "money")


class BadCatalogue(Exception):  # noqa: N818 - reads as the sentence a maintainer sees
    """The catalogue contradicts itself; the message names the place."""


@cache
def book() -> Book:
    """The catalogue of this installation."""
    return read(toml("rules.toml"), _all_templates(), toml("words.toml"), toml("channels.toml"))


def toml(name: str) -> dict[str, Any]:
    """A file of this folder."""
    return tomllib.loads(text(name))


def text(name: str) -> str:
    """A file of this folder, as it is written."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _all_templates() -> dict[str, Any]:
    """Words about dossiers and words about letters stand apart; no code is in both."""
    dossiers, letters = toml("templates.toml"), toml("templates_letters.toml")
    _require(dossiers.keys().isdisjoint(letters), "a code stands in both files of templates")
    return {**dossiers, **letters}


def read(
    rules: Mapping[str, Any], templates: Mapping[str, Any], words: Mapping[str, Any], channels: Mapping[str, Any] = MappingProxyType({})
) -> Book:  # fmt: skip
    """A book of these tables; `BadCatalogue` when a rule has no text, or a text no such variable."""
    made: dict[tuple[str, str], list[Rule]] = {}
    for row in rules["rule"]:
        made.setdefault((row["topic"], row["when"]), []).append(_rule(row))
    texts = {(t.code, t.version): t for t in _templates(templates, words)}
    for rule in (rule for same in made.values() for rule in same):
        _require((rule.code, 1) in texts, f"{rule.code}: a rule without a template")
    newest = {code: texts[code, version] for code, version in sorted(texts)}
    return Book(made, texts, newest, words, {Class(name): _steps(name, row) for name, row in channels.items()})


def _steps(name: str, row: Mapping[str, Any]) -> Sequence[Step]:
    made = [_step(number, channel, way) for number, (channel, way) in enumerate(row.items(), 1)]
    lasting = all(step.expires is None and step.once_per is None and not step.until_read for step in made)
    _require(lasting or Class(name).can_be_muted, f"{name}: such a notice never expires and is always sent")
    return made


def _step(number: int, channel: str, way: Mapping[str, Any]) -> Step:
    days = {name: timedelta(days=way[name]) if name in way else None for name in ("expires_days", "once_per_days")}
    return Step(
        number=number, channel=Channel(channel), after=timedelta(minutes=way["after_minutes"]), expires=days["expires_days"],
        once_per=days["once_per_days"], until_read=way.get("until_read", False),
    )  # fmt: skip


def _require(right: bool, what: str) -> None:  # noqa: FBT001 - the condition is the point
    if not right:
        raise BadCatalogue(what)


def _rule(row: Mapping[str, Any]) -> Rule:
    guard = Guard(**row["guard"]) if "guard" in row else None
    return Rule(
        topic=row["topic"], when=row["when"], code=row["code"], audience=row["audience"], class_=Class(row["class"]), severity=Severity(row["severity"]),
        action_url=row["action_url"], guard=guard,
    )  # fmt: skip


def _templates(rows: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[Template]:
    for code, versions in rows.items():
        for version, row in versions.items():
            name = f"{code} version {version}"
            names = row["variables"]
            for kind in names.values():
                _require(kind in _PLAIN_KINDS or kind in words, f"{name}: no word list {kind}")
            yield Template(code, int(version), names, {each: _text(name, each, row[each], names) for each in LANGUAGES})


def _text(template: str, language: str, row: Mapping[str, str], names: Mapping[str, str]) -> Text:
    _require(set(row) == {"title", *BLOCKS}, f"{template}, {language}: a title and five paragraphs, nothing else")
    said = Text(row["title"], tuple(row[block] for block in BLOCKS))
    for part in (said.title, *said.blocks):
        _require(bool(part) and "\n" not in part, f"{template}, {language}: a paragraph is one line, and not empty")
        for _literal, name, spec, conversion in Formatter().parse(part):
            _require(
                name is None or (name in names and not spec and not conversion), f"{template}, {language}: {{{name}}}"
            )
    _require(len(said.title) <= LONGEST_TITLE, f"{template}, {language}: the title is too long")
    return said
