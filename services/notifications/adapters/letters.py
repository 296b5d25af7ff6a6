"""A notice as plain text and as HTML, in a layout that is data; a layout may say little, and is checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import css_inline
from jinja2 import StrictUndefined, Template, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifications import data
from services.notifications.domain import BLOCKS, PARAGRAPH, Language, Rendered

LAYOUT = 1
"""The newest layout; an older one stays as it was."""

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Filter,
)  # fmt: skip
_FILTERS = frozenset({"upper", "lower", "trim"})

# The sandbox alone stops neither loops nor `'a' * 10**9`; the list of node types does.
_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
_inliner = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


class LayoutRefused(Exception):  # noqa: N818 - the sentence the author of a layout reads
    """The layout says more than a layout may; the message names what."""


def checked(source: str) -> Template:
    """A layout that only places variables and chooses between parts; raises `LayoutRefused`."""
    for node in _environment.parse(source).find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise LayoutRefused(f"line {node.lineno}: {type(node).__name__}")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise LayoutRefused(f"line {node.lineno}: the filter {node.name}")
    return _environment.from_string(source)


@cache
def _layout(version: int) -> tuple[Template, Mapping[str, Mapping[str, str]]]:
    return checked(data.text(f"letter-{version}.html")), data.toml(f"letter-{version}.toml")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter's words: subject, plain text, HTML."""

    subject: str
    plain: str
    html: str


def write(
    notice: Rendered, *, link: str, stop_link: str | None, language: Language, version: int = LAYOUT
) -> Written:  # fmt: skip
    """The letter of a notice; `stop_link` only where it may be stopped."""
    layout, words = _layout(version)
    said, around = dict(zip(BLOCKS, notice.body.split(PARAGRAPH), strict=True)), words[language]
    html = layout.render(**said, **around, title=notice.title, language=language, link=link, stop_link=stop_link)
    stop = [f"{around['stop']}: {stop_link}"] if stop_link else []
    plain = PARAGRAPH.join([
        around["authority"], notice.title, *said.values(), f"{around['open']}: {link}", "-- ", around["automatic"], around["why"], *stop,
    ])  # fmt: skip
    return Written(notice.title, plain + "\n", _inliner.inline(html))
