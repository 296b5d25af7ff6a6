"""Reference data over time: versions of procedures, units that follow each other, the staff directory."""

from alembic import op

revision = "0004"
down_revision = "0003"

PROCEDURE = """ALTER TABLE procedure ADD COLUMN decided_by varchar NOT NULL DEFAULT '', ADD COLUMN valid_to date, ADD COLUMN form_schema jsonb,
ADD COLUMN signed_on date, ADD COLUMN published_at timestamptz, ADD COLUMN publicity varchar"""
UNIT = """ALTER TABLE unit ALTER COLUMN agency DROP NOT NULL, ADD COLUMN remote_from date, ADD COLUMN remote_to date,
ADD COLUMN version integer NOT NULL DEFAULT 1"""
TABLES = """
CREATE TABLE staff (
    id varchar PRIMARY KEY, subject varchar NOT NULL UNIQUE, unit varchar NOT NULL, position varchar NOT NULL, roles jsonb NOT NULL,
    valid_from date NOT NULL, valid_to date, superior varchar, deputy varchar, deputy_from date, deputy_to date, version integer NOT NULL,
    person uuid NOT NULL
);
CREATE TABLE former_name (unit varchar NOT NULL, until date NOT NULL, name varchar NOT NULL, PRIMARY KEY (unit, until));
CREATE TABLE unit_succession (
    old varchar NOT NULL, new varchar NOT NULL, valid_from date NOT NULL, valid_to date, share double precision NOT NULL, sectors jsonb NOT NULL,
    basis varchar NOT NULL, PRIMARY KEY (old, new, valid_from)
);
CREATE TABLE described (topic varchar NOT NULL, key varchar NOT NULL, said bytea NOT NULL, PRIMARY KEY (topic, key))
"""


def upgrade() -> None:
    for statement in [PROCEDURE, UNIT, *TABLES.split(";\n")]:
        op.execute(statement)
