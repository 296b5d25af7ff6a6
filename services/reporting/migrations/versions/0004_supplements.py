"""Letters that wait for their senders, and what became of notices on their way out.

The lines of every version get the columns; facts folded before are told again by `gandan rebuild dossiers`.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = {
    "letter_line": "ADD COLUMN respond_by date",
    "notice_line": """ADD COLUMN channel varchar, ADD COLUMN delivered_at timestamptz, ADD COLUMN failed_at timestamptz,
        ADD COLUMN failure varchar""",
}

VERSIONS = """SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ '^%s_[0-9]+$'"""

NEW_FOLD = """UPDATE projection_active SET fold_version = 4
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    for name, columns in COLUMNS.items():
        for (line,) in op.get_bind().exec_driver_sql(VERSIONS % name).all():
            op.execute(f"ALTER TABLE {line} {columns}")
    op.execute(NEW_FOLD)
