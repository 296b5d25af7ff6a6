"""Journeys, faults and checks of the whole house, seen from outside."""
