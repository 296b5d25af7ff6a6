"""Reference data over time: versions of procedures, units that follow each other, the staff directory."""

from alembic import op

revision = "0004"
down_revision = "0002"

PROCEDURE = """ALTER TABLE procedure ADD COLUMN decided_by varchar NOT NULL DEFAULT '', ADD COLUMN valid_to date, ADD COLUMN form_schema jsonb,
ADD COLUMN signed_on date, ADD COLUMN published_at timestamptz, ADD COLUMN publicity varchar"""
TABLES = """
CREATE TABLE described (topic varchar NOT NULL, key varchar NOT NULL, said bytea NOT NULL, PRIMARY KEY (topic, key))
"""


def upgrade() -> None:
    for statement in [PROCEDURE, *TABLES.split(";\n")]:
        op.execute(statement)
