"""How much of a topic a door takes at once while its sender is too fast."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import TopicPartition

from shared.bus.arrival import Raw
from shared.bus.door import FEW, beyond_a_few


def partition(number: int, times: Sequence[int], first: int = 0) -> list[Raw]:
    """Records of a partition that came at these times."""
    return [Raw("t", number, first + n, b"k", b"v", (), at) for n, at in enumerate(times)]


def test_a_few_are_all_taken() -> None:
    assert beyond_a_few(partition(0, range(FEW))) == {}


def test_those_that_came_first_are_taken_of_all_partitions() -> None:
    records = [*partition(0, range(0, 3 * FEW, 3), 100), *partition(1, range(1, 3 * FEW, 3)), *partition(2, range(2 * FEW, 3 * FEW))]  # fmt: skip

    cut = beyond_a_few(records)

    taken = [raw for raw in records if raw.offset < cut.get(TopicPartition(raw.topic, raw.partition), 1000)]
    assert len(taken) == FEW
    assert sorted({raw.partition for raw in taken}) == [0, 1]
    assert cut[TopicPartition("t", 2)] == 0


def test_times_that_go_back_leave_no_batch_empty_and_pass_over_nothing() -> None:
    first_is_last = partition(0, [1000, *range(1, 2 * FEW)])
    falling = partition(0, range(1000, 1000 - 3 * FEW, -1))

    assert [beyond_a_few(each) for each in (first_is_last, falling)] == [{TopicPartition("t", 0): FEW}] * 2
