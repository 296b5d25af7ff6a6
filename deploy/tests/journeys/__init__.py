"""Journeys: what a citizen, a clerk and an operator see of a whole installation."""
