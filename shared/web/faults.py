"""What to make of an exception that no handler meant: does it pass by itself, is the disk full, or is it a fault of ours."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from typing import Literal, TypeAlias

import asyncpg

from shared.store.db import passes

Fault: TypeAlias = Literal["unavailable", "storage-full", "nul-character", "internal-error"]

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NUL = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""PostgreSQL text cannot hold U+0000; a field that is not `fields.text` lets it through to here."""
_FRAMES = 12
"""Innermost frames of a trace that are logged; the outer ones are always the framework's."""
_OUR_FAULT = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
"""Operating-system errors about files do not pass by trying again."""


def fault_of(error: BaseException) -> Fault:
    """The problem code of an unexpected exception; a stated cause counts as the exception itself."""
    for each in chain(error):
        if isinstance(each, asyncpg.DiskFullError) or (isinstance(each, OSError) and each.errno in _FULL):
            return "storage-full"
        if isinstance(each, _NUL):
            return "nul-character"
        if passes(each) and not isinstance(each, _OUR_FAULT):
            return "unavailable"
    return "internal-error"


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and the causes it states (`raise ... from`)."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__


def name(error: BaseException) -> str:
    """Module and class of an exception."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def places(error: BaseException) -> str:
    """Where it happened, without the exceptions' messages: those may quote what a citizen sent."""
    return "".join(
        f"{name(each)}\n{''.join(traceback.format_tb(each.__traceback__, -_FRAMES))}" for each in chain(error)
    )
