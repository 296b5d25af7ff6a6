"""Tests of door 1."""
