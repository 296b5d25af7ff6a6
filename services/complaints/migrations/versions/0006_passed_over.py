"""How many a counting passed over, since they break."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for statement in frame_sql("recount_0002.sql"):
        op.execute(statement)
