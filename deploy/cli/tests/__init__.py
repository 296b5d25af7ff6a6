"""Tests of the command bodies."""
