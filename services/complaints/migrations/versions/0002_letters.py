"""What happens to a letter before it is split, with what was written with each step; second complaints and what they are about."""

from alembic import op

revision = "0002"
down_revision = "0001"

LETTERS = """ALTER TABLE submission ADD COLUMN respond_by date, ADD COLUMN supplements integer NOT NULL DEFAULT 0, ADD COLUMN linked_with uuid,
    ADD COLUMN passed_on_by text[] NOT NULL DEFAULT '{}', ADD COLUMN written jsonb NOT NULL DEFAULT '[]'"""
LINKED = "CREATE INDEX submission_linked ON submission (linked_with) WHERE linked_with IS NOT NULL"

CASES = 'ALTER TABLE "case" ADD COLUMN parent uuid, ADD COLUMN appealed_to varchar'
APPEALED = 'CREATE INDEX case_appealed ON "case" (appealed_to, id) WHERE appealed_to IS NOT NULL'


def upgrade() -> None:
    for statement in (LETTERS, LINKED, CASES, APPEALED):
        op.execute(statement)
