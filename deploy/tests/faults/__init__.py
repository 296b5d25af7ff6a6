"""Faults with real processes and kill -9 under load; afterwards four counters agree."""
