"""Alembic's entry."""

from shared.store.migrate import run

run()
