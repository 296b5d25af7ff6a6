# ruff: noqa: INP001 - Alembic runs this file by its path
"""Alembic's entry."""

from shared.store.migrate import run

run()
