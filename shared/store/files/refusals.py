"""Why a file is not taken, each by name."""

from __future__ import annotations

from typing import ClassVar

from shared.kernel import Refused


class FileRefused(Refused):
    """This file cannot be taken."""

    status: ClassVar[int] = 422


class FileEmpty(FileRefused):
    """The file has no content."""


class FileTooLarge(FileRefused):
    """The file is larger than the limit."""

    status = 413
    headers: ClassVar[dict[str, str]] = {"connection": "close"}
    """The rest of the body is not read to its end, for it may have none."""


class FileTypeNotAllowed(FileRefused):
    """Files of this type are not taken."""

    status = 415


class MediaTypeDisagrees(FileRefused):
    """The content is not of the type the file was sent as."""

    status = 415


class FileDamaged(FileRefused):
    """The file cannot be read to its end: it is cut off, protected by a password or damaged."""


class FileAmbiguous(FileRefused):
    """The file is more than one thing: something stands before its beginning or behind its end."""


class FileUnpacksTooLarge(FileRefused):
    """What is packed in the file is too much, or packed too tightly."""


class FileHoldsMacros(FileRefused):
    """The document holds macros."""


class NotSigned(FileRefused):
    """An XML file is taken when it is digitally signed."""


class FileInfected(FileRefused):
    """The virus scanner found something in the file."""


class ScannerUnreachable(FileRefused):
    """The virus scanner cannot be reached, so no file is taken now."""

    status = 503
    headers: ClassVar[dict[str, str]] = {"retry-after": "30"}
