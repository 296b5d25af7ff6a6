"""Letters and visits that source systems tell of."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
CREATE TABLE source_letter (
    id uuid PRIMARY KEY, code varchar NOT NULL UNIQUE, source varchar NOT NULL, unit varchar NOT NULL, kind varchar NOT NULL,
    channel varchar NOT NULL, state varchar NOT NULL, received_at timestamptz NOT NULL, last_at timestamptz NOT NULL, recipient uuid,
    anonymous boolean NOT NULL, complex boolean NOT NULL, backfilled boolean NOT NULL, subject_class varchar, outcome varchar,
    promised_on date, version integer NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE visit_count (
    source varchar NOT NULL, unit varchar NOT NULL, day date NOT NULL, counter varchar NOT NULL, visits integer NOT NULL,
    served integer NOT NULL, mean_wait_minutes integer, counted_at timestamptz NOT NULL, PRIMARY KEY (source, unit, day, counter)
);
CREATE INDEX visit_count_unit ON visit_count (unit, day)
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
