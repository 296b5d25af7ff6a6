"""Tests of intake: the dossier's rules, its rows, its handlers and its three doors."""
