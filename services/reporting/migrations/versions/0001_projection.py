"""The frame, and version 1 of the projection `dossiers`."""

from __future__ import annotations

from alembic import op

from shared.store.migrate import frame_sql

revision = "0001"
down_revision = None

TABLES = (
    """CREATE TABLE dossier_line_1 (
        id uuid PRIMARY KEY,
        code varchar NOT NULL,
        unit varchar NOT NULL,
        procedure varchar NOT NULL,
        procedure_version integer NOT NULL,
        channel varchar NOT NULL,
        subject_kind varchar NOT NULL,
        recipient uuid,
        components integer NOT NULL,
        lookup_verifier varchar NOT NULL,
        state varchar NOT NULL,
        open boolean NOT NULL,
        received_on date NOT NULL,
        submitted_at timestamptz NOT NULL,
        accepted_at timestamptz,
        answer_due_at timestamptz,
        due_at timestamptz,
        due_on date,
        promised_on date,
        lawful_due_on date,
        first_promised_on date,
        rule varchar,
        rule_version integer,
        provisional boolean NOT NULL,
        paused_at timestamptz,
        paused_times integer NOT NULL,
        remaining_working_hours double precision,
        respond_by date,
        warned boolean NOT NULL,
        breached boolean NOT NULL,
        answer_late boolean NOT NULL,
        officer varchar,
        refused_on date,
        withdrawn_on date,
        reason_class varchar,
        settled_on date,
        outcome varchar,
        timing varchar,
        returned_at timestamptz,
        return_method varchar,
        version integer NOT NULL,
        last_at timestamptz NOT NULL
    ) WITH (fillfactor = 70)""",
    "CREATE INDEX ON dossier_line_1 (unit, id)",
    "CREATE INDEX ON dossier_line_1 (recipient, id) WHERE recipient IS NOT NULL",
    "CREATE INDEX ON dossier_line_1 (unit, due_on) WHERE open",
    "CREATE INDEX ON dossier_line_1 (settled_on, unit) WHERE settled_on IS NOT NULL",
    "CREATE INDEX ON dossier_line_1 (received_on, unit)",
    """CREATE TABLE timeline_1 (
        dossier uuid NOT NULL,
        sequence integer NOT NULL,
        type varchar NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        word varchar NOT NULL,
        day date,
        trace varchar,
        PRIMARY KEY (dossier, sequence)
    )""",
    """CREATE TABLE unit_day_1 (
        unit varchar NOT NULL,
        day date NOT NULL,
        kind varchar NOT NULL,
        channel varchar NOT NULL,
        received integer NOT NULL,
        accepted integer NOT NULL,
        refused integer NOT NULL,
        settled_before integer NOT NULL,
        settled_on integer NOT NULL,
        settled_over integer NOT NULL,
        settled_unknown integer NOT NULL,
        returned integer NOT NULL,
        withdrawn integer NOT NULL,
        paused integer NOT NULL,
        resumed integer NOT NULL,
        warned integer NOT NULL,
        breached integer NOT NULL,
        PRIMARY KEY (unit, day, kind, channel)
    ) WITH (fillfactor = 50)""",
    """CREATE TABLE unit_line_1 (
        unit varchar PRIMARY KEY,
        name varchar NOT NULL,
        level varchar NOT NULL,
        kind varchar NOT NULL,
        agency varchar NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        remote boolean NOT NULL,
        parent varchar
    )""",
    """CREATE TABLE procedure_line_1 (
        procedure varchar PRIMARY KEY,
        name varchar NOT NULL,
        sector varchar NOT NULL,
        level varchar NOT NULL,
        time_limit varchar NOT NULL,
        procedure_version integer NOT NULL,
        online boolean NOT NULL,
        legal_basis varchar NOT NULL,
        verified boolean NOT NULL,
        components text[] NOT NULL
    )""",
    """CREATE TABLE projection_active (
        name varchar PRIMARY KEY,
        version integer NOT NULL,
        fold_version integer NOT NULL,
        switched_at timestamptz NOT NULL
    )""",
    "CREATE SEQUENCE projection_version AS integer START 2",
    "INSERT INTO projection_active (name, version, fold_version, switched_at) VALUES ('dossiers', 1, 1, now())",
    """CREATE TABLE projection_place (
        topic varchar NOT NULL,
        partition integer NOT NULL,
        newest_at timestamptz NOT NULL,
        PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 50)""",
)


def upgrade() -> None:
    for statement in (*frame_sql("frame_0001.sql"), *TABLES):
        op.execute(statement)
