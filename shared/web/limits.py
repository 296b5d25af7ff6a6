"""How often one client may call a group of routes: a token bucket per client, in bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from fastapi import Request, Response

from shared.web.operations import Operation, fails, gives_header
from shared.web.refusals import TooManyRequests

_MINUTE = 60.0
_MOST_CLIENTS = 10_000


class Buckets:
    """The buckets of one app; the longest unused is forgotten first, which is the same as full."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = _MOST_CLIENTS) -> None:
        self._now, self._most = now, most
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, limit: Limited, client: str) -> float:
        """Take one token; what is left, or a negative number when there was none."""
        key, now, rate = (limit.name, client), self._now(), limit.per_minute / _MINUTE
        level, at = self._levels.pop(key, (float(limit.burst), now))
        level = min(float(limit.burst), level + (now - at) * rate)
        left = level - 1
        self._levels[key] = (left if left >= 0 else level, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return left


@dataclass(frozen=True, slots=True)
class Limited:
    """The dependency made by `limited`."""

    name: str
    per_minute: float
    burst: int

    async def __call__(self, request: Request, response: Response) -> None:
        """Count this request; raises `TooManyRequests`."""
        buckets: Buckets = request.app.state.buckets
        left = buckets.take(self, client_of(request))
        if left < 0:
            wait = self.wait(left)
            raise TooManyRequests(retry_after_seconds=wait, headers={"retry-after": str(wait), **self.headers(0)})
        response.headers.update(self.headers(int(left)))

    def wait(self, left: float) -> int:
        """Seconds until there is a token again."""
        return max(1, self._seconds(-left))

    def headers(self, left: int) -> dict[str, str]:
        """What an answer says of this limit (draft-ietf-httpapi-ratelimit-headers)."""
        full = self._seconds(self.burst - left)
        return {
            "ratelimit-policy": f'"{self.name}";q={self.burst};w={self._window()}',
            "ratelimit": f'"{self.name}";r={left};t={full}',
        }

    def _window(self) -> int:
        """Seconds in which an empty bucket fills."""
        return max(1, self._seconds(self.burst))

    def _seconds(self, tokens: float) -> int:
        """Whole seconds in which so many tokens come; rounded first, for 7 seconds times 3/7 is a little more than 3."""
        return math.ceil(round(tokens * _MINUTE / self.per_minute, 6))

    def describe(self, operation: Operation) -> None:
        """Document the headers and the problem."""
        gives_header(operation, "RateLimit-Policy", f"At most {self.burst} at once, {self.per_minute} per minute.")
        gives_header(operation, "RateLimit", "What is left, and when it is full again.")
        fails(operation, s429="Too many requests in a short time.")


def limited(name: str, *, per_minute: int, burst: int) -> Limited:
    """A dependency: at most `burst` requests at once and `per_minute` in the long run, for each client."""
    return Limited(name, per_minute, burst)


def client_of(request: Request) -> str:
    """The client's address; of IPv6, the /64 network, because one household owns that many addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or int(address) >> 64)
