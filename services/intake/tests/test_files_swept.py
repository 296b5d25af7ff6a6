"""Files nobody handed in, litter of processes that died, blobs that were damaged: what is swept, and what never is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from services.intake import handlers, timers
from services.intake.handlers import Cabinet
from services.intake.store import files
from services.intake.tests.given import citizen
from services.intake.tests.papers import PDF, filed, kept, named, sent
from services.intake.tests.talk import Talk
from shared.kernel import system
from shared.settings import Keys
from shared.store.files import stores
from shared.store.files.tests import samples
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_a_file_nobody_handed_in_is_gone_after_a_day(
    talk: Talk, cabinet: Cabinet, clock: StandingClock, tmp_path: Path
) -> None:
    loose, used = await sent(talk), await sent(talk, samples.png(), "image/png")
    await filed(talk, used)
    clock.at("2026-11-24T08:14:00+07:00")
    await named_timer(cabinet, "intake.loose-files").once()
    assert len(kept(tmp_path)) == 2

    clock.at("2026-11-24T08:16:00+07:00")
    await named_timer(cabinet, "intake.loose-files").once()

    assert len(kept(tmp_path)) == 1
    assert (await talk.get(f"/files/{loose}", talk.citizen())).status_code == 404
    assert (await talk.get(f"/files/{used}", talk.citizen())).content == samples.png()


async def test_a_blob_somebody_else_needs_survives_the_sweep(
    talk: Talk, cabinet: Cabinet, clock: StandingClock
) -> None:
    await sent(talk)
    used = await sent(talk)
    await filed(talk, used)
    clock.at("2026-11-25T08:16:00+07:00")

    await handlers.sweep_loose(cabinet)

    assert (await talk.get(f"/files/{used}", talk.citizen())).content == PDF


async def test_killed_between_blob_and_row_leaves_litter_that_is_swept_and_no_broken_reference(
    cabinet: Cabinet, keys: Keys, works: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dies_before_its_row(cabinet, keys, monkeypatch)
    (litter,) = kept(tmp_path)
    assert await works.pool.fetchval("SELECT count(*) FROM file") == 0

    await handlers.sweep_litter(cabinet)
    assert kept(tmp_path) == [litter]  # it may still be on its way
    left = tmp_path / "files" / "incoming" / "half"
    left.write_bytes(b"half")
    not_ours = tmp_path / "files" / "ab" / "abcd"
    not_ours.parent.mkdir(exist_ok=True)
    not_ours.write_bytes(b"an operator's")
    age(litter, left, not_ours)
    await named_timer(cabinet, "intake.file-litter").once()
    assert kept(tmp_path) == [not_ours]


async def test_litter_is_no_hindrance_for_the_same_bytes(
    talk: Talk, cabinet: Cabinet, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dies_before_its_row(cabinet, keys, monkeypatch)

    file = await sent(talk)
    age(*kept(tmp_path))
    await handlers.sweep_litter(cabinet)

    assert (await talk.get(f"/files/{file}", talk.citizen())).content == PDF


async def test_a_blob_that_was_damaged_is_our_fault_and_gives_no_byte(talk: Talk, tmp_path: Path) -> None:
    file = await sent(talk)
    (blob,) = kept(tmp_path)
    blob.write_bytes(bytes(len(PDF) + 16))

    answer = await talk.get(f"/files/{file}", talk.citizen())

    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")


async def test_the_lock_of_a_content_holds_as_long_as_the_store_of_files_may_work(works: Works) -> None:
    async with works.begin(system("test")) as work:
        await files.lock_content(work, bytes(32))
        rows = await work.db.fetch("SELECT name, setting::int AS ms FROM pg_settings WHERE name LIKE '%_timeout'")

    ms = {row["name"]: row["ms"] for row in rows}
    assert ms["idle_in_transaction_session_timeout"] == 0
    assert 0 < ms["lock_timeout"] + stores.AT_MOST_SECONDS * 1000 < ms["transaction_timeout"]


def named_timer(cabinet: Cabinet, name: str) -> Any:
    return next(timer for timer in timers.file_timers(cabinet) if timer.name == name)


class Killed(BaseException):
    """Nothing after it runs."""


async def dies_before_its_row(cabinet: Cabinet, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is taken in by a process that ends when the blob is kept and its row is not."""

    async def die(*_arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("services.intake.store.files.add_file", die)
        with pytest.raises(Killed):
            await handlers.keep_file(cabinet, citizen(keys), named("killed"), "application/pdf", samples.streamed(PDF))


def age(*paths: Path) -> None:
    """As if it had been written two days ago."""
    for path in paths:
        os.utime(path, times=(time.time() - 2 * 86_400,) * 2)
