-- Aggregates a counting passed over, since they break. Never edited: a later change is a new file.
ALTER TABLE recount ADD COLUMN failed integer NOT NULL DEFAULT 0;
