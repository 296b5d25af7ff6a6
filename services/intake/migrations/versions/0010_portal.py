"""The national portal's form: how sources speak it, what came in it, and the queue of what goes out."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
CREATE TABLE portal_profile (source varchar PRIMARY KEY, form varchar NOT NULL, units jsonb NOT NULL, version integer NOT NULL);
CREATE TABLE portal_item (
    source varchar NOT NULL, id varchar NOT NULL, code varchar NOT NULL, service varchar NOT NULL, received_at timestamptz NOT NULL,
    refs jsonb NOT NULL, unknown_fields integer NOT NULL, PRIMARY KEY (source, id)
);
CREATE INDEX portal_item_dossier ON portal_item (source, code);
CREATE TABLE egress (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dossier uuid NOT NULL, sequence bigint NOT NULL, code varchar NOT NULL,
    service varchar NOT NULL, status integer, at timestamptz NOT NULL, state varchar NOT NULL, attempts integer NOT NULL,
    next_at timestamptz NOT NULL, doubt boolean NOT NULL, queued_at timestamptz NOT NULL, answer_code varchar, error varchar, found boolean,
    sent_at timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX egress_once ON egress (dossier, sequence);
CREATE INDEX egress_due ON egress (next_at) WHERE state IN ('queued', 'in-doubt', 'sending');
CREATE INDEX egress_open ON egress (dossier, sequence) WHERE state NOT IN ('sent', 'dropped')
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
