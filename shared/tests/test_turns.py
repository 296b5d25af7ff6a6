"""Others have their turn while something long is done."""

from __future__ import annotations

import asyncio

from shared.turns import in_turns


async def test_others_have_their_turn_after_every_few_items() -> None:
    done, seen = 0, 0

    async def long_work() -> None:
        nonlocal done
        async for _ in in_turns(range(10), 5):
            done += 1

    async def other() -> None:
        nonlocal seen
        seen = done

    await asyncio.gather(long_work(), other())

    assert (seen, done) == (5, 10)
