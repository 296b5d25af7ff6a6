"""How well source systems tell: by the hour; when one counts as silent; and its dossiers by code."""

from alembic import op

revision = "0014"
down_revision = "0013"

TABLES = """
ALTER TABLE source ADD COLUMN silence_hours integer;
CREATE TABLE source_hour (
    source varchar NOT NULL, hour timestamptz NOT NULL, events bigint NOT NULL, ahead bigint NOT NULL, prompt bigint NOT NULL, slow bigint NOT NULL,
    late bigint NOT NULL, stale bigint NOT NULL, least double precision, PRIMARY KEY (source, hour)
) WITH (fillfactor = 50);
CREATE INDEX dossier_of_source ON dossier (source, code) WHERE source IS NOT NULL
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
