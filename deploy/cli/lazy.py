"""Commands that are imported when they are called: `gandan --help` and `gandan due` need none of the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """Stands for a command until it is called; its own line of help is all that is known of it before."""

    def __init__(self, name: str, place: str, line: str) -> None:
        super().__init__(name, help=line, add_help_option=False)
        self.place = place

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Go on as the real command: its options, its sub-commands, its help."""
        return loaded(self.place, self.name or "").make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """A group whose commands are the `places` of a subclass."""

    places: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Name -> where the function or the `typer.Typer` is (`module:name`), and one line of help."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (place, line) in self.places.items():
            self.add_command(LazyCommand(name, place, line))


def loaded(place: str, name: str) -> Any:
    """The command at `module:name`: a function becomes a command of its own, a `typer.Typer` a group."""
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        function, found = (
            found,
            typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None),
        )
        found.command(name)(function)
    return typer.main.get_command(found)
