"""Files people hand in, and the forms of online dossiers."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE file (
    id uuid PRIMARY KEY, sha256 bytea NOT NULL, size integer NOT NULL, media_type varchar NOT NULL, data_key bytea NOT NULL,
    key_id smallint NOT NULL, recipient uuid, units varchar[] NOT NULL, created_at timestamptz NOT NULL, dossier uuid, purpose varchar
);
CREATE INDEX file_content ON file (sha256);
CREATE INDEX file_dossier ON file (dossier) WHERE dossier IS NOT NULL;
CREATE INDEX file_loose ON file (created_at) WHERE dossier IS NULL;
CREATE TABLE form (dossier uuid PRIMARY KEY, person uuid NOT NULL, sealed bytea NOT NULL)
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
