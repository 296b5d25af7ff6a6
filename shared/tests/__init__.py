"""Tests of the words and contracts every layer shares."""
