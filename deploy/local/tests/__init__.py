"""Tests of the embedded stack: real servers, killed and held."""
