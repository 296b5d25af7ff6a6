"""Checks of the house: structure, rights, privacy."""
