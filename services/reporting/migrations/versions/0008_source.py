"""Which system a dossier comes from stands in its line.

The lines of every version get the column; dossiers folded before are told again by `gandan rebuild dossiers`.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

VERSIONS = """SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ '^dossier_line_[0-9]+$'"""

NEW_FOLD = """UPDATE projection_active SET fold_version = 8
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    for (line,) in op.get_bind().exec_driver_sql(VERSIONS).all():
        op.execute(f"ALTER TABLE {line} ADD COLUMN source varchar")
    op.execute(NEW_FOLD)
