"""Notices: which fact owes whom which one, and in which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias
from uuid import UUID

from services.notifications.domain.routes import Class, Step
from shared.contracts.envelope import derived_id
from shared.kernel import NotFound, Principal
from shared.law.zone import local

Language: TypeAlias = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
OFFICIAL: Language = "vi"
"""The language a notice is kept in; the other is rendered from its variables when it is asked for."""

BLOCKS = ("happened", "meaning", "action", "rights", "office")
"""The five paragraphs of every notice, in this order: what happened, what it means and until when, what you must do,
your rights, code and office."""

LONGEST_TITLE = 65
"""Characters; the shortest limit among the channels of the catalogue, so that one title serves all."""

PARAGRAPH = "\n\n"
_OTHER = "*"


class Severity(StrEnum):
    """How a reader's screen shows a notice: as news, as something to do, as bad news."""

    INFO = "info"
    ACTION = "action"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on one field of a fact: that it equals a word, or (`equals` None) that it is there, or `absent`."""

    field: str
    equals: str | None = None
    absent: bool = False

    def holds(self, fact: object) -> bool:
        """Whether this fact meets the condition."""
        value = getattr(fact, self.field)
        if self.equals is not None:
            return bool(value == self.equals)
        return (value is None) is self.absent

    def __str__(self) -> str:
        if self.equals is not None:
            return f"{self.field} = {self.equals}"
        return f"{self.field} is {'absent' if self.absent else 'there'}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A fact of type `when` on `topic` becomes the notice `code` for the recipient named in the fact's field `audience`."""

    topic: str
    when: str
    code: str
    audience: str
    class_: Class
    severity: Severity
    action_url: str
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A notice's words in one language, with `{names}` in them."""

    title: str
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One published version of a notice's words; `names` says how each variable is spoken. Never changed, only followed."""

    code: str
    version: int
    names: Mapping[str, str]
    texts: Mapping[Language, Text]


Words: TypeAlias = Mapping[str, Mapping[Language, Mapping[str, str]]]
"""Word lists: list -> language -> code -> words; `*` stands for every other code."""


@dataclass(frozen=True, slots=True)
class Book:
    """Rules by topic and type of fact, templates by code and version, the newest of each code, word lists, ways out by class."""

    rules: Mapping[tuple[str, str], Sequence[Rule]]
    templates: Mapping[tuple[str, int], Template]
    newest: Mapping[str, Template]
    words: Words
    ways: Mapping[Class, Sequence[Step]]

    def rules_of(self, code: str) -> list[Rule]:
        """Every rule that makes this notice."""
        return [rule for rules in self.rules.values() for rule in rules if rule.code == code]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a person reads; the body is the five paragraphs, an empty line between two."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something one recipient has to be told about one fact of one aggregate.

    `dedupe_key` makes it one and the same notice, however often the fact arrives (decisions 7); `id` is derived from it.
    """

    id: UUID
    dedupe_key: str
    rule: Rule
    template: Template
    recipient: UUID
    aggregate: UUID
    sequence: int
    unit: str | None
    occurred_at: datetime
    variables: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Its row in the catalogue."""
        return self.rule.code


def dedupe_key(code: str, aggregate: UUID, sequence: int, recipient: UUID) -> str:
    """`code:aggregate:sequence:recipient`."""
    return f"{code}:{aggregate}:{sequence}:{recipient}"


def owed(book: Book, type_: str, fact: Any, sequence: int) -> list[Notice]:
    """The notices this fact makes; none when no rule names it, its guard does not hold, or it names nobody (anonymous)."""
    return [
        _notice(book, rule, fact, sequence)
        for rule in book.rules.get((fact.topic, type_), ())
        if getattr(fact, rule.audience) is not None and (rule.guard is None or rule.guard.holds(fact))
    ]


def _notice(book: Book, rule: Rule, fact: Any, sequence: int) -> Notice:
    template, recipient, aggregate = book.newest[rule.code], getattr(fact, rule.audience), getattr(fact, fact.about)
    key = dedupe_key(rule.code, aggregate, sequence, recipient)
    return Notice(
        id=derived_id("notice", key), dedupe_key=key,
        rule=rule, template=template, recipient=recipient, aggregate=aggregate, sequence=sequence,
        unit=getattr(fact, "unit", None), occurred_at=fact.occurred_at,
        variables={name: _plain(getattr(fact, name)) for name in template.names},
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def render(book: Book, template: Template, variables: Mapping[str, Any], language: Language) -> Rendered:
    """The notice in one language."""
    spoken = {name: _spoken(book.words, kind, variables[name], language) for name, kind in template.names.items()}
    text = template.texts[language]
    return Rendered(text.title.format_map(spoken), PARAGRAPH.join(block.format_map(spoken) for block in text.blocks))


def _spoken(words: Words, kind: str, value: Any, language: Language) -> str:
    """A variable as people read it: dates are dd/mm/yyyy, instants are Vietnam's clock, amounts have points, codes become words."""
    if kind == "text":
        return str(value)
    if kind == "money":
        return _amount(value, language)
    if kind == "date":
        year, month, day = value.split("-")
        return f"{day}/{month}/{year}"
    if kind == "instant":
        at = local(datetime.fromisoformat(value))
        return f"{at:%H:%M} ngày {at:%d/%m/%Y}" if language == "vi" else f"{at:%H:%M} on {at:%d/%m/%Y}"
    known = words[kind][language]
    code = str(value).lower() if isinstance(value, bool) else str(value)
    return known[code] if code in known else known[_OTHER]


def _amount(value: int | None, language: Language) -> str:
    """`1.500.000 đồng`; in words where the fact names no amount."""
    if value is None:
        return "số tiền ghi trong thông báo" if language == "vi" else "the amount in the notice"
    return f"{value:,}".replace(",", ".") + " đồng"


def sees_every_unit(who: Principal) -> bool:
    """Operators see what was told for every unit; officers only for their own."""
    return who.has("ops", "admin")


class NoSuchNotice(NotFound):
    """There is no such notice."""
