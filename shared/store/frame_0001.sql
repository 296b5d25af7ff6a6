-- Frame tables, generation 1. Frozen: a later change is frame_0002.sql, run by a later migration.
CREATE TABLE stream (
    id uuid PRIMARY KEY,
    sequence integer NOT NULL,
    head bytea NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE fact (
    id uuid PRIMARY KEY,
    aggregate uuid NOT NULL,
    sequence integer NOT NULL,
    type text NOT NULL,
    topic text,
    key text NOT NULL,
    source text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    traceparent text,
    envelope bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT fact_once UNIQUE (aggregate, sequence)
);
REVOKE UPDATE, DELETE, TRUNCATE ON fact FROM CURRENT_USER;

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fact uuid,
    contact uuid,
    replay boolean NOT NULL DEFAULT false,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE generation (
    epoch integer PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now(),
    why text NOT NULL
);
INSERT INTO generation (epoch, why) VALUES (1, 'created');

CREATE TABLE idempotency (
    principal bytea NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_created ON idempotency USING brin (created_at);

CREATE TABLE deadline (
    aggregate uuid NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL,
    rule_version integer NOT NULL,
    clock jsonb NOT NULL,
    due_at timestamptz,
    due_on date,
    last_due_at timestamptz,
    warn_at timestamptz,
    breach_at timestamptz,
    revision integer NOT NULL DEFAULT 1,
    announced text NOT NULL DEFAULT 'none',
    stage text,
    stage_at timestamptz,
    closed_at timestamptz,
    PRIMARY KEY (aggregate, kind),
    CONSTRAINT deadline_announced CHECK (announced IN ('none', 'warn', 'breach')),
    CONSTRAINT deadline_stage CHECK (stage IN ('warn', 'breach'))
) WITH (fillfactor = 80);
CREATE INDEX deadline_next ON deadline (stage_at, aggregate) WHERE stage_at IS NOT NULL;

CREATE TABLE offsets (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    cluster text NOT NULL,
    next bigint NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE applied (
    consumer text NOT NULL,
    topic text NOT NULL,
    key uuid NOT NULL,
    sequence integer NOT NULL,
    held integer NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, topic, key)
) WITH (fillfactor = 70);

CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    cluster text NOT NULL,
    key uuid,
    key_text text,
    sequence integer,
    reason text NOT NULL,
    detail text NOT NULL DEFAULT '',
    headers jsonb NOT NULL,
    value bytea,
    parked_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT parked_once UNIQUE (consumer, topic, cluster, partition, "offset")
);
CREATE INDEX parked_key ON parked (consumer, topic, key, sequence);
