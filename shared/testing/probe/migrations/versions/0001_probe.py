# ruff: noqa: INP001 - Alembic finds this file by its name
"""Frame, vault, and the one table of the probe."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    for statement in [*frame_sql("frame_0001.sql"), *frame_sql("vault_0001.sql")]:
        op.execute(statement)
    op.execute("CREATE TABLE probe_line (id uuid PRIMARY KEY, total integer NOT NULL, last_sequence integer NOT NULL)")
