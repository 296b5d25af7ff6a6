"""The other end of `Child.ask`: a process that says READY, then answers each JSON line with a JSON line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Answer = Callable[[dict[str, Any]], Awaitable[Any]]


async def answering(answer: Answer) -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("READY", flush=True)
    while line := await lines.readline():
        print(json.dumps(await answer(json.loads(line))), flush=True)
