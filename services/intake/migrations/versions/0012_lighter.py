"""Fewer and better indexes of dossiers: by person and procedure; `dossier_by_due` serves what `dossier_due` did."""

from alembic import op

revision = "0012"
down_revision = "0011"

INDEXES = """
DROP INDEX dossier_recipient;
CREATE INDEX dossier_recipient ON dossier (recipient, procedure);
DROP INDEX dossier_due
"""


def upgrade() -> None:
    for statement in INDEXES.split(";\n"):
        op.execute(statement)
