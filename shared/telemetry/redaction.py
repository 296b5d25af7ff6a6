"""Personal data never reaches a log: identity numbers, Vietnamese phone numbers and e-mails become `[…]`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MARK = "[…]"

_KEPT = r"""
    [0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?![0-9a-f])              # traceparent
  | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])                    # UUID
  | (?<![0-9a-z])(?=[0-9a-f]*[0-9][a-f])[0-9a-f]{32,}(?![0-9a-z])              # hash, trace id
  | (?<![0-9a-z])0x[0-9a-f]+                                                   # address in a repr
  | (?<!\d)(?:19|20|21)\d\d-[01]\d-[0-3]\d(?!\d)
      (?:[T\ ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?  # ISO date, instant
  | (?<!\d)[0-2]\d:[0-5]\d:[0-5]\d(?:[.,]\d+)?                                 # time of day
  | (?<!\d)[0-3]\d[-./][01]\d[-./](?:19|20|21)\d\d(?!\d)                       # 05-12-2026
  | (?:\d{3}\.\d\d\.\d\d\.)?\bH\d\d(?:\.\d{2,3})*-\d{6}-\d{4,}                 # dossier code
"""
# 32 and more, not 16: "CCCD" before an identity number is sixteen hexadecimal digits too.

_GAP = r"[\ \u00a0.\-]"
_APART = r"(?!(?<=\D)(?:(?:19|20|21)\d\d-[01]\d-[0-3]\d|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}))"
"""After a gap: what follows is not a date, a UUID or a hash, which a number before it must not swallow."""
_NEXT = rf"[\ \u00a0.\-)]{{0,2}}{_APART}\d"
_PERSONAL = r"""
    (?<=://)[^\s/@]+(?=@)                                                      # user:password in a URL
  | (?<![\w.!#$%&'*+^~-])[\w.!#$%&'*+^~-]+@[\w-]+(?:\.[\w-]+)+                 # e-mail
"""
_NUMBERS = rf"""
    (?<!\d)(?:\d{{12}}|\d{{9}})(?!\d)                                          # identity card: 12 digits, the old one 9
  | (?<!\d)\d{{3}}(?:[\ \u00a0-]{_APART}\d{{3}}){{2,3}}(?!\d)                  # ... in groups of three
  | (?<!\d)\d{{4}}(?:[\ \u00a0-]{_APART}\d{{4}}){{2}}(?!\d)                    # ... in groups of four
  | (?:\(?\+84\)?|(?<!\d)0084|(?<!\d)84(?=\d{{9,10}}(?!\d)))
      {_GAP}?(?:\(0\))?{_GAP}?(?:2(?:{_GAP}?{_APART}\d){{8,9}}|[3-9](?:{_GAP}?{_APART}\d){{8}})(?!\d)  # phone, from abroad
  | (?<!\d)\(?0(?:2(?:{_NEXT}){{8,9}}|[3-9](?:{_NEXT}){{8}})(?!\d)             # phone, at home
"""
_PATTERN = re.compile(rf"(?P<secret>{_PERSONAL})|(?P<kept>{_KEPT})|(?P<number>{_NUMBERS})", re.VERBOSE | re.IGNORECASE)
_SUSPECT = re.compile(r"@|(?:\d\D*){9}")


def redact(text: str) -> str:
    """Replace what identifies a person by `[…]`; UUIDs, dossier codes, instants and hashes stay as they are."""
    return _PATTERN.sub(_replacement, text) if _SUSPECT.search(text) else text


def _replacement(match: re.Match[str]) -> str:
    return match[0] if match["kept"] else MARK


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {redact(str(key)): _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(inner) for inner in value]
    return redact(str(value))  # anything else would be written by its repr, after this step


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact every value of a log event, however deep (a structlog processor); `_record` and the like stay."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _redacted(value)
    return event
