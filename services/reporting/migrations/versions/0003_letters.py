"""Letters, cases, their limits and timelines, and notices: five more tables of every version of the projection."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = {
    "letter_line": """(
        id uuid PRIMARY KEY,
        code varchar NOT NULL,
        unit varchar NOT NULL,
        channel varchar NOT NULL,
        recipient uuid,
        anonymous boolean NOT NULL,
        parties integer NOT NULL,
        lookup_verifier varchar NOT NULL,
        state varchar NOT NULL,
        open boolean NOT NULL,
        received_on date NOT NULL,
        received_at timestamptz NOT NULL,
        due_on date,
        cases integer NOT NULL,
        reason_class varchar,
        breached boolean NOT NULL,
        read_on date,
        version integer NOT NULL,
        last_at timestamptz NOT NULL
    )""",
    "case_line": """(
        id uuid PRIMARY KEY,
        submission uuid,
        code varchar NOT NULL,
        kind varchar NOT NULL,
        level integer NOT NULL,
        unit varchar NOT NULL,
        recipient uuid,
        state varchar NOT NULL,
        came_from varchar,
        open boolean NOT NULL,
        received_on date NOT NULL,
        opened_at timestamptz NOT NULL,
        accepted_at timestamptz,
        contents integer NOT NULL,
        about_dossier uuid,
        deadline varchar,
        due_on date,
        first_due_on date,
        provisional boolean NOT NULL,
        officer varchar,
        to_unit varchar,
        warned boolean NOT NULL,
        breached boolean NOT NULL,
        dialogue_at timestamptz,
        resolved_on date,
        outcome varchar,
        timing varchar,
        delivered_on date,
        appeal_until date,
        rounds integer NOT NULL,
        reopened integer NOT NULL,
        published boolean NOT NULL,
        score integer,
        reason_class varchar,
        ended_on date,
        version integer NOT NULL,
        last_at timestamptz NOT NULL
    )""",
    "deadline_line": """(
        about uuid NOT NULL,
        kind varchar NOT NULL,
        topic varchar NOT NULL,
        code varchar NOT NULL,
        unit varchar NOT NULL,
        officer varchar,
        rule varchar NOT NULL,
        rule_version integer,
        complex boolean NOT NULL,
        remote boolean NOT NULL,
        started_at timestamptz NOT NULL,
        stops timestamptz[] NOT NULL,
        due_on date,
        first_due_on date,
        warned_at timestamptz,
        breached_at timestamptz,
        ended_on date,
        times integer NOT NULL,
        PRIMARY KEY (about, kind)
    )""",
    "case_timeline": """(
        about uuid NOT NULL,
        sequence integer NOT NULL,
        type varchar NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        word varchar NOT NULL,
        day date,
        trace varchar,
        PRIMARY KEY (about, sequence)
    )""",
    "notice_line": """(
        id uuid PRIMARY KEY,
        code varchar NOT NULL,
        about uuid NOT NULL,
        about_sequence integer NOT NULL,
        recipient uuid NOT NULL,
        unit varchar,
        inbox boolean NOT NULL,
        created_at timestamptz,
        read_at timestamptz,
        version integer NOT NULL,
        last_at timestamptz NOT NULL
    )""",
}
INDEXES = {
    "letter_line": ("(code)", "(recipient) WHERE recipient IS NOT NULL", "(unit) WHERE open"),
    "case_line": ("(unit, id)", "(recipient, id) WHERE recipient IS NOT NULL", "(submission)", "(resolved_on, unit)"),
    "deadline_line": ("(unit, due_on) WHERE ended_on IS NULL",),
    "notice_line": ("(about)",),
}

VERSIONS = """SELECT substring(relname FROM '[0-9]+$') FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ '^dossier_line_[0-9]+$'"""

NEW_FOLD = """UPDATE projection_active SET fold_version = 3
WHERE name = 'dossiers' AND NOT EXISTS (SELECT FROM offsets WHERE consumer = 'reporting.live')"""
"""A store that has read nothing yet begins with the fold of its day."""


def upgrade() -> None:
    for (version,) in op.get_bind().exec_driver_sql(VERSIONS).all():
        for name, columns in TABLES.items():
            op.execute(f"CREATE TABLE {name}_{version} {columns}")
            for index in INDEXES.get(name, ()):
                op.execute(f"CREATE INDEX ON {name}_{version} {index}")
    op.execute(NEW_FOLD)
