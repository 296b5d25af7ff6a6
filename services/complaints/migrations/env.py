"""Alembic's entry into the migrations of complaints."""

from shared.store.migrate import run

run()
