-- Limits to be counted again after the law's data changed, in batches. Never edited: a later change is a new file.
CREATE TABLE recount (
    id uuid PRIMARY KEY,
    act uuid NOT NULL,
    reason_class varchar NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    unit varchar,
    rule varchar,
    not_before timestamptz NOT NULL,
    cursor uuid NOT NULL,
    seen integer NOT NULL DEFAULT 0,
    moved integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    finished_at timestamptz
);
CREATE INDEX recount_next ON recount (not_before) WHERE finished_at IS NULL;
