"""What a look-up needs: when clocks stopped and went on, a dossier by its code, and wrong secrets counted.

The lines of every version get the columns; facts folded before are told again by `gandan rebuild dossiers`.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

LINES = """DO $$ DECLARE line text; BEGIN
FOR line IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ '^dossier_line_[0-9]+$' LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN received_at timestamptz, ADD COLUMN started_at timestamptz,
        ADD COLUMN stops timestamptz[] NOT NULL DEFAULT ''{}'', ADD COLUMN promises date[] NOT NULL DEFAULT ''{}''', line);
    EXECUTE format('CREATE INDEX ON %I (code)', line);
END LOOP; END $$"""

NEW_FOLD = """UPDATE projection_active SET fold_version = 2
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    op.execute(LINES)
    op.execute("CREATE TABLE lookup_lock (code varchar PRIMARY KEY, failures integer NOT NULL, locked_until timestamptz)")
    op.execute(NEW_FOLD)
