"""Payments, moved appointments, corrections and ratings of a dossier."""

from alembic import op

revision = "0002"
down_revision = "0001"

DOSSIER = """ALTER TABLE dossier ADD COLUMN apologies integer NOT NULL DEFAULT 0, ADD COLUMN moved_by integer NOT NULL DEFAULT 0,
ADD COLUMN rating integer, ADD COLUMN payment jsonb, ADD COLUMN apology jsonb, ADD COLUMN corrections jsonb NOT NULL DEFAULT '[]',
ADD COLUMN comment varchar"""


def upgrade() -> None:
    op.execute(DOSSIER)
