"""Charts as inline SVG, drawn by hand: no library draws bars without inline styles, which our content policy forbids.

A chart holds no text: labels and numbers stand beside it in HTML, so they keep their size on a telephone and are the
chart's own table for whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

_HEIGHT = 100
_STEP = 12
_WIDTH = 4.5


class Pair(NamedTuple):
    """One step of a trend: what came beside what was done, of which a part was late."""

    came: int
    done: int
    late: int


def bar(value: int, most: int, kind: str = "plain") -> Markup:
    """A bar as long as its share of the longest; nothing at all for zero."""
    share = 100 * value / most if most else 0
    rect = Markup('<rect class="{}" width="{:.2f}" height="8"/>').format(kind, max(share, 1)) if value else ""
    return Markup('<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(
        rect
    )


def interval(low: float, share: float, high: float) -> Markup:
    """Where a share surely enough lies, with a mark at what was found."""
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" y="3" width="100" height="2"/>'
        '<rect class="span" x="{:.1f}" y="1" width="{:.1f}" height="6"/><rect class="mark" x="{:.1f}" width="1.4" height="8"/></svg>'
    ).format(100 * low, 100 * (high - low), min(98.6, 100 * share))


def trend(steps: Sequence[Pair], describes: str) -> Markup:
    """Columns by twos: what came, and what was done with its late part on top."""
    most = max((max(step.came, step.done) for step in steps), default=0) or 1
    parts = [part for number, step in enumerate(steps) for part in _columns(number, step, _HEIGHT / most)]
    return Markup(
        '<svg class="trend" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}"><path class="grid" d="M0 25H{w}M0 50H{w}M0 75H{w}"/>{}</svg>'
    ).format(_STEP * len(steps), _HEIGHT, describes, Markup("").join(parts), w=_STEP * len(steps))


def _columns(number: int, step: Pair, scale: float) -> list[Markup]:
    left = number * _STEP + 1.25
    done = left + _WIDTH + 0.5
    found = [
        ("came", left, step.came, 0),
        ("plain", done, step.done, 0),
        ("late", done, step.late, step.done - step.late),
    ]
    return [
        Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{}" height="{:.2f}"/>').format(
            kind, x, _HEIGHT - (value + below) * scale, _WIDTH, value * scale
        )
        for kind, x, value, below in found
        if value
    ]


def stacked(steps: Sequence[Sequence[tuple[str, int]]], describes: str) -> Markup:
    """One column for each step: its parts one upon the other, the first at the bottom, each of its kind."""
    most = max((sum(value for _, value in step) for step in steps), default=0) or 1
    parts = [part for number, step in enumerate(steps) for part in _stack(number, step, _HEIGHT / most)]
    return Markup(
        '<svg class="trend" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}"><path class="grid" d="M0 25H{w}M0 50H{w}M0 75H{w}"/>{}</svg>'
    ).format(_STEP * len(steps), _HEIGHT, describes, Markup("").join(parts), w=_STEP * len(steps))


def _stack(number: int, step: Sequence[tuple[str, int]], scale: float) -> list[Markup]:
    left, below, found = number * _STEP + 1.5, 0, []
    for kind, value in step:
        below += value
        if value:
            found.append(
                Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{}" height="{:.2f}"/>').format(
                    kind, left, _HEIGHT - below * scale, _STEP - 3, value * scale
                )
            )
    return found
