"""Letters and cases that another system owns: which, whether it tells its citizens itself, what it promised."""

from alembic import op

revision = "0004"
down_revision = "0003"

OWNED = "ADD COLUMN source varchar, ADD COLUMN tells_citizens boolean NOT NULL DEFAULT true, ADD COLUMN backfilled_at timestamptz"


def upgrade() -> None:
    op.execute(f"ALTER TABLE submission {OWNED}")
    op.execute(f'ALTER TABLE "case" {OWNED}, ADD COLUMN promised_on date')
