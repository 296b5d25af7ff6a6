"""What acts changed of the law, copied from intake."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for statement in frame_sql("law_0001.sql"):
        op.execute(statement)
