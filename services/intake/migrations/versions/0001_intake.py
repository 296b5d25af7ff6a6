"""Frame and vault tables, units, procedures, dossiers and their code counter."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE unit (
    code varchar PRIMARY KEY, name varchar NOT NULL, level varchar NOT NULL, kind varchar NOT NULL, agency varchar NOT NULL UNIQUE,
    parent varchar, valid_from date NOT NULL, valid_to date, remote boolean NOT NULL, unverified jsonb NOT NULL
);
CREATE TABLE procedure (
    code varchar NOT NULL, version integer NOT NULL, name varchar NOT NULL, sector varchar NOT NULL, sector_name varchar NOT NULL,
    levels jsonb NOT NULL, "limit" varchar NOT NULL, pause_mode varchar NOT NULL, max_supplements integer NOT NULL, online varchar NOT NULL,
    components jsonb NOT NULL, fees jsonb NOT NULL, fee_policy varchar NOT NULL, basis varchar NOT NULL, valid_from date NOT NULL,
    unverified jsonb NOT NULL, PRIMARY KEY (code, version)
);
CREATE TABLE code_counter (agency varchar NOT NULL, day date NOT NULL, last integer NOT NULL, PRIMARY KEY (agency, day)) WITH (fillfactor = 50);
CREATE TABLE dossier (
    id uuid PRIMARY KEY, code varchar NOT NULL UNIQUE, procedure varchar NOT NULL, procedure_version integer NOT NULL, unit varchar NOT NULL,
    channel varchar NOT NULL, subject_kind varchar NOT NULL, state varchar NOT NULL, recipient uuid NOT NULL,
    submitted_at timestamptz NOT NULL, received_at timestamptz NOT NULL, "limit" varchar NOT NULL, pause_mode varchar NOT NULL,
    max_supplements integer NOT NULL, version integer NOT NULL, lookup_number integer NOT NULL, accepted_at timestamptz, settled_at timestamptz,
    returned_at timestamptz, closed_at timestamptz, handler varchar, supplements integer NOT NULL, respond_by date,
    answer_due_at timestamptz, due_at timestamptz, due_on date, remaining_working_hours double precision, provisional boolean NOT NULL,
    promised_on date, lawful_due_on date, first_promised_on date, outcome varchar, result_number varchar, person uuid NOT NULL, owner uuid,
    summary varchar, components jsonb NOT NULL, supplement jsonb, reason varchar
) WITH (fillfactor = 80);
CREATE INDEX dossier_recipient ON dossier (recipient);
CREATE INDEX dossier_unit ON dossier (unit, state, id);
CREATE INDEX dossier_due ON dossier (unit, due_on, id) WHERE closed_at IS NULL AND settled_at IS NULL;
CREATE TABLE lookup_lock (code varchar PRIMARY KEY, failures integer NOT NULL, locked_until timestamptz)
"""


def upgrade() -> None:
    for statement in [*frame_sql("frame_0001.sql"), *frame_sql("vault_0001.sql"), *TABLES.split(";\n")]:
        op.execute(statement)
