"""Deliveries out of the house, their attempts, what is known against addresses, who asked not to be sent what."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
ALTER TABLE contact ADD COLUMN has_email boolean;

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    notification uuid NOT NULL,
    step smallint NOT NULL,
    channel text NOT NULL,
    class text NOT NULL,
    recipient uuid NOT NULL,
    ordering_key uuid NOT NULL,
    state text NOT NULL,
    held_for text,
    code text,
    next_at timestamptz,
    lease_until timestamptz,
    not_before timestamptz NOT NULL,
    expires_at timestamptz,
    until_read boolean NOT NULL,
    attempts smallint NOT NULL,
    failures smallint NOT NULL,
    doubts smallint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT delivery_once UNIQUE (notification, step, channel),
    CONSTRAINT delivery_state CHECK (state IN ('pending', 'held', 'sending', 'unknown', 'accepted', 'delivered', 'read', 'no-receipt',
        'failed-temporary', 'failed-permanent', 'cancelled', 'expired', 'superseded', 'simulated-accepted', 'simulated-failed')),
    CONSTRAINT delivery_class CHECK (class IN ('statutory', 'service', 'survey')),
    CONSTRAINT delivery_held CHECK ((held_for IS NOT NULL) = (state = 'held')),
    CONSTRAINT delivery_leased CHECK ((lease_until IS NOT NULL) = (state = 'sending')),
    CONSTRAINT delivery_timed CHECK (CASE WHEN state IN ('pending', 'held') THEN next_at IS NOT NULL WHEN state <> 'unknown' THEN next_at IS NULL ELSE true END),
    CONSTRAINT delivery_statutory_lasts CHECK (class <> 'statutory' OR expires_at IS NULL AND state <> 'expired')
) WITH (fillfactor = 80);
CREATE INDEX delivery_due ON delivery (channel, next_at) WHERE state = 'pending';
CREATE INDEX delivery_order ON delivery (ordering_key, channel, position)
    WHERE state IN ('pending', 'held', 'sending') OR state = 'unknown' AND next_at IS NOT NULL;
CREATE INDEX delivery_waiting ON delivery (state, next_at) WHERE state IN ('held', 'unknown');
CREATE INDEX delivery_leases ON delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_expiring ON delivery (expires_at) WHERE state IN ('pending', 'held') AND expires_at IS NOT NULL;
CREATE INDEX delivery_mutable ON delivery (recipient, created_at) WHERE class <> 'statutory';
CREATE INDEX delivery_held ON delivery (recipient) WHERE state = 'held';

CREATE TABLE attempt (
    delivery uuid NOT NULL,
    n smallint NOT NULL,
    provider text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text,
    code text,
    PRIMARY KEY (delivery, n),
    CONSTRAINT attempt_outcome CHECK (outcome IN ('accepted', 'in-doubt', 'address-permanent', 'content-permanent', 'recipient-refuses',
        'temporary', 'throttled', 'config')),
    CONSTRAINT attempt_finished CHECK ((finished_at IS NOT NULL) = (outcome IS NOT NULL))
);

CREATE TABLE contact_point (
    recipient uuid NOT NULL,
    channel text NOT NULL,
    address_hmac bytea NOT NULL,
    state text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    PRIMARY KEY (recipient, channel, address_hmac),
    CONSTRAINT contact_point_state CHECK (state IN ('bounced', 'blocked'))
);

CREATE TABLE preference (
    recipient uuid NOT NULL,
    channel text NOT NULL,
    enabled boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (recipient, channel)
);

CREATE TABLE told_elsewhere (
    aggregate uuid PRIMARY KEY
);
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
