"""Time and ids."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.moments import MovableClock, system_clock, uuid7
from shared.testing.clock import MONDAY_MORNING, StandingClock


def test_the_systems_clock_is_utc_and_true() -> None:
    before = datetime.fromtimestamp(time.time(), UTC)  # to the microsecond, as a datetime has it
    now = system_clock()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.fromtimestamp(time.time(), UTC)


def test_a_clock_without_its_file_is_the_systems() -> None:
    assert abs(MovableClock(Path("nowhere"))() - system_clock()) < timedelta(seconds=5)


def test_a_moved_clock_is_moved_for_every_process_that_reads_the_file(tmp_path: Path) -> None:
    mine, theirs = MovableClock(tmp_path / "clock"), MovableClock(tmp_path / "clock")
    there = datetime(2027, 2, 6, 1, 0, tzinfo=UTC)
    mine.move_to(there)
    assert timedelta() <= theirs() - there < timedelta(seconds=5)
    mine.move_to(there + timedelta(days=9))
    assert theirs() - there >= timedelta(days=9)
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


def test_ids_are_version_seven_ordered_by_time_and_unique() -> None:
    made = [uuid7() for _ in range(2000)]
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 2000
    stamps = [each.int >> 80 for each in made]
    assert stamps == sorted(stamps)
    assert abs(stamps[-1] / 1000 - time.time()) < 5


def test_a_standing_clock_moves_only_when_told() -> None:
    clock = StandingClock()
    assert clock() == clock() == MONDAY_MORNING
    assert clock.move(days=1, hours=2) == MONDAY_MORNING + timedelta(hours=26)
    assert clock.at("2026-11-27T08:00:00+07:00") == datetime(2026, 11, 27, 1, 0, tzinfo=UTC) == clock()


def test_a_forked_process_draws_random_bits_of_its_own() -> None:
    script = """if True:
        import os
        from shared.moments import uuid7
        uuid7()
        read, write = os.pipe()
        if os.fork() == 0:
            os.write(write, uuid7().bytes)
            os._exit(0)
        os.wait()
        print(uuid7().bytes[8:] == os.read(read, 16)[8:])
    """
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert ended.stdout == "False\n"
