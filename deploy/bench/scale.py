"""How much is measured: a smoke of a minute, the usual ten minutes, or the scale the acceptance page names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of one scale; rounds interleave the product with its limits, and medians are taken over them."""

    name: str
    rounds: int
    seconds: float
    """Length of one round of load."""
    warm: float
    """Load that is not counted, before each round."""
    submit_peer_seconds: float
    lifecycle_dossiers: tuple[int, ...]
    """Dossiers in the stores beside the empty one, the largest last."""
    relay_rows: int
    relay_peer_rows: int
    project_facts: int
    project_peer_facts: int
    visible_posts: int
    open_deadlines: int
    due_deadlines: int
    inbox_items: int
    inbox_citizens: int
    rebuild_facts: int
    ingest_events: int


QUICK = Scale(
    "quick", 1, 1.0, 0.3, 0.5, (500,), 60_000, 200, 20_000, 60, 40, 20_000, 1_000, 20_000, 1_000, 6_000, 20_000
)
SHORT = Scale("short", 3, 5.0, 1.5, 4.0, (100_000,), 40_000, 3_000, 60_000, 1_000, 400, 1_000_000, 10_000, 1_000_000, 50_000, 200_000, 40_000)  # fmt: skip
FULL = Scale("full", 5, 10.0, 3.0, 8.0, (100_000, 1_000_000), 100_000, 6_000, 120_000, 2_000, 2_000, 1_000_000, 10_000, 1_000_000, 50_000, 1_000_000, 100_000)  # fmt: skip
