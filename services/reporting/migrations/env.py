"""Runs this service's chain on the connection it is given."""

from shared.store.migrate import run

run()
