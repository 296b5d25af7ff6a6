"""Frame and vault tables, reference copies, letters with their people, cases, and the closed table of sealed identities."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE unit (
    code varchar PRIMARY KEY, name varchar NOT NULL, level varchar NOT NULL, remote boolean NOT NULL, parent varchar,
    valid_from date NOT NULL, valid_to date
);
CREATE TABLE procedure (code varchar PRIMARY KEY, name varchar NOT NULL, sector varchar NOT NULL);
CREATE TABLE receipt_counter (unit varchar NOT NULL, day date NOT NULL, last integer NOT NULL, PRIMARY KEY (unit, day)) WITH (fillfactor = 50);
CREATE TABLE submission (
    id uuid PRIMARY KEY, receipt_no varchar NOT NULL UNIQUE, unit varchar NOT NULL, channel varchar NOT NULL, anonymous boolean NOT NULL,
    state varchar NOT NULL, recipient uuid, received_at timestamptz NOT NULL, registered_at timestamptz NOT NULL, due_at timestamptz, due_on date,
    about_dossier uuid, about_case uuid, about_procedure varchar, version integer NOT NULL, lookup_number integer NOT NULL, cases integer NOT NULL, reason_class varchar, closed_at timestamptz, body varchar NOT NULL, about_project varchar,
    about_decision_no varchar, late_reason varchar, reason varchar
) WITH (fillfactor = 80);
CREATE INDEX submission_unit ON submission (unit, state, id);
CREATE TABLE party (
    id uuid PRIMARY KEY, submission uuid NOT NULL, position smallint NOT NULL, role varchar NOT NULL, recipient uuid NOT NULL, person uuid NOT NULL,
    UNIQUE (submission, position)
);
CREATE INDEX party_recipient ON party (recipient);
CREATE TABLE "case" (
    id uuid PRIMARY KEY, submission uuid NOT NULL, code varchar NOT NULL UNIQUE, kind varchar NOT NULL, level integer NOT NULL, unit varchar NOT NULL,
    state varchar NOT NULL, recipient uuid, received_at timestamptz NOT NULL, opened_at timestamptz NOT NULL, remote boolean NOT NULL,
    version integer NOT NULL, came_from varchar, handler varchar, deadline varchar, due_at timestamptz, due_on date, remaining_days integer,
    provisional boolean NOT NULL, first_due_on date, about_dossier uuid, contents integer NOT NULL, complex boolean NOT NULL,
    accepted_at timestamptz, ground varchar, dialogue_at timestamptz, dialogue_held_on date, dialogue_outcome varchar, decided_at timestamptz,
    decision_no varchar, outcome varchar, delivered_at timestamptz, appeal_until date, in_force_on date, answered_at timestamptz,
    answers integer NOT NULL, reopened integer NOT NULL, published_at timestamptz, score integer, to_unit varchar, rejections integer NOT NULL,
    closed_at timestamptz, summary varchar NOT NULL, points jsonb NOT NULL, written jsonb NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX case_submission ON "case" (submission);
CREATE INDEX case_unit ON "case" (unit, state, id);
CREATE INDEX case_handler ON "case" (handler, id) WHERE handler IS NOT NULL;
CREATE INDEX case_due ON "case" (unit, due_on, id) WHERE due_on IS NOT NULL;
CREATE TABLE lookup_lock (code varchar PRIMARY KEY, failures integer NOT NULL, locked_until timestamptz);
CREATE TABLE sealed_identity (
    case_token uuid PRIMARY KEY, data_key bytea, key_id smallint NOT NULL, sealed bytea, created_at timestamptz NOT NULL
);
ALTER TABLE sealed_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE sealed_identity FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    for statement in [*frame_sql("frame_0001.sql"), *frame_sql("vault_0001.sql"), *TABLES.split(";\n")]:
        op.execute(statement)
