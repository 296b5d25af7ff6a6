"""Hand-overs are told: a line moves to the unit that took its dossier, so lines, counters and timeline hold more.

Facts passed over before are told by `gandan rebuild dossiers`.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

NEW_FOLD = """UPDATE projection_active SET fold_version = 6
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    op.execute(NEW_FOLD)
