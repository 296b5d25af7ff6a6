"""Alembic's entry into intake's migrations."""

from shared.store.migrate import run

run()
