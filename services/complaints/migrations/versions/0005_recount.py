"""Limits to be counted again after the law's data changed."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for statement in frame_sql("recount_0001.sql"):
        op.execute(statement)
