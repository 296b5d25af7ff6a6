"""Migrations of notifications, run by the frame."""

from shared.store.migrate import run

run()
