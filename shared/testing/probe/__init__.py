"""The smallest service: the frame's tables and one of its own, so that the frame is tested without a real service."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
