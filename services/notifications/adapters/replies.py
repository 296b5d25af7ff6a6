"""What an SMTP server's answer means for a message. Pure."""

from __future__ import annotations

import re

from services.notifications.domain import Fault, Rejected

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
_PERMANENT = 500
_UNAVAILABLE = 421
_OF_ADDRESS = {550, 551, 553}
_FULL = 552
_POLICY = 7


def words_of(code: int, text: str) -> str:
    """The codes alone, `550 5.1.1`: the words may name the recipient."""
    match = _ENHANCED.match(text)
    return f"{code} {match[0]}" if match else str(code)


def of_recipient(code: int, text: str) -> Rejected:
    """The answer to RCPT."""
    words, (subject, detail) = words_of(code, text), _enhanced(text)
    if code < _PERMANENT:
        return _for_now(code, words, subject)
    if code == _FULL or (subject, detail) == (2, 2):
        return Rejected(Fault.TEMPORARY, words)  # a full mailbox may be emptied
    if subject == 1 or (subject, detail) == (2, 1) or (subject is None and code in _OF_ADDRESS):
        return Rejected(Fault.ADDRESS, words)
    return Rejected(Fault.RECIPIENT, words)


def of_content(code: int, text: str) -> Rejected:
    """The answer to DATA and to the message itself."""
    words, (subject, _) = words_of(code, text), _enhanced(text)
    if code < _PERMANENT:
        return _for_now(code, words, subject)
    return Rejected(Fault.ADDRESS if subject == 1 else Fault.CONTENT, words)


def of_sender(code: int, text: str) -> Rejected:
    """The answer to the greeting, EHLO, sign-in or MAIL: about us, not about this message."""
    words, (subject, _) = words_of(code, text), _enhanced(text)
    if code >= _PERMANENT:
        return Rejected(Fault.CONFIG, words)
    refusal = _for_now(code, words, subject)
    return Rejected(refusal.fault, words, unreachable=True)


def _for_now(code: int, words: str, subject: int | None) -> Rejected:
    throttled = code == _UNAVAILABLE or subject == _POLICY
    return Rejected(Fault.THROTTLED if throttled else Fault.TEMPORARY, words)


def _enhanced(text: str) -> tuple[int | None, int | None]:
    """Subject and detail of an enhanced status code (RFC 3463)."""
    match = _ENHANCED.match(text)
    return (int(match[2]), int(match[3])) if match else (None, None)
