"""Tests of the benchmarks: the harness itself, and a smoke of every key."""
