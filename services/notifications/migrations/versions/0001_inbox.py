"""Notices, inboxes, contacts, and the frame's tables."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE recipient (
    ref uuid PRIMARY KEY,
    seq integer NOT NULL,
    unread integer NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT recipient_unread CHECK (unread BETWEEN 0 AND seq)
) WITH (fillfactor = 50);

CREATE TABLE notification_key (
    dedupe_key text COLLATE "C" PRIMARY KEY,
    notification uuid NOT NULL
);

CREATE TABLE notification (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    template_version smallint NOT NULL,
    recipient uuid NOT NULL,
    aggregate uuid NOT NULL,
    aggregate_seq integer NOT NULL,
    unit text,
    vars jsonb NOT NULL,
    state text NOT NULL,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT notification_state CHECK (state IN ('created', 'read'))
) WITH (fillfactor = 90);
CREATE INDEX notification_aggregate ON notification (aggregate, aggregate_seq);

CREATE TABLE inbox_item (
    recipient uuid NOT NULL,
    seq integer NOT NULL,
    notification uuid NOT NULL,
    code text NOT NULL,
    aggregate uuid NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    action_url text NOT NULL,
    severity text NOT NULL,
    read_at timestamptz,
    archived_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (recipient, seq)
);
CREATE INDEX inbox_unread ON inbox_item (recipient, seq) WHERE read_at IS NULL AND archived_at IS NULL;

CREATE TABLE contact (
    recipient uuid NOT NULL,
    source text NOT NULL,
    data_key bytea,
    key_id smallint NOT NULL,
    sealed bytea,
    received_at timestamptz NOT NULL,
    forgotten_at timestamptz,
    PRIMARY KEY (recipient, source),
    CONSTRAINT contact_forgotten CHECK ((forgotten_at IS NOT NULL) = (data_key IS NULL AND sealed IS NULL))
);
"""


def upgrade() -> None:
    for statement in frame_sql("frame_0001.sql"):
        op.execute(statement)
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
