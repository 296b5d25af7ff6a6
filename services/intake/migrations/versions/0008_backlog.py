"""Why a dossier was entered late, and by what a line of a paper register is known again."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE dossier ADD COLUMN late_entry_reason varchar, ADD COLUMN backlog bytea")
