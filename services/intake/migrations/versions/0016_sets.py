"""How many sets of its papers a dossier has."""

from alembic import op

revision = "0016"
down_revision = "0014"


def upgrade() -> None:
    op.execute("ALTER TABLE dossier ADD COLUMN sets integer NOT NULL DEFAULT 1")
