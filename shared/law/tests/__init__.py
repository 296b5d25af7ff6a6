"""Tests of the law: worked cases, properties, rule rows, explanations."""
