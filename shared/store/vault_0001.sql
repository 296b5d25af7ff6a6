-- Vault tables, generation 1. Frozen: a later change is vault_0002.sql.
CREATE TABLE person (
    id uuid PRIMARY KEY,
    recipient uuid NOT NULL,
    data_key bytea,
    key_id smallint NOT NULL,
    sealed bytea,
    identity_index bytea,
    phone_index bytea,
    created_at timestamptz NOT NULL
);
CREATE INDEX person_recipient ON person (recipient);
CREATE INDEX person_identity ON person (identity_index) WHERE identity_index IS NOT NULL;
CREATE INDEX person_phone ON person (phone_index) WHERE phone_index IS NOT NULL;

CREATE TABLE contact (
    recipient uuid PRIMARY KEY,
    person uuid NOT NULL,
    sequence bigint NOT NULL,
    forgotten_at timestamptz
) WITH (fillfactor = 70);
