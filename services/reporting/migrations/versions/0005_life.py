"""Payments, pauses, apologies and stops are told: lines and timeline hold more than an older fold made of the same facts.

Facts passed over before are told by `gandan rebuild dossiers`.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

NEW_FOLD = """UPDATE projection_active SET fold_version = 5
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    op.execute(NEW_FOLD)
