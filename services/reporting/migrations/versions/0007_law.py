"""What acts changed of the law, copied from intake: reasons are told by it."""

from __future__ import annotations

from alembic import op

from shared.store.migrate import frame_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for statement in frame_sql("law_0001.sql"):
        op.execute(statement)
