"""The store: one PostgreSQL database per service; facts, outbox, offsets, deadlines and the vault live beside its rows."""
