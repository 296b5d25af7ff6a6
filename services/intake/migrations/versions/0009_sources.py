"""Source systems: their registry, what became of each event, what they hear back, and whose dossier is whose."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE TABLE source (
    id varchar PRIMARY KEY, name varchar NOT NULL, principal varchar NOT NULL UNIQUE, units jsonb NOT NULL,
    events_per_second integer NOT NULL, burst integer NOT NULL, max_bytes integer NOT NULL, tells_citizens boolean NOT NULL, contact varchar,
    sandbox boolean NOT NULL, state varchar NOT NULL, version integer NOT NULL, topics_at timestamptz, level double precision NOT NULL,
    level_at timestamptz NOT NULL, heard_at timestamptz
) WITH (fillfactor = 50);
CREATE TABLE source_event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source varchar NOT NULL, id varchar NOT NULL, type varchar, code varchar,
    body_hash bytea NOT NULL, status varchar NOT NULL, reason varchar, fields jsonb NOT NULL, inferred jsonb NOT NULL, waits_for varchar,
    door varchar NOT NULL, time timestamptz, received_at timestamptz NOT NULL, decided_at timestamptz NOT NULL, dossier uuid, payload jsonb
);
CREATE UNIQUE INDEX source_event_once ON source_event (source, id) WHERE status <> 'rejected';
CREATE INDEX source_event_listed ON source_event (source, seq);
CREATE INDEX source_event_waiting ON source_event (source, code) WHERE status = 'waiting';
CREATE TABLE source_feed (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source varchar NOT NULL, transaction bigint NOT NULL, kind varchar NOT NULL,
    at timestamptz NOT NULL, code varchar, data jsonb NOT NULL
);
CREATE INDEX source_feed_read ON source_feed (source, transaction, seq);
CREATE TABLE source_tally (
    source varchar NOT NULL, day date NOT NULL, what varchar NOT NULL, number bigint NOT NULL, PRIMARY KEY (source, day, what)
) WITH (fillfactor = 50);
ALTER TABLE dossier ADD COLUMN source varchar, ADD COLUMN appointment_at timestamptz, ADD COLUMN backfilled_at timestamptz
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
