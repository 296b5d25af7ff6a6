"""Words every layer speaks: ids, who calls, and the ways a command can be refused. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, ClassVar, NewType
from uuid import UUID

DossierId = NewType("DossierId", UUID)
NoticeId = NewType("NoticeId", UUID)
UnitCode = NewType("UnitCode", str)

TENANT = "44"
"""The province this installation serves: one installation = one province (Quảng Trị after 2025-07-01)."""


@cache
def kebab(name: str) -> str:
    """`AlreadySettled` -> `already-settled`: the stable code of a refusal or a fact."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The state or the rules do not allow this command (HTTP 409); `code` is the class name in kebab case."""

    status: ClassVar[int] = 409

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or (self.__doc__ or "").strip())
        self.facts = facts

    @property
    def code(self) -> str:
        """Stable word of this refusal in the problem catalogue."""
        return kebab(type(self).__name__)


class NotFound(Refused):
    """There is no such resource, or not for you."""

    status = 404


class Forbidden(Refused):
    """Your role does not allow this."""

    status = 403


class Stale(Refused):
    """Somebody changed this resource since you read it; read it again."""

    status = 412


class Invalid(Refused):
    """A field has a value that cannot be accepted; `facts["field"]` names it (a JSON pointer)."""

    status = 422


class IdempotencyMismatch(Refused):
    """This Idempotency-Key was used with another body."""

    status = 422


class StillRunning(Refused):
    """The first request with this Idempotency-Key is still running."""


class Repeated(Exception):  # noqa: N818 - not an error: the command was done before
    """This command was done before; `answer` is the JSON snapshot kept with its Idempotency-Key."""

    def __init__(self, answer: bytes, status: int) -> None:
        super().__init__("repeated command")
        self.answer = answer
        self.status = status


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: subject at the issuer, roles, units, and for citizens the normalised identity number."""

    subject: str
    roles: frozenset[str]
    units: frozenset[str] = frozenset()
    person: str | None = field(default=None, repr=False)
    recipient: UUID | None = None
    acting: str = "system"

    @property
    def key(self) -> bytes:
        """16 bytes that stand for the subject where idempotency keys are kept."""
        return sha256(self.subject.encode()).digest()[:16]

    def may_act_for(self, unit: str) -> bool:
        """Officers act for the units of their token; an admin acts for all."""
        return unit in self.units or "admin" in self.roles

    def has(self, *roles: str) -> bool:
        """Whether one of these roles is held."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, its request's fingerprint, and the status its answer had."""

    key: str
    fingerprint: bytes
    status: int = 200

    @staticmethod
    def of(key: str, method: str, path: str, body: bytes, status: int = 200) -> Once:
        """Fingerprint = SHA-256 over method, path and raw body."""
        return Once(key, sha256(b"\0".join((method.encode(), path.encode(), body))).digest(), status)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal and, for a command over HTTP, its idempotency key."""

    principal: Principal
    once: Once | None = None


def system(name: str) -> Caller:
    """The caller of a consumer or a timer, named after it."""
    return Caller(Principal(subject=name, roles=frozenset({"system"})))
