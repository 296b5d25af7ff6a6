"""Tests of the files: what is taken, how it is sealed, where it lies."""
