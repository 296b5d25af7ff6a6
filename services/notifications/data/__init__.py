"""The catalogue of notices: rules and texts, read once and checked while they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from services.notifications.domain import (
    BLOCKS,
    LANGUAGES,
    LONGEST_TITLE,
    Book,
    Class,
    Guard,
    Rule,
    Severity,
    Template,
    Text,
)

_PLAIN_KINDS = ("text", "date", "instant")


class BadCatalogue(Exception):  # noqa: N818 - reads as the sentence a maintainer sees
    """The catalogue contradicts itself; the message names the place."""


@cache
def book() -> Book:
    """The catalogue of this installation."""
    return read(_toml("rules.toml"), _toml("templates.toml"), _toml("words.toml"))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def read(rules: Mapping[str, Any], templates: Mapping[str, Any], words: Mapping[str, Any]) -> Book:
    """A book of these tables; `BadCatalogue` when a rule has no text, or a text no such variable."""
    made: dict[str, list[Rule]] = {}
    for row in rules["rule"]:
        made.setdefault(row["when"], []).append(_rule(row))
    texts = {(t.code, t.version): t for t in _templates(templates, words)}
    for rule in (rule for same in made.values() for rule in same):
        _require((rule.code, 1) in texts, f"{rule.code}: a rule without a template")
    newest = {code: texts[code, version] for code, version in sorted(texts)}
    return Book(made, texts, newest, words)


def _require(right: bool, what: str) -> None:  # noqa: FBT001 - the condition is the point
    if not right:
        raise BadCatalogue(what)


def _rule(row: Mapping[str, Any]) -> Rule:
    guard = Guard(**row["guard"]) if "guard" in row else None
    return Rule(
        when=row["when"], code=row["code"], audience=row["audience"], class_=Class(row["class"]), severity=Severity(row["severity"]),
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
    text = Text(row["title"], tuple(row[block] for block in BLOCKS))
    for part in (text.title, *text.blocks):
        _require(bool(part) and "\n" not in part, f"{template}, {language}: a paragraph is one line, and not empty")
        for _literal, name, spec, conversion in Formatter().parse(part):
            _require(
                name is None or (name in names and not spec and not conversion), f"{template}, {language}: {{{name}}}"
            )
    _require(len(text.title) <= LONGEST_TITLE, f"{template}, {language}: the title is too long")
    return text
